//! The losses that users choose by name: two that exact theory knows, and a file each for the others.
//!
//! A loss is a file with a [`MarginLoss`](crate::MarginLoss) and a line in [`LOSSES`].

mod hinge;
mod polynomial;
mod squared;

pub use hinge::HINGE;
pub use polynomial::{POLYNOMIAL, TAIL};
pub use squared::SQUARED;

use crate::loss::Loss;

/// The losses of the laboratory, the default first.
pub const LOSSES: &[Loss] = &[
    Loss::Logistic,
    Loss::Exponential,
    HINGE,
    SQUARED,
    POLYNOMIAL,
];
