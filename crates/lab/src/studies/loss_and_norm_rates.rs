//! Both activations: the loss falls like 1/t, the weight norm grows like log t.

use super::{PAPER, Scale, Study, base_runs, base_words, figures_side_by_side};
use crate::claims::ClaimId;
use crate::report::Statement;

/// Theorem on both activations: `L(t) = Θ(1/t)` and `‖W(t)‖_F = Θ(log t)`.
pub fn loss_and_norm_rates(scale: Scale) -> Study {
    Study {
        name: "loss_and_norm_rates",
        title: "The loss falls like 1/t, the weight norm grows like log t",
        statement: Statement {
            text: "On nearly orthogonal data L(t) = Θ(1/t) and ‖W(t)‖_F = Θ(log t).".to_owned(),
            source: PAPER.to_owned(),
        },
        setting: base_words(scale),
        paragraphs: Vec::new(),
        runs: base_runs(scale),
        claims: &[ClaimId::Loss, ClaimId::Norm],
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
