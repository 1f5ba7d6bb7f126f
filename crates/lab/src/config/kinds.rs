//! What a key may be, where it is one of a few names of the laboratory's own.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A format to write results in, beside the run directory's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportKind {
    /// results.npz: data, weights and every recorded column, for NumPy
    Npz,
}

/// Which engine runs the dynamics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// The cheapest engine that can run the configuration
    Auto,
    /// Weight space, on a Burn device
    Tensor,
    /// Gram coordinates: exact, at a cost that does not depend on d; any horizon
    Gram,
}
