//! Where a run stops before its horizon, and the theorems that are about such runs.

use implicit_bias_model::OUTPUT_WEIGHT;
use implicit_bias_record::StopRule;

use super::names::Named;
use super::resolve::invalid;
use super::run_config::RunConfig;
use crate::LabError;

impl RunConfig {
    /// Whether theorems on the sum of hinge losses, of output weights `±1`, may be about the descent.
    pub(crate) fn has_hinge_theorems(&self) -> bool {
        let output_weight = self.network.settings.number(OUTPUT_WEIGHT.name);
        self.loss.name() == "hinge" && self.sum && output_weight == Some(1.0)
    }

    fn has_score_a_class(&self) -> bool {
        let network = &self.network;
        network.network_kind().classes(&network.settings).is_some()
    }

    /// Refuses a stop that cannot come.
    pub(super) fn require_stop(&self) -> Result<(), LabError> {
        match self.stop {
            Some(StopRule::ZeroLoss) if self.loss.is_exponentially_tailed() => Err(invalid(
                "stop",
                "zero-errors: a loss that falls like e^−q is zero nowhere",
                "zero-loss",
            )),
            Some(rule) if self.has_score_a_class() => {
                let expected = "a network of one score, whose sign tells errors";
                Err(invalid("stop", expected, rule.name()))
            }
            _ => Ok(()),
        }
    }
}
