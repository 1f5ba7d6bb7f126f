//! An engine whose observations have the columns of probes.

use implicit_bias_data::Dataset;
use implicit_bias_limits::KktResidual;
use implicit_bias_model::Weights;
use implicit_bias_record::StopReason;
use ndarray::Array2;

use super::probe::{Probe, ProbeView};
use crate::EngineError;
use crate::engine::Engine;
use crate::observation::Observation;

/// An engine that records, beside what it records by itself, the columns of probes.
///
/// Its steps and its checkpoints are those of the engine within.
pub struct ProbedEngine {
    engine: Box<dyn Engine>,
    probes: Vec<&'static Probe>,
    initial: Weights,
    x: Array2<f64>,
}

impl ProbedEngine {
    /// An engine, at step 0 or at any other, with the weights of step 0 and the samples `[n, d]`.
    pub fn new(
        engine: Box<dyn Engine>,
        probes: Vec<&'static Probe>,
        initial: Weights,
        x: Array2<f64>,
    ) -> Self {
        Self {
            engine,
            probes,
            initial,
            x,
        }
    }
}

impl Engine for ProbedEngine {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn step(&self) -> f64 {
        self.engine.step()
    }

    fn homogeneity(&self) -> Option<f64> {
        self.engine.homogeneity()
    }

    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        self.engine.advance(to)
    }

    fn observe(&mut self) -> Result<Observation, EngineError> {
        let observation = self.engine.observe()?;
        let weights = self.engine.weights();
        let view = ProbeView {
            weights: &weights,
            initial: &self.initial,
            x: &self.x,
            observation: &observation,
        };
        let found = self.probes.iter().flat_map(|probe| (probe.measure)(&view));
        let found: Vec<(String, f64)> = found.collect();
        observation.with_probes(found)
    }

    fn weights(&mut self) -> Weights {
        self.engine.weights()
    }

    fn operations_per_step(&self) -> f64 {
        self.engine.operations_per_step()
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        self.engine.checkpoint()
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        self.engine.restore(checkpoint)
    }

    fn kkt(&mut self, unasked: bool) -> Option<Result<KktResidual, String>> {
        self.engine.kkt(unasked)
    }

    fn track(&mut self, directions: Vec<(String, Array2<f64>)>) {
        self.engine.track(directions);
    }

    fn hold_out(&mut self, data: &Dataset) -> Result<(), EngineError> {
        self.engine.hold_out(data)
    }

    fn notes(&self) -> &[String] {
        self.engine.notes()
    }
}
