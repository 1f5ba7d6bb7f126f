//! What rounding leaves of an update.
//!
//! Gradients shrink like `1/t` while weights stay of one size. In single precision the update of a
//! weight of about 0.1 is lost below 4 × 10⁻⁹: after 10⁶ steps or so gradient descent silently
//! stops, one weight after the other, with the small gradients first.

use burn::tensor::Tensor;
use implicit_bias_metrics::weight_norm;
use implicit_bias_model::{Block, two_sum_step};
use serde::{Deserialize, Serialize};

use crate::EngineError;
use crate::observation::UpdateObservation;
use implicit_bias_output::format_step;

/// The share of lost updates from which on a run is no longer gradient descent.
const MANY: f64 = 0.5;

/// The weights of blocks after a step by these gradients, with autodiff, and their compensations:
/// what rounding took.
pub(crate) fn compensated_step(
    blocks: Vec<Block>,
    compensations: Vec<Tensor<2>>,
    gradients: Vec<Tensor<2>>,
    step_size: f64,
) -> (Vec<Tensor<2>>, Vec<Tensor<2>>) {
    let steps = blocks.into_iter().zip(compensations).zip(gradients);
    let step = |((block, lost), gradient): ((Block, Tensor<2>), Tensor<2>)| {
        let update = gradient.mul_scalar(step_size);
        let (weight, lost) = two_sum_step(block.weight.without_autodiff(), lost, update);
        (weight.autodiff(), lost)
    };
    steps.map(step).unzip()
}

/// What a step would do to weights, given their updates and, if they have such, their
/// compensations.
pub(crate) fn effect(
    weights: Vec<Tensor<2>>,
    compensations: Option<Vec<Tensor<2>>>,
    updates: Vec<Tensor<2>>,
) -> Result<UpdateObservation, EngineError> {
    let (mut lost, mut all) = (0.0, 0.0);
    let mut changes = Vec::with_capacity(weights.len());
    let compensations = match compensations {
        Some(compensations) => compensations.into_iter().map(Some).collect(),
        None => vec![None; weights.len()],
    };
    for ((weight, compensation), update) in weights.into_iter().zip(compensations).zip(&updates) {
        let change = match compensation {
            None => (weight.clone() - update.clone()) - weight,
            Some(before) => {
                let (sum, after) = two_sum_step(weight.clone(), before.clone(), update.clone());
                (sum - weight) + (after - before)
            }
        };
        let wanted = update.clone().not_equal_elem(0.0);
        let unchanged = change.clone().equal_elem(0.0).bool_and(wanted.clone());
        // Whole numbers below 2²⁴ block by block, or nearly so: a fraction needs no more.
        all += wanted.float().sum().into_scalar::<f64>();
        lost += unchanged.float().sum().into_scalar::<f64>();
        changes.push(change);
    }
    let intended = weight_norm(&updates)?;
    Ok(UpdateObservation {
        lost: if all > 0.0 { lost / all } else { 0.0 },
        effective: if intended > 0.0 {
            weight_norm(&changes)? / intended
        } else {
            1.0
        },
    })
}

/// What has been seen of the updates of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Updates {
    compensated: bool,
    /// The recorded step at which many were lost for the first time.
    began: Option<f64>,
    all_lost: bool,
}

impl Updates {
    pub fn new(compensated: bool) -> Self {
        Self {
            compensated,
            began: None,
            all_lost: false,
        }
    }

    /// Whether none changed its weight when they were last seen.
    pub fn all_are_lost(&self) -> bool {
        self.all_lost
    }

    /// Takes note of a recorded step; what a reader of the run should know of it, if something new.
    pub fn record(&mut self, step: f64, effect: &UpdateObservation) -> Option<String> {
        self.all_lost = effect.lost == 1.0;
        if effect.lost < MANY || self.began.is_some() {
            return None;
        }
        self.began = Some(step);
        let remedy = if self.compensated {
            ""
        } else {
            "; --compensated keeps them"
        };
        Some(format!(
            "from step {} on more than half of the updates round to nothing in single \
             precision{remedy}",
            format_step(step)
        ))
    }
}
