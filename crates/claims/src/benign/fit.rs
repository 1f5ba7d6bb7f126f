//! How soon the hinge loss is zero, and how large the weights are then.

use crate::benign::ids::{SMALL_WEIGHTS, ZERO_HINGE};
use crate::claim::{Claim, Verdict};
use crate::run::RunView;
use crate::settings::{HINGE_STAYS, HINGE_STEPS_REFUTED, HINGE_STEPS_SUPPORTED, MIN_HORIZON};
use crate::words::{number, step};

/// The claims on zero hinge loss at slope `α`.
pub(super) fn judge(slope: f64, run: &RunView<'_>) -> Vec<Claim> {
    let largest = run.numbers.ok().and_then(|numbers| numbers.get("gamma_l2"));
    let norm = largest
        .filter(|margin| **margin > 0.0)
        .map(|margin| 1.0 / margin);
    vec![steps(slope, norm, run), weights(slope, norm, run)]
}

fn last(run: &RunView<'_>, column: &str) -> f64 {
    run.series.last(column).unwrap_or(f64::NAN)
}

/// Why `‖w*‖` is not known.
fn unknown(run: &RunView<'_>) -> String {
    let why = run.numbers.err().unwrap_or("there is no maximum margin");
    format!("the largest linear margin of these data is not known: {why}")
}

/// `T η α² m/‖w*‖²` is at most a constant, `‖w*‖` the inverse of the largest linear margin.
fn steps(slope: f64, norm: Option<f64>, run: &RunView<'_>) -> Claim {
    let mut claim = Claim::draft(
        ZERO_HINGE,
        "The hinge loss of all samples is zero after T ≤ C‖w*‖²/(η α² m) steps.",
        "T η α² m/‖w*‖² at the last step",
        "≤ C, and zero loss",
    );
    let (horizon, loss) = (last(run, "step"), last(run, "loss"));
    let (width, step_size) = (run.facts.network.width as f64, run.facts.descent.step_size);
    let Some(norm) = norm else {
        claim.reason = format!("{}.", unknown(run));
        if is_inseparable(run) {
            (claim.verdict, claim.reason) = not_separable(run, loss);
        }
        return claim;
    };
    let share = horizon * step_size * slope * slope * width / (norm * norm);
    claim.measured = Some(share);
    let at = step(horizon);
    (claim.verdict, claim.reason) = if loss == 0.0 && share <= HINGE_STEPS_SUPPORTED {
        let reason = format!(
            "the hinge loss is zero at step {at}, {} times ‖w*‖²/(η α² m); supported up to {} \
             (this project's setting).",
            number(share),
            number(HINGE_STEPS_SUPPORTED)
        );
        (Verdict::Supported, reason)
    } else if loss > 0.0 && share > HINGE_STEPS_REFUTED {
        let reason = format!(
            "the hinge loss is {} after {at} steps, {} times ‖w*‖²/(η α² m); refuted from {} on \
             (this project's setting).",
            number(loss),
            number(share),
            number(HINGE_STEPS_REFUTED)
        );
        (Verdict::Refuted, reason)
    } else {
        let reason = format!(
            "the hinge loss is {} at step {at}, {} times ‖w*‖²/(η α² m), and the theorem names no \
             constant.",
            number(loss),
            number(share)
        );
        (Verdict::Inconclusive, reason)
    };
    claim
}

/// Whether it is shown that no linear classifier separates the samples.
fn is_inseparable(run: &RunView<'_>) -> bool {
    let numbers = run.numbers.ok();
    numbers.is_some_and(|numbers| numbers.get("separable") == Some(&0.0))
}

/// The verdict where no linear classifier separates the samples: refuted by a loss that stays.
fn not_separable(run: &RunView<'_>, loss: f64) -> (Verdict, String) {
    let steps = run.series.steps();
    let horizon = steps.last().copied().unwrap_or(0.0);
    let first = steps.iter().position(|&at| at >= horizon / 10.0);
    let losses = run.series.column("loss").unwrap_or_default();
    let lowest = |losses: &[f64]| losses.iter().copied().fold(f64::INFINITY, f64::min);
    let (earlier, later) = losses.split_at(first.unwrap_or(0).min(losses.len()));
    let fallen = lowest(later) / lowest(earlier);
    let found = format!(
        "no linear classifier separates these samples, so that ‖w*‖ is infinite, and the loss is {} \
         after {} steps",
        number(loss),
        step(horizon)
    );
    if horizon >= MIN_HORIZON && lowest(later) > 0.0 && fallen >= HINGE_STAYS {
        let reason = format!(
            "{found}; over the last decade it fell to {} of its lowest value before.",
            number(fallen)
        );
        (Verdict::Refuted, reason)
    } else {
        (Verdict::Inconclusive, format!("{found}."))
    }
}

/// `‖W‖_F √m/‖w*‖` is at most a constant over `α`.
fn weights(slope: f64, norm: Option<f64>, run: &RunView<'_>) -> Claim {
    let mut claim = Claim::draft(
        SMALL_WEIGHTS,
        "Where the hinge loss is zero, ‖W‖_F ≤ C‖w*‖/(α √m).",
        "α ‖W‖_F √m/‖w*‖ at the last step",
        "≤ C",
    );
    let Some(norm) = norm else {
        claim.reason = format!("{}.", unknown(run));
        return claim;
    };
    let width = run.facts.network.width as f64;
    let ratio = last(run, "weight_norm") * width.sqrt() / norm;
    claim.measured = Some(slope * ratio);
    let found = format!(
        "‖W‖_F is {} times ‖w*‖/√m, where 1/α is {}",
        number(ratio),
        number(1.0 / slope)
    );
    (claim.verdict, claim.reason) = if last(run, "loss") != 0.0 {
        let reason = format!("{found}, but the hinge loss is not zero at the last step.");
        (Verdict::Inconclusive, reason)
    } else if slope * ratio <= 1.0 {
        let reason = format!("{found}: the claim with C = 1, which is this project's setting.");
        (Verdict::Supported, reason)
    } else {
        let reason = format!(
            "{found}: the claim with C = 1, which is this project's setting, fails, and the descent \
             moves no more."
        );
        (Verdict::Refuted, reason)
    };
    claim
}
