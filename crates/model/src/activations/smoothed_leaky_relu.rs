//! Smoothed leaky ReLU.

use std::f64::consts::LN_2;

use burn::tensor::Tensor;
use implicit_bias_scalar::FarSlopes;

use super::function::{ActivationFunction, ActivationKind, SharedActivation};
use super::leaky_relu::SLOPE;

/// Smoothed leaky ReLU as users choose it.
pub const SMOOTHED_LEAKY_RELU: ActivationKind = ActivationKind {
    name: "smoothed-leaky-relu",
    about: "`γ z + (1 − γ) log((1 + e^z)/2)`, slope `γ` by --slope",
    keys: &[SLOPE],
    make: |settings| {
        let slope = SLOPE.number_in(settings)?;
        Ok(SharedActivation::new(SmoothedLeakyRelu { slope }))
    },
};

/// `φ(z) = γ z + (1 − γ) log((1 + e^z)/2)` with `φ(0) = 0` and `φ' = γ + (1 − γ)/(1 + e^{−z})`
/// (Frei, Vardi, Bartlett, Srebro & Hu 2022).
///
/// Homogeneous in the limit of large `|z|` alone.
#[derive(Clone, Copy, Debug)]
struct SmoothedLeakyRelu {
    /// `0 ≤ γ < 1`.
    slope: f64,
}

/// Where the formula of the logarithm changes.
const NEAR: f64 = 2.0;

/// `log((1 + e^z)/2)`, as `z/2 + log cosh(z/2)` near 0, where that keeps the digits.
fn log_mean(z: f64) -> f64 {
    if z.abs() < NEAR {
        0.5 * z + (2.0 * (0.25 * z).sinh().powi(2)).ln_1p()
    } else {
        z.max(0.0) + ((-z.abs()).exp().ln_1p() - LN_2)
    }
}

impl ActivationFunction for SmoothedLeakyRelu {
    fn apply(&self, z: f64) -> f64 {
        self.slope * z + (1.0 - self.slope) * log_mean(z)
    }

    fn derivative(&self, z: f64) -> f64 {
        self.slope + (1.0 - self.slope) / (1.0 + (-z).exp())
    }

    fn values(&self, z: Tensor<2>) -> Tensor<2> {
        let size = z.clone().abs();
        let tail = size.clone().neg().exp().log1p().sub_scalar(LN_2);
        let far = z.clone().clamp_min(0.0) + tail;
        let sinh = size.clone().clamp_max(NEAR).mul_scalar(0.25).sinh();
        let near = z.clone().mul_scalar(0.5) + (sinh.clone() * sinh).mul_scalar(2.0).log1p();
        let log_mean = far.mask_where(size.lower_elem(NEAR), near);
        z.mul_scalar(self.slope) + log_mean.mul_scalar(1.0 - self.slope)
    }

    fn derivatives(&self, z: Tensor<2>) -> Tensor<2> {
        // By hand: the sigmoid of a backend may compute in single precision.
        let logistic = z.neg().exp().add_scalar(1.0).recip();
        logistic.mul_scalar(1.0 - self.slope).add_scalar(self.slope)
    }

    fn degree(&self) -> Option<f64> {
        None
    }

    fn far_slopes(&self) -> Option<FarSlopes> {
        Some(FarSlopes {
            slopes: [self.slope, 1.0],
            bend: [-5.0, 5.0], // 1/(1 + e^5) < 0.01
        })
    }

    fn describe(&self) -> String {
        format!("smoothed leaky ReLU, γ = {}", self.slope)
    }
}
