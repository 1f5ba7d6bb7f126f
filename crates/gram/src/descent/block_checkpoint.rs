//! A block as data.

use serde::{Deserialize, Serialize};

use super::block::StepBlock;
use super::budget::Plan;
use crate::error::require_len;
use crate::kernel::Lanes;
use crate::{GramError, Problem};

/// What the steps of a block change, and what holds them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct BlockCheckpoint {
    pub watched: Vec<(usize, usize)>,
    pub h: Vec<Lanes>,
    pub drift: Vec<Lanes>,
    pub references: Vec<Lanes>,
    pub residuals: Vec<Lanes>,
    pub since: u64,
    pub summed: u64,
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
        let mut watched: Vec<_> = self.places.pairs.iter().copied().flatten().collect();
        watched.sort_unstable_by_key(|&(neuron, sample)| (sample, neuron));
        BlockCheckpoint {
            watched,
            h: self.h.to_vec(),
            drift: self.drift.to_vec(),
            references: self.references.clone(),
            residuals: self.residuals.clone(),
            since: self.since,
            summed: self.summed,
            on_sums: self.places.rows.iter().map(|row| row.on_sum).collect(),
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
    pub fn restore(
        &mut self,
        problem: &Problem,
        checkpoint: BlockCheckpoint,
    ) -> Result<(), GramError> {
        for (what, array, stored) in [
            (
                "the slopes of its drift",
                &mut self.references,
                checkpoint.references,
            ),
            (
                "what slopes have added beside it",
                &mut self.residuals,
                checkpoint.residuals,
            ),
            ("the block's base", &mut self.base, checkpoint.base),
            ("the block's changes", &mut self.changes, checkpoint.changes),
            ("the block's sums", &mut self.sums, checkpoint.sums),
            ("the block's bounds", &mut self.bounds, checkpoint.bounds),
        ] {
            require_len(what, array.len(), stored.len())?;
            *array = stored;
        }
        for (what, array, stored) in [
            ("the watched pairs", &mut self.h, checkpoint.h),
            ("the block's drift", &mut self.drift, checkpoint.drift),
        ] {
            require_len(what, array.len(), stored.len())?;
            array.copy_from_slice(&stored);
        }
        let found = checkpoint.on_sums.len();
        require_len("the active sums", self.places.rows.len(), found)?;
        for (row, sum) in self.places.rows.iter_mut().zip(checkpoint.on_sums) {
            row.on_sum = sum;
        }
        (self.since, self.summed) = (checkpoint.since, checkpoint.summed);
        self.set_scales(problem);
        Ok(())
    }
}
