//! Gradient descent with momentum.

use implicit_bias_settings::Key;

use super::optimizer::{Optimizer, OptimizerKind, descend};
use super::sgd::{BATCH_ORDER, BATCH_SIZE};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// The share of the past in the first moment.
pub const BETA1: Key = Key::number(
    "beta1",
    "BETA1",
    "Share β₁ of the past in the mean of gradients (momentum, adam)",
)
.by_default(0.9)
.within("a number in [0, 1)", |beta| (0.0..1.0).contains(&beta));

/// `m ← β₁ m + (1 − β₁) ∇L`, `W ← W − η_t m`, from `m = 0`.
pub const MOMENTUM: OptimizerKind = OptimizerKind {
    name: "momentum",
    about: "`m ← β₁ m + (1 − β₁) ∇L`, `W ← W − η m`",
    keys: &[BETA1, BATCH_SIZE, BATCH_ORDER],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::L2,
    make: |settings, weights| {
        Ok(Box::new(Momentum {
            beta: BETA1.number_in(settings)?,
            gradient: vec![0.0; weights],
            mean: vec![0.0; weights],
        }))
    },
};

struct Momentum {
    beta: f64,
    gradient: Vec<f64>,
    mean: Vec<f64>,
}

impl Optimizer for Momentum {
    fn in_coordinates(&self, count: usize) -> Option<Box<dyn Optimizer>> {
        Some(Box::new(Self {
            beta: self.beta,
            gradient: vec![0.0; count],
            mean: vec![0.0; count],
        }))
    }

    fn step(
        &mut self,
        _step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        let Some(found) = oracle.gradient(weights, &mut self.gradient) else {
            return false;
        };
        let (beta, scale) = (self.beta, found.scale());
        let pairs = self.mean.iter_mut().zip(&self.gradient);
        pairs.for_each(|(m, g)| *m = beta * *m + (1.0 - beta) * (scale * g));
        descend(weights, step_size, &self.mean)
    }

    fn state(&self) -> Vec<f64> {
        self.mean.clone()
    }

    fn restore(&mut self, state: &[f64], weights: usize) -> bool {
        let fits = state.len() == weights;
        if fits {
            self.mean.copy_from_slice(state);
        }
        fits
    }
}
