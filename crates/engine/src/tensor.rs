//! Gradient descent in weight space, for any network on any Burn device.

use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use implicit_bias_data::Dataset;
use implicit_bias_metrics::{ActivationPattern, weight_norm};
use implicit_bias_model::{
    Block, Descent, DescentProblem, GradientDescent, Network, Objective, TensorObjective, Weights,
    to_tensor,
};
use ndarray::Array2;

mod autodiff_scores;
mod checkpoint;
mod gradients;
mod host_descent;
mod measures;
mod options;

use self::autodiff_scores::{AutodiffScores, tensors_like, with_weights};
use self::checkpoint::TensorEngineCheckpoint;
use self::gradients::{
    Arrangement, arrangement, block_gradients, host_values, host_weights, weight_count,
};
use self::host_descent::HostDescent;
pub use self::host_descent::{OptimizerRun, TWIN_OFFSET};
use self::measures::{accuracy, block_observations, normalized, pattern, spectra_or_undefined};
pub use self::options::TensorEngineOptions;
use crate::EngineError;
use crate::bytes::{from_bytes, to_bytes};
use crate::device::SelectedDevice;
use crate::engine::Engine;
use crate::observation::{Observation, UpdateObservation};
use crate::options::{Gradient, Precision};
use crate::oracle::Oracle;
use crate::targets::SampleTargets;
use crate::updates::{self, Updates};
use implicit_bias_output::format_step;
use implicit_bias_record::StopReason;

