//! Whether the steps of a run were small: its step size beside the smoothness of the loss, rises of
//! the loss, and the moment from which nothing moves.
//!
//! The claims are about runs with a small enough step size. A run whose step size exceeds the bound
//! of [`Conditions::step_bound`] and whose loss shows it decides none of them, and neither does one
//! that came to rest only because its updates were lost to rounding.

use crate::claim::{Claim, Verdict};
use crate::kou::hypotheses::Conditions;
use implicit_bias_output::format_number;
use implicit_bias_output::format_step;
use implicit_bias_record::Series;

/// So many rises of the loss are repeated ones.
const REPEATED: usize = 3;

/// Verdicts rest on the last two decades of steps, `[T/100, T]`, where a single rise counts.
const WINDOW: f64 = 100.0;

/// Recorded steps without any change, after the first of them, from which a run counts as at rest.
const RECORDS_AT_REST: usize = 3;

/// Rises of `log L` below this many units of rounding of the largest score are rounding.
const ROUNDING_UNITS: f64 = 1e3;

/// A gradient below this share of its largest possible norm at the present loss has converged.
const CONVERGED: f64 = 1e-6;

/// The loss of a run that rose from one recorded step to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rises {
    /// How many times it rose, by more than rounding.
    pub count: usize,
    /// How many record intervals there are.
    pub intervals: usize,
    /// The first recorded step at which it was larger than at the one before.
    pub first: f64,
    /// The last one.
    pub last: f64,
    /// The largest rise of `log L`.
    pub largest: f64,
    /// The step at which that ended.
    pub largest_at: f64,
    /// Whether the loss came down again to where it was before it rose.
    pub recovered: bool,
}

/// Why a run is at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// The gradient is exactly zero.
    NoGradient,
    /// The gradient has become small beside the loss: a stationary point, to rounding.
    Stationary,
    /// The updates are below the rounding of what they are added to.
    LostUpdates,
}

/// The recorded step from which on no recorded quantity changes, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtRest {
    /// That step.
    pub since: f64,
    /// Why.
    pub why: Rest,
    /// The norm of the update, `η ‖∇L‖`.
    pub update: f64,
    /// The norm of the weights.
    pub weight_norm: f64,
}

/// The step size of a run, and what its loss shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime {
    conditions: Conditions,
    /// The bound of [`Conditions::step_bound`].
    pub bound: Option<f64>,
    /// Rises of the loss.
    pub rises: Option<Rises>,
    /// Whether the run came to rest.
    pub at_rest: Option<AtRest>,
    /// `T`, the last recorded step.
    horizon: f64,
}

impl Regime {
    /// The regime of a run with this `series` in a precision with this `epsilon`.
    pub fn of(conditions: &Conditions, epsilon: f64, series: &Series) -> Self {
        let mut conditions = *conditions;
        let first = series.column("loss").and_then(|loss| loss.first().copied());
        conditions.initial_loss = first.or(conditions.initial_loss);
        Self {
            bound: conditions.step_bound(),
            rises: rises(series, score_bound(&conditions), epsilon),
            at_rest: at_rest(&conditions, series),
            horizon: series.last("step").unwrap_or(0.0),
            conditions,
        }
    }

    /// What the hypotheses of the theorems are about, the initial loss included.
    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    /// Whether the step size exceeds the bound.
    pub fn exceeds(&self) -> bool {
        self.bound
            .is_some_and(|bound| self.conditions.step_size > bound)
    }

    /// What a reader should know of it, a sentence each, the kind first: `step size: …`.
    pub fn notices(&self) -> Vec<String> {
        let step_size = step_size_notice(&self.conditions);
        step_size
            .into_iter()
            .chain(self.outcome_notices())
            .collect()
    }

