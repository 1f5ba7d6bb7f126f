//! A descent as data.
//!
//! What a block was set up with follows from the state at its start and from the pairs it watches,
//! so that a checkpoint in the middle of one holds no matrix: only what its steps have changed. So it
//! is in the middle of a run of plain steps.

use serde::{Deserialize, Serialize};

use super::block_checkpoint::BlockCheckpoint;
use super::gram_descent::{GramDescent, Phase, Stepping, Work};
use super::plain::PlainCheckpoint;
use crate::error::require_len;
use crate::kernel::Lanes;
use crate::{GramError, Problem};

/// A [`GramDescent`] as data, for any serde format that keeps every bit of an `f64`, infinities
/// included. Its problem is not in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DescentCheckpoint {
    step: u64,
    stepping: Stepping,
    phase: Phase,
    plain_run: u64,
    work: Work,
    roundings: f64,
    /// Laid out as the state; in a block or a run, as they were at its start.
    pre_activations: Vec<Lanes>,
    coefficients: Vec<Lanes>,
    margins: Vec<Lanes>,
    block: Option<BlockCheckpoint>,
    run: Option<PlainCheckpoint>,
}

impl GramDescent {
    /// The descent as it stands: `4 m n` numbers, twice as many in a run of plain steps, and `n` a few times.
    pub fn checkpoint(&self) -> DescentCheckpoint {
        DescentCheckpoint {
            step: self.step,
            stepping: self.stepping,
            phase: self.phase,
            plain_run: self.plain_run,
            work: self.work,
            roundings: self.roundings,
            pre_activations: self.state.pre_activations.clone(),
            coefficients: self.state.coefficients.clone(),
            margins: self.state.margins.clone(),
            block: matches!(self.phase, Phase::Block { .. }).then(|| self.block.checkpoint()),
            run: matches!(self.phase, Phase::Plain { .. }).then(|| self.plain.checkpoint()),
        }
    }

    /// The descent of a checkpoint; its next steps are those of the descent that it was taken of,
    /// to the last bit.
    ///
    /// # Errors
    ///
    /// [`GramError::Checkpoint`] if the checkpoint does not fit the problem.
    pub fn restore(problem: Problem, checkpoint: DescentCheckpoint) -> Result<Self, GramError> {
        let shape = (problem.neurons(), problem.samples());
        let mut descent = Self::new(problem, ndarray::Array2::zeros(shape))?;
        let DescentCheckpoint {
            step,
            stepping,
            phase,
            plain_run,
            work,
            roundings,
            pre_activations,
            coefficients,
            margins,
            block,
            run,
        } = checkpoint;
        let state = &mut descent.state;
        for (what, array, stored) in [
            (
                "the pre-activations",
                &mut state.pre_activations,
                pre_activations,
            ),
            ("the coefficients", &mut state.coefficients, coefficients),
        ] {
            require_len(what, array.len(), stored.len())?;
            *array = stored;
        }
        require_len("the margins", state.margins.len(), margins.len())?;
        let steps = match (phase, &block, &run) {
            (Phase::Block { taken, most, .. }, Some(_), None) => taken <= most,
            (Phase::Plain { taken, most }, None, Some(_)) => taken < most,
            (Phase::Undecided, None, None) => true,
            _ => false,
        };
        if !steps || plain_run == 0 || step >= 1 << 53 {
            return Err(GramError::Checkpoint {
                expected: "a phase and a step that a descent can be at".into(),
                found: format!("{phase:?} at step {step}"),
            });
        }
        if let Some(block) = block {
            let plan = block.plan(&descent.problem)?;
            descent
                .block
                .set_up(&descent.problem, &descent.state, &plan);
            descent.block.restore(&descent.problem, block)?;
        }
        if let Some(run) = run {
            descent.plain.begin(&descent.problem, &descent.state);
            descent.plain.restore(&descent.problem, &run)?;
        }
        descent.state.margins = margins;
        descent.step = step;
        descent.stepping = stepping;
        descent.phase = phase;
        descent.plain_run = plain_run;
        descent.work = work;
        descent.roundings = roundings;
        Ok(descent)
    }
}
