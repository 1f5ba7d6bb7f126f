//! Probes: columns of `series.csv` that a run has where they are asked for, a file each.
//!
//! A probe is a file with a [`Probe`] and a line in [`PROBES`]. It sees the weights in host memory,
//! so that it works for every network, every descent and every engine.

mod distance;
mod effective_rank;
mod probe;
mod probed;

pub use self::distance::DISTANCE;
pub use self::effective_rank::EFFECTIVE_RANK;
pub use self::probe::{Probe, ProbeView};
pub use self::probed::ProbedEngine;

/// The probes of the laboratory.
pub const PROBES: &[Probe] = &[EFFECTIVE_RANK, DISTANCE];

#[cfg(test)]
mod tests;
