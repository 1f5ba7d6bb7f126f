//! What the samples are, as the measurements take it.

use burn::tensor::{Tensor, TensorData};
use implicit_bias_metrics::{class_direction, class_margins, margin_ranges, margins};
use implicit_bias_model::{Objective, Targets};

use crate::EngineError;
use crate::observation::ClassObservation;

/// Labels or classes with what is computed from them once.
#[expect(clippy::large_enum_variant, reason = "there is one a run")]
pub(crate) enum SampleTargets {
    Signs {
        labels: Vec<f64>,
        /// The labels beside the samples, `[n]`.
        tensor: Tensor<1>,
        /// `Σ_i y_i x_i`; `None` if it vanishes.
        direction: Option<Tensor<1>>,
    },
    Classes {
        class: Vec<usize>,
        count: usize,
    },
    /// Real targets, which have no margins.
    Reals,
}

impl SampleTargets {
    /// The targets of an objective for samples `x`, `[n, d]`.
    pub fn new(objective: &Objective, x: &Tensor<2>) -> Result<Self, EngineError> {
        Ok(match objective.targets() {
            Targets::Signs(labels) => {
                let data = TensorData::new(labels.clone(), [labels.len()]);
                let tensor = Tensor::from_data(data, &x.device());
                let direction = class_direction(x, &tensor)?;
                let vanishes = direction.clone().abs().max().into_scalar::<f64>() == 0.0;
                Self::Signs {
                    labels: labels.clone(),
                    tensor,
                    direction: (!vanishes).then_some(direction),
                }
            }
            Targets::Classes { class, count } => Self::Classes {
                class: class.clone(),
                count: *count,
            },
            Targets::Reals(_) => Self::Reals,
        })
    }

    /// The labels ±1, where there are two classes.
    pub fn labels(&self) -> Option<&[f64]> {
        match self {
            Self::Signs { labels, .. } => Some(labels),
            Self::Classes { .. } | Self::Reals => None,
        }
    }

    /// `Σ_i y_i x_i`, where there are labels and it does not vanish.
    pub fn direction(&self) -> Option<&Tensor<1>> {
        match self {
            Self::Signs { direction, .. } => direction.as_ref(),
            Self::Classes { .. } | Self::Reals => None,
        }
    }

    /// The margins of scores `[n, outputs]`; none for real targets.
    pub fn margins(&self, scores: &Tensor<2>) -> Result<Vec<f64>, EngineError> {
        Ok(match self {
            Self::Signs { tensor, .. } => margins(&scores.clone().squeeze_dim(1), tensor)?,
            Self::Classes { class, .. } => class_margins(scores, class)?,
            Self::Reals => Vec::new(),
        })
    }

    /// The range of the normalized margins of each class, where there are several.
    pub fn classes(&self, normalized: &[f64]) -> Result<Vec<ClassObservation>, EngineError> {
        let Self::Classes { class, count } = self else {
            return Ok(Vec::new());
        };
        let ranges = if normalized.iter().any(|margin| margin.is_nan()) {
            // Zero weights have no normalized margins.
            vec![None; *count]
        } else {
            margin_ranges(normalized, class, *count)?
        };
        let observation = |(class, range): (usize, Option<[f64; 2]>)| {
            let [margin_min, margin_max] = range.unwrap_or([f64::NAN; 2]);
            ClassObservation {
                class,
                margin_min,
                margin_max,
            }
        };
        Ok(ranges.into_iter().enumerate().map(observation).collect())
    }
}
