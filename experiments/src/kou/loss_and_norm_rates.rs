//! Both activations: the loss falls like 1/t, the weight norm grows like log t.

use crate::kou::common::{PAPER, base_runs, base_words};
use implicit_bias_claims::kou::ids;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, figures_side_by_side};

/// Theorem on both activations: `L(t) = Θ(1/t)` and `‖W(t)‖_F = Θ(log t)`.
pub fn loss_and_norm_rates(effort: Effort) -> Study {
    Study {
        name: "loss_and_norm_rates",
        title: "The loss falls like 1/t, the weight norm grows like log t",
        statement: Statement {
            text: "On nearly orthogonal data L(t) = Θ(1/t) and ‖W(t)‖_F = Θ(log t).".to_owned(),
            source: PAPER.to_owned(),
        },
        setting: base_words(effort),
        paragraphs: Vec::new(),
        runs: base_runs(effort),
        claims: &[ids::LOSS, ids::NORM],
        columns: &[
            ("loss", "loss"),
            ("weight_norm", "‖W‖_F"),
            ("gradient_norm", "‖∇L‖_F"),
        ],
        limits: Vec::new(),
        show: None,
        figures: |results| figures_side_by_side(results, &["loss", "weight-norm"]),
    }
}
