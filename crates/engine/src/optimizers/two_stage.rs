//! Normalized gradient descent on one block, then on the others.

use std::ops::Range;

use implicit_bias_model::power_of_two;
use implicit_bias_settings::Key;

use super::optimizer::{Optimizer, OptimizerKind, descend, norm};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// The steps of the first stage.
pub const FIRST_STEPS: Key = Key::count(
    "first-steps",
    "T1",
    "Steps of the first stage, on the first block of weights alone (two-stage)",
)
.by_default_count(1000);

/// The step size of the first stage.
pub const FIRST_STEP_SIZE: Key = Key::number(
    "first-step-size",
    "ETA0",
    "Step size η₀ of the first stage (two-stage)",
)
.by_default(0.1)
.positive();

/// Normalized gradient descent in two stages: to step `T₁` on the first block of weights alone, with
/// the step size `η₀`, and then on the others, with `η`; no step at a zero gradient.
///
/// The transformer trains `W_ov` on the next token of each token alone, and then `W_kq` on sentences
/// (Huang, Liang & Yang, arXiv:2409.17335); a network without samples of its own for the first stage
/// trains both on the same.
pub const TWO_STAGE: OptimizerKind = OptimizerKind {
    name: "two-stage",
    about: "`W ← W − η ∇L/‖∇L‖` on the first block, and from step T1 on on the others",
    keys: &[FIRST_STEPS, FIRST_STEP_SIZE],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::L2,
    make: |settings, weights| {
        Ok(Box::new(TwoStage {
            first_steps: FIRST_STEPS.count_in(settings)?,
            first_step_size: FIRST_STEP_SIZE.number_in(settings)?,
            gradient: vec![0.0; weights],
        }))
    },
};

struct TwoStage {
    first_steps: u64,
    first_step_size: f64,
    gradient: Vec<f64>,
}

impl Optimizer for TwoStage {
    fn step(
        &mut self,
        step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        // Without blocks all weights are of the first.
        let all = 0..weights.len();
        let first = oracle.blocks().first().cloned().unwrap_or(all);
        let is_first = step < self.first_steps;
        let stage = if is_first {
            oracle.first_stage()
        } else {
            oracle
        };
        let from = usize::from(!is_first);
        let found = stage.gradient_by_block_from(from, weights, &mut self.gradient);
        let Some(exponents) = found else {
            return false;
        };
        if is_first {
            let gradient = &self.gradient[first.clone()];
            let norm = norm(gradient);
            return norm == 0.0
                || descend(&mut weights[first], self.first_step_size / norm, gradient);
        }
        let others = exponents.iter().zip(stage.blocks()).skip(1);
        bring_together(others, &mut self.gradient);
        let gradient = &self.gradient[first.end..];
        let norm = norm(gradient);
        norm == 0.0 || descend(&mut weights[first.end..], step_size / norm, gradient)
    }
}

/// Brings blocks to the largest of their exponents: the direction is that of all together.
fn bring_together<'a>(
    blocks: impl Iterator<Item = (&'a i64, &'a Range<usize>)> + Clone,
    gradient: &mut [f64],
) {
    let largest = blocks.clone().map(|(exponent, _)| *exponent).max();
    for (exponent, block) in blocks {
        let below = exponent - largest.unwrap_or(*exponent);
        if below < 0 {
            let factor = power_of_two(below);
            gradient[block.clone()]
                .iter_mut()
                .for_each(|g| *g *= factor);
        }
    }
}
