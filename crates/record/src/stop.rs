//! Why a run ended.

use std::fmt;

use implicit_bias_output::format_step;
use serde::{Deserialize, Serialize};

/// Why a run ended: a value, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum StopReason {
    /// The horizon was reached.
    Completed {
        /// The last step.
        step: f64,
    },
    /// The loss grew past any use: the step size is too large for these data.
    Diverged {
        /// The recorded step at which that was seen.
        step: f64,
    },
    /// A score or a weight is no longer finite.
    NonFinite {
        /// The step at which that was seen.
        step: f64,
    },
    /// The engine could not go on: its exact steps were used up, or events came without end. The
    /// manifest's notes say why.
    Stalled {
        /// The last step reached.
        step: f64,
    },
    /// The user stopped it.
    Interrupted {
        /// The last step taken.
        step: f64,
    },
    /// Every training sample is classified rightly, where the run was to stop.
    ZeroErrors {
        /// The first step at which that was so.
        step: f64,
    },
    /// The loss of every training sample is zero, where the run was to stop.
    ZeroLoss {
        /// The first step at which that was so.
        step: f64,
    },
}

/// When a run stops before its horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopRule {
    /// Every training sample has a positive margin.
    ZeroErrors,
    /// The loss of every training sample is zero.
    ZeroLoss,
}

impl StopRule {
    /// Why a run ends where the rule holds.
    pub fn reason(self, step: f64) -> StopReason {
        match self {
            Self::ZeroErrors => StopReason::ZeroErrors { step },
            Self::ZeroLoss => StopReason::ZeroLoss { step },
        }
    }
}

impl StopReason {
    /// The reason as one word: `completed`, `diverged`, `non-finite`, `stalled`, `interrupted`,
    /// `zero-errors` or `zero-loss`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed { .. } => "completed",
            Self::Diverged { .. } => "diverged",
            Self::NonFinite { .. } => "non-finite",
            Self::Stalled { .. } => "stalled",
            Self::Interrupted { .. } => "interrupted",
            Self::ZeroErrors { .. } => "zero-errors",
            Self::ZeroLoss { .. } => "zero-loss",
        }
    }

    /// The step it was seen at.
    pub fn step(self) -> f64 {
        match self {
            Self::Completed { step }
            | Self::Diverged { step }
            | Self::NonFinite { step }
            | Self::Stalled { step }
            | Self::Interrupted { step }
            | Self::ZeroErrors { step }
            | Self::ZeroLoss { step } => step,
        }
    }

    /// Whether the run did all that was asked for: it reached its horizon, or where it was to stop.
    pub fn is_complete(self) -> bool {
        matches!(
            self,
            Self::Completed { .. } | Self::ZeroErrors { .. } | Self::ZeroLoss { .. }
        )
    }
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at step {}", self.word(), format_step(self.step()))
    }
}
