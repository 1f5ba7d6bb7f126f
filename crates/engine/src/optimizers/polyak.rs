//! Polyak's step size.

use implicit_bias_settings::Key;

use super::optimizer::{Optimizer, OptimizerKind, descend, norm};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// The divisor of the step.
pub const POLYAK_FACTOR: Key = Key::number(
    "polyak-factor",
    "C",
    "Divisor c of Polyak's step size (L − inf L)/(c ‖∇L‖²); inf L is the network's where it \
     knows it, else 0 (polyak)",
)
.by_default(1.0)
.positive();

/// `W ← W − (L − inf L)/(c ‖∇L‖²) ∇L`: Polyak's step size; no step at a zero gradient. The infimum of
/// the loss is that of the network where it knows one ([`HostScores::gaps`], for attention with a
/// fixed decoder), and 0 otherwise.
///
/// [`HostScores::gaps`]: implicit_bias_model::HostScores::gaps
pub const POLYAK: OptimizerKind = OptimizerKind {
    name: "polyak",
    about: "`W ← W − (L − inf L)/(c ‖∇L‖²) ∇L`",
    keys: &[POLYAK_FACTOR],
    has_step_size: false,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::L2,
    make: |settings, weights| {
        Ok(Box::new(Polyak {
            divisor: POLYAK_FACTOR.number_in(settings)?,
            gradient: vec![0.0; weights],
        }))
    },
};

struct Polyak {
    divisor: f64,
    gradient: Vec<f64>,
}

impl Optimizer for Polyak {
    fn in_coordinates(&self, count: usize) -> Option<Box<dyn Optimizer>> {
        Some(Box::new(Self {
            divisor: self.divisor,
            gradient: vec![0.0; count],
        }))
    }

    fn step(&mut self, _: u64, _: f64, weights: &mut [f64], oracle: &mut Oracle) -> bool {
        let found = oracle.gradient_and_log_excess(weights, &mut self.gradient);
        let Some((found, log_excess)) = found else {
            return false;
        };
        let norm = norm(&self.gradient);
        if norm == 0.0 {
            return true;
        }
        // With g = 2^e g̃ the step is (L − inf L)/c 2^{−e} g̃/‖g̃‖².
        let shift = found.exponent as f64 * std::f64::consts::LN_2;
        let excess = (log_excess - shift).exp();
        descend(weights, excess / self.divisor / norm / norm, &self.gradient)
    }
}
