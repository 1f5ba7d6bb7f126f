//! Normalized gradient descent on each block by itself.

use implicit_bias_settings::Key;

use super::optimizer::{Optimizer, OptimizerKind, descend, norm};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// The step size of all blocks but the first.
pub const SECOND_STEP_SIZE: Key = Key::number(
    "second-step-size",
    "ETA2",
    "Step size η₂ of all blocks but the first (block-normalized-gd)",
)
.by_default(0.1)
.positive();

/// How that falls.
pub const SECOND_STEP_DECAY: Key = Key::number(
    "second-step-decay",
    "A2",
    "Exponent a₂ of the step size η₂ (t + 1)^(−a₂) of all blocks but the first \
     (block-normalized-gd)",
)
.by_default(0.0)
.non_negative();

/// `W_b ← W_b − η_b ∇_b L/‖∇_b L‖_F` for each block of weights: the first with the step size `η`, the
/// others with `η₂ (t + 1)^{−a₂}`; no step of a block at a zero gradient of it.
///
/// Attention and decoder of one layer are trained together by it (recalled of Vasudeva, Deora &
/// Thrampoulidis, arXiv:2402.05738, not verified).
pub const BLOCK_NORMALIZED_GD: OptimizerKind = OptimizerKind {
    name: "block-normalized-gd",
    about: "`W_b ← W_b − η_b ∇_b L/‖∇_b L‖` for each block of weights",
    keys: &[SECOND_STEP_SIZE, SECOND_STEP_DECAY],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::Unknown,
    make: |settings, weights| {
        Ok(Box::new(BlockNormalizedGd {
            step_size: SECOND_STEP_SIZE.number_in(settings)?,
            decay: SECOND_STEP_DECAY.number_in(settings)?,
            gradient: vec![0.0; weights],
        }))
    },
};

struct BlockNormalizedGd {
    step_size: f64,
    decay: f64,
    gradient: Vec<f64>,
}

impl Optimizer for BlockNormalizedGd {
    fn step(
        &mut self,
        step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        // Each block's exponent cancels.
        let found = oracle.gradient_by_block(weights, &mut self.gradient);
        if found.is_none() {
            return false;
        }
        let others = self.step_size * (step as f64 + 1.0).powf(-self.decay);
        let before = weights.to_vec();
        for (index, block) in oracle.blocks().iter().enumerate() {
            let gradient = &self.gradient[block.clone()];
            let norm = norm(gradient);
            let size = if index == 0 { step_size } else { others };
            if norm > 0.0 && !descend(&mut weights[block.clone()], size / norm, gradient) {
                weights.copy_from_slice(&before);
                return false;
            }
        }
        true
    }
}
