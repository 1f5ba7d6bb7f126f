//! The trait by which an architecture joins the laboratory.

use burn::module::Module;
use burn::tensor::Tensor;

use ndarray::Array2;

use crate::Descent;
use crate::descent::DescentProblem;
use crate::host_scores::HostScores;

/// One named weight matrix of a network.
#[derive(Clone, Debug)]
pub struct Block {
    /// Short name: `pos` makes the columns `stable_rank_pos`, … and the tensor `W_pos`.
    pub name: String,
    /// The weights, one row a neuron: `[m, d]`.
    pub weight: Tensor<2>,
    /// `+1` or `−1` if every neuron of the block raises or lowers the one score; `None`
    /// otherwise, and where there are several scores.
    pub sign: Option<f64>,
}

/// A network with one or several scores a sample, as the engines and metrics use it.
///
/// Implement [`scores`](Network::scores), [`blocks`](Network::blocks),
/// [`with_blocks`](Network::with_blocks) and [`homogeneity`](Network::homogeneity) for any Burn
/// [`Module`] and it trains, is measured and is reported like the two-layer network. The other
/// methods have defaults and only add to what is recorded or to speed. A deep network, complete:
///
/// ```
/// use burn::module::{Module, Param};
/// use burn::tensor::Tensor;
/// use implicit_bias_model::{Activation, Block, Network, TensorActivation};
///
/// /// f(x) = ⟨v, φ(W₂ φ(W₁ x))⟩ with fixed v = (1, …, 1)/m: homogeneous of degree 2.
/// #[derive(Module, Debug)]
/// struct ThreeLayer {
///     first: Param<Tensor<2>>,
///     second: Param<Tensor<2>>,
/// }
///
/// impl Network for ThreeLayer {
///     fn scores(&self, x: Tensor<2>) -> Tensor<2> {
///         let hidden = Activation::RELU.forward(x.matmul(self.first.val().transpose()));
///         let hidden = Activation::RELU.forward(hidden.matmul(self.second.val().transpose()));
///         hidden.mean_dim(1) // [n, 1]: one score a sample
///     }
///     fn blocks(&self) -> Vec<Block> {
///         let block = |name: &str, weight: &Param<Tensor<2>>| Block {
///             name: name.into(),
///             weight: weight.val(),
///             sign: None,
///         };
///         vec![block("first", &self.first), block("second", &self.second)]
///     }
///     fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
///         let [first, second] = <[_; 2]>::try_from(weights).expect("two blocks");
///         self.first = Param::from_tensor(first);
///         self.second = Param::from_tensor(second);
///         self
///     }
///     fn homogeneity(&self) -> Option<f64> {
///         Some(2.0)
///     }
/// }
/// ```
pub trait Network: Module {
    /// Scores `f_o(W; x_i)`, shape `[n, outputs]`, of the samples in the rows of `x`, shape
    /// `[n, d]`.
    ///
    /// One score for two classes, whose sign is the prediction; one score a class for several, of
    /// which the largest is. The [`Objective`](crate::Objective) determines which of the two it is.
    fn scores(&self, x: Tensor<2>) -> Tensor<2>;

    /// The weight blocks, in a fixed order.
    ///
    /// Each is a parameter, or parameters in another shape or order: the kernel of a convolution,
    /// `[out, in, k, k]`, may be returned as the matrix `[out, in k k]`. Whatever else is computed
    /// from parameters is refused, as its gradient is not that of training.
    fn blocks(&self) -> Vec<Block>;

    /// This network with other weights, in the order of [`blocks`](Network::blocks).
    ///
    /// Initial weights, checkpoints and the weights of hand-derived descents are set by this.
    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self;

    /// The degree `L` with `f(αW; x) = α^L f(W; x)` for `α > 0`; margins are normalized by
    /// `‖W‖_F^L`. `None` if there is none: then margins are not normalized.
    fn homogeneity(&self) -> Option<f64>;

    /// The degree `L` for which `f(αW; x)/α^L` tends to a finite limit as `α → ∞`: that of homogeneity,
    /// where there is one. Past their exact steps runs follow the flow of networks that have it.
    fn far_homogeneity(&self) -> Option<f64> {
        self.homogeneity()
    }

    /// First-layer pre-activations, shape `[neurons, n]`, neurons in the order of the blocks' rows.
    ///
    /// With them, activation patterns are recorded, provided that every row of every block is such
    /// a neuron and every block has a sign (same-sign pairs mean nothing otherwise). `None` (the
    /// default) leaves those columns out.
    fn pre_activations(&self, _x: Tensor<2>) -> Option<Tensor<2>> {
        None
    }

    /// What else is recorded of this network, by column of the series, given the margins
    /// `q_i = y_i f(x_i)`.
    fn probes(&self, _margins: &[f64]) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// Whether margins have suprema over the trained weights, which [`HostScores::gaps`] tells.
    fn has_suprema(&self) -> bool {
        false
    }

    /// Whether [`HostScores::probes`] of this network has columns to record.
    fn has_host_probes(&self) -> bool {
        false
    }

    /// What else is recorded of this network on samples in the rows of `x`, `[n, d]`, with labels
    /// ±1, by column of the series. Called of labels ±1 alone.
    fn sample_probes(&self, _x: &Tensor<2>, _labels: &[f64]) -> Vec<(String, f64)> {
        Vec::new()
    }

    /// Scores and their gradients in host memory by the architecture's own formulas, if there are
    /// such; the descents other than plain gradient descent then use them instead of autodiff.
    ///
    /// `x` holds the samples in its rows. A test must hold it to autodiff.
    fn host_scores(&self, _x: &Array2<f64>, _threads: usize) -> Option<Box<dyn HostScores>> {
        None
    }

    /// A hand-derived gradient descent for this architecture in host memory, if there is one.
    ///
    /// Used instead of autodiff where the device computes in host memory; a test must hold it to
    /// autodiff. `None` (the default) trains by autodiff.
    fn descent(&self, _problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        None
    }
}
