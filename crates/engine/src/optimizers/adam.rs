//! Adam.

use implicit_bias_settings::Key;

use super::moments::{BETA2, EPSILON, Moments, step_norm};
use super::momentum::BETA1;
use super::optimizer::{Optimizer, OptimizerKind, descend};
use super::sgd::{BATCH_ORDER, BATCH_SIZE};
use crate::oracle::Oracle;

/// Whether moments are corrected for their start at 0.
pub const BIAS_CORRECTION: Key =
    Key::switch("bias-correction", "Divide the moments by 1 − β^t (adam)").on_by_default();

/// `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `W ← W − η_t m̂/(√v̂ + ε)`, from `m = v = 0`
/// (Kingma & Ba 2015); no step in a coordinate where `v̂` and `ε` are 0.
pub const ADAM: OptimizerKind = OptimizerKind {
    name: "adam",
    about: "`W ← W − η m̂/(√v̂ + ε)` with means m̂ of gradients and v̂ of their squares",
    keys: &[
        BETA1,
        BETA2,
        EPSILON,
        BIAS_CORRECTION,
        BATCH_SIZE,
        BATCH_ORDER,
    ],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm,
    make: |settings, weights| {
        let betas = [BETA1.number_in(settings)?, BETA2.number_in(settings)?];
        Ok(Box::new(Adam {
            moments: Moments::new(betas, weights),
            epsilon: EPSILON.number_in(settings)?,
            corrects_bias: BIAS_CORRECTION.switch_in(settings)?.unwrap_or(true),
            buffer: vec![0.0; weights],
        }))
    },
};

struct Adam {
    moments: Moments,
    epsilon: f64,
    corrects_bias: bool,
    /// The gradient, then the change of the weights.
    buffer: Vec<f64>,
}

impl Optimizer for Adam {
    fn step(
        &mut self,
        step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        let Some(found) = oracle.gradient(weights, &mut self.buffer) else {
            return false;
        };
        self.moments.absorb(&self.buffer, found.exponent);
        let taken = self.corrects_bias.then_some(step as f64 + 1.0);
        self.moments.ratio(taken, self.epsilon, &mut self.buffer);
        descend(weights, step_size, &self.buffer)
    }

    fn state(&self) -> Vec<f64> {
        self.moments.state()
    }

    fn restore(&mut self, state: &[f64], weights: usize) -> bool {
        self.moments.restore(state, weights)
    }
}
