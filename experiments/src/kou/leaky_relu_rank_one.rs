//! Leaky ReLU: the stable rank of each block tends to 1.

use crate::kou::common::{PAPER, SLOPE, base, base_words, leaky_panel, leaky_relu};
use implicit_bias_claims::kou::ids;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, StudyRun, figures_side_by_side};

/// Theorem on leaky ReLU: each of `W_{+1}`, `W_{−1}` has stable rank tending to 1.
pub fn leaky_relu_rank_one(effort: Effort) -> Study {
    Study {
        name: "leaky_relu_rank_one",
        title: "Leaky ReLU: each block tends to rank one",
        statement: Statement {
            text: "On nearly orthogonal data, gradient descent on a two-layer leaky ReLU network \
                   drives the stable rank of each block of first-layer weights to 1; after a \
                   finite time the activation pattern on same-sign samples stops changing."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: base_words(effort),
        paragraphs: vec![
            "The claim is about each block. The two blocks stacked do not tend to rank one: with \
             balanced classes of orthogonal samples of equal norm the stack tends to \
             2(1 + γ²)/(1 + γ)² (derived here)."
                .to_owned(),
        ],
        runs: vec![StudyRun {
            judged: true,
            panel: leaky_panel(SLOPE),
            label: leaky_panel(SLOPE),
            parameter: SLOPE,
            settings: leaky_relu(base(effort), SLOPE),
        }],
        claims: &[ids::RANK_ONE, ids::ALIGNMENT],
        columns: &[
            ("stable_rank_pos", "SR of W₊₁"),
            ("stable_rank_neg", "SR of W₋₁"),
            ("stable_rank", "SR of the stack"),
        ],
        limits: Vec::new(),
        show: None,
        figures: |results| {
            figures_side_by_side(results, &["stable-rank", "rank-gap", "activation"])
        },
    }
}
