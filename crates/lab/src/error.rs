//! Everything that can go wrong above the numerical crates.

use std::path::PathBuf;

use implicit_bias_engine::EngineError;
use implicit_bias_gram::GramError;

/// An error of the laboratory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// A value of the configuration, or a combination of values, makes no sense.
    #[error("{key}: expected {expected}, found {found}")]
    Config {
        /// The flag or key.
        key: String,
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A file could not be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file or a directory could not be written.
    #[error("writing {}: {source}", path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file was read but its content is not what it must be.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
    /// A line of a table has the wrong number of fields or a field that is no number.
    #[error(transparent)]
    Table(#[from] implicit_bias_record::TableError),
    /// Another process is writing the run directory.
    #[error("{}: expected a run directory that nobody writes, found it in use by {}; wait for it \
             or stop it", path.display(), owner_words(*.owner))]
    Locked {
        /// The run directory.
        path: PathBuf,
        /// The process number of its owner, where that is known.
        owner: Option<u32>,
    },
    /// The user stopped it.
    #[error("interrupted; the same command goes on")]
    Interrupted,
    /// A checkpoint is not of the run that it is to go on.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// Figures cannot be printed as was asked.
    #[error("{key}: {source}")]
    Print {
        /// The flag or key.
        key: String,
        /// What was expected and what was found.
        source: implicit_bias_print::PrintError,
    },
    /// A figure could not be drawn.
    #[error(transparent)]
    Plot(#[from] implicit_bias_plot::PlotError),
    /// The data are not what they must be.
    #[error(transparent)]
    Data(#[from] implicit_bias_data::DataError),
    /// The network or its weights are not what they must be.
    #[error(transparent)]
    Model(#[from] implicit_bias_model::ModelError),
    /// A problem in Gram coordinates, or its limit, is not what it must be.
    #[error(transparent)]
    Gram(#[from] GramError),
    /// A quantity is undefined for the present weights.
    #[error(transparent)]
    Metric(#[from] implicit_bias_metrics::MetricError),
    /// Anything else that goes wrong in an engine.
    #[error(transparent)]
    Engine(EngineError),
    /// A report could not be filled in.
    #[error("report: {0}")]
    Report(#[from] minijinja::Error),
}

impl From<implicit_bias_settings::Invalid> for LabError {
    fn from(error: implicit_bias_settings::Invalid) -> Self {
        Self::Config {
            key: error.key,
            expected: error.expected,
            found: error.found,
        }
    }
}

impl From<EngineError> for LabError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Invalid {
                key,
                expected,
                found,
            } => Self::Config {
                key,
                expected,
                found,
            },
            EngineError::Checkpoint(reason) => Self::Checkpoint(reason),
            EngineError::Model(error) => Self::Model(error),
            EngineError::Gram(error) => Self::Gram(error),
            EngineError::Metric(error) => Self::Metric(error),
            error => Self::Engine(error),
        }
    }
}

fn owner_words(owner: Option<u32>) -> String {
    owner.map_or("another process".to_owned(), |pid| format!("process {pid}"))
}

impl LabError {
    /// Whether the user's input is at fault (exit code 2) rather than the run (exit code 1).
    pub fn is_input(&self) -> bool {
        match self {
            Self::Config { .. }
            | Self::Read { .. }
            | Self::Content { .. }
            | Self::Table(_)
            | Self::Checkpoint(_)
            | Self::Print { .. }
            | Self::Locked { .. }
            | Self::Data(_)
            | Self::Model(_) => true,
            // A program without an answer is a result, and far states are the program's own.
            Self::Gram(error) => !matches!(
                error,
                GramError::Program(_) | GramError::FarStep(_) | GramError::FarRegime { .. }
            ),
            Self::Engine(error) => error.is_input(),
            Self::Interrupted
            | Self::Write { .. }
            | Self::Plot(_)
            | Self::Metric(_)
            | Self::Report(_) => false,
        }
    }

    /// Whether a run has no limit that could be found: its program has no solution, or none is known.
    pub fn is_without_limit(&self) -> bool {
        matches!(self, Self::Gram(GramError::Program(_)))
    }
}
