//! The linear pieces of the activation, and the kink between them.

use serde::{Deserialize, Serialize};

/// The piece of the activation that a pair of neuron and sample is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Piece {
    /// `h < 0`: slope `γ`.
    Inactive,
    /// `h > 0`: slope 1.
    Active,
    /// An opposite-sign pair that stays at its kink, `h = 0`: the slope in `[γ, 1]` at which it
    /// does.
    Sliding,
}
