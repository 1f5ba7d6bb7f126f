//! The configuration of a run: settings as given, and the validated configuration they resolve to.

mod data;
mod kinds;
mod resolve;
mod settings;
mod steps;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use implicit_bias_data::{Choice, ClassRule, DataFile, Dataset, Preparation, Synthetic};
use implicit_bias_engine::{Gradient, Precision};
use implicit_bias_model::{Activation, Loss};
use sha2::{Digest, Sha256};

pub use kinds::{
    ActivationKind, EngineKind, ExportKind, GradientKind, LabelKind, LossKind, PrecisionKind,
    SplitKind, SyntheticKind,
};
pub use settings::{DATA_HEADING, PREPARATION_HEADING, Settings};
pub use steps::Steps;

use crate::LabError;
use data::{
    describe_file, describe_preparation, describe_synthetic, is_mnist, resolve_data,
    resolve_preparation,
};
pub(crate) use resolve::resolve_checkpoint_interval;
use resolve::{
    invalid, number, resolve_activation, resolve_compensated, resolve_engine, resolve_exact_steps,
    resolve_init,
};

/// Most recorded steps a decade: past this the tables outgrow their use.
const MAX_RECORD: u32 = 1000;

/// Where the samples come from.
#[derive(Clone, Debug, PartialEq)]
pub enum DataSource {
    /// Samples of a file.
    File {
        /// The file.
        file: DataFile,
        /// Which samples, and what their classes are.
        choice: Choice,
    },
    /// A generator.
    Synthetic(Synthetic),
}

impl DataSource {
    /// Reads or generates the data set, before any [`Preparation`].
    ///
    /// # Errors
    ///
    /// Those of the reader or the generator.
    pub fn load(&self, seed: u64) -> Result<Dataset, LabError> {
        Ok(match self {
            Self::File { file, choice } => file.read(choice, seed)?,
            Self::Synthetic(synthetic) => synthetic.generate(seed)?,
        })
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, choice } => {
                f.write_str(&file.describe())?;
                match &choice.rule {
                    ClassRule::Encoded(_) => {}
                    ClassRule::Pair { positive, negative } => {
                        write!(f, ", {positive} against {negative}")?;
                    }
                    ClassRule::OneAgainstTheRest { positive } => {
                        write!(f, ", {positive} against the rest")?;
                    }
                }
                match choice.per_class {
                    Some(count) => write!(f, ", {count} of each class"),
                    None => Ok(()),
                }
            }
            Self::Synthetic(Synthetic::Mixture {
                samples,
                dim,
                signal,
                noise,
            }) => {
                write!(
                    f,
                    "mixture, n = {samples}, d = {dim}, ‖μ‖ = {signal}, σ = {noise}"
                )
            }
            Self::Synthetic(Synthetic::Gaussian {
                samples,
                dim,
                noise,
            }) => {
                write!(f, "gaussian, n = {samples}, d = {dim}, σ = {noise}")
            }
            Self::Synthetic(Synthetic::Orthogonal {
                samples,
                dim,
                norm,
                norm_spread,
            }) => {
                let spread = format!("R_max/R_min = {norm_spread}");
                write!(
                    f,
                    "orthogonal, n = {samples}, d = {dim}, norm {norm:.4}, {spread}"
                )
            }
        }
    }
}

/// Where the initial weights come from.
#[derive(Clone, Debug, PartialEq)]
pub enum InitSource {
    /// A file with `W_pos` and `W_neg`; the width is the file's.
    File(PathBuf),
    /// Independent `N(0, scale²)` entries.
    Gaussian {
        /// Standard deviation `σ₀`.
        scale: f64,
        /// Neurons in each block.
        width: usize,
    },
}

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
    /// Seconds from one checkpoint to the next, at least; changes nothing but where a run that was cut off
    /// can go on, so that it is not part of the run's own settings.
    pub checkpoint_interval: f64,
}

impl Settings {
    /// Reads settings from a TOML file; relative paths in it are relative to the file.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] if it cannot be read, [`LabError::Content`] for bad TOML, an unknown key or
    /// a value of the wrong kind.
    pub fn from_file(path: &Path) -> Result<Self, LabError> {
        read_toml(path, Self::from_toml)
    }

    /// The settings of a TOML text, in which paths are relative to `folder`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, String> {
        let table: toml::Table = text
            .parse()
            .map_err(|error| format!("{error}").trim().to_owned())?;
        Self::from_table(table, folder)
    }

    /// The settings of a table of keys, in which paths are relative to `folder`; or what is wrong with it.
    pub(crate) fn from_table(table: toml::Table, folder: &Path) -> Result<Self, String> {
        let mut settings: Self = spelled(table)?
            .try_into()
            .map_err(|error| format!("{error}").trim().to_owned())?;
        // An empty path is refused later; joined, it would become the folder itself.
        let join = |file: PathBuf| {
            if file.as_os_str().is_empty() {
                file
            } else {
                folder.join(file)
            }
        };
        let named = settings.data.take_if(|data| is_mnist(data));
        for file in [
            &mut settings.data,
            &mut settings.label_file,
            &mut settings.data_dir,
            &mut settings.init,
            &mut settings.out,
        ] {
            *file = file.take().map(join);
        }
        settings.data = named.or(settings.data);
        Ok(settings)
    }
}

/// What `parse` makes of a file, given its text and its folder; an error names the file.
pub(crate) fn read_toml<T>(
    path: &Path,
    parse: impl FnOnce(&str, &Path) -> Result<T, String>,
) -> Result<T, LabError> {
    let text = std::fs::read_to_string(path).map_err(|source| LabError::Read {
        path: path.into(),
        source,
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, folder).map_err(|reason| LabError::Content {
        path: path.into(),
        reason,
    })
}

/// A table with its keys spelled as flags are, or which of them is there twice.
pub(crate) fn spelled(table: toml::Table) -> Result<toml::Table, String> {
    let mut spelled = toml::Table::new();
    for (key, value) in table {
        let key = key.replace('_', "-");
        if spelled.insert(key.clone(), value).is_some() {
            return Err(format!("key `{key}` is given twice"));
        }
    }
    Ok(spelled)
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
            // Configurations and manifests are text: a path that is none could not be written there.
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
        let hash = Sha256::digest(self.to_toml().as_bytes());
        let hash: String = hash
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
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

/// The path from the root, where the system can tell it; a moved run directory still finds its data.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
