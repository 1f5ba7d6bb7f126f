//! Frei, Vardi, Bartlett, Srebro & Hu (2022, arXiv:2210.07082): leaky ReLU networks on
//! high-dimensional samples have low rank from the first step on.

mod boundary;
mod cifar10;
mod first_step;
mod increments;
mod law;
mod low_rank;
mod settings;

use implicit_bias_lab::study::{Effort, Study, System};

pub use cifar10::cifar10_stable_rank;
pub use first_step::stable_rank_of_the_first_step;
pub use low_rank::low_rank_for_ever;

/// The system, for `reproduce`; the study of real images needs an archive and has a binary alone.
pub const SYSTEM: System = System {
    name: "frei",
    title: "Leaky ReLU networks in high dimension have low rank from the first step on",
    origin: "An independent reproduction of Frei, Vardi, Bartlett, Srebro & Hu (2022, \
             arXiv:2210.07082)",
    introduction: "Frei, Vardi, Bartlett, Srebro & Hu (2022, arXiv:2210.07082) prove that on nearly \
                   orthogonal samples gradient flow takes a two-layer leaky ReLU network to rank 2 \
                   at most, with equal margins, and that the first step of gradient descent from a \
                   small initialization already lowers the stable rank to a constant. This report \
                   shows the first step over dimension and initialization beside a law derived here, \
                   and follows the rank to 10³⁰⁰ steps. The paper's full text was not at hand: what \
                   is recalled or ours is marked so.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![
        stable_rank_of_the_first_step(effort),
        low_rank_for_ever(effort),
    ]
}

#[cfg(test)]
mod tests;