/// A descent on any [`Network`], on any Burn device: plain full-batch gradient descent, or an
/// optimizer of [`OPTIMIZERS`](crate::optimizers::OPTIMIZERS).
pub struct TensorEngine<M: Network> {
    /// On an autodiff device; behind the weights of `descent` or `host` while `stale`.
    model: M,
    optimizer: ModuleOptimizer,
    /// Of the blocks, beside a descent by autodiff that keeps them.
    compensations: Option<Vec<Tensor<2>>>,
    descent: Option<Box<dyn Descent>>,
    /// Instead of plain gradient descent.
    host: Option<HostDescent>,
    /// Whether a gradient is the architecture's own formula.
    hand_derived: bool,
    arrangement: Arrangement,
    stale: bool,
    x: Tensor<2>,
    /// `‖x_i‖`.
    sample_norms: Vec<f64>,
    objective: Objective,
    /// The objective on the model's device.
    mean_loss: TensorObjective,
    targets: SampleTargets,
    step_size: f64,
    step: f64,
    previous_pattern: Option<ActivationPattern>,
    /// What becomes of updates; `None` in double precision.
    updates: Option<Updates>,
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
        let arrangement = arrangement(&model)?;
        let problem = DescentProblem {
            x,
            objective: &objective,
            step_size: options.step_size,
            single_precision: device.precision == Precision::F32,
            compensated: options.compensated,
            threads: options.threads,
        };
        let at_home = device.on_host || options.gradient == Gradient::HandDerived;
        let hand_derived = match options.gradient {
            Gradient::Autodiff => false,
            Gradient::Auto | Gradient::HandDerived => at_home,
        };
        let plain = run.is_none() && hand_derived;
        let descent = plain.then(|| model.descent(&problem)).flatten();
        let exact = device.precision == Precision::F64 && hand_derived && descent.is_none();
        let own = exact
            .then(|| model.host_scores(x, options.threads))
            .flatten();
        let hand_derived = descent.is_some() || own.is_some();
        // The architecture's own gradient serves plain gradient descent too.
        let run = run.or_else(|| {
            let count = weight_count(&model);
            own.is_some()
                .then(|| OptimizerRun::plain(options.step_size, count))
        });
        options.require_gradient(hand_derived)?;
        let zeros = |block: Block| block.weight.without_autodiff().zeros_like();
        let host = run.map(|run| {
            let scores = own.unwrap_or_else(|| {
                Box::new(AutodiffScores::new(
                    model.clone(),
                    samples.clone(),
                    arrangement,
                ))
            });
            let oracle = Oracle::new(scores, objective.clone(), run.sum, run.batches);
            HostDescent::new(host_weights(&model), oracle, run)
        });
        let compensations = (options.compensated && descent.is_none() && host.is_none())
            .then(|| model.blocks().into_iter().map(zeros).collect());
        Ok(Self {
            model,
            optimizer: GradientDescent.init(),
            compensations,
            descent,
            hand_derived,
            arrangement,
            stale: false,
            targets: SampleTargets::new(&objective, &samples)?,
            x: samples,
            sample_norms: x
                .rows()
                .into_iter()
                .map(|row| row.dot(&row).sqrt())
                .collect(),
            mean_loss: objective.on(&training_device),
            objective,
            step_size: options.step_size,
            step: 0.0,
            previous_pattern: None,
            updates: (device.precision == Precision::F32 && host.is_none())
                .then(|| Updates::new(options.compensated)),
            host,
            notes: Vec::new(),
        })
    }

    /// How the steps are taken: `hand-derived` or `autodiff`.
    pub fn gradient(&self) -> &'static str {
        if self.hand_derived {
            "hand-derived"
        } else {
            "autodiff"
        }
    }

    /// The network with its present weights.
    pub fn model(&mut self) -> &M {
        if std::mem::take(&mut self.stale) {
            let model = self.model.clone();
            self.model = match (&self.host, &self.descent) {
                (Some(host), _) => with_weights(model, &host.weights),
                (None, Some(descent)) => {
                    let like = model.blocks().swap_remove(0).weight;
                    model.with_blocks(descent.weights(&like))
                }
                (None, None) => model,
            };
        }
        &self.model
    }

    /// The mean loss with its graph, and the gradients by autodiff.
    fn gradients(&self, model: &M) -> burn::tensor::Gradients {
        let scores = model.scores(self.x.clone().autodiff());
        self.mean_loss.forward(scores).backward()
    }

    /// The gradient of each block by autodiff; zero for one that no score depends on.
    fn block_gradients(&self) -> Vec<Tensor<2>> {
        let gradients = self.gradients(&self.model);
        block_gradients(&self.model, self.arrangement, &gradients)
    }

    /// One step by autodiff that keeps what rounding takes.
    fn compensated_step(&mut self, compensations: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
        let (blocks, gradients) = (self.model.blocks(), self.block_gradients());
        let (weights, compensations) =
            updates::compensated_step(blocks, compensations, gradients, self.step_size);
        self.model = self.model.clone().with_blocks(weights);
        compensations
    }

    /// The network's own columns, and that of a twin.
    fn probes(&self, margins: &[f64]) -> Vec<(String, f64)> {
        let mut probes = self.model.probes(margins);
        let sensitivity = self.host.as_ref().and_then(HostDescent::sensitivity);
        probes.extend(sensitivity.map(|distance| ("sensitivity".to_owned(), distance)));
        probes
    }

    /// What the next step would do to the weights.
    fn look_ahead(
        &self,
        blocks: &[Block],
        gradients: &[Tensor<2>],
    ) -> Result<UpdateObservation, EngineError> {
        let compensations = match &self.descent {
            Some(descent) => descent.compensations(&blocks[0].weight.clone().without_autodiff()),
            None => self.compensations.clone(),
        };
        let weights = blocks
            .iter()
            .map(|block| block.weight.clone().without_autodiff());
        let updates = gradients
            .iter()
            .map(|gradient| gradient.clone().mul_scalar(self.step_size));
        updates::effect(weights.collect(), compensations, updates.collect())
    }

    /// The numbers that the next steps depend on.
    fn state(&self) -> Vec<f64> {
        if let Some(host) = &self.host {
            return host.state();
        }
        match &self.descent {
            Some(descent) => descent.state(),
            None => {
                let lost = self.compensations.iter().flatten().cloned();
                let lost = lost.flat_map(host_values);
                host_weights(&self.model).into_iter().chain(lost).collect()
            }
        }
    }

    /// Takes so many steps, or fewer: `false` where a score is not finite.
    fn take(&mut self, steps: u64) -> bool {
        if let Some(host) = &mut self.host {
            let taken = host.advance(self.step as u64, steps);
            self.step += taken as f64;
            self.stale = true;
            return taken == steps;
        }
        if let Some(descent) = &mut self.descent {
            let taken = descent.advance(steps);
            self.step += taken as f64;
            self.stale = true;
            return taken == steps;
        }
        if let Some(mut compensations) = self.compensations.take() {
            for _ in 0..steps {
                compensations = self.compensated_step(compensations);
            }
            self.compensations = Some(compensations);
        } else {
            // Away from the engine nobody else holds the weights, and a step may reuse their
            // memory.
            let mut model = self.model.clone();
            for _ in 0..steps {
                let gradients = GradientsParams::from_grads(self.gradients(&model), &model);
                model = self.optimizer.step(self.step_size, model, gradients);
            }
            self.model = model;
        }
        self.step += steps as f64;
        true
    }
}

