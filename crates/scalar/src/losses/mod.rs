//! The losses that users choose by name: two that exact theory knows, and a file each for the others.
//!
//! A loss is a file with a [`MarginLoss`] and a line in [`LOSSES`].

mod hinge;
mod margin_loss;
mod squared;

pub use hinge::HINGE;
pub use margin_loss::MarginLoss;
pub use squared::SQUARED;

use crate::Loss;

/// The losses of the laboratory, the default first.
pub const LOSSES: &[Loss] = &[Loss::Logistic, Loss::Exponential, HINGE, SQUARED];

/// The loss of the list with a name.
pub(crate) fn known(name: &str) -> Option<Loss> {
    LOSSES.iter().copied().find(|loss| loss.name() == name)
}
