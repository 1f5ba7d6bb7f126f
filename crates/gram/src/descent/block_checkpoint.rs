//! A block as data.

use serde::{Deserialize, Serialize};

use super::block::StepBlock;
use super::budget::Plan;
use crate::error::require_len;
use crate::kernel::{LANES, Lanes};
use crate::{GramError, Problem};

/// What the steps of a block change, and what holds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BlockCheckpoint {
    pub watched: Vec<(usize, usize)>,
    pub watched_h: Vec<Lanes>,
    pub on_sums: Vec<f64>,
    pub base: Vec<Lanes>,
    pub changes: Vec<Lanes>,
    pub sums: Vec<Lanes>,
    pub bounds: Vec<Lanes>,
}

impl BlockCheckpoint {
    /// The plan that set the block up; its budget, which is in the bounds, is left out.
    pub fn plan(&self, problem: &Problem) -> Result<Plan, GramError> {
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

impl StepBlock {
    /// What the block's steps have changed so far.
    pub fn checkpoint(&self) -> BlockCheckpoint {
        let pair = |(place, neuron): (usize, &Option<usize>)| {
            neuron.map(|neuron| (neuron, self.samples[place / LANES]))
        };
        BlockCheckpoint {
            watched: self.neurons.iter().enumerate().filter_map(pair).collect(),
            watched_h: self.watched_h.clone(),
            on_sums: self.on_sums.clone(),
            base: self.base.clone(),
            changes: self.changes.clone(),
            sums: self.sums.clone(),
            bounds: self.bounds.clone(),
        }
    }

    /// Puts a block that was set up anew where the checkpoint was taken.
    ///
    /// # Errors
    ///
    /// [`GramError::Checkpoint`] if an array has another length.
    pub fn restore(&mut self, checkpoint: BlockCheckpoint) -> Result<(), GramError> {
        for (what, array, stored) in [
            (
                "the watched pairs",
                &mut self.watched_h,
                checkpoint.watched_h,
            ),
            ("the block's base", &mut self.base, checkpoint.base),
            ("the block's changes", &mut self.changes, checkpoint.changes),
            ("the block's sums", &mut self.sums, checkpoint.sums),
            ("the block's bounds", &mut self.bounds, checkpoint.bounds),
        ] {
            require_len(what, array.len(), stored.len())?;
            *array = stored;
        }
        let found = checkpoint.on_sums.len();
        require_len("the active sums", self.on_sums.len(), found)?;
        self.on_sums = checkpoint.on_sums;
        Ok(())
    }
}
