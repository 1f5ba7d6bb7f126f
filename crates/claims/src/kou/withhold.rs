//! What a longer run could overturn is taken back.

use crate::claim::{Claim, DecidedBy, Verdict};
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::kou::loss::{levels_off, stays};
use crate::kou::program;
use crate::settings::{LAST_DECADE, MIN_NORM_RATIO};
use crate::words::{number, step};
use implicit_bias_record::UNCERTAIN;

/// Takes back refutations of limits that a longer run could overturn.
///
/// What the trajectory refutes needs a pattern at rest, and double precision. Limits are believed
/// only if the samples were fitted before the last decade, or if the loss has levelled off above
/// that for good; and a stable rank only once the block has outgrown its initial weights. Loss and
/// norm have these conditions in their own criteria.
pub(crate) fn early_refutations(run: &Evidence, claims: &mut [Claim]) {
    let unsettled = run.unsettled();
    let early = run.is_fitted_from(run.horizon / LAST_DECADE);
    let levelled = levels_off(run).and(stays(run)).is_ok();
    for claim in claims
        .iter_mut()
        .filter(|claim| claim.verdict == Verdict::Refuted)
        .filter(|claim| !matches!(claim.id, ids::LOSS | ids::NORM))
        .filter(|claim| !program::is_proven(run, claim))
    {
        let by_trajectory = claim.decided_by == DecidedBy::Trajectory;
        let doubt = match &unsettled {
            Some(unsettled) if by_trajectory => unsettled,
            _ if by_trajectory && run.is_single_precision() => {
                "rounding to single precision takes updates away, and double precision must tell"
            }
            _ if early == Some(false) && !levelled => {
                "the samples were not fitted when the last decade began"
            }
            _ if claim
                .block
                .as_deref()
                .is_some_and(|block| is_young(run, block)) =>
            {
                "the block has not outgrown its initial weights"
            }
            _ => continue,
        };
        claim.verdict = Verdict::Inconclusive;
        let reason = claim.reason.trim_end_matches('.');
        claim.reason = format!("{reason}; but {doubt}, so a longer run may differ.");
    }
}

/// Takes back all verdicts on a run in log time that no longer knows its margins.
pub(crate) fn uncertain(run: &Evidence, claims: &mut [Claim]) {
    let Some(estimates) = run.series.column("error_estimate") else {
        return;
    };
    let Some(row) = estimates.iter().position(|&estimate| estimate > UNCERTAIN) else {
        return;
    };
    let decided = |claim: &&mut Claim| claim.verdict != Verdict::Inconclusive;
    for claim in claims.iter_mut().filter(decided) {
        claim.verdict = Verdict::Inconclusive;
        claim.reason = format!(
            "from step {} on log time cannot tell where gradient descent goes: margins may be off \
             by {} of themselves, by its own estimate, and no verdict rests on them; more steps \
             taken exactly (--exact-steps) may tell. Taken as they are, {}",
            step(run.series.steps()[row]),
            number(estimates[row]),
            claim.reason
        );
    }
}

/// Whether a block still carries its initial weights.
fn is_young(run: &Evidence, block: &str) -> bool {
    let norms = run.series.column(&format!("norm_{block}"));
    let ends = (norms.as_deref()).and_then(|norms| norms.first().zip(norms.last()));
    ends.is_some_and(|(first, last)| *last < MIN_NORM_RATIO * first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kou::context::RankClaim;
    use crate::kou::judge::judge;
    use crate::kou::testing::{context, lawful, lawful_margins};
    use implicit_bias_record::Series;

    /// The lawful run with an error estimate that is `late` from step 5000 on.
    fn with_estimate(late: f64) -> Series {
        let run = lawful(1e5);
        let mut columns = run.columns().to_vec();
        columns.push("error_estimate".to_owned());
        let mut series = Series::new(columns);
        for row in run.rows() {
            let estimate = if row[0] < 5000.0 { 1e-9 } else { late };
            series.push(row.iter().copied().chain([estimate]).collect());
        }
        series
    }

    #[test]
    fn no_verdict_rests_on_what_log_time_cannot_tell() {
        let context = crate::kou::ClaimContext {
            rank_claim: Some(RankClaim::Bounded),
            ..context()
        };
        let verdicts = |late| {
            let claims = judge(&with_estimate(late), &lawful_margins(1e5), &context);
            assert_eq!(claims.len(), 6);
            claims
        };
        for claim in verdicts(0.5 * UNCERTAIN) {
            assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
        }
        for claim in verdicts(2.0 * UNCERTAIN) {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
            assert!(claim.reason.contains("cannot tell"), "{}", claim.reason);
            assert!(claim.reason.contains("step 50"), "{}", claim.reason);
        }
    }
}
