//! Gradient flow.

use super::gd::plain;
use super::optimizer::OptimizerKind;
use crate::log_time::Pace;
use implicit_bias_record::StepNorm;

/// `dW/dt = −η_t ∇L(W)`, with a step as the unit of time: what gradient descent follows where its
/// steps are small. It is followed in log time from its first moment on, with an error estimate.
pub const FLOW: OptimizerKind = OptimizerKind {
    name: "flow",
    about: "`dW/dt = −η ∇L`, gradient flow, t in steps of size η",
    keys: &[],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: Some(Pace::Flow),
    step_norm: |_| StepNorm::L2,
    // No step is taken: an engine that cannot follow the flow refuses it.
    make: |_, weights| Ok(plain(weights)),
};
