//! ReLU.

use implicit_bias_scalar::Activation;

use super::function::ActivationKind;

/// `φ(z) = max(z, 0)`.
pub const RELU: ActivationKind = ActivationKind {
    name: "relu",
    about: "`max(z, 0)`",
    keys: &[],
    make: |_| Ok(Activation::RELU.into()),
};
