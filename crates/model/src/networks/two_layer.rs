//! The paper's network.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use implicit_bias_record::Family;
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use crate::activations::{ACTIVATION, SharedActivation, activation, describe_activation};
use crate::descent::{DescentProblem, Output};
use crate::first_layer::FirstLayer;
use crate::{Activation, Architecture, Block, Descent, HostScores, ModelError, Network, Weights};

/// The two-layer network of Kou, Chen & Gu (2023), section 3, with its second layer fixed.
///
/// `f(W; x) = a Σ_r φ(⟨w_{+1,r}, x⟩) − a Σ_r φ(⟨w_{−1,r}, x⟩)`, `a = 1/m` in the paper,
/// no biases; `W_pos` and `W_neg` are `[m, d]`, one row a neuron. Positively homogeneous in the
/// weights where `φ` is, of its degree: 1 for ReLU and leaky ReLU, which are the paper's.
#[derive(Module, Debug)]
pub struct TwoLayer {
    first: FirstLayer,
}

/// Sizes and activation of a [`TwoLayer`] network.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_model::{Activation, Network, TwoLayerConfig};
/// # #[allow(deprecated)]
/// let device = Device::ndarray();
/// let config = TwoLayerConfig::new(50, 784, Activation::leaky_relu(0.1)?);
/// let network = config.init(&device)?; // all weights zero
/// let scores = network.scores(Tensor::ones([10, 784], &device));
/// assert_eq!(scores.dims(), [10, 1]);
/// # Ok::<(), implicit_bias_model::ModelError>(())
/// ```
#[derive(Config, Debug)]
pub struct TwoLayerConfig {
    /// Width `m`: neurons in each block.
    pub width: usize,
    /// Dimension `d` of a sample.
    pub dim: usize,
    /// The activation `φ`.
    pub activation: Activation,
}

impl TwoLayerConfig {
    /// The names of the blocks, in order.
    pub const BLOCKS: [&'static str; 2] = ["pos", "neg"];

    /// A network of zero weights on a device.
    ///
    /// Initial weights are drawn on the host, so that every backend starts from equal numbers: see
    /// [`init_with`](Self::init_with).
    ///
    /// # Errors
    ///
    /// [`ModelError::Zero`] if the width or the dimension is 0.
    pub fn init(&self, device: &Device) -> Result<TwoLayer, ModelError> {
        self.network(None, device)
    }

    /// A network with the given weights, blocks `pos` and `neg`, each `[m, d]`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Shape`] if a block has another shape than the configuration, and the errors of
    /// [`init`](Self::init).
    pub fn init_with(&self, weights: &Weights, device: &Device) -> Result<TwoLayer, ModelError> {
        self.network(Some(weights), device)
    }

    fn network(&self, weights: Option<&Weights>, device: &Device) -> Result<TwoLayer, ModelError> {
        TwoLayer::new(
            [self.width, self.dim],
            self.activation.into(),
            weights,
            device,
        )
    }
}

impl TwoLayer {
    /// A network of any activation, with the given weights, blocks `pos` and `neg`, each
    /// `[width, dim]`; zeros without weights.
    ///
    /// # Errors
    ///
    /// As [`TwoLayerConfig::init_with`].
    pub fn new(
        size: [usize; 2],
        activation: SharedActivation,
        weights: Option<&Weights>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let names = TwoLayerConfig::BLOCKS.map(str::to_owned);
        let first = FirstLayer::new(&names, size, activation, weights, device)?;
        Ok(Self { first })
    }

    /// This network with another output weight `a > 0`; `1/m` without.
    #[must_use]
    pub fn with_output_weight(self, output_weight: Option<f64>) -> Self {
        Self {
            first: self.first.with_output_weight(output_weight),
        }
    }

    /// The activation `φ`.
    pub fn activation(&self) -> &SharedActivation {
        self.first.activation()
    }
}

impl Network for TwoLayer {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let mut means = self.first.block_sums(x);
        let mut next = || means.next().expect("a two-layer network has two blocks");
        // [1, n] to [n, 1]: one score a sample.
        (next() - next()).transpose()
    }

    fn blocks(&self) -> Vec<Block> {
        let blocks = TwoLayerConfig::BLOCKS.into_iter().zip(SIGNS);
        blocks
            .zip(self.first.weights())
            .map(|((name, sign), weight)| Block {
                name: name.to_owned(),
                weight,
                sign: Some(sign),
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

    fn far_homogeneity(&self) -> Option<f64> {
        self.first.activation().far_degree()
    }

    fn pre_activations(&self, x: Tensor<2>) -> Option<Tensor<2>> {
        Some(self.first.pre_activations(x))
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let head = SIGNS.map(|sign| Output { index: 0, sign });
        Some(self.first.host_scores(x, head.to_vec(), 1, threads))
    }

    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        let head = SIGNS.map(|sign| Output { index: 0, sign });
        if problem.objective.outputs() != 1 {
            return None;
        }
        match problem.stop {
            None => self.first.descent(problem, head.to_vec(), 1),
            Some(_) => self.first.cheapest_descent(problem, head.to_vec()),
        }
    }
}

/// The width of a network.
pub const WIDTH: Key = Key::count(
    "width",
    "M",
    "Width m: neurons in each block, or in a hidden layer; a file of initial weights has its own",
)
.by_default_count(50)
.within("at least 1 neuron a block", |width| width >= 1.0);

/// The weight of a neuron in the score.
pub const OUTPUT_WEIGHT: Key = Key::number(
    "output-weight",
    "A",
    "Weight a > 0 of a neuron in the score, a Σ ± φ [default: 1/m]",
)
.positive();

/// The paper's network as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct TwoLayerArchitecture;

impl TwoLayerArchitecture {
    /// Its name.
    pub const NAME: &'static str = "two-layer";
}

impl Architecture for TwoLayerArchitecture {
    type Network = TwoLayer;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn family(&self) -> Family {
        Family::TwoLayer
    }

    fn about(&self) -> &'static str {
        "`(1/m) Σ φ(⟨w₊, x⟩) − (1/m) Σ φ(⟨w₋, x⟩)`, the second layer fixed: the paper's network"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION, OUTPUT_WEIGHT]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let width = WIDTH.size_in(settings)?;
        activation(settings)?;
        OUTPUT_WEIGHT.number_if_given(settings)?;
        Ok(TwoLayerConfig::BLOCKS
            .map(|name| (name.to_owned(), [width, dim]))
            .to_vec())
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<TwoLayer, ModelError> {
        let width = weights
            .blocks()
            .first()
            .map_or(0, |(_, block)| block.nrows());
        let output_weight = OUTPUT_WEIGHT.number_if_given(settings)?;
        let network = TwoLayer::new([width, dim], activation(settings)?, Some(weights), device)?;
        Ok(network.with_output_weight(output_weight))
    }

    fn describe(&self, settings: &Settings) -> String {
        let activation = describe_activation(settings);
        match settings.number(OUTPUT_WEIGHT.name) {
            Some(weight) => format!("{activation}, output weight a = {weight}"),
            None => activation,
        }
    }
}

/// The signs of the blocks.
const SIGNS: [f64; 2] = [1.0, -1.0];
