//! The validated configuration of a run.

use std::path::PathBuf;

use implicit_bias_data::{Preparation, TrainingSet};
use implicit_bias_engine::optimizers::{BATCH_ORDER, BATCH_SIZE};
use implicit_bias_engine::probes::Probe;
use implicit_bias_engine::{Batches, Clock, Gradient, LogTimeOptions, Pace, Precision, StepSize};
use implicit_bias_model::{
    ACTIVATION, Activation, CLASSES, Loss, OUTPUT_WEIGHT, SharedActivation, WIDTH, activation,
    class_labels,
};

use super::catalogue;
use super::component::Component;
use super::data::{resolve_data, resolve_held_out, resolve_preparation};
use super::horizon::{Horizon, LAST_WHOLE_STEP};
use super::keys::{descent, output};
use super::kinds::{EngineKind, ExportKind};
use super::resolve::{
    invalid, named, require_signs, require_step_size, require_stop, resolve_checkpoint_interval,
    resolve_compensated, resolve_engine, resolve_exact_steps, resolve_init, resolve_probes,
    resolve_step_size,
};
use super::source::{DataSource, HeldOutSource, InitSource};
use crate::LabError;
use implicit_bias_record::{Family, StepNorm, Steps, StopRule};
use implicit_bias_settings::{Key, Settings};

/// The two-layer network under plain gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoLayerDescent {
    /// The activation.
    pub activation: Activation,
    /// The loss, logistic or exponential.
    pub loss: Loss,
    /// The step size `η`.
    pub step_size: f64,
    /// The weight `a` of a neuron in the score; `1/m` without.
    pub output_weight: Option<f64>,
}

/// The step sizes and the batches of an optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerSettings {
    /// The step size of every step.
    pub step_size: StepSize,
    /// The batches; all samples without.
    pub batches: Option<Batches>,
}

/// The batches that an optimizer asks for.
fn batches(optimizer: &Component, seed: u64) -> Option<Batches> {
    let kind = optimizer.optimizer_kind();
    let asked = BATCH_SIZE.count_if_given(&optimizer.settings).ok()?;
    let asked = asked.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
    let size = asked.or(kind.batch_size)?;
    let order = BATCH_ORDER.text_in(&optimizer.settings).ok()?;
    Some(Batches {
        size,
        seed: (order.as_deref() != Some("cyclic")).then_some(seed),
    })
}

/// Whether Gram coordinates know an activation.
fn has_one_kink(activation: &SharedActivation) -> bool {
    activation.piecewise_linear().is_some()
}

