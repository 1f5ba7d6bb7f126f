//! Whether the stable rank of the hidden layer ends at 2 at most.

use super::early_run::EarlyRun;
use super::ids::EARLY_RANK;
use crate::claim::{Claim, Verdict};
use crate::fit::fit_line;
use crate::settings::{
    EARLY_RANK_BOUND, EARLY_RANK_REFUTED, EARLY_RANK_SUPPORTED, EXTRAPOLATION_POWER, INITIAL_SHARE,
    LAST_DECADE,
};
use crate::window::Points;
use crate::words::{number, step};

/// Judges that the stable rank of the hidden layer ends at 2 at most, on the last decade of steps,
/// all of them past the one at which the loss has fallen to half.
///
/// * *Supported* where it is at most 2 there, up to 10⁻⁶, and its line against `log t` stays so up
///   to `T²`.
/// * *Refuted* where it is above 2.001 there, and so are the lines of the decade and of its later
///   half up to `T²`, and where a line against `1/log t` leads to: initial weights are forgotten
///   only that slowly. Before they are less than a tenth of the weights nothing is refuted.
pub(super) fn judge(run: &EarlyRun<'_>) -> Claim {
    let mut claim = Claim::draft(
        EARLY_RANK,
        "The stable rank of the hidden layer ends at 2 at most.",
        "stable rank ‖W‖_F²/‖W‖₂² of the hidden layer at the last step",
        "≤ 2",
    );
    let ranks = run.column("stable_rank_hidden").unwrap_or_default();
    claim.measured = ranks.last().copied();
    let fallen = match run.fallen() {
        Ok((_, fallen)) => fallen,
        Err(why) => {
            claim.reason = format!("{why}.");
            return claim;
        }
    };
    let horizon = run.horizon();
    let start = horizon / LAST_DECADE;
    if start < fallen {
        claim.reason = format!(
            "the loss has fallen to half at step {}, and a decade of steps after it is needed; the \
             last one is {}.",
            step(fallen),
            step(horizon)
        );
        return claim;
    }
    let points = Points::new(&run.steps, vec![ranks], start, horizon);
    let ranks = &points.columns[0];
    let lines = match points.lines(&points.log_step, ranks) {
        Ok(lines) => lines,
        Err(why) => {
            claim.reason = why;
            return claim;
        }
    };
    let last = ranks[ranks.len() - 1];
    let ahead = (EXTRAPOLATION_POWER - 1.0) * horizon.ln();
    let led_to = [lines.whole.slope, lines.late.slope].map(|slope| last + slope * ahead);
    let inverse: Vec<f64> = points.log_step.iter().map(|log| 1.0 / log).collect();
    let at_infinity = fit_line(&inverse, ranks).map_or(f64::NAN, |line| line.intercept);
    let [least, most] = range(ranks);
    let found = format!(
        "over the last decade the stable rank is between {} and {}, and its line against log t \
         leads to {} at T², against 1/log t to {}",
        number(least),
        number(most),
        number(led_to[0]),
        number(at_infinity)
    );
    let bound = EARLY_RANK_BOUND + EARLY_RANK_SUPPORTED;
    let above = EARLY_RANK_BOUND + EARLY_RANK_REFUTED;
    if most <= bound && led_to.iter().all(|rank| *rank <= bound) {
        claim.verdict = Verdict::Supported;
        claim.reason = format!("{found}.");
    } else if let Some(share) = initial_share(run).filter(|share| *share > INITIAL_SHARE) {
        claim.reason = format!(
            "{found}; the initial weights still are {} of the weights, and nothing is refuted \
             before they are less than {INITIAL_SHARE}.",
            number(share)
        );
    } else if least > above && at_infinity > above && led_to.iter().all(|rank| *rank > above) {
        let (verdict, but) = run.refuted();
        claim.verdict = verdict;
        claim.reason = format!("{found}{but}.");
    } else {
        claim.reason = format!("{found}: on which side of 2 it ends is open.");
    }
    claim
}

/// `‖W(0)‖/‖W(T)‖` of the hidden layer.
fn initial_share(run: &EarlyRun<'_>) -> Option<f64> {
    let norms = run.column("norm_hidden")?;
    Some(norms.first()? / norms.last()?)
}

fn range(values: &[f64]) -> [f64; 2] {
    let fold = |start, pick: fn(f64, f64) -> f64| values.iter().copied().fold(start, pick);
    [
        fold(f64::INFINITY, f64::min),
        fold(f64::NEG_INFINITY, f64::max),
    ]
}
