//! Gradient descent in weight space, for any network on any Burn device.

use burn::tensor::Tensor;
use implicit_bias_data::Dataset;
use implicit_bias_limits::KktResidual;
use implicit_bias_metrics::{ActivationPattern, weight_norm};
use implicit_bias_model::{Network, Objective, Targets, Weights, to_tensor};
use ndarray::Array2;

mod autodiff_scores;
mod checkpoint;
mod exact_steps;
mod gradients;
mod held_out;
mod measures;
mod options;

use self::checkpoint::TensorEngineCheckpoint;
use self::exact_steps::ExactSteps;
use self::gradients::host_values;
use self::held_out::HeldOut;
use self::measures::{
    accuracy, block_observations, direction_distances, normalized, pattern, spectra_or_undefined,
};
pub use self::options::TensorEngineOptions;
use crate::EngineError;
use crate::device::SelectedDevice;
use crate::engine::Engine;
use crate::host_descent::OptimizerRun;
use crate::kkt::{is_measured_at, kkt_residual, too_large};
use crate::log_time_stage::{Handover, LogTimeStage};
use crate::observation::{Observation, UpdateObservation};
use crate::options::{Gradient, Precision};
use crate::targets::SampleTargets;
use crate::updates::Updates;
use implicit_bias_output::format_step;
use implicit_bias_record::StopReason;

/// A descent on any [`Network`], on any Burn device: plain full-batch gradient descent, or an
/// optimizer of [`OPTIMIZERS`](crate::optimizers::OPTIMIZERS).
///
/// Steps are taken one by one, or, past the exact steps of
/// [`LogTimeOptions`](crate::LogTimeOptions), followed in log time with an error estimate in every
/// observation.
pub struct TensorEngine<M: Network> {
    exact: ExactSteps<M>,
    /// `‖x_i‖`.
    sample_norms: Vec<f64>,
    objective: Objective,
    targets: SampleTargets,
    step: f64,
    previous_pattern: Option<ActivationPattern>,
    /// What becomes of updates; `None` in double precision.
    updates: Option<Updates>,
    log_time: Option<LogTimeStage>,
    gradient: Gradient,
    /// Whether the residual of the direction is a column.
    kkt: bool,
    /// Unit directions of blocks, of which it is recorded how far they are.
    directions: Vec<(String, Array2<f64>)>,
    held_out: Option<HeldOut>,
    notes: Vec<String>,
}

