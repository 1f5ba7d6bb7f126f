//! The validated configuration of a run.

use std::path::PathBuf;

use implicit_bias_data::{DataFile, Dataset, Preparation, Synthetic};
use implicit_bias_engine::{Gradient, Precision};
use implicit_bias_model::{Activation, Loss};
use implicit_bias_output::sha256;

use super::data::{
    describe_file, describe_preparation, describe_synthetic, resolve_data, resolve_preparation,
};
use super::kinds::{ActivationKind, EngineKind, ExportKind, GradientKind, LossKind};
use super::resolve::{
    invalid, number, resolve_activation, resolve_checkpoint_interval, resolve_compensated,
    resolve_engine, resolve_exact_steps, resolve_init,
};
use super::settings::Settings;
use super::source::{DataSource, InitSource, absolute};
use crate::LabError;
use implicit_bias_record::Steps;

/// Most recorded steps a decade: past this the tables outgrow their use.
const MAX_RECORD: u32 = 1000;

/// A validated configuration of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunConfig {
    /// Where the samples come from.
    pub data: DataSource,
    /// What is done to the samples.
    pub preparation: Preparation,
    /// The initial weights.
    pub init: InitSource,
    /// The activation.
    pub activation: Activation,
    /// The loss.
    pub loss: Loss,
    /// Step size `η`.
    pub step_size: f64,
    /// Horizon `T` in steps.
    pub steps: Steps,
    /// Engine asked for.
    pub engine: EngineKind,
    /// Steps that the Gram engine takes exactly before it goes on in log time.
    pub exact_steps: Steps,
    /// Gradient asked for.
    pub gradient: Gradient,
    /// Device asked for; `None` for the first.
    pub device: Option<String>,
    /// Precision asked for; `None` for the best that the device has.
    pub precision: Option<Precision>,
    /// Whether what rounding takes from each update is kept, in single precision.
    pub compensated: bool,
    /// Recorded steps a decade.
    pub record: u32,
    /// Seed of data and initial weights.
    pub seed: u64,
    /// Run directory; `None` for one named after the run.
    pub out: Option<PathBuf>,
    /// Format to write the results in, beside the run directory's own.
    pub export: Option<ExportKind>,
    /// Seconds from one checkpoint to the next, at least; changes nothing but where a run that was
    /// cut off can go on, so that it is not part of the run's own settings.
    pub checkpoint_interval: f64,
}

impl RunConfig {
    /// Validates settings and fills in the defaults.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] names the key, what was expected and what was found.
    pub fn resolve(settings: &Settings) -> Result<Self, LabError> {
        let paths = [
            ("data", &settings.data),
            ("label-file", &settings.label_file),
            ("data-dir", &settings.data_dir),
            ("init", &settings.init),
            ("out", &settings.out),
        ];
        for (key, path) in paths {
            // Configurations and manifests are text: a path that is none could not be written
            // there.
            if let Some(path) = path
                && path.to_str().is_none_or(str::is_empty)
            {
                let found = format!("`{}`", path.display());
                return Err(invalid(
                    key,
                    "a path that is text in UTF-8, not empty",
                    found,
                ));
            }
        }
        let record = settings.record.unwrap_or(20);
        if record > MAX_RECORD {
            return Err(invalid("record", &format!("at most {MAX_RECORD}"), record));
        }
        Ok(Self {
            data: resolve_data(settings)?,
            preparation: resolve_preparation(settings)?,
            init: resolve_init(settings)?,
            activation: resolve_activation(settings)?,
            loss: match settings.loss {
                Some(LossKind::Exponential) => Loss::Exponential,
                Some(LossKind::Logistic) | None => Loss::Logistic,
            },
            step_size: number(
                "step-size",
                settings.step_size,
                0.1,
                "a positive finite number",
                |v| v > 0.0,
            )?,
            steps: settings
                .steps
                .unwrap_or(Steps::try_from(1e5).expect("a whole number")),
            engine: resolve_engine(settings)?,
            exact_steps: resolve_exact_steps(settings)?,
            gradient: settings.gradient.unwrap_or(GradientKind::Auto).into(),
            device: settings.device.clone(),
            precision: settings.precision.map(Into::into),
            compensated: resolve_compensated(settings)?,
            record,
            seed: settings.seed.unwrap_or(0),
            out: settings.out.clone(),
            export: settings.export,
            checkpoint_interval: resolve_checkpoint_interval(settings.checkpoint_interval)?,
        })
    }

    /// The data set as the run trains on it: read or generated, and prepared.
    ///
    /// # Errors
    ///
    /// Those of [`DataSource::load`] and [`Preparation::apply`].
    pub fn load_data(&self) -> Result<Dataset, LabError> {
        self.prepare(self.data.load(self.seed)?)
    }

    /// A data set that was read or generated, prepared.
    ///
    /// # Errors
    ///
    /// Those of [`Preparation::apply`].
    pub fn prepare(&self, data: Dataset) -> Result<Dataset, LabError> {
        Ok(self.preparation.apply(data, self.seed)?)
    }

    /// The configuration as settings with every value filled in; without the run directory.
    pub fn to_settings(&self) -> Settings {
        let mut settings = Settings {
            activation: Some(if self.activation == Activation::RELU {
                ActivationKind::Relu
            } else {
                ActivationKind::LeakyRelu
            }),
            slope: (self.activation != Activation::RELU).then_some(self.activation.slope()),
            loss: Some(match self.loss {
                Loss::Logistic => LossKind::Logistic,
                Loss::Exponential => LossKind::Exponential,
            }),
            step_size: Some(self.step_size),
            steps: Some(self.steps),
            engine: Some(self.engine),
            exact_steps: (self.engine != EngineKind::Tensor).then_some(self.exact_steps),
            gradient: Some(self.gradient.into()),
            device: self.device.clone(),
            precision: self.precision.map(Into::into),
            compensated: self.compensated.then_some(true),
            record: Some(self.record),
            seed: Some(self.seed),
            export: self.export,
            ..Settings::default()
        };
        match &self.data {
            DataSource::File { file, choice } => describe_file(file, choice, &mut settings),
            DataSource::Synthetic(synthetic) => describe_synthetic(synthetic, &mut settings),
        }
        let of_file = matches!(self.data, DataSource::File { .. });
        describe_preparation(&self.preparation, of_file, &mut settings);
        match &self.init {
            InitSource::File(path) => settings.init = Some(absolute(path)),
            InitSource::Gaussian { scale, width } => {
                settings.init_scale = Some(*scale);
                settings.width = Some(*width);
            }
        }
        settings
    }

    /// The configuration as TOML, readable again by [`Settings::from_file`].
    pub fn to_toml(&self) -> String {
        toml::to_string(&self.to_settings()).expect("settings are plain keys and values")
    }

    /// A short name for a run directory: what it is, and a hash of the whole configuration.
    pub fn run_name(&self) -> String {
        let mut hash = sha256(self.to_toml());
        hash.truncate(8);
        let activation = if self.activation == Activation::RELU {
            "relu"
        } else {
            "leaky-relu"
        };
        let data = match &self.data {
            DataSource::File {
                file: DataFile::Mnist { .. },
                ..
            } => "mnist",
            DataSource::File { .. } => "data",
            DataSource::Synthetic(Synthetic::Mixture { .. }) => "mixture",
            DataSource::Synthetic(Synthetic::Gaussian { .. }) => "gaussian",
            DataSource::Synthetic(Synthetic::Orthogonal { .. }) => "orthogonal",
        };
        format!("{activation}-{data}-{hash}")
    }
}
