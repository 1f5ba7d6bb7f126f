//! Huberized ReLU.

use burn::tensor::Tensor;
use implicit_bias_scalar::FarSlopes;
use implicit_bias_scalar::vector::LANES;
use implicit_bias_settings::Key;

use super::function::{ActivationFunction, ActivationKind, SharedActivation, fill_one_by_one};

/// The exponent of the part near 0.
pub const EXPONENT: Key = Key::number("exponent", "Q", "Exponent q of Huberized ReLU, q > 1")
    .by_default(3.0)
    .within("a finite number above 1", |exponent| exponent > 1.0);

/// Where the slope becomes 1.
pub const THRESHOLD: Key = Key::number(
    "threshold",
    "KAPPA",
    "Threshold κ above which Huberized ReLU has slope 1",
)
.by_default(1.0)
.positive();

/// Huberized ReLU as users choose it.
pub const HUBERIZED_RELU: ActivationKind = ActivationKind {
    name: "huberized-relu",
    about: "`z^q/(q κ^(q−1))` on [0, κ], 0 below, slope 1 above; --exponent q, --threshold κ",
    keys: &[EXPONENT, THRESHOLD],
    make: |settings| {
        Ok(SharedActivation::new(HuberizedRelu {
            exponent: EXPONENT.number_in(settings)?,
            threshold: THRESHOLD.number_in(settings)?,
        }))
    },
};

/// `φ(z) = 0` for `z ≤ 0`, `z^q/(q κ^{q−1})` for `0 ≤ z ≤ κ`, `z − (1 − 1/q) κ` above
/// (Zhang, Gao, Zou & Cao 2025).
///
/// With `c` the nearest number of `[0, κ]` to `z`, `φ = c (c/κ)^{q−1}/q + max(z − κ, 0)` and
/// `φ' = (c/κ)^{q−1}`.
#[derive(Clone, Copy, Debug)]
struct HuberizedRelu {
    /// `q > 1`.
    exponent: f64,
    /// `κ > 0`.
    threshold: f64,
}

impl HuberizedRelu {
    /// The nearest number of `[0, κ]`; a NaN stays one.
    fn nearest(&self, z: f64) -> f64 {
        z.clamp(0.0, self.threshold)
    }
}

/// The largest exponent whose powers are products, which are faster than a library's power.
const MOST_FACTORS: f64 = 8.0;

/// `x^a`, by products for `a = 1, 2, …, 8`.
fn power(x: f64, exponent: f64) -> f64 {
    if power_is_product(exponent) {
        (1..exponent as usize).fold(x, |product, _| product * x)
    } else {
        x.powf(exponent)
    }
}

fn power_is_product(exponent: f64) -> bool {
    exponent.fract() == 0.0 && (1.0..=MOST_FACTORS).contains(&exponent)
}

/// Values and derivatives for an exponent whose powers are products, to the same bits, several
/// numbers at a time.
struct Fill<'a> {
    activation: HuberizedRelu,
    z: &'a [f64],
    values: &'a mut [f64],
    derivatives: &'a mut [f64],
}

impl pulp::WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let HuberizedRelu {
            exponent,
            threshold,
        } = self.activation;
        let factors = exponent as usize - 1;
        let each = self.z.chunks(LANES).zip(self.values.chunks_mut(LANES));
        for ((z, values), derivatives) in each.zip(self.derivatives.chunks_mut(LANES)) {
            let mut lanes = [0.0; LANES];
            lanes[..z.len()].copy_from_slice(z);
            let nearest = lanes.map(|z| z.clamp(0.0, threshold));
            let shares = nearest.map(|nearest| nearest / threshold);
            let mut slopes = shares;
            for _ in 1..factors {
                slopes.iter_mut().zip(shares).for_each(|(s, x)| *s *= x);
            }
            let mut sums = [0.0; LANES];
            for (index, sum) in sums.iter_mut().enumerate() {
                let (z, above) = (lanes[index], lanes[index] - threshold);
                let above = if z > threshold { above } else { 0.0 };
                *sum = nearest[index] * slopes[index] / exponent + above;
            }
            values.copy_from_slice(&sums[..values.len()]);
            derivatives.copy_from_slice(&slopes[..derivatives.len()]);
        }
    }
}

impl ActivationFunction for HuberizedRelu {
    fn apply(&self, z: f64) -> f64 {
        let above = if z > self.threshold {
            z - self.threshold
        } else {
            0.0
        };
        self.nearest(z) * self.derivative(z) / self.exponent + above
    }

    fn derivative(&self, z: f64) -> f64 {
        power(self.nearest(z) / self.threshold, self.exponent - 1.0)
    }

    fn fill(&self, z: &[f64], values: &mut [f64], derivatives: &mut [f64]) {
        if power_is_product(self.exponent - 1.0) {
            let activation = *self;
            pulp::Arch::new().dispatch(Fill {
                activation,
                z,
                values,
                derivatives,
            });
            return;
        }
        fill_one_by_one(self, z, values, derivatives);
    }

    fn values(&self, z: Tensor<2>) -> Tensor<2> {
        let above = z.clone().sub_scalar(self.threshold).clamp_min(0.0);
        let nearest = z.clone().clamp(0.0, self.threshold);
        nearest * self.derivatives(z).div_scalar(self.exponent) + above
    }

    fn derivatives(&self, z: Tensor<2>) -> Tensor<2> {
        z.clamp(0.0, self.threshold)
            .div_scalar(self.threshold)
            .powf_scalar(self.exponent - 1.0)
    }

    fn degree(&self) -> Option<f64> {
        None
    }

    fn far_slopes(&self) -> Option<FarSlopes> {
        Some(FarSlopes {
            slopes: [0.0, 1.0],
            bend: [0.0, self.threshold],
        })
    }

    fn describe(&self) -> String {
        let Self {
            exponent,
            threshold,
        } = self;
        format!("Huberized ReLU, q = {exponent}, κ = {threshold}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_as_one() {
        let z: Vec<f64> = (0..21).map(|k| 0.1 * f64::from(k) - 0.5).collect();
        for (exponent, threshold) in [(2.0, 1.0), (3.0, 0.7), (9.0, 1.0), (2.5, 1.0)] {
            let activation = HuberizedRelu {
                exponent,
                threshold,
            };
            let (mut values, mut derivatives) = (vec![f64::NAN; 21], vec![f64::NAN; 21]);
            activation.fill(&z, &mut values, &mut derivatives);
            for (k, &z) in z.iter().enumerate() {
                assert_eq!(values[k], activation.apply(z));
                assert_eq!(derivatives[k], activation.derivative(z));
            }
        }
    }

    #[test]
    fn products_are_powers() {
        for exponent in [1.0, 2.0, 3.0, 7.0, 8.0, 9.0, 1.5] {
            for x in [0.0_f64, 1e-200, 0.3, 0.999, 1.0] {
                let expected = x.powf(exponent);
                let found = power(x, exponent);
                assert!(
                    (found - expected).abs() <= 2e-15 * expected,
                    "{x}^{exponent}"
                );
            }
            assert!(power(f64::NAN, exponent).is_nan());
        }
    }
}
