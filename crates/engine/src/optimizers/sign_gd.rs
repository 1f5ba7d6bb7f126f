//! Steps of one size in every coordinate.

use super::optimizer::{Optimizer, OptimizerKind, descend};
use super::sgd::{BATCH_ORDER, BATCH_SIZE};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// `W ← W − η_t sign(∇L)`, with `sign(0) = 0`.
pub const SIGN_GD: OptimizerKind = OptimizerKind {
    name: "sign-gd",
    about: "`W ← W − η sign(∇L)`",
    keys: &[BATCH_SIZE, BATCH_ORDER],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::Linf,
    make: |_, weights| Ok(Box::new(SignGd(vec![0.0; weights]))),
};

/// Memory for a gradient.
struct SignGd(Vec<f64>);

impl Optimizer for SignGd {
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
        for g in &mut self.0 {
            *g = if *g == 0.0 { 0.0 } else { g.signum() };
        }
        descend(weights, step_size, &self.0)
    }
}
