//! The laws that initial weights are drawn from, a file each.
//!
//! A law is a file with its keys, how weights are drawn and an [`InitialLaw`], and a line in
//! [`INITIAL_LAWS`].

mod axes;
mod balanced;
mod gaussian;
mod law;
mod uniform;

pub use self::axes::{AXES, AXIS_SCALES};
pub use self::balanced::BALANCED;
pub use self::gaussian::GAUSSIAN_WEIGHTS;
pub use self::law::{InitialBlocks, InitialLaw};
pub use self::uniform::UNIFORM_FAN_IN;

/// The laws of initial weights of the laboratory, the default first.
pub const INITIAL_LAWS: &[InitialLaw] = &[GAUSSIAN_WEIGHTS, BALANCED, UNIFORM_FAN_IN, AXES];

#[cfg(test)]
mod tests;
