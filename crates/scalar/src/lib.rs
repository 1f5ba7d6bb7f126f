//! Activations and losses as functions of one number, accurate at any argument.
//!
//! The definitions that every engine shares: the Burn modules of `implicit-bias-model` apply them to
//! tensors, the Gram engine of `implicit-bias-gram` to plain arrays. No Burn here.

mod activation;
mod loss;
mod margin;

pub use activation::Activation;
pub use loss::Loss;
pub use margin::is_positive_margin;

/// A slope outside `[0, 1)`.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("slope: expected a number in [0, 1), found {0}")]
pub struct SlopeError(
    /// The slope that was found.
    pub f64,
);
