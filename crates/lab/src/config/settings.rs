//! The settings of a run as a user gives them: every flag a key, every key a flag.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Deserializer, Serialize};

use super::kinds::{
    ActivationKind, EngineKind, ExportKind, GradientKind, LabelKind, LossKind, PrecisionKind,
    SplitKind, SyntheticKind,
};
use implicit_bias_record::Steps;

/// The heading of the flags that say what the data are.
pub const DATA_HEADING: &str = "Data";

/// The heading of the flags that say what is done to the samples.
pub const PREPARATION_HEADING: &str = "Preparation, in this order";

/// The settings of a run, each of them optional: flags, or the keys of a TOML file.
///
/// A key is spelled like its flag, `step-size`; `step_size` is read too. Flags win over the file:
/// [`Settings::over`].
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Data file: .npz with X and y, .npy, .csv, .tsv or IDX; or `mnist`, which `fetch mnist`
    /// brings
    #[arg(
        long,
        value_name = "FILE",
        help_heading = DATA_HEADING,
        conflicts_with = "synthetic"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Labels of .npy or IDX samples [default: for …images-idx3… the …labels-idx1… beside it]
    #[arg(long, value_name = "FILE", help_heading = DATA_HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_file: Option<PathBuf>,
    /// Column of labels of a table [default: y]
    #[arg(long, value_name = "NAME", help_heading = DATA_HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Folder of the MNIST files [default: the user's data directory]
    #[arg(long, value_name = "DIR", help_heading = DATA_HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Part of MNIST [default: train]
    #[arg(long, value_enum, help_heading = DATA_HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitKind>,
    /// How the labels of the data file are written [default: plus-minus-one]
    #[arg(
        long,
        value_enum,
        help_heading = DATA_HEADING,
        conflicts_with_all = ["positive", "negative"]
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<LabelKind>,
    /// Label of the class +1, in a file of any number of classes
    #[arg(
        long,
        value_name = "LABEL",
        help_heading = DATA_HEADING,
        allow_hyphen_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "label")]
    pub positive: Option<String>,
    /// Label of the class −1 [default: every label but that of +1]
    #[arg(
        long,
        value_name = "LABEL",
        help_heading = DATA_HEADING,
        allow_hyphen_values = true
    )]
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "label")]
    pub negative: Option<String>,
    /// Samples of each class to take from the data file, drawn by --seed [default: all]
    #[arg(
        long,
        value_name = "N",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_class: Option<usize>,
    /// Generated data, where no file is given [default: mixture]
    #[arg(long, value_enum, help_heading = DATA_HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<SyntheticKind>,
    /// Number of samples n to generate [default: 10]
    #[arg(
        long,
        value_name = "N",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples: Option<usize>,
    /// Dimension d of a generated sample [default: 2000]
    #[arg(
        long,
        value_name = "D",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// Length ‖μ‖ of the class mean (mixture) [default: 1]
    #[arg(
        long,
        value_name = "MU",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<f64>,
    /// Standard deviation σ of the noise in each coordinate: of generated samples (mixture,
    /// gaussian)
    /// [default: 1], or added to those of a file [default: 0]
    #[arg(
        long,
        value_name = "SIGMA",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// Norm of a sample, its geometric mean if norms are spread (orthogonal) [default: sqrt(d)]
    #[arg(
        long,
        value_name = "R",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<f64>,
    /// Ratio R_max/R_min of the norms of the samples (orthogonal) [default: 1]
    #[arg(
        long,
        value_name = "RATIO",
        help_heading = DATA_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm_spread: Option<f64>,
    /// Factor of every coordinate [default: 1; for mnist 1/255, which takes pixels to 0 … 1]
    #[arg(
        long,
        value_name = "S",
        help_heading = PREPARATION_HEADING,
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// Subtract the mean of the samples
    #[arg(
        long,
        alias = "center",
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = PREPARATION_HEADING
    )]
    #[serde(skip_serializing_if = "Option::is_none", alias = "center")]
    pub centre: Option<bool>,
    /// Divide every sample by its norm; the noise of --noise is added after this
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = PREPARATION_HEADING
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_norm: Option<bool>,
    /// Replace the labels by fair coins
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = PREPARATION_HEADING
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_labels: Option<bool>,
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
    /// Steps that the Gram engine takes exactly; past them it follows gradient descent in log t,
    /// with an estimate of the error in every row of the series [default: 1e7]
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
    pub precision: Option<PrecisionKind>,
    /// Keep what rounding takes from each update (two-sum); for f32
    #[arg(
        long,
        hide_possible_values = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Descent"
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensated: Option<bool>,
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
    /// Also write the results in this format
    #[arg(long, value_enum, help_heading = "Output")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportKind>,
    /// Seconds between checkpoints for `resume` [default: 60]
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Output",
        allow_negative_numbers = true
    )]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_interval: Option<f64>,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = "Output")]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub json: bool,
}

/// A label: a string, or a number, which a TOML file need not quote.
fn label<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a label: a string or a number")]
    enum Label {
        Text(String),
        Integer(i64),
        Float(f64),
    }
    Ok(Some(match Label::deserialize(deserializer)? {
        Label::Text(text) => text,
        Label::Integer(number) => number.to_string(),
        Label::Float(number) => number.to_string(),
    }))
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
        let other_kind = self.synthetic.is_some_and(|asked| asked != kind);
        let to_file = self.data.is_some() && file.data.is_none();
        let from_file = self.synthetic.is_some() && file.data.is_some();
        if to_file || from_file || other_kind {
            file.synthetic = None;
            (file.signal, file.noise, file.norm, file.norm_spread) = (None, None, None, None);
        }
        if self.data.is_some() {
            (file.samples, file.dim) = (None, None);
        }
        if self.data.is_some() || self.synthetic.is_some() {
            (file.label_file, file.label_column) = (None, None);
            (file.data_dir, file.split) = (None, None);
        }
        if self.synthetic.is_some() {
            (file.data, file.labels, file.per_class) = (None, None, None);
        }
        if self.synthetic.is_some() || self.labels.is_some() {
            (file.positive, file.negative) = (None, None);
        }
        if self.positive.is_some() || self.negative.is_some() {
            file.labels = None;
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
        prefer!(self, file; data, label_file, label_column, data_dir, split, labels, positive,
            negative, per_class, synthetic, samples, dim, signal, noise, norm, norm_spread, scale,
            centre, unit_norm, random_labels, init, init_scale, width, activation, slope, loss,
            step_size, steps, engine, exact_steps, gradient, device, precision, compensated, record,
            seed, out, export, checkpoint_interval)
    }

    /// The settings that say what the data are, and no others.
    pub fn of_data(&self) -> Settings {
        macro_rules! keep {
            ($($field:ident),*) => {
                Settings { $($field: self.$field.clone(),)* ..Settings::default() }
            };
        }
        keep!(
            data,
            label_file,
            label_column,
            data_dir,
            split,
            labels,
            positive,
            negative,
            per_class,
            synthetic,
            samples,
            dim,
            signal,
            noise,
            norm,
            norm_spread,
            scale,
            centre,
            unit_norm,
            random_labels,
            seed
        )
    }
}
