//! Plain gradient descent.

use super::optimizer::{Optimizer, OptimizerKind, descend};
use crate::log_time::Pace;
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// `W ← W − η_t ∇L(W)`.
pub const GD: OptimizerKind = OptimizerKind {
    name: "gd",
    about: "`W ← W − η ∇L`, plain gradient descent",
    keys: &[],
    has_step_size: true,
    batch_size: None,
    is_plain: true,
    pace: Some(Pace::Gradient),
    step_norm: |_| StepNorm::L2,
    make: |_, weights| Ok(plain(weights)),
};

/// Plain gradient descent on so many weights.
pub(crate) fn plain(weights: usize) -> Box<dyn Optimizer> {
    Box::new(GradientDescent(vec![0.0; weights]))
}

/// Memory for a gradient.
pub(super) struct GradientDescent(pub Vec<f64>);

impl Optimizer for GradientDescent {
    fn is_plain(&self) -> bool {
        true
    }

    fn in_coordinates(&self, count: usize) -> Option<Box<dyn Optimizer>> {
        Some(plain(count))
    }

    fn step(
        &mut self,
        _step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        let Some(found) = oracle.gradient(weights, &mut self.0) else {
            return false;
        };
        descend(weights, step_size * found.scale(), &self.0)
    }
}
