//! The two-layer network whose output weights are all negative.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use crate::activations::{ACTIVATION, activation, describe_activation};
use crate::descent::{DescentProblem, Output};
use crate::first_layer::FirstLayer;
use crate::networks::two_layer::{OUTPUT_WEIGHT, WIDTH};
use crate::{Architecture, Block, Descent, HostScores, ModelError, Network, Weights};

/// `f(W; x) = −a Σ_r φ(⟨w_r, x⟩)`, no biases, `a = 1/m` unless another one is chosen; one block `neg`,
/// `[m, d]`, one row a neuron.
///
/// Positively homogeneous in the weights where `φ` is, of its degree. With leaky ReLU its score is
/// concave in the weights.
#[derive(Module, Debug)]
pub struct OneSign {
    first: FirstLayer,
}

/// The name of the block.
const BLOCK: &str = "neg";

/// The head: one score, to which every neuron adds negatively.
const HEAD: [Output; 1] = [Output {
    index: 0,
    sign: -1.0,
}];

impl Network for OneSign {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let mut sums = self.first.block_sums(x);
        let sum = sums.next().expect("a network of one block");
        // [1, n] to [n, 1]: one score a sample.
        sum.neg().transpose()
    }

    fn blocks(&self) -> Vec<Block> {
        let block = |weight| Block {
            name: BLOCK.to_owned(),
            weight,
            sign: Some(-1.0),
        };
        self.first.weights().map(block).collect()
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let first = self.first.with_weights(weights);
        Self { first }
    }

    fn homogeneity(&self) -> Option<f64> {
        self.first.activation().degree()
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        Some(self.first.host_scores(x, HEAD.to_vec(), 1, threads))
    }

    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        (problem.objective.outputs() == 1)
            .then(|| self.first.cheapest_descent(problem, HEAD.to_vec()))
            .flatten()
    }
}

/// [`OneSign`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct OneSignArchitecture;

impl Architecture for OneSignArchitecture {
    type Network = OneSign;

    fn name(&self) -> &'static str {
        "two-layer-negative"
    }

    fn about(&self) -> &'static str {
        "`−(1/m) Σ φ(⟨w, x⟩)`, the second layer fixed and all negative"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION, OUTPUT_WEIGHT]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        activation(settings)?;
        OUTPUT_WEIGHT.number_if_given(settings)?;
        let width = WIDTH.size_in(settings)?;
        Ok(vec![(BLOCK.to_owned(), [width, dim])])
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<OneSign, ModelError> {
        let blocks = weights.blocks();
        let width = blocks.first().map_or(0, |(_, block)| block.nrows());
        let activation = activation(settings)?;
        let names = [BLOCK.to_owned()];
        let first = FirstLayer::new(&names, [width, dim], activation, Some(weights), device)?;
        Ok(OneSign {
            first: first.with_output_weight(OUTPUT_WEIGHT.number_if_given(settings)?),
        })
    }

    fn describe(&self, settings: &Settings) -> String {
        let activation = describe_activation(settings);
        match settings.number(OUTPUT_WEIGHT.name) {
            Some(weight) => format!("{activation}, output weights −{weight}"),
            None => format!("{activation}, output weights −1/m"),
        }
    }
}
