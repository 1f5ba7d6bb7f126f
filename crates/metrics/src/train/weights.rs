//! Metrics of the weights alone: the stable rank of a block, and which way its neurons point.

use burn::tensor::{Tensor, TensorReadError};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

use super::entry::Latest;
use super::observed::BlocksInput;
use crate::{MetricError, alignment};
#[cfg(feature = "spectrum")]
use crate::{spectra, stable_rank};

/// A number computed from the weights; the value of an epoch is the last one in it.
///
/// A value costs a read of the block and its reduction on the thread of the metrics: see
/// [`every`](Self::every) for large blocks.
#[derive(Clone, Debug)]
pub struct WeightMetric<Q> {
    name: MetricName,
    quantity: Q,
    state: Latest,
}

/// The number that a [`WeightMetric`] computes from the blocks.
trait Quantity: Clone + Send + Sync {
    const DESCRIPTION: &'static str;
    const HIGHER_IS_BETTER: bool;

    fn of(&self, blocks: &[Tensor<2>]) -> Result<f64, MetricError>;
}

/// The [stable rank](crate::stable_rank()) `‖A‖_F² / ‖A‖_2²` of a block of weights, or of
/// all of them stacked.
#[cfg(feature = "spectrum")]
pub type StableRankMetric = WeightMetric<StableRank>;

/// The mean [cosine](crate::alignment()) between the neurons of a block and a direction, zero
/// neurons left out.
///
/// The direction is fixed: that of the training set, [`class_direction`](crate::class_direction),
/// or any other.
pub type AlignmentMetric = WeightMetric<Alignment>;

/// The index of a block; `None` for the stack.
#[cfg(feature = "spectrum")]
#[derive(Clone, Debug)]
pub struct StableRank(Option<usize>);

/// A block by index, and a direction.
#[derive(Clone, Debug)]
pub struct Alignment(usize, Tensor<1>);

impl<Q> WeightMetric<Q> {
    fn new(name: String, quantity: Q) -> Self {
        Self {
            name: MetricName::new(name),
            quantity,
            state: Latest::default(),
        }
    }

    /// Computes at the first of every so many iterations of an epoch only.
    pub fn every(mut self, iterations: usize) -> Self {
        self.state = self.state.every(iterations);
        self
    }
}

#[cfg(feature = "spectrum")]
impl StableRankMetric {
    /// Of the block of this index, called `label` on the dashboard and in the logs.
    pub fn of_block(index: usize, label: &str) -> Self {
        Self::new(format!("Stable Rank {label}"), StableRank(Some(index)))
    }

    /// Of all blocks stacked, which must have the same number of columns.
    pub fn stacked() -> Self {
        Self::new("Stable Rank".to_owned(), StableRank(None))
    }
}

impl AlignmentMetric {
    /// Of the block of this index, called `label` on the dashboard and in the logs, with
    /// `direction`, `[dimensions]`.
    pub fn of_block(index: usize, label: &str, direction: Tensor<1>) -> Self {
        let quantity = Alignment(index, direction.without_autodiff());
        Self::new(format!("Alignment {label}"), quantity)
    }
}

#[cfg(feature = "spectrum")]
impl Quantity for StableRank {
    const DESCRIPTION: &'static str =
        "Squared Frobenius norm over squared spectral norm: 1 for a matrix of rank one";
    const HIGHER_IS_BETTER: bool = false;

    fn of(&self, blocks: &[Tensor<2>]) -> Result<f64, MetricError> {
        match self.0 {
            Some(index) => stable_rank(blocks.get(index).ok_or_else(missing)?),
            None => Ok(spectra(blocks)?.stacked.ok_or_else(missing)?.stable_rank),
        }
    }
}

impl Quantity for Alignment {
    const DESCRIPTION: &'static str = "Mean cosine between the neurons of a block and a direction";
    const HIGHER_IS_BETTER: bool = true;

    fn of(&self, blocks: &[Tensor<2>]) -> Result<f64, MetricError> {
        let Self(index, direction) = self;
        let cosines = alignment(blocks.get(*index).ok_or_else(missing)?, direction)?;
        let cosines: Vec<f64> = cosines.into_iter().flatten().collect();
        if cosines.is_empty() {
            return Err(MetricError::ZeroMatrix {
                what: "weight".into(),
            });
        }
        Ok(cosines.iter().sum::<f64>() / cosines.len() as f64)
    }
}

fn missing() -> MetricError {
    MetricError::Empty {
        what: "blocks".into(),
    }
}

impl<Q: Quantity> Metric for WeightMetric<Q> {
    type Input = BlocksInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some(Q::DESCRIPTION.to_owned())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: Q::HIGHER_IS_BETTER,
        }
        .into()
    }

    fn update(
        &mut self,
        input: &BlocksInput,
        metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let is_due = self.state.is_due(metadata);
        self.state
            .update(is_due.then(|| self.quantity.of(&input.blocks)))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(self.state.close())
    }

    fn clear(&mut self) {
        self.state.clear();
    }
}

impl<Q: Quantity> Numeric for WeightMetric<Q> {
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
