//! A descent as data.
//!
//! What a block was set up with follows from the state at its start and from the pairs it watches, so
//! that a checkpoint in the middle of one holds no matrix: only what its steps have changed.

use serde::{Deserialize, Serialize};

use super::budget::Plan;
use super::{GramDescent, Phase, Stepping, Work};
use crate::far::require_len;
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
    /// Laid out as the state; in a block, as they were at its start.
    pre_activations: Vec<Lanes>,
    coefficients: Vec<Lanes>,
    margins: Vec<Lanes>,
    block: Option<BlockCheckpoint>,
}

/// What the steps of a block change, and what holds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BlockCheckpoint {
    pub watched: Vec<(usize, usize)>,
    pub heights: Vec<Lanes>,
    pub on_sums: Vec<f64>,
    pub base: Vec<Lanes>,
    pub changes: Vec<Lanes>,
    pub sums: Vec<Lanes>,
    pub bounds: Vec<Lanes>,
}

impl BlockCheckpoint {
    /// The plan that set the block up; what it spends is held by the bounds.
    fn plan(&self, problem: &Problem) -> Result<Plan, GramError> {
        let order = |&(neuron, sample): &(usize, usize)| (sample, neuron);
        let known = |&(neuron, sample): &(usize, usize)| {
            neuron < problem.neurons() && sample < problem.samples()
        };
        let rising = self
            .watched
            .windows(2)
            .all(|pair| order(&pair[0]) < order(&pair[1]));
        if !rising || !self.watched.iter().all(known) {
            return Err(GramError::Checkpoint {
                expected: "watched pairs of neurons and samples that there are, in order".into(),
                found: "others".into(),
            });
        }
        Ok(Plan {
            watched: self.watched.clone(),
            budget: 0.0,
        })
    }
}

impl GramDescent {
    /// The descent as it stands: `4 m n` numbers, and `n` a few times.
    pub fn checkpoint(&self) -> DescentCheckpoint {
        DescentCheckpoint {
            step: self.step,
            stepping: self.stepping,
            phase: self.phase,
            plain_run: self.plain_run,
            work: self.work,
            pre_activations: self.state.pre_activations.clone(),
            coefficients: self.state.coefficients.clone(),
            margins: self.state.margins.clone(),
            block: matches!(self.phase, Phase::Block { .. }).then(|| self.block.checkpoint()),
        }
    }

    /// The descent of a checkpoint; it goes on as the one it was taken of, to the last bit.
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
            pre_activations,
            coefficients,
            margins,
            block,
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
        let steps = match (phase, &block) {
            (Phase::Block { taken, most, .. }, Some(_)) => taken <= most,
            (Phase::Undecided | Phase::Plain(_), None) => true,
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
            descent.block.restore(block)?;
        }
        descent.state.margins = margins;
        descent.step = step;
        descent.stepping = stepping;
        descent.phase = phase;
        descent.plain_run = plain_run;
        descent.work = work;
        Ok(descent)
    }
}
