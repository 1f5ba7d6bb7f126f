//! The claims as a theory: which runs they are about.

use super::early_run::EarlyRun;
use super::hypotheses::hypotheses;
use super::ids::{EARLY_ALIGNMENT, EARLY_LOSS, EARLY_RANK};
use super::{loss, neurons, rank};
use crate::run::RunView;
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};

/// The claims on early alignment.
pub const THEORY: Theory = Theory {
    name: "alignment",
    source: "Min, Mallada & Vidal (ICLR 2024, arXiv:2307.12851)",
    claims: &[
        (
            EARLY_ALIGNMENT,
            "before the loss falls, every neuron is in the set of its sign, or dead",
        ),
        (
            EARLY_RANK,
            "the stable rank of the hidden layer ends at 2 at most",
        ),
        (EARLY_LOSS, "the loss is O(1/t)"),
    ],
    at_start: |_| Vec::new(),
    judge,
};

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let is_relu = network.activation.is_some_and(|phi| phi.slope() == 0.0);
    let is_flow = (descent.is_plain || descent.optimizer == "flow") && descent.is_full_batch;
    let is_about = network.name == "two-layer-both" && is_relu && is_flow;
    if !(is_about && descent.loss.is_logistic_or_exponential()) {
        return None;
    }
    let early = EarlyRun::new(run)?;
    let mut claims = vec![
        neurons::judge(&early),
        rank::judge(&early),
        loss::judge(&early),
    ];
    withhold_unsound(run.end, &mut claims);
    write_hypotheses(&hypotheses(&early), &mut claims);
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}
