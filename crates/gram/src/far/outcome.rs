//! How an advance of a flow ended, and what it did.

use serde::{Deserialize, Serialize};

/// How an advance ended.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum FarOutcome {
    /// At the step asked for.
    Reached,
    /// At the step given, because going on would take too much work.
    Stalled {
        /// The step reached.
        step: f64,
        /// What stands in the way.
        why: Stall,
    },
    /// At the step given, because a margin or a rate is no longer finite.
    NonFinite {
        /// The step reached.
        step: f64,
    },
}

/// What stalls a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stall {
    /// The flow is too stiff for an explicit method. So it is where the rates `g` do not fall like
    /// `1/t`, on data that no network of this kind can interpolate.
    Stiff,
    /// Events without end.
    Events,
}

/// What a flow did: exact counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarWork {
    /// Runge–Kutta steps accepted.
    pub rk_steps: u64,
    /// Runge–Kutta steps rejected for their error.
    pub rejected: u64,
    /// Instants at which neurons changed pieces.
    pub events: u64,
    /// Pairs (neuron, sample) that slide now.
    pub sliding_pairs: u64,
}
