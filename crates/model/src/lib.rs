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
//! | `networks` | a file a network that users choose by name, and their list |
//! | `first_layer` | the layer that the two-layer network and that of several classes share |
//! | `fully_connected` | layers of which all are trained |
//! | `fully_connected_scores` | their scores and gradients in host memory |
//! | `softmax_mixture` | mixtures by attention, exact where it settles on a token |
//! | `linear_scores` | the scores of the linear network in host memory |
//! | `combination` | sums of multiples of vectors, for the linear network |
//! | `span` | weights in coordinates of what the samples span |
//! | `matrix_kernels` | products of small matrices |
//! | `host_scores` | scores and their gradients in host memory |
//! | `optimizer` | plain gradient descent as a Burn optimizer |
//! | `descent` | the hand-derived descent of both in host memory |
//! | `weights` | named blocks on the host and their safetensors file |

mod activations;
mod architecture;
mod combination;
mod descent;
mod error;
mod first_layer;
mod fully_connected;
mod fully_connected_scores;
mod host_scores;
mod linear_scores;
mod loss;
mod matrix_kernels;
mod network;
mod networks;
mod neurons;
mod objective;
mod optimizer;
mod softmax_mixture;
mod span;
mod weights;

pub use activations::{
    ACTIVATION, ACTIVATIONS, ActivationFunction, ActivationKind, EXPONENT, HUBERIZED_RELU,
    LEAKY_RELU, QUADRATIC, RELU, SLOPE, SMOOTHED_LEAKY_RELU, SharedActivation, THRESHOLD,
    TensorActivation, activation, activation_kind, activations, describe_activation,
    install_activations,
};
pub use architecture::{Architecture, FirstStage, SampleShape, TargetKind};
pub use descent::{Descent, DescentProblem};
pub use error::ModelError;
pub use fully_connected::FullyConnected;
pub use host_scores::{HostScores, MarginGap, NoSlopes, SlopesOf, Span, log_excess_loss};
pub use implicit_bias_scalar::{
    Activation, HINGE, LOSSES, Loss, MarginLoss, POLYNOMIAL, Parameters, SQUARED, SlopeError,
    is_positive_margin, log_sum_of_exponentials, power_of_two,
};
pub use loss::TensorLoss;
pub use network::{Block, Network};
pub use networks::{
    Attention, AttentionArchitecture, CLASSES, Convolution, ConvolutionArchitecture, DECODER,
    DEPTH, DeepArchitecture, Linear, LinearArchitecture, MultiClass, MultiClassArchitecture,
    MultiClassConfig, NEURONS, OUTPUT_WEIGHT, OneSign, OneSignArchitecture, PATCHES, Quadratic,
    QuadraticArchitecture, TOKENS, Transformer, TransformerArchitecture, TwoLayer,
    TwoLayerArchitecture, TwoLayerBoth, TwoLayerBothArchitecture, TwoLayerConfig, WIDTH,
    class_labels,
};
pub use objective::{Objective, Targets, TensorObjective};
pub use optimizer::{CompensatedGradientDescent, Compensation, GradientDescent, two_sum_step};
pub use span::SpanBasis;
pub use weights::{Weights, to_tensor};
