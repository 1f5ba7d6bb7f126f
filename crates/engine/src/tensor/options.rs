//! How a tensor engine takes its steps.

use implicit_bias_model::Loss;

use crate::EngineError;
use crate::log_time_stage::LogTimeOptions;
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
    /// How the engine goes on past its exact steps; it takes all steps exactly without.
    pub log_time: Option<LogTimeOptions>,
    /// Whether the residual of the direction is a column of the series, measured at some steps.
    pub kkt: bool,
}

impl TensorEngineOptions {
    /// Refuses compensated updates beside an optimizer of its own, whose weights are in double
    /// precision.
    pub(super) fn refuse_compensation_beside(&self, optimizer: bool) -> Result<(), EngineError> {
        if !(self.compensated && optimizer) {
            return Ok(());
        }
        Err(EngineError::Invalid {
            key: "compensated".into(),
            expected: "plain gradient descent: other optimizers keep their weights in double \
                       precision"
                .into(),
            found: "another optimizer".into(),
        })
    }

    /// How a network that is of this degree where its weights are large goes on past its exact steps.
    pub(super) fn log_time_of(
        &self,
        homogeneity: Option<f64>,
    ) -> Result<Option<LogTimeOptions>, EngineError> {
        let Some(options) = self.log_time else {
            return Ok(None);
        };
        let obstacle = if homogeneity.is_none() {
            "a network that is of no degree in its weights, however large they are"
        } else if !self.loss.is_exponentially_tailed() {
            "a loss without an exponential tail"
        } else {
            return Ok(Some(options));
        };
        if !options.required {
            return Ok(None);
        }
        Err(EngineError::Invalid {
            key: "steps".into(),
            expected: "at most 2^53 and no --exact-steps, as every step is taken: log time is for \
                       networks that are homogeneous, at least where their weights are large, and \
                       losses with an exponential tail"
                .into(),
            found: obstacle.into(),
        })
    }

    /// Refuses to go on by autodiff where a hand-derived gradient was asked for.
    pub(super) fn require_gradient(&self, is_hand_derived: bool) -> Result<(), EngineError> {
        if is_hand_derived || self.gradient != Gradient::HandDerived {
            return Ok(());
        }
        Err(EngineError::Invalid {
            key: "gradient".into(),
            expected:
                "auto or autodiff: this architecture has no hand-derived one under this descent, \
                       or has it in double precision alone"
                    .into(),
            found: "hand-derived".into(),
        })
    }
}
