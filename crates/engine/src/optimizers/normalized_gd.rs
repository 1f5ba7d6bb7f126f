//! Gradient descent with steps of a given length.

use super::optimizer::{Optimizer, OptimizerKind, descend, norm};
use crate::log_time::Pace;
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// `W ← W − η_t ∇L/‖∇L‖_F`; no step at a zero gradient.
pub const NORMALIZED_GD: OptimizerKind = OptimizerKind {
    name: "normalized-gd",
    about: "`W ← W − η ∇L/‖∇L‖`",
    keys: &[],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: Some(Pace::Normalized),
    step_norm: |_| StepNorm::L2,
    make: |_, weights| Ok(Box::new(NormalizedGd(vec![0.0; weights]))),
};

/// Memory for a gradient.
struct NormalizedGd(Vec<f64>);

impl Optimizer for NormalizedGd {
    fn in_coordinates(&self, count: usize) -> Option<Box<dyn Optimizer>> {
        Some(Box::new(Self(vec![0.0; count])))
    }

    fn step(
        &mut self,
        _step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        if oracle.gradient(weights, &mut self.0).is_none() {
            return false;
        }
        // The exponent of the gradient cancels.
        let norm = norm(&self.0);
        norm == 0.0 || descend(weights, step_size / norm, &self.0)
    }
}
