//! The study: its runs, and what it shows of them.

use implicit_bias_claims::tokens::ids::{KQ_DIRECTION, KQ_LOSS, KQ_NORM, OV_LOSS, OV_NORM};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

use super::runs::runs;
use super::{figures, table};

/// Sentences of a language, by normalized gradient descent in two stages.
pub fn next_token_in_two_stages(effort: Effort) -> Study {
    Study {
        name: "next_token_in_two_stages",
        title: "Both matrices of a transformer turn to those of maximum margin",
        statement: Statement {
            text: "In two stages of normalized gradient descent the norms of W_ov and W_kq grow \
                   linearly, the losses fall exponentially to their infima, both directions tend to \
                   those of maximum margin, and sentences that were not seen are continued correctly."
                .to_owned(),
            source: "Huang, Liang & Yang, arXiv:2409.17335 (the second program recalled, not \
                     verified); slopes derived here"
                .to_owned(),
        },
        setting: format!(
            "V = d = 20 tokens, η₀ = 0.2/√d and η = 0.05/√d (found in the paper); sentences of 6 tokens, \
             in each of which the token that is first in the order of the last one tells the next; \
             zero initial weights; {} and {} steps (this project's settings)",
            effort.pick("1000", "4·10³"),
            effort.pick("10⁴", "5·10⁴")
        ),
        paragraphs: vec![
            "Both programs know the data alone: (e_next − e_v)ᵀ W_ov e_l ≥ 1 for each token l and every \
             other v, and (x_* − x)ᵀ W_kq x_q ≥ 1 for the best token x_* of a sentence, each other x and \
             the query x_q. The columns of the first solution are (V − 1)/V (e_next − the mean of the \
             others), of norm √(V − 1) in all, so that the loss of the first stage falls by the factor \
             e^(−η₀/√(V−1)) a step; the excess of the second one by e^(−η/‖W_kq*‖) (derived)."
                .to_owned(),
            "Where constraints of the second program are tight without a multiplier, the direction \
             nears its limit like log t/t (derived) instead of 1/t."
                .to_owned(),
            "Two runs are of data that no weights fit: the last sentence is the first one with another \
             target, and a token that has two numbers has two next tokens. Claims that losses fall \
             exponentially must be refuted there."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[OV_NORM, OV_LOSS, KQ_NORM, KQ_LOSS, KQ_DIRECTION],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: table::tables(results),
        files: Vec::new(),
    }
}
