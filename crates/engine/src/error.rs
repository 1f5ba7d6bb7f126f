//! What can go wrong while an engine is made, run and looked at.

use implicit_bias_gram::GramError;
use implicit_bias_metrics::MetricError;
use implicit_bias_model::ModelError;

/// An error of an engine or a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A value that was asked for, or a combination of values, makes no sense.
    #[error("{key}: expected {expected}, found {found}")]
    Invalid {
        /// What was asked for: `device`, `gradient`.
        key: String,
        /// What would have been accepted.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A checkpoint is not of the engine that is to go on from it.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// The network or its weights are not what they must be.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A problem in Gram coordinates, or its limit, is not what it must be.
    #[error(transparent)]
    Gram(#[from] GramError),
    /// A quantity is undefined for the present weights.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// What a [`MarginSystem`](crate::MarginSystem) could not answer, in its own words.
    #[error("the margins could not be computed: {0}")]
    System(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl EngineError {
    /// Whether the user's input is at fault rather than the run.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::Checkpoint(_) | Self::Model(_) => true,
            // A program without an answer is a result, and far states are the program's own.
            Self::Gram(error) => !matches!(
                error,
                GramError::Program(_) | GramError::FarStep(_) | GramError::FarRegime { .. }
            ),
            Self::Metric(_) | Self::System(_) => false,
        }
    }
}
