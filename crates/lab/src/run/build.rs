//! The engine of a run.

use implicit_bias_engine::probes::ProbedEngine;
use implicit_bias_engine::{
    Engine, EngineError, GramEngine, GramEngineOptions, LinearGramEngine, OptimizerRun, Precision,
    TensorEngineOptions, select_device,
};
use implicit_bias_limits::DirectionProblem;
use implicit_bias_model::ModelError;
use ndarray::Array2;

use implicit_bias_output::free_memory;

use super::choice::{EngineChoice, Pick, check_memory, choose};
use super::prepare::Prepared;
use crate::LabError;
use crate::config::{InitSource, RunConfig};

/// An engine ready to step, with what the manifest says about it.
pub struct ReadyEngine {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Where it runs: the device's name, or `host`.
    pub device: String,
    /// The float type of its weights.
    pub precision: Precision,
    /// How it gets its gradient.
    pub gradient: &'static str,
    /// Why it was picked.
    pub reason: String,
}

impl Prepared {
    /// An engine at step 0, and the words that say which was picked and why.
    ///
    /// # Errors
    ///
    /// Those of the device and the engine.
    pub fn engine(&self, config: &RunConfig, threads: usize) -> Result<ReadyEngine, LabError> {
        self.engine_of(config, threads, self.choice(config)?)
    }

    /// The engine to build, and why.
    pub(super) fn choice(&self, config: &RunConfig) -> Result<EngineChoice, LabError> {
        choose(config, self.sizes(), free_memory())
    }

    pub(super) fn engine_of(
        &self,
        config: &RunConfig,
        threads: usize,
        choice: EngineChoice,
    ) -> Result<ReadyEngine, LabError> {
        let mut ready = self.engine_without_probes(config, threads, choice)?;
        let probes = config.probes();
        if !probes.is_empty() {
            let (weights, x) = (self.weights.clone(), self.data.x().clone());
            ready.engine = Box::new(ProbedEngine::new(ready.engine, probes, weights, x));
        }
        Ok(ready)
    }

    fn engine_without_probes(
        &self,
        config: &RunConfig,
        threads: usize,
        choice: EngineChoice,
    ) -> Result<ReadyEngine, LabError> {
        match choice.engine {
            Pick::Gram => Ok(ReadyEngine {
                engine: if config.is_linear_descent() {
                    let exact_steps = config.exact_steps.get();
                    let (loss, step_size) = (config.loss, config.step_size.first);
                    let (data, weights) = (self.signs()?, &self.weights);
                    Box::new(LinearGramEngine::new(
                        data,
                        weights,
                        loss,
                        step_size,
                        exact_steps,
                    )?)
                } else {
                    Box::new(self.gram_engine_unchecked(config)?)
                },
                device: "host".into(),
                precision: Precision::F64,
                gradient: "hand-derived",
                reason: choice.reason,
            }),
            Pick::Tensor => self.tensor_engine(config, threads, choice.reason),
        }
    }

    /// The Gram engine at step 0, whatever the configuration asks for.
    ///
    /// # Errors
    ///
    /// Those of the engine; [`LabError::Config`] for more samples than memory has room for in Gram
    /// coordinates.
    pub fn gram_engine(&self, config: &RunConfig) -> Result<GramEngine, LabError> {
        check_memory(self.sizes(), free_memory())?;
        self.gram_engine_unchecked(config)
    }

    /// The Gram engine at step 0, for which there is memory.
    fn gram_engine_unchecked(&self, config: &RunConfig) -> Result<GramEngine, LabError> {
        let descent = config.two_layer_descent().ok_or_else(|| LabError::Config {
            key: "network".into(),
            expected: "the two-layer network with the logistic or exponential loss under plain \
                       gradient descent, for Gram coordinates"
                .into(),
            found: format!("{}, {}", config.network.name, config.optimizer.name),
        })?;
        Ok(GramEngine::new(
            self.signs()?,
            &self.weights,
            GramEngineOptions {
                activation: descent.activation,
                loss: descent.loss,
                step_size: descent.step_size,
                output_weight: descent.output_weight,
                exact_steps: config.exact_steps.get(),
            },
        )?)
    }

    /// The directions that blocks tend to, where a limit of the list knows them.
    fn directions(&self, config: &RunConfig) -> Vec<(String, Array2<f64>)> {
        let facts = config.descent_facts(self.data.samples());
        let limit = config.known_limit(self.data.samples());
        let Some(limit) = limit.filter(|limit| limit.has_directions) else {
            return Vec::new();
        };
        let solution = (limit.solve)(&DirectionProblem {
            data: &self.data,
            facts: &facts,
            weights: None,
        });
        solution.map_or_else(|_| Vec::new(), |solution| solution.directions)
    }

    fn tensor_engine(
        &self,
        config: &RunConfig,
        threads: usize,
        why: String,
    ) -> Result<ReadyEngine, LabError> {
        let device = select_device(config.device.as_deref(), config.precision)?;
        let options = TensorEngineOptions {
            loss: config.loss,
            step_size: config.step_size.first,
            gradient: config.gradient,
            threads,
            compensated: config.compensated,
            log_time: config.log_time_options(),
            kkt: config.kkt,
        };
        let count = self
            .weights
            .blocks()
            .iter()
            .map(|(_, block)| block.len())
            .sum();
        let optimizer = config
            .optimizer_run()
            .map(|run| {
                let optimizer = &config.optimizer;
                let make = || (optimizer.optimizer_kind().make)(&optimizer.settings, count);
                Ok::<_, LabError>(OptimizerRun {
                    optimizer: make()?,
                    twin: config.sensitivity.then(make).transpose()?,
                    step_size: run.step_size,
                    sum: config.sum,
                    batches: run.batches,
                    first_stage: None,
                    stop: config.stop,
                })
            })
            .transpose()?;
        let network = &config.network;
        let (mut engine, gradient) = network
            .network_kind()
            .engine(
                &network.settings,
                &self.data,
                &self.weights,
                &device,
                options,
                optimizer,
            )
            .map_err(|error| of_init_file(error, config))?;
        engine.track(self.directions(config));
        if let Some(held_out) = &self.held_out {
            engine.hold_out(held_out)?;
        }
        let place = match &device.hardware {
            Some(hardware) if !device.on_host => format!("{} ({hardware})", device.name),
            _ => device.name.clone(),
        };
        let place = format!("weight space on {place}, gradient {gradient}: ");
        // A run that goes on has the words already.
        let reason = if why.starts_with(&place) {
            why
        } else {
            format!("{place}{why}")
        };
        Ok(ReadyEngine {
            engine,
            device: device.name,
            precision: device.precision,
            gradient,
            reason,
        })
    }
}

/// The error of an engine, where it is about the shapes of a file of initial weights.
fn of_init_file(error: EngineError, config: &RunConfig) -> LabError {
    match (error, &config.init) {
        (
            EngineError::Model(ModelError::Shape {
                block,
                expected,
                found,
            }),
            InitSource::File(path),
        ) => LabError::Config {
            key: "init".into(),
            expected: format!("W_{block} of shape {expected:?}"),
            found: format!("{found:?} in {}", path.display()),
        },
        (error, _) => error.into(),
    }
}
