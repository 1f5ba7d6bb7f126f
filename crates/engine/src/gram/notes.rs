//! What a reader of a run in Gram coordinates should know of it, in whole phrases.

use implicit_bias_gram::{FarFlow, Stall};
use implicit_bias_record::UNCERTAIN;

/// How the note begins that says that margins are not known.
const UNCERTAIN_NOTE: &str = "log time cannot tell where gradient descent goes";

/// How the note begins that says that weights are not known.
const CANCELLATION_NOTE: &str = "Gram coordinates cannot tell the weights";

/// That rounding decides where a run goes.
pub(super) fn chaotic(step: f64, apart: f64) -> String {
    format!(
        "chaotic to rounding: two descents whose weights start apart by a rounding have margins \
         apart by {apart:.0e} at step {step:e}, so that no other program need reproduce this run; \
         a smaller --step-size may settle it"
    )
}

/// That log time cannot take over, where rates change by `ratio` of themselves in a step.
pub(super) fn not_taken_over(step: f64, ratio: f64, limit: f64) -> String {
    let why = if ratio.is_infinite() {
        "a neuron is where kinks meet, as at weights that chatter about zero".to_owned()
    } else {
        format!("rates change by {ratio:.1e} of themselves in a step (at most {limit:.0e})")
    };
    format!(
        "stopped after {step:e} exact steps: log time cannot take over where {why}; \
         --exact-steps sets how far exact steps go"
    )
}

/// That log time stalled.
pub(super) fn stalled(step: f64, why: Stall) -> String {
    let why = match why {
        Stall::Stiff => {
            "the flow is too stiff for its method, as where samples cannot all be fitted, or \
             differ in length by orders of magnitude"
        }
        Stall::Events => "events without end",
    };
    format!("log time stalled at step {step:e}: {why}")
}

/// Says so, once, where margins are no longer known to a hundredth.
pub(super) fn note_uncertainty(flow: &FarFlow, notes: &mut Vec<String>) {
    let estimate = flow.error_estimate();
    let known = notes.iter().any(|note| note.starts_with(UNCERTAIN_NOTE));
    if estimate <= UNCERTAIN || known {
        return;
    }
    notes.push(format!(
        "{UNCERTAIN_NOTE} from step {:e} or somewhat before: by its own estimate margins may be \
         off by {:.0} % or more, as where the steps at a kink decide on which side a neuron goes \
         on, or where too few steps were exact; --exact-steps takes more of them",
        flow.step(),
        (100.0 * estimate).min(100.0)
    ));
}

/// Says, once, where cancellation leaves the weights unknown to a hundredth, at `step`.
pub(super) fn note_cancellation(estimate: f64, step: f64, notes: &mut Vec<String>) {
    let known = notes.iter().any(|note| note.starts_with(CANCELLATION_NOTE));
    if estimate <= UNCERTAIN || known {
        return;
    }
    notes.push(format!(
        "{CANCELLATION_NOTE} at step {step:e}: by its own estimate norms, stable ranks and \
         normalized margins may be off by {:.0} % or more, since coefficients of samples that \
         depend on one another cancel; --engine tensor steps the weights themselves",
        (100.0 * estimate).min(100.0)
    ));
}