impl<M: Network + 'static> TensorEngine<M> {
    /// An engine at step 0 with the network's present weights, for labels ±1.
    ///
    /// `build` makes the network on the device it is given, which has autodiff.
    ///
    /// # Errors
    ///
    /// The errors of `build`; [`EngineError::Invalid`] if the network has not one score a sample,
    /// if a block is neither a parameter nor a rearrangement of parameters, or if `options` ask for
    /// a hand-derived gradient that this architecture or device does not have.
    pub fn new(
        data: &Dataset,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        build: impl FnOnce(&burn::tensor::Device) -> Result<M, EngineError>,
    ) -> Result<Self, EngineError> {
        let objective = Objective::binary(options.loss, data.y().to_vec())?;
        Self::with_objective(data.x(), objective, device, options, None, build)
    }

    /// As [`new`](Self::new), with an optimizer in place of plain gradient descent; the step size
    /// of `options` is not read.
    ///
    /// Weights and the optimizer's state are in host memory in double precision. The gradient is
    /// the architecture's own where it has one and the device computes there in double precision,
    /// and otherwise comes from the device, in its precision.
    ///
    /// # Errors
    ///
    /// As [`with_objective`](Self::with_objective).
    pub fn with_optimizer(
        data: &Dataset,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        run: OptimizerRun,
        build: impl FnOnce(&burn::tensor::Device) -> Result<M, EngineError>,
    ) -> Result<Self, EngineError> {
        let objective = Objective::binary(options.loss, data.y().to_vec())?;
        Self::with_objective(data.x(), objective, device, options, Some(run), build)
    }

    /// As [`new`](Self::new) or, where there is a `run`, [`with_optimizer`](Self::with_optimizer),
    /// for samples in the rows of `x`, `[n, d]`, and any mean loss of their scores.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`EngineError::Invalid`] for compensated updates beside a `run`,
    /// whose weights are in double precision.
    pub fn with_objective(
        x: &Array2<f64>,
        objective: Objective,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        run: Option<OptimizerRun>,
        build: impl FnOnce(&burn::tensor::Device) -> Result<M, EngineError>,
    ) -> Result<Self, EngineError> {
        options.refuse_compensation_beside(run.is_some())?;
        let training_device = device.device.clone().autodiff();
        let model = build(&training_device)?;
        // Columns in memory: a network that multiplies by Xᵀ then finds it in order, where the
        // `ndarray` backend would copy all of X at every product.
        let columns = x.t().as_standard_layout().into_owned();
        let samples = to_tensor(&columns, &device.device).transpose();
        let outputs = model.valid().scores(samples.clone().narrow(0, 0, 1)).dims()[1];
        if outputs != objective.outputs() {
            return Err(EngineError::Invalid {
                key: "network".into(),
                expected: format!("{} scores a sample, as the data ask", objective.outputs()),
                found: outputs.to_string(),
            });
        }
        let homogeneity = model.homogeneity();
        let is_regression = matches!(objective.targets(), Targets::Reals(_));
        let log_time = options.log_time_of(model.far_homogeneity())?;
        let targets = SampleTargets::new(&objective, &samples)?;
        let exact = ExactSteps::new(model, x, samples, objective.clone(), device, options, run)?;
        let gradient = options.gradient;
        Ok(Self {
            sample_norms: x
                .rows()
                .into_iter()
                .map(|row| row.dot(&row).sqrt())
                .collect(),
            objective,
            targets,
            step: 0.0,
            previous_pattern: None,
            updates: (device.precision == Precision::F32 && !exact.is_in_host_memory())
                .then(|| Updates::new(options.compensated)),
            log_time: log_time.map(|options| LogTimeStage::new(options, exact.oracle(gradient))),
            gradient,
            kkt: options.kkt && homogeneity.is_some() && !is_regression,
            exact,
            directions: Vec::new(),
            held_out: None,
            notes: Vec::new(),
        })
    }

    /// How the steps are taken: `hand-derived` or `autodiff`.
    pub fn gradient(&self) -> &'static str {
        if self.exact.is_hand_derived {
            "hand-derived"
        } else {
            "autodiff"
        }
    }

    /// The network with its present weights.
    pub fn model(&mut self) -> &M {
        if let Some(weights) = self.log_time.as_ref().and_then(LogTimeStage::weights) {
            self.exact.show(&weights);
        }
        self.exact.model()
    }

    /// The network's own columns, and those of a twin and of the residual.
    fn probes(&mut self, margins: &[f64]) -> Vec<(String, f64)> {
        let mut probes = self.exact.model().probes(margins);
        probes.extend(self.exact.host_probes());
        probes.extend(direction_distances(self.exact.model(), &self.directions));
        if let Some(labels) = self.targets.labels() {
            let x = self.exact.x.clone();
            probes.extend(self.exact.model().sample_probes(&x, labels));
        }
        let sensitivity = self.exact.sensitivity();
        probes.extend(sensitivity.map(|distance| ("sensitivity".to_owned(), distance)));
        if let Some(held_out) = &mut self.held_out {
            let error = held_out.error(self.exact.model());
            probes.push(("held_out_error".to_owned(), error));
        }
        if self.kkt {
            let found = is_measured_at(self.step)
                .then(|| self.measure_kkt())
                .flatten();
            let [residual, complementarity] = found.map_or([f64::NAN; 2], |found| {
                [found.residual, found.complementarity]
            });
            probes.push(("kkt_residual".to_owned(), residual));
            probes.push(("complementarity".to_owned(), complementarity));
        }
        probes
    }

    /// What the next step does to the weights, in single precision; undefined in log time, where no
    /// update is taken from the device.
    fn observe_updates(
        &mut self,
        gradients: Option<&[Tensor<2>]>,
    ) -> Result<Option<UpdateObservation>, EngineError> {
        let Some(updates) = &mut self.updates else {
            return Ok(None);
        };
        let Some(gradients) = gradients else {
            return Ok(Some(UpdateObservation {
                lost: f64::NAN,
                effective: f64::NAN,
            }));
        };
        let effect = self.exact.look_ahead(gradients)?;
        self.notes.extend(updates.record(self.step, &effect));
        Ok(Some(effect))
    }

    fn measure_kkt(&mut self) -> Option<KktResidual> {
        let weights = self.exact.host_weights();
        kkt_residual(&mut self.exact.oracle(self.gradient), &weights)
    }

    /// Takes exact steps to step `to`, or fewer; why they ended before, if they did.
    fn advance_exactly(&mut self, to: f64) -> Option<StopReason> {
        let mut steps = (to - self.step).max(0.0) as u64;
        if steps > 0 && self.updates.as_ref().is_some_and(Updates::all_are_lost) {
            // A step that changes nothing is followed by none that does.
            let before = self.exact.state();
            if self.take(1) && self.exact.state() == before {
                self.notes.push(format!(
                    "stopped at step {}: in single precision no update changes a weight any more; \
                     --compensated goes on",
                    format_step(self.step)
                ));
                return Some(StopReason::Stalled { step: self.step });
            }
            steps = (to - self.step).max(0.0) as u64;
        }
        let went_on = self.take(steps);
        if let Some(rule) = self.exact.stops() {
            return Some(rule.reason(self.step));
        }
        (!went_on).then_some(StopReason::NonFinite { step: self.step })
    }

    /// Takes so many steps, or fewer: `false` where a score is not finite or the run is to stop.
    fn take(&mut self, steps: u64) -> bool {
        let taken = self.exact.take(self.step as u64, steps);
        self.step += taken as f64;
        taken == steps
    }
}

