//! The networks that users choose by name.

use implicit_bias_data::{Labelled, TrainingSet};
use implicit_bias_model::{
    Architecture, AttentionArchitecture, ConvolutionArchitecture, DeepArchitecture,
    LinearArchitecture, Loss, ModelError, MultiClassArchitecture, Objective, OneSignArchitecture,
    QuadraticArchitecture, SQUARED, SampleShape, TargetKind, TransformerArchitecture,
    TwoLayerArchitecture, TwoLayerBothArchitecture, Weights,
};
use implicit_bias_record::Family;
use implicit_bias_settings::{Asked, Invalid, Key, Settings};

use crate::device::SelectedDevice;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::host_descent::OptimizerRun;
use crate::tensor::{TensorEngine, TensorEngineOptions};

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

    /// As [`Architecture::blocks_on`].
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a setting that cannot be, or that does not fit the samples.
    fn blocks_on(
        &self,
        settings: &Settings,
        data: &TrainingSet,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid>;

    /// As [`Architecture::asks`].
    fn asks(&self) -> Asked;

    /// As [`Architecture::law`].
    fn law(&self, loss: Loss) -> Option<&'static str>;

    /// As [`Architecture::family`].
    fn family(&self) -> Family;

    /// As [`Architecture::targets`].
    fn targets(&self, settings: &Settings) -> TargetKind;

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

    fn blocks_on(
        &self,
        settings: &Settings,
        data: &TrainingSet,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        Architecture::blocks_on(self, settings, &shape(data))
    }

    fn asks(&self) -> Asked {
        Architecture::asks(self)
    }

    fn law(&self, loss: Loss) -> Option<&'static str> {
        Architecture::law(self, loss)
    }

    fn family(&self) -> Family {
        Architecture::family(self)
    }

    fn targets(&self, settings: &Settings) -> TargetKind {
        Architecture::targets(self, settings)
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
        let samples = shape(data);
        let build = |device: &burn::tensor::Device| {
            Ok(self.network_on(settings, weights, &samples, device)?)
        };
        let rows = self.rows(settings, &samples, data.x());
        let rows = rows.map_err(ModelError::from)?;
        let objective = objective(options.loss, data, self.targets(settings))?;
        let objective = match self.sample_weights(&samples) {
            Some(weights) => objective.weighted(weights)?,
            None => objective,
        };
        let x = rows.as_ref().unwrap_or(data.x());
        let optimizer = optimizer.map(|run| OptimizerRun {
            first_stage: self.first_stage(&samples),
            ..run
        });
        let engine = TensorEngine::with_objective(x, objective, device, options, optimizer, build)?;
        let gradient = engine.gradient();
        Ok((Box::new(engine), gradient))
    }
}

/// What an architecture is told of samples.
fn shape(data: &TrainingSet) -> SampleShape<'_> {
    let beside = data.beside();
    SampleShape {
        dim: data.dim(),
        parts: beside.parts,
        arrays: &beside.arrays,
    }
}

/// The mean loss of a network for the targets that it knows.
///
/// Labels ±1 are two classes to a network that has a score for each.
fn objective(
    loss: Loss,
    data: &TrainingSet,
    targets: TargetKind,
) -> Result<Objective, EngineError> {
    let count = data.class_count();
    match (targets, data) {
        (TargetKind::Signs | TargetKind::Reals, TrainingSet::Signs(data)) => {
            Ok(Objective::binary(loss, data.y().to_vec())?)
        }
        (_, TrainingSet::Reals(_)) if loss != SQUARED => Err(EngineError::Invalid {
            key: "loss".into(),
            expected: "squared, for real targets".into(),
            found: loss.name().into(),
        }),
        (TargetKind::Signs | TargetKind::Reals, TrainingSet::Reals(data)) => {
            Ok(Objective::regression(data.y().to_vec())?)
        }
        (TargetKind::Classes(asked), TrainingSet::Signs(_) | TrainingSet::Classes(_))
            if asked == count =>
        {
            Ok(Objective::multi_class(loss, data.class_numbers(), count)?)
        }
        (TargetKind::Numbers, TrainingSet::Classes(_)) => {
            Ok(Objective::multi_class(loss, data.class_numbers(), count)?)
        }
        _ => Err(EngineError::Invalid {
            key: "network".into(),
            expected: match data {
                TrainingSet::Reals(_) => "a network with one score, as real targets ask".into(),
                _ => format!("a network of {count} classes, as the data ask"),
            },
            found: match targets {
                TargetKind::Signs | TargetKind::Reals => "one with one score".into(),
                TargetKind::Classes(count) => format!("one of {count} classes"),
                TargetKind::Numbers => "one of the next tokens of a data file".into(),
            },
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
    &QuadraticArchitecture,
    &AttentionArchitecture,
    &TransformerArchitecture,
    &OneSignArchitecture,
];
