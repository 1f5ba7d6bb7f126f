//! How a tensor engine takes its steps.

use implicit_bias_model::Loss;

use crate::options::Gradient;

/// How a [`TensorEngine`](crate::TensorEngine) takes its steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorEngineOptions {
    /// The loss of a margin; for several classes the logistic one is cross-entropy (see
    /// [`Objective`](implicit_bias_model::Objective)).
    pub loss: Loss,
    /// The step size `η`.
    pub step_size: f64,
    /// Autodiff, the architecture's own gradient, or whichever is faster.
    pub gradient: Gradient,
    /// Threads that a step may use.
    pub threads: usize,
    /// Whether what rounding takes from each update is kept, for single precision: see
    /// [`CompensatedGradientDescent`](implicit_bias_model::CompensatedGradientDescent).
    pub compensated: bool,
}