impl<M: Network + 'static> Engine for TensorEngine<M> {
    fn name(&self) -> &'static str {
        "tensor"
    }

    fn homogeneity(&self) -> Option<f64> {
        self.exact.homogeneity()
    }

    fn step(&self) -> f64 {
        self.step
    }

    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        loop {
            let Some(stage) = &mut self.log_time else {
                return Ok(self.advance_exactly(to));
            };
            if stage.is_going() {
                let stop = stage.advance(to, &mut self.notes);
                self.step = stop.map_or(to, StopReason::step);
                return Ok(stop);
            }
            let until = to.min(stage.handover);
            if let Some(stop) = self.advance_exactly(until) {
                return Ok(Some(stop));
            }
            if self.step >= to {
                return Ok(None);
            }
            let weights = self.exact.host_weights();
            let (stage, step) = (self.log_time.as_mut(), self.step);
            let stage = stage.expect("it was there before the steps");
            match stage.hand_over(step, weights, &mut self.notes) {
                Handover::Done | Handover::Later => {}
                Handover::Never(stop) => return Ok(Some(stop)),
            }
        }
    }

    fn observe(&mut self) -> Result<Observation, EngineError> {
        self.model();
        let (stage, notes) = (self.log_time.as_mut(), &mut self.notes);
        let estimate = stage.and_then(|stage| stage.error_estimate(notes));
        let in_log_time = self.log_time.as_mut().and_then(LogTimeStage::gradient_norm);
        let model = self.exact.model().clone();
        let blocks = model.blocks();
        let weights: Vec<Tensor<2>> = blocks.iter().map(|block| block.weight.clone()).collect();
        let homogeneity = model.homogeneity();
        let scores = model.valid().scores(self.exact.x.clone());
        let margins = self.targets.margins(&scores)?;
        let [loss, log_loss] = self.objective.value(&host_values(scores), None);
        let (gradients, gradient_norm) = match in_log_time.or_else(|| self.exact.gradient_norm()) {
            Some(norm) => (None, norm),
            None => {
                let gradients = self.exact.block_gradients();
                let samples = match self.exact.sum {
                    true => margins.len() as f64,
                    false => 1.0,
                };
                let norm = samples * weight_norm(&gradients)?;
                (Some(gradients), norm)
            }
        };
        let weight_norm = weight_norm(&weights)?;
        let spectra = spectra_or_undefined(&weights)?;
        let block_observations = block_observations(&blocks, spectra.as_ref(), &self.targets)?;
        let normalized = normalized(&margins, weight_norm, homogeneity)?;
        let updates = self.observe_updates(gradients.as_deref())?;
        let pattern = pattern(
            &model,
            &self.exact.x,
            &self.targets,
            &mut self.previous_pattern,
        )?;
        let samples = match self.exact.sum {
            true => self.objective.samples() as f64,
            false => 1.0,
        };
        let scale = homogeneity.map(|degree| weight_norm.powf(degree));
        let probes = self.probes(&margins);
        let observation = Observation {
            step: self.step,
            loss: samples * loss,
            log_loss: samples.ln() + log_loss,
            weight_norm,
            blocks: block_observations,
            stable_rank: spectra
                .and_then(|spectra| spectra.stacked)
                .map_or(f64::NAN, |stacked| stacked.stable_rank),
            classes: self.targets.classes(&normalized)?,
            normalized_margins: normalized,
            gradient_norm,
            accuracy: accuracy(&margins, scale, &self.sample_norms),
            probes: Vec::new(),
            pattern,
            error_estimate: estimate.unwrap_or(0.0),
            updates,
        };
        observation.with_probes(probes)
    }

    fn kkt(&mut self, unasked: bool) -> Option<Result<KktResidual, String>> {
        self.exact.homogeneity()?;
        if matches!(self.objective.targets(), Targets::Reals(_)) {
            return None;
        }
        let (samples, weights) = (self.objective.samples(), self.exact.weight_count());
        if unasked && let Some(reason) = too_large(samples, weights) {
            return Some(Err(reason));
        }
        let undefined = || "the weights are zero, or a number is not finite".to_owned();
        Some(self.measure_kkt().ok_or_else(undefined))
    }

    fn weights(&mut self) -> Weights {
        Weights::of(&self.model().blocks())
    }

    fn hold_out(&mut self, data: &Dataset) -> Result<(), EngineError> {
        let (device, threads) = (self.exact.x.device(), self.exact.threads());
        let held_out = HeldOut::new(self.exact.model(), data, &device, threads)?;
        self.held_out = Some(held_out);
        Ok(())
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        let stage = self.log_time.as_ref().map(LogTimeStage::checkpoint);
        let checkpoint = TensorEngineCheckpoint {
            step: self.step,
            state: self.exact.state(),
            previous_pattern: self.previous_pattern.clone(),
            updates: self.updates.clone(),
            notes: self.notes.clone(),
        };
        Some(checkpoint.to_bytes(stage.as_ref()))
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        let (checkpoint, stage) =
            TensorEngineCheckpoint::from_bytes(checkpoint, self.log_time.is_some())?;
        let TensorEngineCheckpoint {
            step,
            state,
            previous_pattern,
            updates,
            notes,
        } = checkpoint;
        let fits = self.exact.restore(&state);
        if !(fits && step.is_finite() && step >= 0.0 && step.fract() == 0.0) {
            return Err(EngineError::Checkpoint(format!(
                "expected a whole step and the weights of this network, found step {step} and {} \
                 numbers",
                state.len()
            )));
        }
        self.step = step;
        self.previous_pattern = previous_pattern;
        if self.updates.is_some() != updates.is_some() {
            return Err(EngineError::Checkpoint(
                "expected a checkpoint of the same precision".into(),
            ));
        }
        self.updates = updates;
        self.notes = notes;
        if let Some((own, stage)) = self.log_time.as_mut().zip(stage) {
            own.restore(stage, self.exact.weight_count())?;
        }
        Ok(())
    }

    fn track(&mut self, directions: Vec<(String, Array2<f64>)>) {
        self.directions = directions;
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn operations_per_step(&self) -> f64 {
        if self.log_time.as_ref().is_some_and(LogTimeStage::is_going) {
            return 0.0;
        }
        let weights = self.exact.weight_count();
        // One product forward and one backward, a multiplication and an addition each.
        4.0 * weights as f64 * self.objective.samples() as f64
    }
}
