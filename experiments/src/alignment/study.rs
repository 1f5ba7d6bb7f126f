//! The study on generated data.

use implicit_bias_claims::alignment::ids::{EARLY_ALIGNMENT, EARLY_LOSS, EARLY_RANK};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

use super::runs::runs;
use super::{figures, table};

/// Who makes the claims.
pub(super) const PAPER: &str = "Min, Mallada & Vidal, ICLR 2024, arXiv:2307.12851";

/// Sets of neurons, loss and stable rank of two layers that are both trained, over angles, initial
/// scales and numbers of samples, and where the theorem does not hold.
pub fn early_alignment(effort: Effort) -> Study {
    Study {
        name: "early_alignment",
        title: "Neurons align early, and the network ends with two directions",
        statement: Statement {
            text: "Two-layer ReLU network, both layers trained from small balanced weights by \
                   gradient flow, signed samples y_i x_i with cosines of at least μ > 0: by t₁ = \
                   O(log n/√μ) every neuron is dead or active on exactly the samples of the sign \
                   of its outer weight, and stays so; the loss falls from t₂ = Θ((1/n) log(1/(√h \
                   ε))) on, like O(1/t); the stable rank of the hidden layer ends at 2 at most."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: format!(
            "equiangular samples of norm 1 (all cosines μ), n = 4, d = 8; h = 50, W(0) of entries \
             N(0, σ₀²), v_j = ±‖w_j‖, σ₀ = {}; sum of exponential losses, η = 0.002; exact to {} \
             steps, then in log time to 10¹⁵ (this project's settings)",
            effort.pick("10⁻²⁰", "10⁻⁶⁰"),
            effort.pick("5·10⁴", "2·10⁵")
        ),
        paragraphs: vec![
            "The theorem is found in the paper's text; it is about gradient flow from an ε that \
             its hypotheses beside each verdict compare with, with constants of 1 where they are \
             not stated. Half of the initial loss as the mark of the fall is ours, and so are the \
             closed forms for equiangular samples."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[EARLY_ALIGNMENT, EARLY_RANK, EARLY_LOSS],
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
        tables: vec![table::times(results), table::elsewhere(results)],
        files: Vec::new(),
    }
}
