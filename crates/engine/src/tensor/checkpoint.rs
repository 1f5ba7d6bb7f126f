//! A tensor engine between two steps, as data.

use implicit_bias_metrics::ActivationPattern;
use serde::{Deserialize, Serialize};

use crate::updates::Updates;

/// A [`TensorEngine`](crate::TensorEngine) as data, without its problem.
#[derive(Serialize, Deserialize)]
pub(super) struct TensorEngineCheckpoint {
    pub step: f64,
    /// The state of the hand-derived descent, or the weights of the blocks one after the other, and
    /// then their compensations.
    pub state: Vec<f64>,
    pub previous_pattern: Option<ActivationPattern>,
    pub updates: Option<Updates>,
    pub notes: Vec<String>,
}