/// A validated configuration of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunConfig {
    /// Where the samples come from.
    pub data: DataSource,
    /// Samples that no step sees, on which errors are counted, if there are any.
    pub held_out: Option<HeldOutSource>,
    /// What is done to the samples.
    pub preparation: Preparation,
    /// The initial weights.
    pub init: InitSource,
    /// The network.
    pub network: Component,
    /// The loss.
    pub loss: Loss,
    /// Whether the loss is the sum over the samples instead of their mean.
    pub sum: bool,
    /// The optimizer.
    pub optimizer: Component,
    /// The step size of every step.
    pub step_size: StepSize,
    /// Horizon `T` in steps.
    pub steps: Steps,
    /// Where the run stops before its horizon, if it does.
    pub stop: Option<StopRule>,
    /// Engine asked for.
    pub engine: EngineKind,
    /// Steps that are taken exactly before the run goes on in log time.
    pub exact_steps: Steps,
    /// Whether weight space goes on in log time past the exact steps; Gram coordinates always do.
    pub log_time: bool,
    /// Gradient asked for.
    pub gradient: Gradient,
    /// Device asked for; `None` for the first.
    pub device: Option<String>,
    /// Precision asked for; `None` for the best that the device has.
    pub precision: Option<Precision>,
    /// Whether what rounding takes from each update is kept, in single precision.
    pub compensated: bool,
    /// Whether a twin runs beside, whose distance is recorded.
    pub sensitivity: bool,
    /// Whether the residual of the direction is recorded.
    pub kkt: bool,
    /// Recorded steps a decade.
    pub record: u32,
    /// The names of the probes whose columns are recorded besides.
    pub probes: Vec<&'static str>,
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
        let network = Component::network(settings)?;
        // Of any dimension: a setting that cannot be is refused before the data are looked into.
        network.network_kind().blocks(&network.settings, 1)?;
        let keys = catalogue::keys_of_network(network.network_kind());
        let mut network = network.without_defaults(&keys);
        if let Some(labels) = class_labels(&network.settings)? {
            network.settings.set(CLASSES.name, labels.join(","));
        }
        let optimizer = Component::optimizer(settings)?;
        (optimizer.optimizer_kind().make)(&optimizer.settings, 0)?;
        BATCH_SIZE.count_if_given(&optimizer.settings)?;
        let keys: Vec<&Key> = optimizer.optimizer_kind().keys.iter().collect();
        let mut optimizer = optimizer.without_defaults(&keys);
        let batch = optimizer.settings.count(BATCH_SIZE.name);
        if batch.is_some() && batch == optimizer.optimizer_kind().batch_size.map(|b| b as u64) {
            optimizer.settings.remove(&[BATCH_SIZE.name]);
        }
        let step_size = resolve_step_size(settings)?;
        require_step_size(&optimizer, settings)?;
        let data = resolve_data(settings)?;
        let mut config = Self {
            held_out: resolve_held_out(settings, &data)?,
            data,
            preparation: resolve_preparation(settings)?,
            init: resolve_init(settings)?,
            network,
            loss: Component::loss(settings)?,
            sum: descent::REDUCTION.text_in(settings)?.as_deref() == Some("sum"),
            optimizer,
            step_size,
            steps: descent::STEPS.steps_in(settings)?,
            stop: named(&descent::STOP, settings)?,
            engine: resolve_engine(settings)?,
            exact_steps: resolve_exact_steps(settings)?,
            log_time: false,
            gradient: named(&descent::GRADIENT, settings)?.unwrap_or(Gradient::Auto),
            device: descent::DEVICE.text_in(settings)?,
            precision: named(&descent::PRECISION, settings)?,
            compensated: resolve_compensated(settings)?,
            sensitivity: descent::SENSITIVITY.switch_in(settings)?.unwrap_or(false),
            kkt: descent::KKT.switch_in(settings)?.unwrap_or(false),
            record: output::RECORD.count_in(settings)? as u32,
            probes: resolve_probes(settings)?
                .iter()
                .map(|probe| probe.name)
                .collect(),
            seed: output::SEED.count_in(settings)?,
            out: output::OUT.path_in(settings)?,
            export: named(&output::EXPORT, settings)?,
            checkpoint_interval: resolve_checkpoint_interval(
                settings.number(output::CHECKPOINT_INTERVAL.name),
            )?,
        };
        require_signs(
            &config.data,
            &config.preparation,
            config.loss,
            &config.network,
        )?;
        require_stop(config.stop, config.loss, config.network.has_classes())?;
        config.require_engine()?;
        let asked = settings.has(descent::EXACT_STEPS.name);
        let exact_steps = asked.then_some(config.exact_steps);
        let exact_steps = config
            .horizon()
            .exact_steps(exact_steps, config.exact_steps)?;
        config.log_time = exact_steps.is_some();
        config.exact_steps = exact_steps.unwrap_or(config.exact_steps);
        Ok(config)
    }

    /// What decides whether weight space goes on in log time.
    fn horizon(&self) -> Horizon {
        Horizon {
            steps: self.steps,
            pace: self.optimizer.optimizer_kind().pace,
            step_decay: self.step_size.decay().map(|decay| decay.exponent),
            is_exponentially_tailed: self.loss.is_exponentially_tailed(),
            has_twin: self.sensitivity,
            stops: self.stop.is_some(),
            compensated: self.compensated,
            weight_space_asked: self.engine == EngineKind::Tensor,
            has_gram_coordinates: self.has_gram_coordinates(),
        }
    }

    /// What keeps weight space from going on in log time, as what log time would know instead;
    /// `None` if nothing does that a configuration knows.
    pub(crate) fn no_log_time(&self) -> Option<&'static str> {
        self.horizon().obstacle()
    }

    /// How weight space goes on past its exact steps; all of them are exact without.
    pub(crate) fn log_time_options(&self) -> Option<LogTimeOptions> {
        let pace = self.optimizer.optimizer_kind().pace?;
        let clock = Clock::new(pace, &self.step_size)?;
        self.log_time.then_some(LogTimeOptions {
            exact_steps: match pace {
                Pace::Flow => 0.0,
                Pace::Gradient | Pace::Normalized => self.exact_steps.get(),
            },
            clock,
            required: self.steps.get() > LAST_WHOLE_STEP,
        })
    }

    /// This configuration with a longer horizon, as a run of that horizon has it; but steps that
    /// weight space took exactly stay exact.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for steps that no log time gets to.
    pub(crate) fn extended_to(
        &self,
        steps: Steps,
        in_weight_space: bool,
    ) -> Result<Self, LabError> {
        let mut longer = Self {
            steps,
            ..self.clone()
        };
        let exact = longer.horizon().exact_steps(None, self.exact_steps)?;
        if let Some(exact) = exact.filter(|_| !self.log_time) {
            let taken = in_weight_space && self.steps > exact;
            longer.log_time = true;
            longer.exact_steps = if taken { self.steps } else { exact };
        }
        Ok(longer)
    }

    /// Refuses what only the two-layer network under plain gradient descent can have.
    fn require_engine(&self) -> Result<(), LabError> {
        if self.engine == EngineKind::Gram
            && let Some([key, expected, found]) = self.not_plain()
        {
            if key == ACTIVATION.name {
                let expected = format!("{expected} beside engine gram");
                return Err(invalid(&key, &expected, found));
            }
            return Err(LabError::Config {
                key: "engine".into(),
                expected: format!("tensor: Gram coordinates are for {expected}"),
                found: format!("gram, with {found}"),
            });
        }
        if self.compensated && self.optimizer_run().is_some() {
            let [_, _, found] = self.not_plain().unwrap_or_default();
            return Err(LabError::Config {
                key: "compensated".into(),
                expected: "plain gradient descent: all else keeps its weights in double precision"
                    .into(),
                found,
            });
        }
        Ok(())
    }

    /// What keeps this run from being plain gradient descent on a network with Gram coordinates:
    /// the key, what it would have to be, and what it is. `None` if nothing does.
    pub fn not_plain(&self) -> Option<[String; 3]> {
        let cause = |key: &str, expected: &str, found: String| {
            Some([key, expected, &found].map(str::to_owned))
        };
        let name = self.network.name;
        if !self.optimizer.optimizer_kind().is_plain {
            cause(
                "optimizer",
                "plain gradient descent (gd)",
                format!("optimizer {}", self.optimizer.name),
            )
        } else if self.family() == Family::Other {
            cause(
                "network",
                "the two-layer and the linear network",
                format!("network {name}"),
            )
        } else if let Some(other) = self.activation_function().filter(|phi| !has_one_kink(phi)) {
            cause(ACTIVATION.name, "ReLU or leaky ReLU", other.describe())
        } else if !self.loss.is_logistic_or_exponential() {
            cause(
                "loss",
                "the logistic and the exponential loss",
                format!("the {} loss", self.loss.name()),
            )
        } else if self.sum {
            cause(
                "reduction",
                "the mean of the losses (with n times the step size it takes the steps of the sum)",
                "their sum".to_owned(),
            )
        } else if !self.has_constant_step_size() {
            cause(
                "step-decay",
                "a constant step size",
                "one that varies".to_owned(),
            )
        } else if self.stop.is_some() {
            let expected = "a run without --stop, whose steps weight space looks at one by one";
            cause("stop", expected, "--stop".to_owned())
        } else if self.held_out.is_some() {
            let expected = "a run without held-out samples, whose scores weight space computes";
            cause("held-out", expected, "held-out samples".to_owned())
        } else if self.sensitivity {
            cause("sensitivity", "a run without a twin", "a twin".to_owned())
        } else if self.kkt {
            let expected = "a run without --kkt, which weight space measures";
            cause("kkt", expected, "--kkt".to_owned())
        } else {
            None
        }
    }

    /// Which of the networks that theorems are about the network is.
    pub(crate) fn family(&self) -> Family {
        self.network.network_kind().family()
    }

    /// The network's activation, where it has one.
    pub fn activation_function(&self) -> Option<SharedActivation> {
        let keys = self.network.network_kind().keys();
        let has_one = keys.iter().any(|key| key.name == ACTIVATION.name);
        has_one.then(|| activation(&self.network.settings).ok())?
    }

    /// The network's activation, where it has one that is ReLU or leaky ReLU.
    pub fn activation(&self) -> Option<Activation> {
        self.activation_function()?.piecewise_linear()
    }

    /// The width that is asked for; `None` where a file has it, or the network has none.
    pub fn width(&self) -> Option<usize> {
        let keys = self.network.network_kind().keys();
        let drawn = matches!(self.init, InitSource::Drawn { .. });
        let has_one = drawn && keys.iter().any(|key| key.name == WIDTH.name);
        has_one.then(|| WIDTH.size_in(&self.network.settings).ok())?
    }

    /// What the limit program and Gram coordinates are about: the
    /// two-layer network with the logistic or the exponential loss, under plain gradient descent on
    /// the mean with a constant step size. `None` for any other run.
    pub fn two_layer_descent(&self) -> Option<TwoLayerDescent> {
        let applies = self.family() == Family::TwoLayer && self.is_plain_descent();
        Some(TwoLayerDescent {
            activation: self.activation().filter(|_| applies)?,
            loss: self.loss,
            step_size: self.step_size.first,
            output_weight: self.network.settings.number(OUTPUT_WEIGHT.name),
        })
    }

    /// As [`two_layer_descent`](Self::two_layer_descent), with the output weights `±1/m` of Kou, Chen
    /// & Gu.
    pub fn descent_of_kou(&self) -> Option<TwoLayerDescent> {
        self.two_layer_descent()
            .filter(|descent| descent.output_weight.is_none())
    }

    /// The probes whose columns are recorded besides.
    pub(crate) fn probes(&self) -> Vec<&'static Probe> {
        let all = catalogue::probes();
        all.filter(|probe| self.probes.contains(&probe.name))
            .collect()
    }

    /// The name of the loss.
    pub(crate) fn loss_name(&self) -> &'static str {
        self.loss.name()
    }

    /// Whether every step has the same step size.
    pub(crate) fn has_constant_step_size(&self) -> bool {
        self.optimizer.optimizer_kind().has_step_size && self.step_size.is_constant()
    }

    /// Whether this is plain gradient descent on the mean of the logistic or the exponential loss,
    /// with a constant step size.
    fn is_plain_descent(&self) -> bool {
        let plain = self.optimizer.optimizer_kind().is_plain && self.has_constant_step_size();
        plain && !self.sum && self.loss.is_logistic_or_exponential()
    }

    /// Whether Gram coordinates are known for this run: the two-layer and the linear network under
    /// plain gradient descent.
    pub(crate) fn has_gram_coordinates(&self) -> bool {
        self.not_plain().is_none()
    }

    /// Whether the residual of the direction is what is known of where the run ends: no program is,
    /// and its steps go along the gradient, on a loss with an exponential tail.
    pub(crate) fn has_residual(&self) -> bool {
        let kind = self.optimizer.optimizer_kind();
        let has_program = self.two_layer_descent().is_some() || self.family() == Family::Linear;
        let along_gradient = (kind.step_norm)(&self.optimizer.settings) == StepNorm::L2;
        !has_program && along_gradient && self.loss.is_exponentially_tailed()
    }

    /// Whether this is plain gradient descent on the linear network.
    pub(crate) fn is_linear_descent(&self) -> bool {
        self.family() == Family::Linear && self.is_plain_descent()
    }

    /// The step sizes and batches of the optimizer; `None` for plain gradient descent on the mean
    /// with a constant step size and a smooth loss, which engines know by themselves.
    pub fn optimizer_run(&self) -> Option<OptimizerSettings> {
        if self.is_plain_descent() && !self.sensitivity && self.stop.is_none() {
            return None;
        }
        Some(OptimizerSettings {
            step_size: self.step_size.clone(),
            batches: batches(&self.optimizer, self.seed),
        })
    }

    /// The data set as the run trains on it: read or generated, and prepared.
    ///
    /// # Errors
    ///
    /// Those of [`DataSource::load`] and [`Preparation::apply`].
    pub fn load_data(&self) -> Result<TrainingSet, LabError> {
        self.prepare(self.load_raw()?)
    }

    /// The data set as it is read or drawn.
    ///
    /// # Errors
    ///
    /// Those of [`DataSource::load`].
    pub fn load_raw(&self) -> Result<TrainingSet, LabError> {
        self.data
            .load(self.seed, self.network.network_kind().asks())
    }

    /// A data set that was read or generated, prepared.
    ///
    /// # Errors
    ///
    /// Those of [`Preparation::apply`].
    pub fn prepare(&self, data: TrainingSet) -> Result<TrainingSet, LabError> {
        if self.preparation.random_labels && data.signs().is_none() {
            let expected = "labels ±1, which fair coins replace";
            return Err(invalid("random-labels", expected, "true"));
        }
        Ok(match data {
            TrainingSet::Signs(data) => self.preparation.apply(data, self.seed)?.into(),
            TrainingSet::Classes(data) => {
                self.preparation.apply_to_classes(&data, self.seed)?.into()
            }
            TrainingSet::Reals(data) => self.preparation.apply_to_reals(&data, self.seed)?.into(),
        })
    }
}
