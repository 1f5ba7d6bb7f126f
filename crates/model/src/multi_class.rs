//! A head of several classes over the first layer of the paper's network.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ndarray::Array2;

use crate::descent::{DescentProblem, Output};
use crate::first_layer::FirstLayer;
use crate::{
    Activation, Block, Descent, HostScores, ModelError, Network, SharedActivation, Weights,
};

/// A two-layer network with one block of neurons and one score a class, its second layer fixed.
///
/// `s_c(W; x) = (1/m) Σ_r φ(⟨w_{c,r}, x⟩)`, `c = 0..C`, no biases; `W_c` is `[m, d]`, one row
/// a neuron. Positively homogeneous of degree 1 in the weights. With two classes and cross-entropy
/// it *is* the [`TwoLayer`](crate::TwoLayer) network with the logistic loss, `f = s_0 − s_1`: a
/// second head over the same first layer. Several classes are this project's question; the paper
/// has two.
#[derive(Module, Debug)]
pub struct MultiClass {
    first: FirstLayer,
}

/// Sizes and activation of a [`MultiClass`] network.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_model::{Activation, MultiClassConfig, Network};
/// # #[allow(deprecated)]
/// let device = Device::ndarray();
/// let config = MultiClassConfig::new(10, 50, 784, Activation::RELU);
/// let network = config.init(&device)?; // all weights zero
/// let scores = network.scores(Tensor::ones([20, 784], &device));
/// assert_eq!(scores.dims(), [20, 10]);
/// # Ok::<(), implicit_bias_model::ModelError>(())
/// ```
#[derive(Config, Debug)]
pub struct MultiClassConfig {
    /// Number of classes `C`.
    pub classes: usize,
    /// Width `m`: neurons in each block.
    pub width: usize,
    /// Dimension `d` of a sample.
    pub dim: usize,
    /// The activation `φ`.
    pub activation: Activation,
}

impl MultiClassConfig {
    /// The names of the blocks, in order: the numbers of the classes.
    pub fn block_names(&self) -> Vec<String> {
        (0..self.classes).map(|class| class.to_string()).collect()
    }

    /// A network of zero weights on a device.
    ///
    /// # Errors
    ///
    /// [`ModelError::Zero`] if the width or the dimension is 0, [`ModelError::Classes`] for fewer
    /// than two classes.
    pub fn init(&self, device: &Device) -> Result<MultiClass, ModelError> {
        self.network(None, device)
    }

    /// A network with the given weights, one block a class in the order of the classes, each
    /// `[m, d]`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Shape`] if a block has another shape than the configuration, and the errors of
    /// [`init`](Self::init).
    pub fn init_with(&self, weights: &Weights, device: &Device) -> Result<MultiClass, ModelError> {
        self.network(Some(weights), device)
    }

    fn network(
        &self,
        weights: Option<&Weights>,
        device: &Device,
    ) -> Result<MultiClass, ModelError> {
        if self.classes < 2 {
            let found = self.classes;
            return Err(ModelError::Classes { found });
        }
        let (names, size) = (self.block_names(), [self.width, self.dim]);
        let first = FirstLayer::new(&names, size, self.activation.into(), weights, device)?;
        Ok(MultiClass { first })
    }
}

impl MultiClass {
    /// The activation `φ`.
    pub fn activation(&self) -> &SharedActivation {
        self.first.activation()
    }
}

impl Network for MultiClass {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        Tensor::cat(self.first.block_means(x).collect(), 0).transpose()
    }

    fn blocks(&self) -> Vec<Block> {
        let weights = self.first.weights().enumerate();
        weights
            .map(|(class, weight)| Block {
                name: class.to_string(),
                weight,
                // A block raises the score of its own class alone.
                sign: None,
            })
            .collect()
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let first = self.first.with_weights(weights);
        Self { first }
    }

    fn homogeneity(&self) -> Option<f64> {
        self.first.activation().degree()
    }

    fn pre_activations(&self, x: Tensor<2>) -> Option<Tensor<2>> {
        Some(self.first.pre_activations(x))
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let classes = self.first.weights().count();
        let head = (0..classes).map(|index| Output { index, sign: 1.0 });
        Some(self.first.host_scores(x, head.collect(), classes, threads))
    }

    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        let classes = self.first.weights().count();
        let head = (0..classes).map(|index| Output { index, sign: 1.0 });
        (problem.objective.outputs() == classes)
            .then(|| self.first.cheapest_descent(problem, head.collect()))
            .flatten()
    }
}
