//! Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851): early alignment of the neurons of two layers
//! that are both trained.
//!
//! The settings are this project's own, but for those of the paper's MNIST experiment.

mod figures;
mod mnist;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use mnist::early_alignment_mnist;
pub use study::early_alignment;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "alignment",
    title: "Early neuron alignment",
    origin: "An independent reproduction of Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851)",
    introduction: "Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851) prove what small \
                   initialization does to a two-layer ReLU network whose layers are both trained \
                   by gradient flow: neurons first turn to the samples of one class each, then \
                   grow, and the network ends with a hidden layer of stable rank 2 at most. This \
                   report measures when, from initial weights down to 10⁻⁶⁰ and to 10¹⁵ steps, and \
                   where it fails. Criteria are this project's own.",
    studies: all,
};

/// All studies, in the order of the report; that of real images where they are at hand.
fn all(effort: Effort) -> Vec<Study> {
    vec![early_alignment(effort), mnist::where_at_hand(effort)]
}
