//! What the hypotheses of the theorems are about, of a run that begins or ended.

use implicit_bias_claims::kou::{Conditions, step_size_notice};
use implicit_bias_data::{Contradictions, Geometry, SentenceFacts};
use implicit_bias_limits::pre_activations;
use implicit_bias_model::Loss;

use super::facts::facts_of_plan;
use crate::config::{RunConfig, theories};
use crate::run::{Prepared, two_blocks};

/// What the hypotheses of the theorems are about, for a network of this `width` on data of this
/// geometry; without the initial loss. `None` for a run that the theorems are not about.
pub fn conditions(config: &RunConfig, geometry: &Geometry, width: usize) -> Option<Conditions> {
    Conditions::of(&facts_of_plan(config, geometry, width))
}

/// What is wrong with the data, as a notice, if something is.
pub(super) fn data_notice(prepared: &Prepared) -> Option<String> {
    if let Some(facts) = SentenceFacts::of(&prepared.data) {
        return (!facts.is_consistent()).then(|| format!("data: {}", facts.warning()));
    }
    let found = Contradictions::of(&prepared.data);
    (!found.is_empty()).then(|| format!("data: {found}"))
}

/// What a user should know before a run takes its first step.
pub(crate) fn notices_at_the_start(config: &RunConfig, prepared: &Prepared) -> Vec<String> {
    let conditions = conditions(config, &prepared.geometry, prepared.width).map(|conditions| {
        let exponential = conditions.loss == Loss::Exponential;
        Conditions {
            initial_loss: exponential
                .then(|| initial_loss(config, prepared))
                .flatten(),
            ..conditions
        }
    });
    let facts = facts_of_plan(config, &prepared.geometry, prepared.width);
    data_notice(prepared)
        .into_iter()
        .chain(conditions.and_then(|conditions| step_size_notice(&conditions)))
        .chain(theories().flat_map(|theory| (theory.at_start)(&facts)))
        .collect()
}

/// The loss of the initial weights.
fn initial_loss(config: &RunConfig, prepared: &Prepared) -> Option<f64> {
    let activation = config.activation()?;
    let data = prepared.data.signs()?;
    let state = pre_activations(data, two_blocks(&prepared.weights)?)?;
    let (m, y) = (prepared.width, data.y());
    let losses = y.iter().enumerate().map(|(sample, label)| {
        let of_block = |neurons: std::ops::Range<usize>| -> f64 {
            let values = neurons.map(|neuron| activation.apply(state[[neuron, sample]]));
            values.sum()
        };
        let score = (of_block(0..m) - of_block(m..2 * m)) / m as f64;
        config.loss.value(label * score)
    });
    Some(losses.sum::<f64>() / y.len() as f64)
}
