//! The networks that users choose by name.

use implicit_bias_data::{Labelled, TrainingSet};
use implicit_bias_model::{
    Architecture, ConvolutionArchitecture, DeepArchitecture, LinearArchitecture, Loss,
    MultiClassArchitecture, Objective, OneSignArchitecture, TwoLayerArchitecture,
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

    /// As [`Architecture::classes`].
    fn classes(&self, settings: &Settings) -> Option<usize>;

    /// As [`Architecture::describe`].
    fn describe(&self, settings: &Settings) -> String;

    /// An engine at step 0; by plain gradient descent where there is no optimizer.
    ///
    /// # Errors
    ///
    /// Those of [`Architecture::network`] and [`TensorEngine::with_objective`];
    /// [`EngineError::Invalid`] for data of another number of classes than the network's.
    fn engine(
        &self,
        settings: &Settings,
        data: &TrainingSet,
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

    fn classes(&self, settings: &Settings) -> Option<usize> {
        Architecture::classes(self, settings)
    }

    fn describe(&self, settings: &Settings) -> String {
        Architecture::describe(self, settings)
    }

    fn engine(
        &self,
        settings: &Settings,
        data: &TrainingSet,
        weights: &Weights,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        optimizer: Option<OptimizerRun>,
    ) -> Result<(Box<dyn Engine>, &'static str), EngineError> {
        let build = |device: &burn::tensor::Device| {
            Ok(self.network(settings, weights, data.dim(), device)?)
        };
        let objective = objective(options.loss, data, self.classes(settings))?;
        let x = data.x();
        let engine = TensorEngine::with_objective(x, objective, device, options, optimizer, build)?;
        let gradient = engine.gradient();
        Ok((Box::new(engine), gradient))
    }
}

/// The mean loss of a network with a score for each of so many classes, or with one score.
///
/// Labels ±1 are two classes to a network that has a score for each.
fn objective(
    loss: Loss,
    data: &TrainingSet,
    classes: Option<usize>,
) -> Result<Objective, EngineError> {
    match (classes, data) {
        (None, TrainingSet::Signs(data)) => Ok(Objective::binary(loss, data.y().to_vec())?),
        (Some(count), _) if count == data.class_count() => {
            Ok(Objective::multi_class(loss, data.class_numbers(), count)?)
        }
        _ => Err(EngineError::Invalid {
            key: "network".into(),
            expected: format!(
                "a network of {} classes, as the data ask",
                data.class_count()
            ),
            found: classes.map_or("one with one score".into(), |count| {
                format!("one of {count} classes")
            }),
        }),
    }
}

/// The networks of the laboratory, the default first.
pub const NETWORKS: &[&dyn NetworkKind] = &[
    &TwoLayerArchitecture,
    &TwoLayerBothArchitecture,
    &DeepArchitecture,
    &LinearArchitecture,
    &MultiClassArchitecture,
    &ConvolutionArchitecture,
    &OneSignArchitecture,
];
