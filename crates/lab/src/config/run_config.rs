//! The validated configuration of a run.

use std::path::PathBuf;

use implicit_bias_data::{DataFile, Dataset, Preparation, Synthetic};
use implicit_bias_engine::{Gradient, Precision};
use implicit_bias_model::{Activation, Loss};
use implicit_bias_output::sha256;

use super::catalogue;
use super::data::{
    describe_file, describe_preparation, describe_synthetic, resolve_data, resolve_preparation,
};
use super::keys::{descent, network, output};
use super::kinds::{EngineKind, ExportKind};
use super::names::Named;
use super::resolve::{
    named, resolve_activation, resolve_checkpoint_interval, resolve_compensated, resolve_engine,
    resolve_exact_steps, resolve_init,
};
use super::source::{DataSource, InitSource, absolute};
use crate::LabError;
use implicit_bias_record::Steps;
use implicit_bias_settings::Settings;

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
        let settings = &catalogue::read(settings)?;
        Ok(Self {
            data: resolve_data(settings)?,
            preparation: resolve_preparation(settings)?,
            init: resolve_init(settings)?,
            activation: resolve_activation(settings)?,
            loss: named(&descent::LOSS, settings)?.unwrap_or_default(),
            step_size: descent::STEP_SIZE.number_in(settings)?,
            steps: descent::STEPS.steps_in(settings)?,
            engine: resolve_engine(settings)?,
            exact_steps: resolve_exact_steps(settings)?,
            gradient: named(&descent::GRADIENT, settings)?.unwrap_or(Gradient::Auto),
            device: descent::DEVICE.text_in(settings)?,
            precision: named(&descent::PRECISION, settings)?,
            compensated: resolve_compensated(settings)?,
            record: output::RECORD.count_in(settings)? as u32,
            seed: output::SEED.count_in(settings)?,
            out: output::OUT.path_in(settings)?,
            export: named(&output::EXPORT, settings)?,
            checkpoint_interval: resolve_checkpoint_interval(
                settings.number(output::CHECKPOINT_INTERVAL.name),
            )?,
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
        let settings = Settings::default();
        let (settings, of_file) = match &self.data {
            DataSource::File { file, choice } => (describe_file(file, choice, settings), true),
            DataSource::Synthetic(synthetic) => (describe_synthetic(synthetic, settings), false),
        };
        let settings = describe_preparation(&self.preparation, of_file, settings);
        let settings = match &self.init {
            InitSource::File(path) => settings.with(network::INIT.name, absolute(path)),
            InitSource::Gaussian { scale, width } => settings
                .with(network::INIT_SCALE.name, *scale)
                .with(network::WIDTH.name, *width),
        };
        let settings = if self.activation == Activation::RELU {
            settings.with(network::ACTIVATION.name, "relu")
        } else {
            settings
                .with(network::ACTIVATION.name, "leaky-relu")
                .with(network::SLOPE.name, self.activation.slope())
        };
        let exact_steps = (self.engine != EngineKind::Tensor).then_some(self.exact_steps);
        settings
            .with(descent::LOSS.name, self.loss.name())
            .with(descent::STEP_SIZE.name, self.step_size)
            .with(descent::STEPS.name, self.steps)
            .with(descent::ENGINE.name, self.engine.name())
            .with(descent::EXACT_STEPS.name, exact_steps)
            .with(descent::GRADIENT.name, self.gradient.name())
            .with(descent::DEVICE.name, self.device.clone())
            .with(descent::PRECISION.name, self.precision.map(Named::name))
            .with(descent::COMPENSATED.name, self.compensated.then_some(true))
            .with(output::RECORD.name, self.record)
            .with(output::SEED.name, self.seed)
            .with(output::EXPORT.name, self.export.map(Named::name))
    }

    /// The configuration as TOML, readable again by [`read_settings`](super::read_settings).
    pub fn to_toml(&self) -> String {
        self.to_settings().to_toml(catalogue::keys())
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
