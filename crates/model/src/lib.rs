//! Networks as Burn modules, losses that stay accurate, and plain gradient descent.
//!
//! The crate holds the two-layer network of Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) and the
//! [`Network`] trait by which another architecture joins: nothing above this crate knows that a
//! network has two layers.
//!
//! | file | what |
//! |---|---|
//! | `activations` | `φ` and `φ'`, a file an activation, and their list |
//! | `loss` | the losses of `implicit-bias-scalar` on tensors |
//! | `objective` | the mean loss of scores, of two classes or several |
//! | `network` | the trait of a network |
//! | `architecture` | a kind of network that users choose by name |
//! | `first_layer` | the layer that both networks below share |
//! | `two_layer` | the paper's network |
//! | `multi_class` | a head of several classes over the same first layer |
//! | `deep` | fully connected networks, all layers trained |
//! | `deep_scores` | their scores and gradients in host memory |
//! | `two_layer_both` | the same with one hidden layer, by the names of its two |
//! | `convolution` | a convolution of one layer |
//! | `linear` | the linear network |
//! | `combination` | sums of multiples of vectors, for the linear network |
//! | `host_scores` | scores and their gradients in host memory |
//! | `optimizer` | plain gradient descent as a Burn optimizer |
//! | `descent` | the hand-derived descent of both in host memory |
//! | `weights` | named blocks on the host and their safetensors file |

mod activations;
mod architecture;
mod combination;
mod convolution;
mod deep;
mod deep_scores;
mod descent;
mod error;
mod first_layer;
mod host_scores;
mod linear;
mod linear_scores;
mod loss;
mod multi_class;
mod network;
mod objective;
mod optimizer;
mod two_layer;
mod two_layer_both;
mod weights;

pub use activations::{
    ACTIVATION, ACTIVATIONS, ActivationFunction, ActivationKind, EXPONENT, HUBERIZED_RELU,
    LEAKY_RELU, QUADRATIC, RELU, SLOPE, SMOOTHED_LEAKY_RELU, SharedActivation, THRESHOLD,
    TensorActivation, activation, activation_kind, activations, describe_activation,
    install_activations,
};
pub use architecture::Architecture;
pub use convolution::{Convolution, ConvolutionArchitecture, PATCHES};
pub use deep::{DEPTH, Deep, DeepArchitecture};
pub use descent::{Descent, DescentProblem};
pub use error::ModelError;
pub use host_scores::HostScores;
pub use implicit_bias_scalar::{
    Activation, HINGE, LOSSES, Loss, MarginLoss, SQUARED, SlopeError, is_positive_margin,
};
pub use linear::{Linear, LinearArchitecture};
pub use loss::TensorLoss;
pub use multi_class::{
    CLASSES, MultiClass, MultiClassArchitecture, MultiClassConfig, class_labels,
};
pub use network::{Block, Network};
pub use objective::{Objective, Targets, TensorObjective};
pub use optimizer::{CompensatedGradientDescent, Compensation, GradientDescent, two_sum_step};
pub use two_layer::{TwoLayer, TwoLayerArchitecture, TwoLayerConfig, WIDTH};
pub use two_layer_both::TwoLayerBothArchitecture;
pub use weights::{Weights, to_tensor};
