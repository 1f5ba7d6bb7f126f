//! Adam.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::momentum::BETA1;
use super::optimizer::{Geometry, Optimizer, OptimizerKind, descend};
use super::sgd::{BATCH_ORDER, BATCH_SIZE};
use crate::oracle::{Oracle, power_of_two};

/// The share of the past in the second moment.
pub const BETA2: Key = Key::number(
    "beta2",
    "BETA2",
    "Share β₂ of the past in the mean of squared gradients (adam)",
)
.by_default(0.999)
.within("a number in [0, 1)", |beta| (0.0..1.0).contains(&beta));

/// What is added to the root of the second moment.
pub const EPSILON: Key = Key::number(
    "epsilon",
    "EPS",
    "ε beside the root of the second moment; 0 is allowed (adam)",
)
.by_default(1e-8)
.non_negative();

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
    // Where gradients fall below ε, what is left is momentum with the step size η/ε.
    geometry: |settings| match EPSILON.number_in(settings) {
        Ok(0.0) => Geometry::Coordinates,
        _ => Geometry::Euclidean,
    },
    make: |settings, weights| Ok(Box::new(Adam::new(settings, weights)?)),
};

/// Moments `2^e m` and `2^{2e} v`: `v` underflows at margins near 372 where gradients still have
/// digits, so that the exponent `e` follows that of the gradient, by exact powers of two.
struct Adam {
    betas: [f64; 2],
    epsilon: f64,
    corrects_bias: bool,
    exponent: i64,
    first: Vec<f64>,
    second: Vec<f64>,
    gradient: Vec<f64>,
    change: Vec<f64>,
}

impl Adam {
    fn new(settings: &Settings, weights: usize) -> Result<Self, Invalid> {
        let zeros = vec![0.0; weights];
        Ok(Self {
            betas: [BETA1.number_in(settings)?, BETA2.number_in(settings)?],
            epsilon: EPSILON.number_in(settings)?,
            corrects_bias: BIAS_CORRECTION.switch_in(settings)?.unwrap_or(true),
            exponent: 0,
            first: zeros.clone(),
            second: zeros.clone(),
            gradient: zeros.clone(),
            change: zeros,
        })
    }

    /// Brings moments and gradient to one exponent, and says by what the gradient is multiplied.
    fn align(&mut self, exponent: i64) -> f64 {
        let shift = exponent - self.exponent;
        if shift == 0 {
            return 1.0;
        }
        let largest = self.second.iter().copied().fold(0.0, f64::max);
        // Old moments that outweigh the gradient by far keep their own exponent until they have
        // decayed.
        if shift < 0 && largest * power_of_two(-shift) * power_of_two(-shift) > power_of_two(900) {
            return power_of_two(shift);
        }
        let factor = power_of_two(-shift);
        self.first.iter_mut().for_each(|m| *m *= factor);
        self.second
            .iter_mut()
            .for_each(|v| *v = *v * factor * factor);
        self.exponent = exponent;
        1.0
    }
}

impl Optimizer for Adam {
    fn step(
        &mut self,
        step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        let Some(found) = oracle.gradient(weights, &mut self.gradient) else {
            return false;
        };
        let scale = self.align(found.exponent);
        let [beta1, beta2] = self.betas;
        let corrections = if self.corrects_bias {
            let past = |beta: f64| 1.0 - beta.powf(step as f64 + 1.0);
            [past(beta1), past(beta2)]
        } else {
            [1.0, 1.0]
        };
        pulp::Arch::new().dispatch(Moments {
            adam: self,
            scale,
            corrections,
        });
        descend(weights, step_size, &self.change)
    }

    fn state(&self) -> Vec<f64> {
        [&[self.exponent as f64], self.first.as_slice(), &self.second].concat()
    }

    fn restore(&mut self, state: &[f64], weights: usize) -> bool {
        let fits = state.len() == 1 + 2 * weights && state[0].fract() == 0.0;
        if fits {
            self.exponent = state[0] as i64;
            self.first.copy_from_slice(&state[1..=weights]);
            self.second.copy_from_slice(&state[1 + weights..]);
        }
        fits
    }
}

/// The new moments and the change of the weights, compiled for the machine's vector instructions.
struct Moments<'a> {
    adam: &'a mut Adam,
    scale: f64,
    corrections: [f64; 2],
}

impl pulp::WithSimd for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let adam = self.adam;
        let [beta1, beta2] = adam.betas;
        let [per_first, per_second] = self.corrections.map(f64::recip);
        // ε in the exponent of the moments; where the gradient is far below it, infinite.
        let epsilon = if adam.epsilon == 0.0 {
            0.0
        } else {
            adam.epsilon * power_of_two(-adam.exponent)
        };
        let moments = adam.first.iter_mut().zip(&mut adam.second);
        let entries = moments.zip(&adam.gradient).zip(&mut adam.change);
        for (((m, v), g), change) in entries {
            let g = self.scale * g;
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
            let root = (*v * per_second).sqrt() + epsilon;
            let step = (*m * per_first) / root;
            *change = if root == 0.0 { 0.0 } else { step };
        }
    }
}
