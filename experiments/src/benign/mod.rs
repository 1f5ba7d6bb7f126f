//! Karhadkar, George, Murray, Montúfar & Needell (2024, arXiv:2403.06903): benign overfitting of leaky
//! ReLU networks under the sum of hinge losses, when `d` is about `n`.

mod figures;
mod heat_map;
mod published;
mod regimes;
mod settings;
mod threshold;
mod trials;

use implicit_bias_lab::study::{Effort, Study, System};

pub use heat_map::error_over_samples_and_dimension;
pub use regimes::benign_and_harmful_overfitting;
pub use threshold::threshold_of_the_signal;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "benign",
    title: "Benign overfitting of leaky ReLU networks under the hinge loss",
    origin: "An independent reproduction of Karhadkar, George, Murray, Montúfar & Needell (2024, \
             arXiv:2403.06903)",
    introduction: "Karhadkar, George, Murray, Montúfar & Needell (2024, arXiv:2403.06903) prove that \
                   gradient descent on the sum of hinge losses takes a two-layer leaky ReLU network \
                   to zero loss on noisy labels, and that this is benign where the signal is strong \
                   and harmful where it is weak. This report judges these claims, redraws the two \
                   figures of errors by sweeps of its own, and puts the published numbers beside \
                   them, as read off the authors' files and figures. Constants that the theorems do \
                   not name, and every threshold of a verdict, are this project's own.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![
        benign_and_harmful_overfitting(effort),
        error_over_samples_and_dimension(effort),
        threshold_of_the_signal(effort),
    ]
}

#[cfg(test)]
mod tests;
