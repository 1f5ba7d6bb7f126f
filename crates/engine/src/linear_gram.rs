//! Gradient descent on the linear network in Gram coordinates.

use implicit_bias_data::Dataset;
use implicit_bias_model::{Activation, Linear, Loss, TwoLayerConfig, Weights};
use implicit_bias_record::StopReason;
use ndarray::Array2;

use crate::EngineError;
use crate::engine::Engine;
use crate::gram::{GramEngine, GramEngineOptions};
use crate::observation::{BlockObservation, Observation};

/// Gradient descent on the linear network `⟨w, x⟩` by the [`GramEngine`], exact first and in log
/// time past that.
///
/// It is the two-layer network of one neuron a block without activation (with
/// [`Activation::IDENTITY`], which is that to rounding): from `W_pos = w/2` and
/// `W_neg = −w/2`, steps of size `η/2` keep `W_neg = −W_pos`, and `w = W_pos − W_neg` takes the
/// steps of size `η` of the linear network (derived: `∇_w L = ∇_{W_pos} L = −∇_{W_neg} L`). With
/// `‖W‖_F = ‖w‖/√2`.
pub struct LinearGramEngine {
    inner: GramEngine,
}

impl LinearGramEngine {
    /// An engine at step 0 with weights `[1, d]`, block `weight`.
    ///
    /// # Errors
    ///
    /// [`EngineError::Model`] for weights of another shape, and those of [`GramEngine::new`].
    pub fn new(
        data: &Dataset,
        weights: &Weights,
        loss: Loss,
        step_size: f64,
        exact_steps: f64,
    ) -> Result<Self, EngineError> {
        let [w] = weights.shaped([(Linear::BLOCK, [1, data.dim()])])?;
        let [pos, neg] = TwoLayerConfig::BLOCKS.map(str::to_owned);
        // Halves are exact.
        let halves = Weights::new(vec![(pos, w * 0.5), (neg, w * -0.5)])?;
        let options = GramEngineOptions {
            activation: Activation::IDENTITY,
            loss,
            step_size: step_size / 2.0,
            output_weight: None,
            exact_steps,
        };
        let inner = GramEngine::new(data, &halves, options)?;
        Ok(Self { inner })
    }

    fn weight(&mut self) -> Array2<f64> {
        let halves = self.inner.weights();
        let [(_, pos), (_, neg)] = halves.blocks() else {
            unreachable!("the two-layer network has two blocks")
        };
        pos - neg
    }
}

impl Engine for LinearGramEngine {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn homogeneity(&self) -> Option<f64> {
        self.inner.homogeneity()
    }

    fn step(&self) -> f64 {
        self.inner.step()
    }

    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError> {
        self.inner.advance(to)
    }

    fn observe(&mut self) -> Result<Observation, EngineError> {
        let root = std::f64::consts::SQRT_2;
        let inner = self.inner.observe()?;
        let norm = root * inner.weight_norm;
        let normalized: Vec<f64> = inner
            .normalized_margins
            .iter()
            .map(|margin| margin / root)
            .collect();
        let weight = self.weight();
        let largest = weight.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let least = normalized.iter().copied().fold(f64::INFINITY, f64::min);
        let stable_rank = if norm > 0.0 { 1.0 } else { f64::NAN };
        Ok(Observation {
            weight_norm: norm,
            blocks: vec![BlockObservation {
                name: Linear::BLOCK.to_owned(),
                norm,
                spectral_norm: norm,
                stable_rank,
                alignment: f64::NAN,
            }],
            stable_rank,
            normalized_margins: normalized,
            gradient_norm: inner.gradient_norm / root,
            pattern: None,
            probes: vec![("margin_linf_min".to_owned(), least * norm / largest)],
            ..inner
        })
    }

    fn weights(&mut self) -> Weights {
        Weights::of_matrices(vec![(Linear::BLOCK.to_owned(), self.weight())])
    }

    fn operations_per_step(&self) -> f64 {
        self.inner.operations_per_step()
    }

    fn checkpoint(&self) -> Option<Vec<u8>> {
        self.inner.checkpoint()
    }

    fn restore(&mut self, checkpoint: &[u8]) -> Result<(), EngineError> {
        self.inner.restore(checkpoint)
    }

    fn notes(&self) -> &[String] {
        self.inner.notes()
    }
}
