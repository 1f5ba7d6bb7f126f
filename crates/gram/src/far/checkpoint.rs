//! A flow as data.

use serde::{Deserialize, Serialize};

use super::far_flow::FarFlow;
use super::flow::{Flow, FlowCheckpoint};
use crate::{GramError, Problem};

/// A [`FarFlow`] as data, for any serde format that keeps every bit of an `f64`, infinities and NaN
/// included. Its problem is not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FarCheckpoint(FlowCheckpoint);

impl FarFlow {
    /// The flow as it stands. Its size is about that of the flow's own memory: `n²` numbers, and
    /// `2m n` a few times.
    pub fn checkpoint(&self) -> FarCheckpoint {
        FarCheckpoint(self.flow.checkpoint())
    }

    /// The flow of a checkpoint; its next steps are those of the flow that it was taken of, to the
    /// last bit.
    ///
    /// # Errors
    ///
    /// [`GramError::Checkpoint`] if the checkpoint does not fit the problem.
    pub fn restore(problem: Problem, checkpoint: FarCheckpoint) -> Result<Self, GramError> {
        Flow::restore(problem, checkpoint.0).map(|flow| Self { flow })
    }
}
