//! The networks that users choose by name.

use implicit_bias_data::Dataset;
use implicit_bias_model::{
    Architecture, DeepArchitecture, LinearArchitecture, TwoLayerArchitecture,
    TwoLayerBothArchitecture, Weights,
};
use implicit_bias_record::Family;
use implicit_bias_settings::{Invalid, Key, Settings};

use crate::device::SelectedDevice;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::tensor::{OptimizerRun, TensorEngine, TensorEngineOptions};

/// An [`Architecture`] whose networks are known by their engines alone.
pub trait NetworkKind: Send + Sync {
    /// As [`Architecture::name`].
    fn name(&self) -> &'static str;

    /// As [`Architecture::about`].
    fn about(&self) -> &'static str;

    /// As [`Architecture::keys`].
    fn keys(&self) -> &'static [Key];

    /// As [`Architecture::blocks`].
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a setting that cannot be.
    fn blocks(&self, settings: &Settings, dim: usize)
    -> Result<Vec<(String, [usize; 2])>, Invalid>;

    /// As [`Architecture::family`].
    fn family(&self) -> Family;

    /// As [`Architecture::describe`].
    fn describe(&self, settings: &Settings) -> String;

    /// An engine at step 0; by plain gradient descent where there is no optimizer.
    ///
    /// # Errors
    ///
    /// Those of [`Architecture::network`] and [`TensorEngine::new`].
    fn engine(
        &self,
        settings: &Settings,
        data: &Dataset,
        weights: &Weights,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        optimizer: Option<OptimizerRun>,
    ) -> Result<(Box<dyn Engine>, &'static str), EngineError>;
}

impl<A: Architecture> NetworkKind for A {
    fn name(&self) -> &'static str {
        Architecture::name(self)
    }

    fn about(&self) -> &'static str {
        Architecture::about(self)
    }

    fn keys(&self) -> &'static [Key] {
        Architecture::keys(self)
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        Architecture::blocks(self, settings, dim)
    }

    fn family(&self) -> Family {
        Architecture::family(self)
    }

    fn describe(&self, settings: &Settings) -> String {
        Architecture::describe(self, settings)
    }

    fn engine(
        &self,
        settings: &Settings,
        data: &Dataset,
        weights: &Weights,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        optimizer: Option<OptimizerRun>,
    ) -> Result<(Box<dyn Engine>, &'static str), EngineError> {
        let build = |device: &burn::tensor::Device| {
            Ok(self.network(settings, weights, data.dim(), device)?)
        };
        let engine = match optimizer {
            None => TensorEngine::new(data, device, options, build)?,
            Some(run) => TensorEngine::with_optimizer(data, device, options, run, build)?,
        };
        let gradient = engine.gradient();
        Ok((Box::new(engine), gradient))
    }
}

/// The networks of the laboratory, the default first.
pub const NETWORKS: &[&dyn NetworkKind] = &[
    &TwoLayerArchitecture,
    &TwoLayerBothArchitecture,
    &DeepArchitecture,
    &LinearArchitecture,
];
