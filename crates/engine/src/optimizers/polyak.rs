//! Polyak's step size.

use implicit_bias_settings::Key;

use super::optimizer::{Optimizer, OptimizerKind, descend, norm};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// The factor of the step.
pub const POLYAK_FACTOR: Key = Key::number(
    "polyak-factor",
    "C",
    "Factor c of Polyak's step size c (L − inf L)/‖∇L‖², with inf L = 0 (polyak)",
)
.by_default(1.0)
.positive();

/// `W ← W − c (L/‖∇L‖²) ∇L`: Polyak's step size for the infimum 0 of the loss; no step at a zero
/// gradient.
pub const POLYAK: OptimizerKind = OptimizerKind {
    name: "polyak",
    about: "`W ← W − c (L/‖∇L‖²) ∇L`, for the infimum 0 of the loss",
    keys: &[POLYAK_FACTOR],
    has_step_size: false,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::L2,
    make: |settings, weights| {
        Ok(Box::new(Polyak {
            factor: POLYAK_FACTOR.number_in(settings)?,
            gradient: vec![0.0; weights],
        }))
    },
};

struct Polyak {
    factor: f64,
    gradient: Vec<f64>,
}

impl Optimizer for Polyak {
    fn step(&mut self, _: u64, _: f64, weights: &mut [f64], oracle: &mut Oracle) -> bool {
        let found = oracle.gradient_and_log_loss(weights, &mut self.gradient);
        let Some((found, log_loss)) = found else {
            return false;
        };
        let norm = norm(&self.gradient);
        if norm == 0.0 {
            return true;
        }
        // With g = 2^e g̃ the step is c L 2^{−e} g̃/‖g̃‖².
        let shift = found.exponent as f64 * std::f64::consts::LN_2;
        let loss = (log_loss - shift).exp();
        descend(weights, self.factor * loss / norm / norm, &self.gradient)
    }
}
