//! Two layers, both trained.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::{Array1, Array2};

use crate::activations::{ACTIVATION, activation, describe_activation};
use crate::descent::DescentProblem;
use crate::neurons::neuron_columns;
use crate::{
    Architecture, Block, Descent, FullyConnected, HostScores, ModelError, Network, WIDTH, Weights,
};

/// Whether the neurons are recorded.
pub const NEURONS: Key = Key::switch(
    "neurons",
    "Record of the hidden neurons how many are in the sets S₊ and S₋, dead, or elsewhere, their \
     angles to the axes and to the line of their class, and the balance of the layers \
     (two-layer-both, labels ±1)",
);

/// Two fully connected layers, both trained, with what is recorded of the hidden neurons.
#[derive(Module, Debug)]
pub struct TwoLayerBoth {
    layers: FullyConnected,
    /// Whether the neurons are recorded.
    #[module(skip)]
    neurons: bool,
}

impl Network for TwoLayerBoth {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        self.layers.scores(x)
    }

    fn blocks(&self) -> Vec<Block> {
        self.layers.blocks()
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        self.layers = self.layers.with_blocks(weights);
        self
    }

    fn homogeneity(&self) -> Option<f64> {
        self.layers.homogeneity()
    }

    fn sample_probes(&self, x: &Tensor<2>, labels: &[f64]) -> Vec<(String, f64)> {
        if !self.neurons {
            return Vec::new();
        }
        let weights = Weights::of(&self.blocks());
        let [(_, hidden), (_, outer)] = weights.blocks() else {
            unreachable!("there are two layers")
        };
        let outer: Array1<f64> = outer.iter().copied().collect();
        neuron_columns(hidden, &outer, &Weights::host(x), labels)
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        self.layers.host_scores(x, threads)
    }

    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        self.layers.descent(problem)
    }
}

/// `f(x) = Σ_j v_j φ(⟨w_j, x⟩)` with both layers trained: `W_hidden` is `[m, d]`, `W_outer` is
/// `[1, m]`. Homogeneous where `φ` is: of degree 2 under
/// ReLU and leaky ReLU.
#[derive(Clone, Copy, Debug)]
pub struct TwoLayerBothArchitecture;

impl Architecture for TwoLayerBothArchitecture {
    type Network = TwoLayerBoth;

    fn name(&self) -> &'static str {
        "two-layer-both"
    }

    fn about(&self) -> &'static str {
        "`Σ v_j φ(⟨w_j, x⟩)`, both layers trained"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION, NEURONS]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let width = WIDTH.size_in(settings)?;
        activation(settings)?;
        NEURONS.switch_in(settings)?;
        Ok(vec![
            ("hidden".to_owned(), [width, dim]),
            ("outer".to_owned(), [1, width]),
        ])
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<TwoLayerBoth, ModelError> {
        let names = ["hidden", "outer"].map(str::to_owned).to_vec();
        Ok(TwoLayerBoth {
            layers: FullyConnected::new(names, weights, dim, activation(settings)?, device)?,
            neurons: NEURONS.switch_in(settings)?.unwrap_or(false),
        })
    }

    fn describe(&self, settings: &Settings) -> String {
        let activation = describe_activation(settings);
        format!("two layers, both trained, {activation}")
    }
}
