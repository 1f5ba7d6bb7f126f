//! Karhadkar, George, Murray, Montúfar & Needell (2024): benign and harmful overfitting of leaky
//! ReLU networks under the sum of hinge losses.
//!
//! The theorems hold up to constants that they do not name. Wherever a verdict needs one it is this
//! project's setting, and the reason says so.

mod error;
mod fit;
mod hypotheses;
pub mod ids;
mod theory;

#[cfg(test)]
mod tests;

pub use theory::THEORY;
