//! A configuration as settings again, as TOML, and by a short name.

use std::path::PathBuf;

use implicit_bias_data::{DataFile, GAUSSIAN_WEIGHTS};
use implicit_bias_engine::Pace;
use implicit_bias_model::{
    ACTIVATION, Activation, LEAKY_RELU, RELU, SLOPE, WIDTH, activation_kind,
};
use implicit_bias_output::sha256;
use implicit_bias_record::Family;
use implicit_bias_settings::{Kind, Settings, Value};

use super::catalogue;
use super::data::{describe_file, describe_held_out, describe_law, describe_preparation};
use super::keys::{descent, network, output};
use super::kinds::EngineKind;
use super::names::Named;
use super::run_config::RunConfig;
use super::source::{DataSource, InitSource, absolute};

impl RunConfig {
    /// The configuration as settings with every value filled in; without the run directory.
    pub fn to_settings(&self) -> Settings {
        let settings = Settings::default();
        let (settings, of_file) = match &self.data {
            DataSource::File { file, choice } => (describe_file(file, choice, settings), true),
            DataSource::Law(law) => (describe_law(law, settings), false),
        };
        let settings = describe_held_out(self.held_out.as_ref(), settings);
        let settings = describe_preparation(&self.preparation, of_file, settings);
        let settings = match &self.init {
            InitSource::File(path) => settings.with(network::INIT.name, absolute(path)),
            InitSource::Drawn { law, scale } => settings
                .with(network::INIT_SCALE.name, *scale)
                .with(
                    network::INIT_LAW.name,
                    (law.name != GAUSSIAN_WEIGHTS.name).then_some(law.name),
                )
                .or(law.settings.clone()),
        };
        let settings = settings
            .or(self.written_network())
            .or(self.optimizer.settings.clone());
        let unless = |default: bool, value: f64| (!default).then_some(value);
        let decays = self.step_decay != 0.0;
        let settings = settings
            .with(
                descent::OPTIMIZER.name,
                (!self.optimizer.optimizer_kind().is_plain).then_some(self.optimizer.name),
            )
            .with(descent::REDUCTION.name, self.sum.then_some("sum"))
            .with(descent::STEP_DECAY.name, unless(!decays, self.step_decay))
            .with(
                descent::STEP_OFFSET.name,
                unless(!decays || self.step_offset == 1.0, self.step_offset),
            );
        let piece = |(from, step_size): &(u64, f64)| format!("{from}:{step_size}");
        let table: Vec<String> = self.step_table.iter().map(piece).collect();
        let settings = settings.with(
            descent::STEP_TABLE.name,
            (!table.is_empty()).then(|| table.join(",")),
        );
        let schedule = self.step_schedule.as_ref().map(ToString::to_string);
        let settings = settings.with(descent::STEP_SCHEDULE.name, schedule);
        let has_step_size = self.optimizer.optimizer_kind().has_step_size;
        let counts = self.engine != EngineKind::Tensor && self.has_gram_coordinates();
        let takes_steps = self.optimizer.optimizer_kind().pace != Some(Pace::Flow);
        let exact_steps = counts || self.log_time && takes_steps;
        settings
            .with(descent::LOSS.name, self.loss.name())
            .with(
                descent::STEP_SIZE.name,
                has_step_size.then_some(self.step_size),
            )
            .with(descent::STEPS.name, self.steps)
            .with(descent::STOP.name, self.stop.map(Named::name))
            .with(descent::ENGINE.name, self.engine.name())
            .with(
                descent::EXACT_STEPS.name,
                exact_steps.then_some(self.exact_steps),
            )
            .with(descent::GRADIENT.name, self.gradient.name())
            .with(descent::DEVICE.name, self.device.clone())
            .with(descent::PRECISION.name, self.precision.map(Named::name))
            .with(descent::COMPENSATED.name, self.compensated.then_some(true))
            .with(descent::SENSITIVITY.name, self.sensitivity.then_some(true))
            .with(descent::KKT.name, self.kkt.then_some(true))
            .with(output::RECORD.name, self.record)
            .with(output::SEED.name, self.seed)
            .with(output::EXPORT.name, self.export.map(Named::name))
    }

    /// The network as settings: all keys of the two-layer network, of which configurations always
    /// had all; of the others those that are not the default.
    fn written_network(&self) -> Settings {
        let settings = self.network.settings.clone();
        if self.family() != Family::TwoLayer {
            return settings.with(network::NETWORK.name, self.network.name);
        }
        let settings = settings.with(WIDTH.name, self.width());
        let slope = self.activation().map(Activation::slope);
        match self.activation_name() {
            name if name == RELU.name => settings.with(ACTIVATION.name, name).without(SLOPE.name),
            name if name == LEAKY_RELU.name => {
                settings.with(ACTIVATION.name, name).with(SLOPE.name, slope)
            }
            _ => settings,
        }
    }

    /// The name of the activation, where the network has one; that of ReLU for leaky ReLU of slope
    /// 0.
    fn activation_name(&self) -> &'static str {
        let kind = activation_kind(&self.network.settings);
        let name = kind.map_or(LEAKY_RELU.name, |kind| kind.name);
        let is_relu = name == LEAKY_RELU.name && self.activation() == Some(Activation::RELU);
        if is_relu { RELU.name } else { name }
    }

    /// The configuration as TOML, readable again by [`read_settings`](super::read_settings).
    pub fn to_toml(&self) -> String {
        self.to_settings().to_toml(catalogue::keys())
    }

    /// The SHA-256 of the configuration without the paths of its files; `None` where it has none.
    pub(crate) fn sha256_without_paths(&self) -> Option<String> {
        let settings = self.to_settings();
        let of_files = |name: &str| catalogue::find(name).is_some_and(|key| key.kind == Kind::Path);
        let others = settings.only(|name| !of_files(name));
        (others != settings).then(|| sha256(others.to_toml(catalogue::keys())))
    }

    /// The files that the run reads, by their paths from the root.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let settings = self.to_settings();
        let values = settings.iter().filter_map(|(_, value)| match value {
            Value::Path(path) => Some(path.clone()),
            _ => None,
        });
        values.collect()
    }

    /// A short name for a run directory: what it is, and a hash of the whole configuration.
    pub fn run_name(&self) -> String {
        let mut hash = sha256(self.to_toml());
        hash.truncate(8);
        let network = match self.family() {
            Family::TwoLayer => self.activation_name(),
            _ => self.network.name,
        };
        let data = match &self.data {
            DataSource::File {
                file: DataFile::Mnist { .. },
                ..
            } => "mnist",
            DataSource::File {
                file: DataFile::Cifar10 { .. },
                ..
            } => "cifar10",
            DataSource::File { .. } => "data",
            DataSource::Law(law) => law.name,
        };
        let optimizer = match self.optimizer.optimizer_kind().is_plain {
            true => String::new(),
            false => format!("-{}", self.optimizer.name),
        };
        format!("{network}{optimizer}-{data}-{hash}")
    }
}