    /// Those that a run has only once it ended.
    pub fn outcome_notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        let withheld = match self.why_withheld() {
            Some(_) => "; verdicts are withheld, as the claims are about small steps that go on",
            None => "",
        };
        if let Some(rises) = &self.rises {
            let why = if self.exceeds() {
                withheld
            } else {
                "; the step size is within its bound, so that neurons crossing their kinks, or \
                 rounding, did that"
            };
            notices.push(format!("loss: it {}{why}", rises.words()));
        }
        if let Some(rest) = &self.at_rest {
            let withheld = if self.rises.is_some() && self.exceeds() {
                ""
            } else {
                withheld
            };
            notices.push(format!("at rest: {}{withheld}", rest.words()));
        }
        notices
    }

    /// Why this run decides no claim, as a phrase, if it does not.
    pub fn why_withheld(&self) -> Option<String> {
        let lost = |rest: &&AtRest| self.exceeds() || rest.why == Rest::LostUpdates;
        if let Some(rest) = self.at_rest.as_ref().filter(lost) {
            return Some(format!("{}{}", self.excess(), rest.words()));
        }
        let late = self.horizon / WINDOW;
        let repeated =
            |rises: &&Rises| rises.count >= REPEATED || rises.last > late || !rises.recovered;
        let rises = self.rises.as_ref().filter(repeated)?;
        self.exceeds()
            .then(|| format!("{}the loss {}", self.excess(), rises.words()))
    }

    /// The step size beside its bound, where it exceeds it.
    fn excess(&self) -> String {
        match self.bound {
            Some(bound) if self.exceeds() => format!(
                "the step size {} is {} times the bound {} and ",
                self.conditions.step_size,
                format_number(self.conditions.step_size / bound),
                format_number(bound)
            ),
            _ => String::new(),
        }
    }

    /// Takes back every verdict, where the run decides none; its numbers are kept.
    pub fn withhold(&self, claims: &mut [Claim]) {
        let Some(why) = self.why_withheld() else {
            return;
        };
        let decided = |claim: &&mut Claim| claim.verdict != Verdict::Inconclusive;
        for claim in claims.iter_mut().filter(decided) {
            claim.verdict = Verdict::Inconclusive;
            claim.reason = format!(
                "{why}, and the claim is about runs with small enough steps that go on; what was \
                 measured all the same: {}",
                claim.reason
            );
        }
    }
}

/// Says of a step size beyond its bound what may happen and what to do, if it is one.
pub fn step_size_notice(conditions: &Conditions) -> Option<String> {
    let (step_size, bound) = (conditions.step_size, conditions.step_bound()?);
    if step_size <= bound {
        return None;
    }
    let suggested = round_down(bound);
    if suggested == 0.0 {
        return Some(format!(
            "step size: with norms up to {} and the initial loss {}, no step size is small enough \
             in double precision",
            format_number(conditions.r_max),
            conditions
                .initial_loss
                .map_or("—".to_owned(), format_number)
        ));
    }
    let advice = if (1e-4..1e6).contains(&suggested) {
        format!("--step-size {suggested}")
    } else {
        format!("--step-size {suggested:e}")
    };
    Some(format!(
        "step size: η = {step_size} is {} times {}, up to which no step raises the loss while no \
         pre-activation changes sign (derived from R_max, p, n and m); beyond it the loss may rise \
         or oscillate, and need not; small enough: {advice}",
        format_number(step_size / bound),
        format_number(bound)
    ))
}

/// The largest of 1, 2, 5 × 10^k that is at most a positive number; 0 where there is none.
fn round_down(value: f64) -> f64 {
    if !(value.is_normal() && value > 0.0) {
        return 0.0;
    }
    let exponent = value.log10().floor() as i32;
    let decimal = |digit: u8, exponent: i32| format!("{digit}e{exponent}").parse().unwrap_or(0.0);
    let candidates = [
        (5, exponent),
        (2, exponent),
        (1, exponent),
        (5, exponent - 1),
    ];
    let mut candidates = candidates
        .map(|(digit, exponent)| decimal(digit, exponent))
        .into_iter();
    candidates
        .find(|&candidate| candidate <= value)
        .unwrap_or(0.0)
}

/// `R_max √(2/m)`, by which `‖W‖_F` bounds every score.
fn score_bound(conditions: &Conditions) -> f64 {
    conditions.r_max * (2.0 / conditions.width as f64).sqrt()
}

