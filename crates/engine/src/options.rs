//! Float types and ways to a gradient.

use serde::{Deserialize, Serialize};

/// How the tensor engine gets its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gradient {
    /// Hand-derived where the architecture has one and the device computes in host memory
    Auto,
    /// Burn's automatic differentiation
    Autodiff,
    /// The architecture's own formula, in host memory
    HandDerived,
}

/// Float type of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision
    F32,
    /// Double precision
    F64,
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}
