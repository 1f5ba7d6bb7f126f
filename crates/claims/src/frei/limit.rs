//! Where the direction of the weights tends, by the limit program (derived).

use implicit_bias_record::{PredictedLimit, Prediction};

use crate::claim::{Claim, DecidedBy, Verdict};
use crate::frei::ids::{EQUAL_MARGINS, TWO_DIRECTIONS};
use crate::run::RunView;
use crate::settings::{EXACT_GAP, EXACT_RANK};
use crate::words::number;

/// Both claims on the limit.
pub(super) fn judge(run: &RunView<'_>) -> Vec<Claim> {
    let mut claims = vec![
        Claim::draft(
            TWO_DIRECTIONS,
            "In the limit all neurons of one output sign have one direction, so that the rank is 2 \
             at most.",
            "larger limiting stable rank of the two blocks",
            "1",
        ),
        Claim::draft(
            EQUAL_MARGINS,
            "In the limit all margins are equal.",
            "limiting relative gap of the margins",
            "0",
        ),
    ];
    let known = match run.prediction {
        Prediction::Solved(limit) => match limit.doubt() {
            None => Ok(limit),
            Some(doubt) => Err(format!("the limit program decides nothing: {doubt}")),
        },
        Prediction::Named(_) => Err("the limit program was not solved".to_owned()),
        Prediction::Unsolved { reason, .. } => Err(format!("the limit is not known: {reason}")),
    };
    let limit = match known {
        Ok(limit) => limit,
        Err(why) => {
            for claim in &mut claims {
                claim.reason = format!("{why}.");
            }
            return claims;
        }
    };
    let [directions, margins] = &mut claims[..] else {
        unreachable!("there are two claims")
    };
    of_directions(limit, directions);
    of_margins(limit, margins);
    claims
}

/// Writes a verdict that rests on a limit: none unless the pattern is proven to last.
fn decide(limit: &PredictedLimit, claim: &mut Claim, holds: bool, found: &str) {
    if !limit.proven {
        claim.reason = format!(
            "{found} if the activation pattern of the last step lasts, which is {}.",
            limit.certificate
        );
        return;
    }
    claim.decided_by = DecidedBy::Certificate;
    claim.verdict = if holds {
        Verdict::Supported
    } else {
        Verdict::Refuted
    };
    claim.reason = format!("{found} (limit program, derived; {}).", limit.certificate);
}

fn of_directions(limit: &PredictedLimit, claim: &mut Claim) {
    let ranks = [limit.stable_rank_pos, limit.stable_rank_neg];
    let [Some(pos), Some(neg)] = ranks else {
        claim.reason = "the limit of a block is zero.".to_owned();
        return;
    };
    let largest = pos.max(neg);
    claim.measured = Some(largest);
    let found = format!(
        "the limiting stable ranks of the blocks are {} and {}, of {} activation patterns",
        number(pos),
        number(neg),
        limit.groups
    );
    decide(limit, claim, largest <= 1.0 + EXACT_RANK, &found);
}

fn of_margins(limit: &PredictedLimit, claim: &mut Claim) {
    let gap = limit.margin_gap();
    claim.measured = Some(gap);
    let found = format!(
        "the limiting margins differ by {} of their mean, and {} of {} multipliers are positive",
        number(gap),
        limit.support,
        limit.samples
    );
    decide(limit, claim, gap <= EXACT_GAP, &found);
}