/// Rises of the loss between recorded steps, beyond rounding; `None` for none.
fn rises(series: &Series, score_bound: f64, epsilon: f64) -> Option<Rises> {
    let (steps, log_loss) = (series.steps(), series.column("log_loss")?);
    let norms = series.column("weight_norm")?;
    let beyond_rounding = |rise: f64, norm: f64| {
        !rise.is_nan() && rise > ROUNDING_UNITS * epsilon * (1.0 + score_bound * norm)
    };
    let mut found: Option<Rises> = None;
    let mut lowest = f64::INFINITY;
    for row in 1..steps.len() {
        lowest = lowest.min(log_loss[row - 1]);
        let rise = log_loss[row] - log_loss[row - 1];
        let norm = norms[row].max(norms[row - 1]);
        if let Some(rises) = &mut found {
            rises.recovered = !beyond_rounding(log_loss[row] - lowest, norm);
        }
        if !beyond_rounding(rise, norm) {
            continue;
        }
        let rises = found.get_or_insert(Rises {
            count: 0,
            intervals: steps.len() - 1,
            first: steps[row],
            last: steps[row],
            largest: rise,
            largest_at: steps[row],
            recovered: false,
        });
        rises.count += 1;
        rises.last = steps[row];
        if rise > rises.largest {
            (rises.largest, rises.largest_at) = (rise, steps[row]);
        }
    }
    found
}

impl Rises {
    /// For a sentence that begins with the loss.
    fn words(&self) -> String {
        let (first, most) = (format_step(self.first), format_step(self.largest_at));
        let size = if self.largest < 0.01 {
            format!("by {} of itself", format_number(self.largest.exp_m1()))
        } else if self.largest < 700.0 {
            format!("by a factor of {}", format_number(self.largest.exp()))
        } else {
            let decades = self.largest / std::f64::consts::LN_10;
            format!("by {} decades", format_number(decades))
        };
        let lasting = if self.recovered {
            ""
        } else {
            ", and it ends above its lowest value"
        };
        if self.count == 1 {
            format!("rose once between recorded steps, up to step {first}, {size}{lasting}")
        } else {
            let (count, intervals) = (self.count, self.intervals);
            format!(
                "rose in {count} of the {intervals} intervals between recorded steps, first up to \
                 step {first} and most up to step {most}, {size}{lasting}"
            )
        }
    }
}

/// Whether a run is at rest at its end, and why.
fn at_rest(conditions: &Conditions, series: &Series) -> Option<AtRest> {
    const NOT_STATE: [&str; 6] = [
        "step",
        "same_sign_changes",
        "opposite_sign_changes",
        "error_estimate",
        "lost_updates",
        "effective_update",
    ];
    let state: Vec<usize> = (0..series.columns().len())
        .filter(|&column| !NOT_STATE.contains(&series.columns()[column].as_str()))
        .collect();
    let rows = series.rows();
    let last = rows.last()?;
    let same = |row: &&Vec<f64>| {
        let equal = |&column: &usize| {
            row[column] == last[column] || row[column].is_nan() && last[column].is_nan()
        };
        state.iter().all(equal)
    };
    let count = rows.iter().rev().take_while(same).count();
    if count <= RECORDS_AT_REST {
        return None;
    }
    let gradient = series.last("gradient_norm")?;
    let loss = series.last("loss")?;
    // What ‖∇L‖ is at most for ±ℓ' ≤ ℓ, and of the order of which it is where nothing cancels.
    let largest = score_bound(conditions) * loss;
    // Squares of the smallest samples underflow in a norm.
    let measurable = largest > 1e-140;
    let why = if !measurable || gradient > CONVERGED * largest {
        Rest::LostUpdates
    } else if gradient == 0.0 {
        Rest::NoGradient
    } else {
        Rest::Stationary
    };
    Some(AtRest {
        since: series.steps()[rows.len() - count],
        why,
        update: conditions.step_size * gradient,
        weight_norm: series.last("weight_norm")?,
    })
}

impl AtRest {
    /// A main clause.
    fn words(&self) -> String {
        let since = format_step(self.since);
        let why = match self.why {
            Rest::NoGradient => "the gradient is exactly 0".to_owned(),
            Rest::Stationary => format!(
                "the gradient has vanished beside the loss, with updates of norm {}",
                format_number(self.update)
            ),
            Rest::LostUpdates if self.update == 0.0 => "updates underflow".to_owned(),
            Rest::LostUpdates => format!(
                "updates of norm {} are lost to rounding beside weights of norm {}",
                format_number(self.update),
                format_number(self.weight_norm)
            ),
        };
        format!("from step {since} on no recorded quantity changes any more: {why}")
    }
}

#[cfg(test)]
mod tests;
