//! Claims that say how a quantity goes with the number of steps: like a power of it.

use crate::claim::{Claim, ClaimId, Verdict};
use crate::fit::{Line, fit_line};
use crate::words::{interval, number};

/// Points that a window has at least, and each half of it.
const LEAST_POINTS: usize = 12;

/// The window is the last two decades.
const DECADES: f64 = 100.0;

/// How far an exponent may be from what the claim says, interval included.
const TOLERANCE: f64 = 0.1;

/// An exponent that is beyond half of what the claim says, on the side of 0, is another law, where it
/// does not move towards it.
const OTHER: f64 = 0.5;

/// What a claim says.
pub(super) struct Statement {
    pub id: ClaimId,
    pub text: &'static str,
    /// What is fitted, in words.
    pub quantity: &'static str,
    /// The exponent of `t`.
    pub exponent: f64,
    /// Whether an exponent that is larger in size is as good.
    pub or_faster: bool,
}

/// A quantity, positive, against the number of steps.
#[derive(Default)]
pub(super) struct Curve {
    pub steps: Vec<f64>,
    pub values: Vec<f64>,
}

/// A power law over the window, and in both halves of it.
pub(super) struct Power {
    pub whole: Line,
    early: Line,
    late: Line,
    window: [f64; 2],
}

impl Curve {
    /// A quantity from step `first` on, counted from there, to step `last`.
    pub fn of(
        steps: &[f64],
        values: impl IntoIterator<Item = f64>,
        [first, last]: [f64; 2],
    ) -> Self {
        let rows = steps.iter().zip(values);
        let rows = rows.filter(|(step, _)| **step > first && **step <= last);
        let (steps, values) = rows.map(|(step, value)| (step - first, value)).unzip();
        Self { steps, values }
    }

    /// As [`of`](Self::of), of how much a quantity has grown since step `first`: where it began does
    /// not matter.
    pub fn of_growth(steps: &[f64], values: &[f64], stage: [f64; 2]) -> Self {
        let before = steps.partition_point(|step| *step <= stage[0]).max(1) - 1;
        let start = values.get(before).copied().unwrap_or(0.0);
        Self::of(steps, values.iter().map(|value| value - start), stage)
    }

    /// The power law of the last two decades; why there is none, in a sentence.
    pub fn power(&self) -> Result<Power, String> {
        let last = self.steps.last().copied().unwrap_or(0.0);
        let from = last / DECADES;
        let rows = self.steps.iter().zip(&self.values);
        let rows: Vec<(f64, f64)> = rows
            .filter(|(step, _)| **step >= from)
            .map(|(step, value)| (*step, *value))
            .collect();
        if last < DECADES || rows.len() < 2 * LEAST_POINTS {
            return Err("fewer than two decades of steps are recorded.".to_owned());
        }
        if rows
            .iter()
            .any(|(_, value)| !(*value > 0.0 && value.is_finite()))
        {
            return Err("it is not positive in the last two decades.".to_owned());
        }
        let fit = |rows: &[(f64, f64)]| {
            let (x, y): (Vec<f64>, Vec<f64>) = rows.iter().map(|(t, v)| (t.ln(), v.ln())).unzip();
            fit_line(&x, &y).ok_or_else(|| "no line fits it.".to_owned())
        };
        let middle = rows.partition_point(|(step, _)| *step < last / DECADES.sqrt());
        let (early, late) = rows.split_at(middle);
        if early.len() < LEAST_POINTS || late.len() < LEAST_POINTS {
            return Err("too few steps are recorded in half of the last two decades.".to_owned());
        }
        Ok(Power {
            whole: fit(&rows)?,
            early: fit(early)?,
            late: fit(late)?,
            window: [rows[0].0, last],
        })
    }
}

impl Power {
    /// Whether the exponent stays on the side of 0 of half of what is expected, and does not move
    /// towards that.
    fn is_other(&self, expected: f64) -> bool {
        let share = |slope: f64| slope / expected;
        let near_zero = share(self.whole.low()).max(share(self.whole.high())) < OTHER;
        let moves = share(self.late.slope) > share(self.early.slope) + 0.02;
        near_zero && share(self.late.slope) < OTHER && !moves
    }

    /// Whether it is what is expected, or faster where that is as good.
    fn is(&self, statement: &Statement) -> bool {
        let share = |slope: f64| slope / statement.exponent;
        let ends = [self.whole.low(), self.whole.high(), self.late.slope].map(share);
        let slow = ends.iter().any(|share| *share < 1.0 - TOLERANCE);
        let fast = ends.iter().any(|share| *share > 1.0 + TOLERANCE);
        !slow && (statement.or_faster || !fast)
    }

    pub fn words(&self) -> String {
        format!(
            "it goes like t to the power {} {} over the last two decades, {} in the earlier and {} in \
             the later half of them",
            number(self.whole.slope),
            interval(number(self.whole.low()), number(self.whole.high())),
            number(self.early.slope),
            number(self.late.slope)
        )
    }
}

/// Judges that a quantity goes like a power of the number of steps.
///
/// * *Supported* where the exponent, with its interval and in the later half of the window, is within
///   a tenth of what the claim says.
/// * *Refuted* where it is below half of that, and does not move towards it.
pub(super) fn judge(statement: &Statement, curve: &Curve) -> Claim {
    let mut claim = Claim::draft(
        statement.id,
        statement.text,
        &format!("exponent in t of {}", statement.quantity),
        &format!("→ {}", number(statement.exponent)),
    );
    let power = match curve.power() {
        Ok(power) => power,
        Err(reason) => {
            claim.reason = format!("{}: {reason}", statement.quantity);
            return claim;
        }
    };
    let law = format!("{} = c·t^a", statement.quantity);
    let mut fit = power.whole.record(&law, "a", power.window);
    fit.expected = Some(statement.exponent);
    claim.measured = Some(fit.estimate);
    claim.fits = vec![fit];
    claim.reason = format!("{}: {}.", statement.quantity, power.words());
    claim.verdict = if power.is(statement) {
        Verdict::Supported
    } else if power.is_other(statement.exponent) {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    claim
}
