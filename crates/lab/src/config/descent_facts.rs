//! What is true of the descent of a configuration, and the limit that is about it.

use implicit_bias_limits::{DirectionFacts, DirectionLimit};
use implicit_bias_record::StepNorm;

use super::catalogue::limits;
use super::run_config::RunConfig;

impl RunConfig {
    /// What is true of the descent on so many samples, as far as its limit goes.
    pub fn descent_facts(&self, samples: usize) -> DirectionFacts {
        let kind = self.optimizer.optimizer_kind();
        let batches = self.optimizer_run().and_then(|run| run.batches);
        let sees_all = batches.is_none_or(|batches| batches.size >= samples);
        let activation = self.activation_function();
        DirectionFacts {
            network: self.network.name,
            numbers: self.network.network_numbers(),
            blocks: self.block_names(),
            optimizer: self.optimizer.name,
            optimizer_numbers: self.optimizer.optimizer_numbers(),
            loss: self.loss.name(),
            family: self.family(),
            is_exponentially_tailed: self.loss.is_exponentially_tailed(),
            norm: match (kind.step_norm)(&self.optimizer.settings) {
                // Steps whose sizes have a finite sum lead nowhere far.
                _ if !sees_all || !self.step_size.sums_to_infinity() => StepNorm::Unknown,
                norm => norm,
            },
            far_slopes: activation.as_ref().and_then(|phi| phi.far_slopes()),
            is_homogeneous: activation.is_none_or(|phi| phi.degree().is_some()),
        }
    }

    /// The names of the blocks of weights, whatever the dimension of the samples.
    fn block_names(&self) -> Vec<String> {
        let blocks = self
            .network
            .network_kind()
            .blocks(&self.network.settings, 1);
        let blocks = blocks.unwrap_or_default().into_iter();
        blocks.map(|(name, _)| name).collect()
    }

    /// Whether a limit of directions is about the descent on so many samples.
    pub(crate) fn has_direction_limit(&self, samples: usize) -> bool {
        self.known_limit(samples).is_some()
    }

    /// Whether that limit is the one of the activation pattern of the last weights.
    pub(crate) fn has_limit_of_pattern(&self, samples: usize) -> bool {
        let limit = self.known_limit(samples);
        limit.is_some_and(|limit| limit.is_of_pattern)
    }

    /// The limit of directions that is about the descent on so many samples.
    pub(crate) fn known_limit(&self, samples: usize) -> Option<&'static DirectionLimit> {
        let facts = self.descent_facts(samples);
        limits().find(|limit| (limit.applies)(&facts))
    }
}
