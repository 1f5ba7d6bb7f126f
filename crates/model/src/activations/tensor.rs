//! Activations with one kink on tensors.

use std::sync::Arc;

use burn::tensor::Tensor;
use implicit_bias_scalar::Activation;

use super::function::{ActivationFunction, SharedActivation};

/// An [`Activation`] on tensors, elementwise and differentiable by Burn's autodiff.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_model::{Activation, TensorActivation};
///
/// let z = Tensor::<1>::from_floats([-2.0, 0.0, 3.0], &Device::default());
/// let leaky = Activation::leaky_relu(0.5)?;
/// let values: Vec<f32> = leaky.forward(z).into_data().iter().collect();
/// assert_eq!(values, [-1.0, 0.0, 3.0]);
/// # Ok::<(), implicit_bias_model::ModelError>(())
/// ```
pub trait TensorActivation {
    /// `φ` of every entry, with the derivative `φ'(0) = γ` at the kink.
    fn forward<const D: usize>(self, z: Tensor<D>) -> Tensor<D>;

    /// `φ'` of every entry; a constant for autodiff.
    fn derivative_of<const D: usize>(self, z: &Tensor<D>) -> Tensor<D>;
}

impl TensorActivation for Activation {
    fn forward<const D: usize>(self, z: Tensor<D>) -> Tensor<D> {
        z.clone() * self.derivative_of(&z)
    }

    fn derivative_of<const D: usize>(self, z: &Tensor<D>) -> Tensor<D> {
        // Built as a product with a constant mask, because the derivative that a backend's own
        // (leaky) ReLU takes at exactly 0 is the backend's choice.
        let active = z.clone().detach().greater_elem(0.0);
        z.ones_like()
            .detach()
            .mul_scalar(self.slope())
            .mask_fill(active, 1.0)
    }
}

/// ReLU and leaky ReLU, homogeneous of degree 1, with Gram coordinates.
impl ActivationFunction for Activation {
    fn apply(&self, z: f64) -> f64 {
        Activation::apply(*self, z)
    }

    fn derivative(&self, z: f64) -> f64 {
        Activation::derivative(*self, z)
    }

    fn values(&self, z: Tensor<2>) -> Tensor<2> {
        TensorActivation::forward(*self, z)
    }

    fn derivatives(&self, z: Tensor<2>) -> Tensor<2> {
        self.derivative_of(&z)
    }

    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        TensorActivation::forward(*self, z)
    }

    fn degree(&self) -> Option<f64> {
        Some(1.0)
    }

    fn piecewise_linear(&self) -> Option<Activation> {
        Some(*self)
    }

    fn describe(&self) -> String {
        if *self == Activation::RELU {
            "ReLU".to_owned()
        } else {
            format!("leaky ReLU, γ = {}", self.slope())
        }
    }
}

impl From<Activation> for SharedActivation {
    fn from(activation: Activation) -> Self {
        Self(Arc::new(activation))
    }
}
