//! The settings of a run as a user gives them: every flag a key, every key a flag.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::steps::Steps;

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
pub enum Precision {
    /// Single precision
    F32,
    /// Double precision
    F64,
}

/// The settings of a run, each of them optional: flags, or the keys of a TOML file.
///
/// A key is spelled like its flag, `step-size`; `step_size` is read too. Flags win over the file:
/// [`Settings::over`].
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Data file: .npz with arrays X (n × d) and y (n)
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Data",
        conflicts_with = "synthetic"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// How the labels of the data file are written [default: plus-minus-one]
    #[arg(long, value_enum, help_heading = "Data")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<LabelKind>,
    /// Generated data, where no file is given [default: mixture]
    #[arg(long, value_enum, help_heading = "Data")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<SyntheticKind>,
    /// Number of samples n to generate [default: 10]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// Dimension d of a generated sample [default: 2000]
    #[arg(
        long,
        value_name = "D",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Length ‖μ‖ of the class mean (mixture) [default: 1]
    #[arg(
        long,
        value_name = "MU",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<f64>,
    /// Standard deviation σ of each coordinate of the noise (mixture, gaussian) [default: 1]
    #[arg(
        long,
        value_name = "SIGMA",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// Norm of a sample, its geometric mean if norms are spread (orthogonal) [default: sqrt(d)]
    #[arg(
        long,
        value_name = "R",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<f64>,
    /// Ratio R_max/R_min of the norms of the samples (orthogonal) [default: 1]
    #[arg(
        long,
        value_name = "RATIO",
        help_heading = "Data",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm_spread: Option<f64>,
    /// Initial weights: .npz or .safetensors with W_pos and W_neg, each m × d
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Network",
        conflicts_with = "init_scale"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
    /// Standard deviation σ₀ of the initial weights, where no file is given [default: 0.001]
    #[arg(
        long,
        value_name = "SIGMA0",
        help_heading = "Network",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_scale: Option<f64>,
    /// Width m: neurons in each of the two blocks [default: 50, or that of the init file]
    #[arg(
        long,
        value_name = "M",
        help_heading = "Network",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Activation [default: leaky-relu]
    #[arg(long, value_enum, help_heading = "Network")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationKind>,
    /// Slope γ of leaky ReLU, 0 ≤ γ < 1 [default: 0.1]
    #[arg(
        long,
        value_name = "GAMMA",
        help_heading = "Network",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slope: Option<f64>,
    /// Loss [default: logistic]
    #[arg(long, value_enum, help_heading = "Descent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<LossKind>,
    /// Step size η [default: 0.1]
    #[arg(
        long,
        value_name = "ETA",
        help_heading = "Descent",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_size: Option<f64>,
    /// Number of steps T; 1e6 is accepted [default: 1e5]
    #[arg(
        long,
        value_name = "T",
        help_heading = "Descent",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<Steps>,
    /// Engine [default: auto]
    #[arg(long, value_enum, help_heading = "Descent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineKind>,
    /// Steps that the Gram engine takes exactly; past them it follows gradient descent in log t, with
    /// an estimate of the error in every row of the series [default: 1e7]
    #[arg(
        long,
        value_name = "T0",
        help_heading = "Descent",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_steps: Option<Steps>,
    /// Gradient of the tensor engine [default: auto]
    #[arg(long, value_enum, help_heading = "Descent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient: Option<GradientKind>,
    /// Device, as listed by `implicit-bias devices` [default: the first]
    #[arg(long, value_name = "NAME", help_heading = "Descent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Precision [default: f64 where the device has it]
    #[arg(long, value_enum, help_heading = "Descent")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// Recorded steps a decade; 0, 1, 2, 5 × 10^k and T always are [default: 20]
    #[arg(
        long,
        value_name = "N",
        help_heading = "Output",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u32>,
    /// Seed of the data and of the initial weights [default: 0]
    #[arg(
        long,
        value_name = "SEED",
        help_heading = "Output",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Run directory [default: runs/NAME-HASH]
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = "Output")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub json: bool,
}

/// Takes each named field from `$flags`, or from `$file` where the flag was not given.
macro_rules! prefer {
    ($flags:ident, $file:ident; $($field:ident),*) => {
        Settings { json: $flags.json || $file.json, $($field: $flags.$field.or($file.$field)),* }
    };
}

impl Settings {
    /// These settings where given, and those of `file` where not.
    ///
    /// Of two settings that exclude each other (a data file and generated data, an init file and an
    /// initial scale), the one given here drops the other one of the file, with all its keys.
    pub fn over(self, mut file: Settings) -> Settings {
        let kind = file.synthetic.unwrap_or(SyntheticKind::Mixture);
        if self.data.is_some() || self.synthetic.is_some_and(|asked| asked != kind) {
            file.synthetic = None;
            (file.signal, file.noise, file.norm, file.norm_spread) = (None, None, None, None);
        }
        if self.data.is_some() {
            (file.samples, file.dim) = (None, None);
        }
        if self.synthetic.is_some() {
            (file.data, file.labels) = (None, None);
        }
        if self.init.is_some() {
            (file.init_scale, file.width) = (None, None);
        }
        if self.init_scale.is_some() {
            file.init = None;
        }
        if self.activation == Some(ActivationKind::Relu) {
            file.slope = None;
        }
        prefer!(self, file; data, labels, synthetic, samples, dim, signal, noise, norm, norm_spread,
            init, init_scale, width, activation, slope, loss, step_size, steps, engine, exact_steps, gradient,
            device, precision, record, seed, out)
    }
}