impl<M: Network + 'static> Engine for TensorEngine<M> {
    fn name(&self) -> &'static str {
        "tensor"
    }

    fn homogeneity(&self) -> Option<f64> {
        self.model.homogeneity()
    }

    fn step(&self) -> f64 {
        self.step
    }

    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        let mut steps = (to - self.step).max(0.0) as u64;
        if steps > 0 && self.updates.as_ref().is_some_and(Updates::all_are_lost) {
            // A step that changes nothing is followed by none that does.
            let before = self.state();
            if self.take(1) && self.state() == before {
                self.notes.push(format!(
                    "stopped at step {}: in single precision no update changes a weight any more; \
                     --compensated goes on",
                    format_step(self.step)
                ));
                return Ok(Some(StopReason::Stalled { step: self.step }));
            }
            steps = (to - self.step).max(0.0) as u64;
        }
        let finite = self.take(steps);
        Ok((!finite).then_some(StopReason::NonFinite { step: self.step }))
    }

    fn observe(&mut self) -> Result<Observation, EngineError> {
        self.model();
        let blocks = self.model.blocks();
        let weights: Vec<Tensor<2>> = blocks.iter().map(|block| block.weight.clone()).collect();
        let homogeneity = self.model.homogeneity();
        let scores = self.model.valid().scores(self.x.clone());
        let margins = self.targets.margins(&scores)?;
        let soft_margins = self.objective.soft_margins(&host_values(scores));
        let (gradients, gradient_norm) = match &mut self.host {
            Some(host) => (Vec::new(), host.gradient_norm()),
            None => {
                let gradients = self.block_gradients();
                let norm = weight_norm(&gradients)?;
                (gradients, norm)
            }
        };
        let weight_norm = weight_norm(&weights)?;
        let spectra = spectra_or_undefined(&weights)?;
        let block_observations = block_observations(&blocks, spectra.as_ref(), &self.targets)?;
        let normalized = normalized(&margins, weight_norm, homogeneity)?;
        let effect = match &self.updates {
            Some(_) => Some(self.look_ahead(&blocks, &gradients)?),
            None => None,
        };
        if let (Some(updates), Some(effect)) = (&mut self.updates, &effect) {
            self.notes.extend(updates.record(self.step, effect));
        }
        let pattern = pattern(
            &self.model,
            &self.x,
            &self.targets,
            &mut self.previous_pattern,
        )?;
        let loss = self.objective.loss();
        let samples = match &self.host {
            Some(host) if host.sum => margins.len() as f64,
            _ => 1.0,
        };
        let scale = homogeneity.map(|degree| weight_norm.powf(degree));
        let probes = self.probes(&margins);
        let observation = Observation {
            step: self.step,
            loss: samples * loss.mean(&soft_margins),
            log_loss: samples.ln() + loss.log_mean(&soft_margins),
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
            error_estimate: 0.0,
            updates: effect,
        };
        observation.with_probes(probes)
    }

    fn weights(&mut self) -> Weights {
        Weights::of(&self.model().blocks())
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        Some(to_bytes(&TensorEngineCheckpoint {
            step: self.step,
            state: self.state(),
            previous_pattern: self.previous_pattern.clone(),
            updates: self.updates.clone(),
            notes: self.notes.clone(),
        }))
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        let TensorEngineCheckpoint {
            step,
            state,
            previous_pattern,
            updates,
            notes,
        } = from_bytes(checkpoint)?;
        let fits = match (&mut self.host, &mut self.descent) {
            (Some(host), _) => {
                self.stale = true;
                host.restore(&state)
            }
            (None, Some(descent)) => {
                self.stale = true;
                descent.restore(&state)
            }
            (None, None) => {
                let parts = if self.compensations.is_some() { 2 } else { 1 };
                let length = weight_count(&self.model);
                let fits = parts * length == state.len();
                if fits {
                    let (weights, lost) = state.split_at(length);
                    self.model = with_weights(self.model.clone(), weights);
                    if let Some(compensations) = &mut self.compensations {
                        *compensations = tensors_like(compensations, lost);
                    }
                }
                fits
            }
        };
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
        Ok(())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn operations_per_step(&self) -> f64 {
        let weights = weight_count(&self.model);
        // One product forward and one backward, a multiplication and an addition each.
        4.0 * weights as f64 * self.objective.samples() as f64
    }
}
