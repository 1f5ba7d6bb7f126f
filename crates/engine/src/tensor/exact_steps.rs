//! The steps of a tensor engine, one by one.

use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use implicit_bias_model::{
    Block, Descent, DescentProblem, FirstStage, GradientDescent, HostScores, Network, Objective,
    TensorObjective, to_tensor,
};
use ndarray::Array2;

use super::autodiff_scores::{AutodiffScores, tensors_like, with_weights};
use super::gradients::{
    Arrangement, arrangement, block_gradients, block_lengths, host_values, host_weights,
    weight_count,
};
use super::options::TensorEngineOptions;
use crate::EngineError;
use crate::device::SelectedDevice;
use crate::host_descent::{HostDescent, OptimizerRun};
use crate::observation::UpdateObservation;
use crate::options::{Gradient, Precision};
use crate::oracle::Oracle;
use crate::updates;
use implicit_bias_record::StopRule;

/// A network with the way in which it takes its steps.
pub(super) struct ExactSteps<M: Network> {
    /// On an autodiff device; behind the weights of `descent` or `host` while `stale`.
    model: M,
    optimizer: ModuleOptimizer,
    /// Of the blocks, beside a descent by autodiff that keeps them.
    compensations: Option<Vec<Tensor<2>>>,
    descent: Option<Box<dyn Descent>>,
    /// Instead of plain gradient descent.
    host: Option<HostDescent>,
    /// Whether a gradient is the architecture's own formula.
    pub is_hand_derived: bool,
    arrangement: Arrangement,
    stale: bool,
    /// The samples, `[n, d]`.
    pub x: Tensor<2>,
    objective: Objective,
    /// The objective on the model's device.
    mean_loss: TensorObjective,
    step_size: f64,
    threads: usize,
    /// Whether the loss is the sum over the samples instead of their mean.
    pub sum: bool,
    stop: Option<StopRule>,
}

