//! The study: its runs, and what it shows of them.

use implicit_bias_claims::tokens::ids::{KQ_DIRECTION, KQ_LOSS, KQ_NORM, OV_LOSS, OV_NORM};
use implicit_bias_lab::config::{Settings, Steps};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult, StudyRun};

use super::{figures, table};

/// The label of the run by plain gradient descent.
pub(super) const GRADIENT: &str = "gradient descent, 20 sentences";

/// Tokens there are, which is the dimension, as found in the paper.
pub(super) const VOCABULARY: f64 = 20.0;

/// Two languages' worth of sentences, by normalized gradient descent in two stages.
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
        ],
        runs: runs(effort),
        claims: &[OV_NORM, OV_LOSS, KQ_NORM, KQ_LOSS, KQ_DIRECTION],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn steps(number: f64) -> Steps {
    Steps::try_from(number).expect("a whole number of steps")
}

fn runs(effort: Effort) -> Vec<StudyRun> {
    let first = effort.pick(1e3, 4e3);
    let second = effort.pick(1e4, 5e4);
    let base = |samples: u64| {
        Settings::default()
            .with("synthetic", "sentences")
            .with("samples", samples)
            .with("vocabulary", VOCABULARY as u64)
            .with("length", 6)
            .with("network", "transformer")
            .with("init-scale", 0.0)
            .with("seed", 3)
            .with("record", 60)
    };
    let run = |label: &str, settings: Settings| StudyRun {
        judged: true,
        panel: label.to_owned(),
        label: label.to_owned(),
        parameter: 0.0,
        settings,
    };
    let two_stage = |samples: u64| {
        base(samples)
            .with("optimizer", "two-stage")
            .with("first-steps", first as u64)
            .with("first-step-size", 0.2 / VOCABULARY.sqrt())
            .with("step-size", 0.05 / VOCABULARY.sqrt())
            .with("steps", steps(first + second))
    };
    vec![
        run("20 sentences", two_stage(20)),
        run("40 sentences", two_stage(40)),
        run(
            GRADIENT,
            base(20)
                .with("step-size", 0.5)
                .with("init-scale", 1e-3)
                .with("steps", steps(second)),
        ),
    ]
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: table::tables(results),
        files: Vec::new(),
    }
}
