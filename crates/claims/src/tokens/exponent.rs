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

/// How much larger a later exponent is where it moves.
const MOVES: f64 = 0.02;

/// A logarithm that changes by less over a doubling of the steps has come to rest, where it is known
/// that it must: a loss that falls by two hundredths.
const RESTS: f64 = 0.02;

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

    /// The values at some shares of the last step, between recorded steps on straight lines; why there
    /// are none, in a sentence.
    fn at<const N: usize>(&self, shares: [f64; N]) -> Result<[f64; N], String> {
        let last = self.steps.last().copied().unwrap_or(0.0);
        if last < DECADES || self.steps.len() < 2 * LEAST_POINTS {
            return Err("fewer than two decades of steps are recorded.".to_owned());
        }
        let at = |step: f64| {
            let next = self.steps.partition_point(|own| *own < step);
            let (Some(before), true) = (next.checked_sub(1), next < self.steps.len()) else {
                return self.values.get(next).copied().unwrap_or(f64::NAN);
            };
            let [from, to] = [self.steps[before], self.steps[next]];
            let share = (step - from) / (to - from);
            self.values[before] + share * (self.values[next] - self.values[before])
        };
        Ok(shares.map(|share| at(share * last)))
    }

    /// What it grows by in the last two doublings of the steps, the earlier first.
    fn last_doublings(&self) -> Option<[f64; 2]> {
        let [first, middle, last] = self.at([0.25, 0.5, 1.0]).ok()?;
        let growths = [middle - first, last - middle];
        growths
            .iter()
            .all(|growth| growth.is_finite())
            .then_some(growths)
    }

    /// The exponents of the growth in the last three doublings of the steps, the earlier first; why
    /// there are none, in a sentence.
    pub fn growth(&self) -> Result<[f64; 2], String> {
        let values = self.at([0.125, 0.25, 0.5, 1.0])?;
        let growths = [0, 1, 2].map(|k| values[k + 1] - values[k]);
        if growths
            .iter()
            .any(|growth| !(*growth > 0.0 && growth.is_finite()))
        {
            return Err("it does not grow in each of the last three doublings.".to_owned());
        }
        Ok([0, 1].map(|k| (growths[k + 1] / growths[k]).log2()))
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
        let moves = share(self.late.slope) > share(self.early.slope) + MOVES;
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

/// Judges that a quantity grows like a power of the number of steps, wherever it began: by what it
/// grows in each of the last three doublings, `2^a` from one to the next.
///
/// * *Supported* where both exponents `a` are within a tenth of what the claim says.
/// * *Refuted* where both are below half of it, and the later is no larger than the earlier, or what
///   it grows by does not grow.
pub(super) fn judge_growth(statement: &Statement, curve: &Curve) -> Claim {
    let mut claim = Claim::draft(
        statement.id,
        statement.text,
        &format!("exponent in t of the growth of {}", statement.quantity),
        &format!("→ {}", number(statement.exponent)),
    );
    let [early, late] = match curve.growth() {
        Ok(exponents) => exponents,
        Err(reason) => {
            claim.reason = format!("{}: {reason}", statement.quantity);
            return claim;
        }
    };
    claim.measured = Some(late);
    claim.reason = format!(
        "{}: its growth from a doubling of the steps to the next goes like t to the power {}, and {} \
         one doubling earlier.",
        statement.quantity,
        number(late),
        number(early)
    );
    let share = |exponent: f64| exponent / statement.exponent;
    let is = |exponent: f64| (share(exponent) - 1.0).abs() < TOLERANCE;
    claim.verdict = if is(early) && is(late) {
        Verdict::Supported
    } else if share(early).max(share(late)) < OTHER
        && (share(late) < share(early) + MOVES || late <= 0.0)
    {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    claim
}

/// Refutes that minus the logarithm of a loss grows without bound, where it is `proven` that no weights
/// do it, in a sentence, and the run is seen to have come to rest: in each of the last two doublings of
/// the steps it grows by less than [`RESTS`].
pub(super) fn refute_at_rest(claim: &mut Claim, curve: &Curve, proven: &str) {
    let Some([early, late]) = curve.last_doublings() else {
        return;
    };
    if early.max(late) < RESTS {
        claim.verdict = Verdict::Refuted;
        claim.reason = format!(
            "{proven}; the logarithm falls by {} over the last doubling of the steps, and by {} over the \
             one before.",
            number(late),
            number(early)
        );
    }
}

/// Judges that a quantity falls like a power of the number of steps.
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
