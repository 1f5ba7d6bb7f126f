//! The activations, a file each: `φ` and `φ'` on the host and on tensors.
//!
//! An activation is a file with its formula, its keys and an [`ActivationKind`], and a line in
//! [`ACTIVATIONS`].

mod function;
mod huberized_relu;
mod leaky_relu;
mod list;
mod quadratic;
mod relu;
mod smoothed_leaky_relu;
mod tensor;

pub use self::function::{ActivationFunction, ActivationKind, SharedActivation};
pub use self::huberized_relu::{EXPONENT, HUBERIZED_RELU, THRESHOLD};
pub use self::leaky_relu::{LEAKY_RELU, SLOPE};
pub use self::list::{
    ACTIVATION, ACTIVATIONS, activation, activation_kind, activations, describe_activation,
    install_activations,
};
pub use self::quadratic::QUADRATIC;
pub use self::relu::RELU;
pub use self::smoothed_leaky_relu::SMOOTHED_LEAKY_RELU;
pub use self::tensor::TensorActivation;
