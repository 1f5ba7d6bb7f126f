//! Which way the neurons of a block point, during training.

use burn::tensor::{Tensor, TensorReadError};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

use super::entry::Latest;
use super::observed::BlocksInput;
use crate::{MetricError, alignment};

/// The mean [cosine](crate::alignment()) between the neurons of a block and a direction, zero neurons left out.
///
/// The direction is fixed: that of the training set, [`class_direction`](crate::class_direction), or any other.
/// The value of an epoch is the last one in it.
#[derive(Clone, Debug)]
pub struct AlignmentMetric {
    name: MetricName,
    block: usize,
    direction: Tensor<1>,
    state: Latest,
}

impl AlignmentMetric {
    /// Of the block of this index, called `label` on the dashboard and in the logs, with `direction`,
    /// `[dimensions]`.
    pub fn of_block(index: usize, label: &str, direction: Tensor<1>) -> Self {
        Self {
            name: MetricName::new(format!("Alignment {label}")),
            block: index,
            direction: direction.without_autodiff(),
            state: Latest::default(),
        }
    }

    /// Computes at the first of every so many iterations of an epoch only.
    pub fn every(mut self, iterations: usize) -> Self {
        self.state = self.state.every(iterations);
        self
    }

    fn of(&self, input: &BlocksInput) -> Result<f64, MetricError> {
        let empty = |what: &str| MetricError::Empty { what: what.into() };
        let block = input
            .blocks
            .get(self.block)
            .ok_or_else(|| empty("blocks"))?;
        let cosines: Vec<f64> = alignment(block, &self.direction)?
            .into_iter()
            .flatten()
            .collect();
        if cosines.is_empty() {
            return Err(MetricError::ZeroMatrix {
                what: "weight".into(),
            });
        }
        Ok(cosines.iter().sum::<f64>() / cosines.len() as f64)
    }
}

impl Metric for AlignmentMetric {
    type Input = BlocksInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some("Mean cosine between the neurons of a block and a direction".into())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes::default().into()
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

impl Numeric for AlignmentMetric {
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
