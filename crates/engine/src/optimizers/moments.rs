//! Means of gradients and of their squares, which do not underflow.

use implicit_bias_model::power_of_two;
use implicit_bias_record::StepNorm;
use implicit_bias_settings::{Key, Settings};

use super::momentum::BETA1;

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
    "ε beside the root of the second moment; 0 is allowed (adam, adagrad)",
)
.by_default(1e-8)
.non_negative();

/// The norm in which steps `m̂/(√v̂ + ε)` are steepest, late in a run.
///
/// Where gradients fall below `ε`, what is left is momentum with the step size `η/ε`. Without `ε`
/// the first moment must forget no more slowly than the second one, or their quotient is not
/// bounded.
pub(super) fn step_norm(settings: &Settings) -> StepNorm {
    let number = |key: Key| key.number_in(settings).unwrap_or(f64::NAN);
    match number(EPSILON) {
        0.0 if number(BETA1) <= number(BETA2) => StepNorm::Linf,
        0.0 => StepNorm::Unknown,
        _ => StepNorm::L2,
    }
}

/// Moments `2^e m` and `2^{2e} v`, `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`.
///
/// `v` underflows at margins near 372 where gradients still have digits, so that the exponent `e`
/// follows that of the gradient, by exact powers of two.
pub(super) struct Moments {
    betas: [f64; 2],
    exponent: i64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Moments {
    /// Zeros of so many weights.
    pub fn new(betas: [f64; 2], weights: usize) -> Self {
        Self {
            betas,
            exponent: 0,
            first: vec![0.0; weights],
            second: vec![0.0; weights],
        }
    }

    /// Takes the gradient `2^exponent · gradient` into both means.
    pub fn absorb(&mut self, gradient: &[f64], exponent: i64) {
        let scale = self.align(exponent);
        pulp::Arch::new().dispatch(Absorb {
            moments: self,
            gradient,
            scale,
        });
    }

    /// `m̂/(√v̂ + ε)` with the moments divided by `1 − β^taken`, or as they are without `taken`; 0
    /// where the denominator is.
    pub fn ratio(&self, taken: Option<f64>, epsilon: f64, out: &mut [f64]) {
        let past = |beta: f64| taken.map_or(1.0, |taken| 1.0 - beta.powf(taken));
        // ε in the exponent of the moments; where the gradient is far below it, infinite.
        let epsilon = if epsilon == 0.0 {
            0.0
        } else {
            epsilon * power_of_two(-self.exponent)
        };
        pulp::Arch::new().dispatch(Ratio {
            moments: self,
            factors: self.betas.map(past).map(f64::recip),
            epsilon,
            out,
        });
    }

    /// The exponent, then both means.
    pub fn state(&self) -> Vec<f64> {
        [&[self.exponent as f64], self.first.as_slice(), &self.second].concat()
    }

    /// Goes back to a [`state`](Self::state) of as many weights; `false` if it is none.
    pub fn restore(&mut self, state: &[f64], weights: usize) -> bool {
        let fits = state.len() == 1 + 2 * weights && state[0].fract() == 0.0;
        if fits {
            self.exponent = state[0] as i64;
            self.first.copy_from_slice(&state[1..=weights]);
            self.second.copy_from_slice(&state[1 + weights..]);
        }
        fits
    }

    /// Brings moments and gradient to one exponent, and says by what the gradient is multiplied.
    fn align(&mut self, exponent: i64) -> f64 {
        let shift = exponent - self.exponent;
        if shift == 0 {
            return 1.0;
        }
        let largest = self.second.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            // Nothing that could be brought anywhere: no gradient but 0 so far.
            self.first.fill(0.0);
            self.exponent = exponent;
            return 1.0;
        }
        // Old moments that outweigh the gradient by far keep their own exponent until they have
        // decayed.
        if shift < 0 && largest * power_of_two(-shift) * power_of_two(-shift) > power_of_two(900) {
            return power_of_two(shift);
        }
        let factor = power_of_two(-shift);
        self.first.iter_mut().for_each(|m| *m *= factor);
        let second = self.second.iter_mut();
        second.for_each(|v| *v = *v * factor * factor);
        self.exponent = exponent;
        1.0
    }
}

/// New moments, compiled for the vector instructions of the machine.
struct Absorb<'a> {
    moments: &'a mut Moments,
    gradient: &'a [f64],
    scale: f64,
}

impl pulp::WithSimd for Absorb<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let [beta1, beta2] = self.moments.betas;
        let moments = self.moments.first.iter_mut().zip(&mut self.moments.second);
        for ((m, v), g) in moments.zip(self.gradient) {
            let g = self.scale * g;
            *m = beta1 * *m + (1.0 - beta1) * g;
            *v = beta2 * *v + (1.0 - beta2) * g * g;
        }
    }
}

/// Their ratio, in the same way.
struct Ratio<'a> {
    moments: &'a Moments,
    factors: [f64; 2],
    epsilon: f64,
    out: &'a mut [f64],
}

impl pulp::WithSimd for Ratio<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let [of_first, of_second] = self.factors;
        let moments = self.moments.first.iter().zip(&self.moments.second);
        for ((m, v), out) in moments.zip(self.out) {
            let root = (v * of_second).sqrt() + self.epsilon;
            let step = (m * of_first) / root;
            *out = if root == 0.0 { 0.0 } else { step };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ratio after constant gradients, by the definition.
    #[test]
    fn ratios_are_the_same_at_every_exponent() {
        let gradients = [[1.0, -3.0], [0.5, 2.0], [0.25, -1.0]];
        let ratio = |exponents: [i64; 3]| {
            let mut moments = Moments::new([0.5, 0.75], 2);
            for (gradient, exponent) in gradients.iter().zip(exponents) {
                moments.absorb(gradient, exponent);
            }
            let mut out = [0.0; 2];
            moments.ratio(Some(3.0), 0.0, &mut out);
            out
        };
        let plain = ratio([0, 0, 0]);
        let m = (0.125 * 1.0 + 0.25 * 0.5 + 0.5 * 0.25) / (1.0 - 0.125);
        let v: f64 = 0.25 * (0.5625 + 0.75 * 0.25 + 0.0625) / (1.0 - 0.421875);
        assert!((plain[0] - m / v.sqrt()).abs() < 1e-15);
        assert_eq!(ratio([-5120; 3]), plain);
        // A gradient far below what came before is as good as none.
        let [late, none] = [ratio([0, 0, -4096]), {
            let mut moments = Moments::new([0.5, 0.75], 2);
            moments.absorb(&gradients[0], 0);
            moments.absorb(&gradients[1], 0);
            moments.absorb(&[0.0; 2], 0);
            let mut out = [0.0; 2];
            moments.ratio(Some(3.0), 0.0, &mut out);
            out
        }];
        assert_eq!(late, none);
    }
}
