//! What the runs on digits are called, and what is read off them.

use implicit_bias_claims::{Claim, kou::ids};
use implicit_bias_lab::RunRecord;
use implicit_bias_lab::study::StudyResult;

/// The digits: `+1`, then `−1`.
pub(super) const DIGITS: [&str; 2] = ["0", "1"];

/// The name of a run's preparation.
pub(super) fn preparation<'a>(result: &StudyResult<'a>) -> &'a str {
    let label = &result.run.label;
    label.rsplit_once(", ").map_or(label, |(name, _)| name)
}

/// The initial scale of a run, as its label has it.
pub(super) fn initial_scale<'a>(result: &StudyResult<'a>) -> &'a str {
    result
        .run
        .label
        .rsplit_once(", ")
        .map_or("", |(_, scale)| scale)
}

/// `(max − min)/mean` of the normalized margins at the last recorded step.
pub(super) fn margin_gap(record: &RunRecord) -> f64 {
    let last = |column| record.series.last(column).unwrap_or(f64::NAN);
    (last("margin_max") - last("margin_min")) / last("margin_mean")
}

pub(super) fn is_rank_claim(claim: &Claim) -> bool {
    matches!(claim.id, ids::RANK_ONE | ids::RANK_BOUNDED)
}
