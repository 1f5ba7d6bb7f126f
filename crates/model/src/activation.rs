//! Activations on tensors.

use burn::tensor::Tensor;
use implicit_bias_scalar::Activation;
use implicit_bias_settings::{Invalid, Key, Name, Settings};

/// Which activation.
pub const ACTIVATION: Key = Key::one_of(
    "activation",
    &[
        Name::new("relu", "`max(z, 0)`"),
        Name::new("leaky-relu", "`max(z, γ z)`, slope `γ` by --slope"),
    ],
    "Activation",
)
.by_default_name("leaky-relu");

/// The slope of leaky ReLU.
pub const SLOPE: Key = Key::number("slope", "GAMMA", "Slope γ of leaky ReLU, 0 ≤ γ < 1")
    .by_default(0.1)
    .within("a number in [0, 1)", |slope| (0.0..1.0).contains(&slope));

/// The activation that settings ask for.
///
/// # Errors
///
/// [`Invalid`] for a slope out of range or beside ReLU.
pub fn activation(settings: &Settings) -> Result<Activation, Invalid> {
    if ACTIVATION.text_in(settings)?.as_deref() == Some("relu") {
        return match settings.number(SLOPE.name) {
            None => Ok(Activation::RELU),
            Some(slope) => Err(Invalid::new(
                SLOPE.name,
                "no slope beside activation relu, whose slope is 0",
                slope,
            )),
        };
    }
    let slope = SLOPE.number_in(settings)?;
    Activation::leaky_relu(slope)
        .map_err(|error| Invalid::new(SLOPE.name, error.to_string(), slope))
}

/// The activation in words: `ReLU` or `leaky ReLU, γ = 0.1`.
pub fn describe_activation(activation: Activation) -> String {
    if activation == Activation::RELU {
        "ReLU".to_owned()
    } else {
        format!("leaky ReLU, γ = {}", activation.slope())
    }
}

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
