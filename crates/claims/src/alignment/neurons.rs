//! Whether neurons are in their sets before the loss falls.

use super::early_run::EarlyRun;
use super::ids::EARLY_ALIGNMENT;
use crate::claim::{Claim, Verdict};
use crate::settings::MIN_RECORDS_AFTER_FALL;
use crate::words::step;

/// Judges that, from the step on at which the loss has fallen to half of its initial value, every
/// neuron is dead or in the set of the sign of its outer weight.
///
/// The theorem has alignment by `t₁ = O(log n/√μ)`, before the loss begins to fall at `t₂`, and
/// neurons stay: a single neuron outside at a recorded step from there on refutes, if that step is
/// an exact one. In log time small neurons may be off.
pub(super) fn judge(run: &EarlyRun<'_>) -> Claim {
    let mut claim = Claim::draft(
        EARLY_ALIGNMENT,
        "Before the loss falls, every neuron is dead or active on exactly the samples of the sign \
         of its outer weight, and it stays so.",
        "largest number of other neurons at a recorded step from the one on at which the loss has \
         fallen to half",
        "0",
    );
    let (row, fallen) = match run.fallen() {
        Ok(found) => found,
        Err(why) => {
            claim.reason = format!("{why}.");
            return claim;
        }
    };
    let misplaced = run.column("neurons_misplaced").unwrap_or_default();
    let most = misplaced[row..].iter().copied().fold(0.0, f64::max);
    claim.measured = Some(most);
    let width = run.view.facts.network.width;
    let exact = misplaced[row.min(run.exact)..run.exact].iter();
    if most > 0.0 && exact.copied().fold(0.0, f64::max) == 0.0 {
        claim.reason = format!(
            "at step {} the loss has fallen to half, and from there on up to {most} of {width} \
             neurons are neither dead nor in the set of their sign, all of that in log time, which \
             is not sure of small neurons.",
            step(fallen)
        );
        return claim;
    }
    if most > 0.0 {
        let (verdict, but) = run.refuted();
        claim.verdict = verdict;
        let at_fall = misplaced[row];
        claim.reason = format!(
            "at step {}, where the loss has fallen to half, {at_fall} of {width} neurons are \
             neither dead nor in the set of their sign, and later up to {most}{but}.",
            step(fallen)
        );
        return claim;
    }
    let aligned = aligned_from(&misplaced).map_or(f64::NAN, |row| run.steps[row]);
    let after = misplaced.len() - row;
    let found = format!(
        "every neuron is dead or in the set of its sign from step {} on, and the loss has fallen \
         to half at step {}",
        step(aligned),
        step(fallen)
    );
    if after < MIN_RECORDS_AFTER_FALL {
        claim.reason = format!(
            "{found}; of {MIN_RECORDS_AFTER_FALL} recorded steps from there on, which are needed \
             to support, there are {after}."
        );
    } else {
        claim.verdict = Verdict::Supported;
        claim.reason = format!("{found}.");
    }
    claim
}

/// The first row from which on no neuron is misplaced.
fn aligned_from(misplaced: &[f64]) -> Option<usize> {
    let last = misplaced.iter().rposition(|count| *count > 0.0);
    let from = last.map_or(0, |row| row + 1);
    (from < misplaced.len()).then_some(from)
}
