//! Ten digits by cross-entropy: stable rank by block, margins by class, accuracy on held-out
//! digits.
//!
//! A question of this project, not a claim of the paper, which has two classes. It stands beside
//! the other studies because a [`Study`](implicit_bias_lab::study::Study) is made of runs of two
//! classes, with a limit and claims to judge; here nothing is judged, and what is measured is
//! reported.

mod command;
mod figures;
mod measures;
mod report;
mod settings;
#[cfg(test)]
mod tests;
mod train;

pub use command::main;
pub use report::write;
pub use settings::{Samples, TenClasses};
pub use train::{ClassRun, train};
