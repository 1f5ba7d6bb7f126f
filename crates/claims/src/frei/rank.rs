//! The stable rank of all weights from the first step on.

use crate::claim::{Claim, Verdict};
use crate::frei::ids::{FIRST_STEP, LASTING_RANK};
use crate::run::RunView;
use crate::settings::{
    FIRST_STEP_REFUTED, FIRST_STEP_SUPPORTED, LASTING_RANK_REFUTED, LASTING_RANK_SUPPORTED,
    LEAST_INITIAL_RANK, MIN_HORIZON,
};
use crate::words::{number, step};

/// Both claims on the column `stable_rank`.
pub(super) fn judge(run: &RunView<'_>) -> Vec<Claim> {
    let steps = run.series.steps();
    let ranks = run.series.column("stable_rank").unwrap_or_default();
    let rows: Vec<[f64; 2]> = steps
        .into_iter()
        .zip(ranks)
        .map(|(t, rank)| [t, rank])
        .collect();
    vec![first_step(&rows), lasting(&rows)]
}

/// The stable rank at step 1 over that at step 0.
fn first_step(rows: &[[f64; 2]]) -> Claim {
    let mut claim = Claim::draft(
        FIRST_STEP,
        "From a small initialization the first step lowers the stable rank.",
        "stable rank at step 1 over that at step 0",
        "small",
    );
    let at = |step: f64| {
        rows.iter()
            .find(|[at, _]| *at == step)
            .map(|[_, rank]| *rank)
    };
    let both = at(0.0).zip(at(1.0));
    let Some((before, after)) = both.filter(|(b, a)| b.is_finite() && a.is_finite()) else {
        claim.reason = "the stable rank is not known at the steps 0 and 1.".to_owned();
        return claim;
    };
    let share = after / before;
    claim.measured = Some(share);
    let found = format!(
        "the stable rank goes from {} to {}, {} of it",
        number(before),
        number(after),
        number(share)
    );
    if before < LEAST_INITIAL_RANK {
        claim.reason = format!("{found}, and was low before.");
        return claim;
    }
    claim.verdict = if share <= FIRST_STEP_SUPPORTED {
        Verdict::Supported
    } else if share >= FIRST_STEP_REFUTED {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    claim.reason = format!(
        "{found}; supported up to {}, refuted from {} on (this project's settings).",
        number(FIRST_STEP_SUPPORTED),
        number(FIRST_STEP_REFUTED)
    );
    claim
}

/// The largest stable rank from step 1 on.
fn lasting(rows: &[[f64; 2]]) -> Claim {
    let mut claim = Claim::draft(
        LASTING_RANK,
        "The stable rank is at most a constant at every step from the first on.",
        "largest recorded stable rank from step 1 on",
        "≤ C",
    );
    let later: Vec<f64> = rows
        .iter()
        .filter(|[at, _]| *at >= 1.0)
        .map(|[_, r]| *r)
        .collect();
    let horizon = rows.last().map_or(0.0, |[at, _]| *at);
    if later.is_empty() || later.iter().any(|rank| !rank.is_finite()) {
        claim.reason = "the stable rank is not known at every recorded step.".to_owned();
        return claim;
    }
    let largest = later.iter().copied().fold(0.0, f64::max);
    claim.measured = Some(largest);
    let found = format!(
        "it is at most {} up to step {}",
        number(largest),
        step(horizon)
    );
    claim.verdict = if largest > LASTING_RANK_REFUTED {
        Verdict::Refuted
    } else if largest <= LASTING_RANK_SUPPORTED && horizon >= MIN_HORIZON {
        Verdict::Supported
    } else {
        Verdict::Inconclusive
    };
    claim.reason = format!(
        "{found}; supported up to {} over {} steps or more, refuted above {}; the theorem's \
         constant is not known here (this project's settings).",
        number(LASTING_RANK_SUPPORTED),
        step(MIN_HORIZON),
        number(LASTING_RANK_REFUTED)
    );
    claim
}