impl<M: Network + 'static> ExactSteps<M> {
    /// The steps of a network on an autodiff device, for samples in the rows of `x`.
    ///
    /// # Errors
    ///
    /// Those of [`TensorEngine::with_objective`](super::TensorEngine::with_objective).
    pub fn new(
        model: M,
        x: &Array2<f64>,
        samples: Tensor<2>,
        objective: Objective,
        device: &SelectedDevice,
        options: TensorEngineOptions,
        run: Option<OptimizerRun>,
    ) -> Result<Self, EngineError> {
        let arrangement = arrangement(&model)?;
        // Runs that stop have no older runs whose bits would have to be theirs.
        let stop = run.as_ref().and_then(|run| run.stop);
        let plain = match &run {
            None => Some(options.step_size),
            Some(run) => (run.as_plain(x.nrows()))
                .filter(|_| stop.is_some() && device.precision == Precision::F64),
        };
        let problem = DescentProblem {
            x,
            objective: &objective,
            step_size: plain.unwrap_or(options.step_size),
            stop,
            single_precision: device.precision == Precision::F32,
            compensated: options.compensated,
            threads: options.threads,
        };
        let at_home = device.on_host || options.gradient == Gradient::HandDerived;
        let hand_derived = match options.gradient {
            Gradient::Autodiff => false,
            Gradient::Auto | Gradient::HandDerived => at_home,
        };
        let sum = run.as_ref().is_some_and(|run| run.sum);
        let plain = plain.is_some() && hand_derived && objective.relative_weights().is_none();
        let descent = plain.then(|| model.descent(&problem)).flatten();
        let run = run.filter(|_| descent.is_none());
        let exact = device.precision == Precision::F64 && hand_derived && descent.is_none();
        let own = exact
            .then(|| model.host_scores(x, options.threads))
            .flatten();
        let is_hand_derived = descent.is_some() || own.is_some();
        // The architecture's own gradient serves plain gradient descent too.
        let run = run.or_else(|| {
            let count = weight_count(&model);
            own.is_some()
                .then(|| OptimizerRun::plain(options.step_size, count))
        });
        options.require_gradient(is_hand_derived)?;
        let zeros = |block: Block| block.weight.without_autodiff().zeros_like();
        let by_autodiff = |samples: Tensor<2>| -> Box<dyn HostScores> {
            Box::new(AutodiffScores::new(model.clone(), samples, arrangement))
        };
        let blocks = block_lengths(&model);
        let first_stage = |first: FirstStage, is_own: bool| {
            let own = is_own
                .then(|| model.host_scores(&first.x, options.threads))
                .flatten();
            let scores = own.unwrap_or_else(|| by_autodiff(to_tensor(&first.x, &device.device)));
            let objective = Objective::multi_class(objective.loss(), first.class, first.count)?;
            let objective = objective.weighted(first.weights)?;
            Ok::<_, EngineError>(Oracle::new(scores, objective, false, None).of_blocks(&blocks))
        };
        let host = run
            .map(|mut run| {
                let is_own = own.is_some();
                let first = run.first_stage.take();
                let first = first.map(|first| first_stage(first, is_own)).transpose()?;
                let scores = own.unwrap_or_else(|| by_autodiff(samples.clone()));
                let oracle = Oracle::new(scores, objective.clone(), run.sum, run.batches);
                let oracle = oracle.of_blocks(&blocks).with_first_stage(first);
                Ok::<_, EngineError>(HostDescent::new(host_weights(&model), oracle, run))
            })
            .transpose()?;
        let compensations = (options.compensated && descent.is_none() && host.is_none())
            .then(|| model.blocks().into_iter().map(zeros).collect());
        Ok(Self {
            mean_loss: objective.on(&device.device.clone().autodiff()),
            model,
            optimizer: GradientDescent.init(),
            compensations,
            descent,
            host,
            is_hand_derived,
            arrangement,
            stale: false,
            x: samples,
            objective,
            step_size: options.step_size,
            threads: options.threads,
            sum,
            stop,
        })
    }

    /// Whether weights and the state of an optimizer are in host memory.
    pub fn is_in_host_memory(&self) -> bool {
        self.host.is_some()
    }

    /// How many threads a step may use.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The degree of homogeneity of the network.
    pub fn homogeneity(&self) -> Option<f64> {
        self.model.homogeneity()
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

    /// Weights that other steps than these have led to, for the network alone.
    pub fn show(&mut self, weights: &[f64]) {
        self.stale = false;
        self.model = with_weights(self.model.clone(), weights);
    }

    /// The present weights on the host, the entries of all blocks one after another.
    pub fn host_weights(&mut self) -> Vec<f64> {
        self.model();
        host_weights(&self.model)
    }

    /// How many weights there are.
    pub fn weight_count(&self) -> usize {
        weight_count(&self.model)
    }

    /// An oracle of all samples: by the architecture's own formulas where it has such and they were
    /// not declined, by autodiff otherwise.
    pub fn oracle(&self, gradient: Gradient) -> Oracle {
        let own = (gradient != Gradient::Autodiff)
            .then(|| {
                let [samples, dim] = self.x.dims();
                let x = Array2::from_shape_vec([samples, dim], host_values(self.x.clone()))
                    .expect("a tensor holds as many entries as its shape says");
                self.model.host_scores(&x, self.threads)
            })
            .flatten();
        let scores = own.unwrap_or_else(|| {
            Box::new(AutodiffScores::new(
                self.model.clone(),
                self.x.clone(),
                self.arrangement,
            ))
        });
        let oracle = Oracle::new(scores, self.objective.clone(), self.sum, None);
        oracle.of_blocks(&block_lengths(&self.model))
    }

    /// What the network records of the samples besides, where it has such columns.
    pub fn host_probes(&mut self) -> Vec<(String, f64)> {
        if !self.model.has_host_probes() {
            return Vec::new();
        }
        let weights = self.host_weights();
        if self.is_hand_derived
            && let Some(host) = &mut self.host
        {
            return host.oracle.probes(&weights);
        }
        self.oracle(Gradient::Auto).probes(&weights)
    }

    /// The mean loss with its graph, and the gradients by autodiff.
    fn gradients(&self, model: &M) -> burn::tensor::Gradients {
        let scores = model.scores(self.x.clone().autodiff());
        self.mean_loss.forward(scores).backward()
    }

    /// The gradient of each block by autodiff; zero for one that no score depends on.
    pub fn block_gradients(&self) -> Vec<Tensor<2>> {
        let gradients = self.gradients(&self.model);
        block_gradients(&self.model, self.arrangement, &gradients)
    }

    /// `‖∇L(W)‖_F` where weights are in host memory.
    pub fn gradient_norm(&mut self) -> Option<f64> {
        self.host.as_mut().map(HostDescent::gradient_norm)
    }

    /// The rule by which the run stops here, if it does.
    pub fn stops(&mut self) -> Option<StopRule> {
        let rule = self.stop?;
        let stops = match (&mut self.host, &mut self.descent) {
            (Some(host), _) => host.stops(rule),
            (None, Some(descent)) => descent.stops(),
            (None, None) => false,
        };
        stops.then_some(rule)
    }

    /// The distance of a twin over the first one, where there is one.
    pub fn sensitivity(&self) -> Option<f64> {
        self.host.as_ref().and_then(HostDescent::sensitivity)
    }

    /// One step by autodiff that keeps what rounding takes.
    fn compensated_step(&mut self, compensations: Vec<Tensor<2>>) -> Vec<Tensor<2>> {
        let (blocks, gradients) = (self.model.blocks(), self.block_gradients());
        let (weights, compensations) =
            updates::compensated_step(blocks, compensations, gradients, self.step_size);
        self.model = self.model.clone().with_blocks(weights);
        compensations
    }

    /// What the next step would do to the weights.
    pub fn look_ahead(&self, gradients: &[Tensor<2>]) -> Result<UpdateObservation, EngineError> {
        let blocks = self.model.blocks();
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
    pub fn state(&self) -> Vec<f64> {
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

    /// Goes back to a [`state`](Self::state); `false` if it is none of such steps.
    pub fn restore(&mut self, state: &[f64]) -> bool {
        if let Some(host) = &mut self.host {
            self.stale = true;
            return host.restore(state);
        }
        if let Some(descent) = &mut self.descent {
            self.stale = true;
            return descent.restore(state);
        }
        let parts = if self.compensations.is_some() { 2 } else { 1 };
        let length = self.weight_count();
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

    /// Takes so many steps from step number `first` on, or fewer: how many were taken before a score
    /// was not finite.
    pub fn take(&mut self, first: u64, steps: u64) -> u64 {
        if let Some(host) = &mut self.host {
            self.stale = true;
            return host.advance(first, steps);
        }
        if let Some(descent) = &mut self.descent {
            self.stale = true;
            return descent.advance(steps);
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
        steps
    }
}
