//! What a key may be, where it is one of a few names.

use clap::ValueEnum;
use implicit_bias_engine::{Gradient, Precision};
use serde::{Deserialize, Serialize};

/// Kind of generated data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyntheticKind {
    /// `x = y μ + ξ`, two Gaussian classes with means `±μ`
    Mixture,
    /// `x = ξ`, labels independent of the samples
    Gaussian,
    /// Exactly orthogonal samples
    Orthogonal,
}

/// Activation by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActivationKind {
    /// `max(z, 0)`
    Relu,
    /// `max(z, γ z)`, slope `γ` by --slope
    LeakyRelu,
}

/// Loss by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// `log(1 + e^{−q})`
    Logistic,
    /// `e^{−q}`
    Exponential,
}

/// How labels are written in a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelKind {
    /// −1 and +1
    PlusMinusOne,
    /// 0 and 1, read as −1 and +1
    ZeroOne,
}

/// The training or the test part of MNIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitKind {
    /// The training set, 60,000 digits
    Train,
    /// The test set, 10,000 digits
    Test,
}

/// A format to write results in, beside the run directory's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportKind {
    /// results.npz: data, weights and every recorded column, for NumPy
    Npz,
}

/// Which engine runs the dynamics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// The cheapest engine that can run the configuration
    Auto,
    /// Weight space, on a Burn device
    Tensor,
    /// Gram coordinates: exact, at a cost that does not depend on d; any horizon
    Gram,
}

/// How the tensor engine gets its gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GradientKind {
    /// Hand-derived where the architecture has one and the device computes in host memory
    Auto,
    /// Burn's automatic differentiation
    Autodiff,
    /// The architecture's own formula, in host memory
    HandDerived,
}

/// Float type of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecisionKind {
    /// Single precision
    F32,
    /// Double precision
    F64,
}

/// Conversions both ways between a key's values and what the engine calls them.
macro_rules! same_values {
    ($kind:ident, $of_engine:ident, $($value:ident),+) => {
        impl From<$kind> for $of_engine {
            fn from(kind: $kind) -> Self {
                match kind {
                    $($kind::$value => Self::$value,)+
                }
            }
        }

        impl From<$of_engine> for $kind {
            fn from(value: $of_engine) -> Self {
                match value {
                    $($of_engine::$value => Self::$value,)+
                }
            }
        }
    };
}

same_values!(GradientKind, Gradient, Auto, Autodiff, HandDerived);
same_values!(PrecisionKind, Precision, F32, F64);
