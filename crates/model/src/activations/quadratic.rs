//! The square.

use burn::tensor::Tensor;

use super::function::{ActivationFunction, ActivationKind, SharedActivation};

/// `φ(z) = z²`, homogeneous of degree 2.
pub const QUADRATIC: ActivationKind = ActivationKind {
    name: "quadratic",
    about: "`z²`",
    keys: &[],
    make: |_| Ok(SharedActivation::new(Quadratic)),
};

#[derive(Clone, Copy, Debug)]
struct Quadratic;

impl ActivationFunction for Quadratic {
    fn apply(&self, z: f64) -> f64 {
        z * z
    }

    fn derivative(&self, z: f64) -> f64 {
        2.0 * z
    }

    fn values(&self, z: Tensor<2>) -> Tensor<2> {
        z.clone() * z
    }

    fn derivatives(&self, z: Tensor<2>) -> Tensor<2> {
        z.mul_scalar(2.0)
    }

    fn degree(&self) -> Option<f64> {
        Some(2.0)
    }

    fn describe(&self) -> String {
        "quadratic activation z²".to_owned()
    }
}
