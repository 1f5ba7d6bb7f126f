//! The paper's network.

use burn::config::Config;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

use crate::descent::{Problem, TwoLayerDescent};
use crate::{Activation, Block, Descent, ModelError, Network, TensorActivation, Weights};

/// The two-layer network of Kou, Chen & Gu (2023), section 3, with its second layer fixed.
///
/// `f(W; x) = (1/m) Σ_r φ(⟨w_{+1,r}, x⟩) − (1/m) Σ_r φ(⟨w_{−1,r}, x⟩)`, no biases; `W_pos` and
/// `W_neg` are `[m, d]`, one row a neuron. Positively homogeneous of degree 1 in the weights.
#[derive(Module, Debug)]
pub struct TwoLayer {
    w_pos: Param<Tensor<2>>,
    w_neg: Param<Tensor<2>>,
    #[module(skip)]
    activation: Activation,
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
/// assert_eq!(scores.dims(), [10]);
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
        for (what, size) in [("width", self.width), ("dim", self.dim)] {
            if size == 0 {
                return Err(ModelError::Zero { what });
            }
        }
        let zeros = || Param::from_tensor(Tensor::zeros([self.width, self.dim], device));
        Ok(TwoLayer {
            w_pos: zeros(),
            w_neg: zeros(),
            activation: self.activation,
        })
    }

    /// A network with the given weights, blocks `pos` and `neg`, each `[m, d]`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Shape`] if a block has another shape than the configuration, and the errors of
    /// [`init`](Self::init).
    pub fn init_with(&self, weights: &Weights, device: &Device) -> Result<TwoLayer, ModelError> {
        let network = self.init(device)?;
        let expected = [self.width, self.dim];
        for (index, name) in Self::BLOCKS.iter().enumerate() {
            let found = weights.blocks().get(index).map_or([0, 0], |(_, matrix)| {
                let (rows, columns) = matrix.dim();
                [rows, columns]
            });
            if found != expected {
                return Err(ModelError::Shape {
                    block: (*name).to_owned(),
                    expected,
                    found,
                });
            }
        }
        Ok(network.with_blocks(weights.to_tensors(device)))
    }
}

impl TwoLayer {
    /// The activation `φ`.
    pub fn activation(&self) -> Activation {
        self.activation
    }
}

impl Network for TwoLayer {
    fn scores(&self, x: Tensor<2>) -> Tensor<1> {
        // [m, n] before the mean over the neurons: means carry the 1/m of the second layer.
        let x = x.transpose();
        let half = |block: &Param<Tensor<2>>| {
            self.activation
                .forward(block.val().matmul(x.clone()))
                .mean_dim(0)
        };
        (half(&self.w_pos) - half(&self.w_neg)).squeeze_dim(0)
    }

    fn blocks(&self) -> Vec<Block> {
        let block = |name: &str, weight: &Param<Tensor<2>>, sign| Block {
            name: name.to_owned(),
            weight: weight.val(),
            sign: Some(sign),
        };
        let [pos, neg] = TwoLayerConfig::BLOCKS;
        vec![block(pos, &self.w_pos, 1.0), block(neg, &self.w_neg, -1.0)]
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        let [pos, neg] =
            <[Tensor<2>; 2]>::try_from(weights).expect("a two-layer network has two blocks");
        self.w_pos = Param::from_tensor(pos);
        self.w_neg = Param::from_tensor(neg);
        self
    }

    fn homogeneity(&self) -> f64 {
        1.0
    }

    fn pre_activations(&self, x: Tensor<2>) -> Option<Tensor<2>> {
        let w = Tensor::cat(vec![self.w_pos.val(), self.w_neg.val()], 0);
        Some(w.matmul(x.transpose()))
    }

    fn descent(&self, problem: &Problem<'_>) -> Option<Box<dyn Descent>> {
        let weights = Weights::of(&self.blocks());
        let [(_, pos), (_, neg)] = weights.blocks() else {
            return None;
        };
        let activation = self.activation;
        Some(if problem.single_precision {
            Box::new(TwoLayerDescent::<f32>::new(problem, activation, pos, neg))
        } else {
            Box::new(TwoLayerDescent::<f64>::new(problem, activation, pos, neg))
        })
    }
}
