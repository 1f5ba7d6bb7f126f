//! Normalized margins during training.

use burn::tensor::{Int, Tensor, TensorReadError};
use burn::train::metric::{
    Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes, NumericEntry,
    SerializedEntry,
};

use super::entry;
use crate::{MetricError, class_margins, margins, normalized_margins, weight_norm};

/// Scores of a batch with their targets.
#[derive(Clone, Debug)]
pub(super) enum ScoredBatch {
    /// Labels ±1 with one score a sample.
    Binary {
        scores: Tensor<1>,
        labels: Tensor<1>,
    },
    /// Classes with one score a class.
    Classes {
        scores: Tensor<2>,
        classes: Tensor<1, Int>,
    },
}

impl ScoredBatch {
    pub(super) fn without_autodiff(self) -> Self {
        match self {
            Self::Binary { scores, labels } => Self::Binary {
                scores: scores.without_autodiff(),
                labels: labels.without_autodiff(),
            },
            Self::Classes { scores, classes } => Self::Classes {
                scores: scores.without_autodiff(),
                classes: classes.without_autodiff(),
            },
        }
    }

    fn margins(&self) -> Result<Vec<f64>, MetricError> {
        match self {
            Self::Binary { scores, labels } => margins(scores, labels),
            Self::Classes { scores, classes } => {
                let data = classes.clone().try_into_data();
                let data = data.map_err(|source| MetricError::Read {
                    what: "classes".into(),
                    source: source.into(),
                })?;
                // A class that is no index is one that has no score.
                let classes: Vec<usize> = data
                    .iter::<i64>()
                    .map(|class| usize::try_from(class).unwrap_or(usize::MAX))
                    .collect();
                class_margins(scores, &classes)
            }
        }
    }
}

/// A batch and the weights, as [`NormalizedMarginMetric`] takes them: see
/// [`Observed`](super::Observed).
#[derive(Clone, Debug)]
pub struct MarginsInput {
    pub(super) blocks: Vec<Tensor<2>>,
    pub(super) scored: Option<ScoredBatch>,
}

/// The statistic of the margins of many samples.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Statistic {
    Min,
    Mean,
    Gap,
}

/// Margins seen so far.
#[derive(Clone, Copy, Debug, Default)]
struct Range {
    min: f64,
    max: f64,
    sum: f64,
    count: usize,
}

impl Range {
    fn see(&mut self, margin: f64) {
        if self.count == 0 {
            (self.min, self.max) = (margin, margin);
        }
        self.min = self.min.min(margin);
        self.max = self.max.max(margin);
        self.sum += margin;
        self.count += 1;
    }

    fn value(&self, statistic: Statistic) -> Option<f64> {
        let mean = self.sum / self.count as f64;
        let value = match statistic {
            Statistic::Min => self.min,
            Statistic::Mean => mean,
            Statistic::Gap => (self.max - self.min) / mean,
        };
        // Nothing seen, or a gap relative to a mean of zero.
        (self.count > 0 && value.is_finite()).then_some(value)
    }
}

/// A statistic of the [normalized margins](crate::normalized_margins) `q_i / ‖W‖_F^L` of the
/// samples.
///
/// The value of an iteration is that of its batch, the value of an epoch that of all samples in it.
/// In a training epoch the weights move from batch to batch; on the validation split they stand
/// still, and so that registering a metric for a split that holds the training set gives the
/// margins of the theory.
#[derive(Clone, Debug)]
pub struct NormalizedMarginMetric {
    name: MetricName,
    statistic: Statistic,
    homogeneity: f64,
    current: Option<f64>,
    epoch: Range,
}

impl NormalizedMarginMetric {
    /// The smallest. `homogeneity` is the degree `L` of the network in its weights.
    pub fn min(homogeneity: f64) -> Self {
        Self::new("Normalized Margin Min", Statistic::Min, homogeneity)
    }

    /// The mean. `homogeneity` is the degree `L` of the network in its weights.
    pub fn mean(homogeneity: f64) -> Self {
        Self::new("Normalized Margin Mean", Statistic::Mean, homogeneity)
    }

    /// The gap relative to the mean, `(max − min)/mean`: 0 where all are equal. No degree of
    /// homogeneity changes it.
    pub fn gap() -> Self {
        Self::new("Normalized Margin Gap", Statistic::Gap, 1.0)
    }

    fn new(name: &str, statistic: Statistic, homogeneity: f64) -> Self {
        Self {
            name: MetricName::new(name.to_owned()),
            statistic,
            homogeneity,
            current: None,
            epoch: Range::default(),
        }
    }

    fn margins(&self, input: &MarginsInput) -> Result<Vec<f64>, MetricError> {
        let Some(scored) = &input.scored else {
            return Err(MetricError::Empty {
                what: "scores".into(),
            });
        };
        let norm = weight_norm(&input.blocks)?;
        normalized_margins(&scored.margins()?, norm, self.homogeneity)
    }
}

impl Metric for NormalizedMarginMetric {
    type Input = MarginsInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn description(&self) -> Option<String> {
        Some("Margins of the samples over the norm of the weights".into())
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: None,
            higher_is_better: self.statistic != Statistic::Gap,
        }
        .into()
    }

    fn update(
        &mut self,
        input: &MarginsInput,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let mut batch = Range::default();
        let seen = self.margins(input).map(|margins| {
            for margin in margins {
                batch.see(margin);
                self.epoch.see(margin);
            }
            0.0
        });
        // An undefined batch leaves the others of the epoch.
        entry::defined(seen)?;
        self.current = batch.value(self.statistic);
        Ok(entry::entry(self.current, self.epoch.value(self.statistic)))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(entry::close(self.epoch.value(self.statistic)))
    }

    fn clear(&mut self) {
        (self.current, self.epoch) = (None, Range::default());
    }
}

impl Numeric for NormalizedMarginMetric {
    fn value(&self) -> Option<NumericEntry> {
        self.current.map(NumericEntry::Value)
    }

    fn running_value(&self) -> Option<NumericEntry> {
        self.epoch.value(self.statistic).map(NumericEntry::Value)
    }

    fn final_value(&self) -> NumericEntry {
        entry::last(self.epoch.value(self.statistic))
    }
}
