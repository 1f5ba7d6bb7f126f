//! A tensor engine between two steps, as data.

use implicit_bias_metrics::ActivationPattern;
use serde::{Deserialize, Serialize};

use crate::EngineError;
use crate::bytes::{all_from_bytes, from_bytes, to_bytes};
use crate::log_time_stage::StageCheckpoint;
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

impl TensorEngineCheckpoint {
    /// The bytes of a checkpoint, followed by those of a stage, where the engine has one: an engine
    /// without keeps the bytes that it always had.
    pub fn to_bytes(&self, stage: Option<&StageCheckpoint>) -> Vec<u8> {
        match stage {
            Some(stage) => to_bytes(&(self, stage)),
            None => to_bytes(self),
        }
    }

    /// The checkpoint of these bytes, and the stage of an engine that `has_stage`; none of one that
    /// was left before it had such.
    pub fn from_bytes(
        bytes: &[u8],
        has_stage: bool,
    ) -> Result<(Self, Option<StageCheckpoint>), EngineError> {
        if !has_stage {
            return Ok((from_bytes(bytes)?, None));
        }
        match from_bytes(bytes) {
            Ok((checkpoint, stage)) => Ok((checkpoint, Some(stage))),
            // All bytes are of a checkpoint without a stage, or some are missing.
            Err(error) => match all_from_bytes(bytes) {
                Some(checkpoint) => Ok((checkpoint, None)),
                None => Err(error),
            },
        }
    }
}
