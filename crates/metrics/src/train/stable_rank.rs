//! The stable rank of a block during training.

use burn::tensor::TensorReadError;
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

use super::entry::Latest;
use super::observed::BlocksInput;
use crate::{MetricError, spectra, stable_rank};

/// The [stable rank](crate::stable_rank()) `‖A‖_F² / ‖A‖_2²` of a block of weights, or of all of them stacked.
///
/// The value of an epoch is the last one in it. A value costs a read of the block and the eigenvalue of a small
/// matrix, on the thread of the metrics: see [`every`](Self::every) for large blocks.
#[derive(Clone, Debug)]
pub struct StableRankMetric {
    name: MetricName,
    /// The index of the block; `None` for the stack.
    block: Option<usize>,
    state: Latest,
}

impl StableRankMetric {
    /// Of the block of this index, called `label` on the dashboard and in the logs.
    pub fn of_block(index: usize, label: &str) -> Self {
        Self {
            name: MetricName::new(format!("Stable Rank {label}")),
            block: Some(index),
            state: Latest::default(),
        }
    }

    /// Of all blocks stacked, which must have the same number of columns.
    pub fn stacked() -> Self {
        Self {
            name: MetricName::new("Stable Rank".to_owned()),
            block: None,
            state: Latest::default(),
        }
    }

    /// Computes at the first of every so many iterations of an epoch only.
    pub fn every(mut self, iterations: usize) -> Self {
        self.state = self.state.every(iterations);
        self
    }

    fn of(&self, input: &BlocksInput) -> Result<f64, MetricError> {
        let missing = || MetricError::Empty {
            what: "blocks".into(),
        };
        match self.block {
            Some(index) => stable_rank(input.blocks.get(index).ok_or_else(missing)?),
            None => {
                let stacked = spectra(&input.blocks)?.stacked.ok_or_else(missing)?;
                Ok(stacked.stable_rank)
            }
        }
    }
}

impl Metric for StableRankMetric {
    type Input = BlocksInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some("Squared Frobenius norm over squared spectral norm: 1 for a matrix of rank one".into())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: false,
        }
        .into()
    }

    fn update(
        &mut self,
        input: &BlocksInput,
        metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let value = self.state.is_due(metadata).then(|| self.of(input));
        self.state.update(value)
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.close())
    }

    fn clear(&mut self) {
        self.state.clear();
    }
}

impl Numeric for StableRankMetric {
    fn value(&self) -> Option<NumericEntry> {
        self.state.current()
    }

    fn running_value(&self) -> Option<NumericEntry> {
        self.state.running()
    }

    fn final_value(&self) -> NumericEntry {
        self.state.last()
    }
}
