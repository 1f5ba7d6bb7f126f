//! Leaky ReLU.

use implicit_bias_scalar::Activation;
use implicit_bias_settings::{Invalid, Key};

use super::function::ActivationKind;

/// The slope of leaky ReLU.
pub const SLOPE: Key = Key::number("slope", "GAMMA", "Slope γ of leaky ReLU, 0 ≤ γ < 1")
    .also(&["gamma"])
    .by_default(0.1)
    .within("a number in [0, 1)", |slope| (0.0..1.0).contains(&slope));

/// `φ(z) = max(z, γ z)`.
pub const LEAKY_RELU: ActivationKind = ActivationKind {
    name: "leaky-relu",
    about: "`max(z, γ z)`, slope `γ` by --slope",
    keys: &[SLOPE],
    make: |settings| {
        let slope = SLOPE.number_in(settings)?;
        Activation::leaky_relu(slope)
            .map(Into::into)
            .map_err(|error| Invalid::new(SLOPE.name, error.to_string(), slope))
    },
};
