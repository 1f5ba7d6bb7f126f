//! Both activations: the loss falls like 1/t, the weight norm grows like log t.

use super::{PAPER, Scale, Study, base_runs, base_words, run_figures_named};
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
        columns: &["loss", "weight_norm", "gradient_norm"],
        figures: |results| run_figures_named(results, &["loss", "weight-norm"]),
    }
}
