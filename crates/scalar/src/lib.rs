//! Activations and losses as functions of one number, accurate at any argument.
//!
//! The definitions that every engine shares: the Burn modules of `implicit-bias-model` apply them
//! to tensors, the Gram engine of `implicit-bias-gram` to plain arrays. No Burn here.

mod activation;
pub mod aligned;
mod error;
mod far_slopes;
mod log_sum;
mod loss;
mod losses;
mod margin;
mod margin_loss;
mod powers;
pub mod vector;

pub use activation::Activation;
pub use error::SlopeError;
pub use far_slopes::FarSlopes;
pub use log_sum::log_sum_of_exponentials;
pub use loss::Loss;
pub use losses::{HINGE, LOSSES, POLYNOMIAL, SQUARED, TAIL};
pub use margin::is_positive_margin;
pub use margin_loss::{MOST_PARAMETERS, MarginLoss, Parameters};
pub use powers::power_of_two;
