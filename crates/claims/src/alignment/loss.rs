//! Whether the loss falls like `O(1/t)`.

use super::early_run::EarlyRun;
use super::ids::EARLY_LOSS;
use crate::claim::{Claim, Verdict};
use crate::settings::{LOSS_TOLERANCE, WINDOW};
use crate::window::Points;
use crate::words::{interval, number, step};

/// Judges that the loss falls at least as fast as `1/t`, by its exponent over the last two decades.
///
/// It is an upper bound: for two layers the loss falls like `1/(t log t)` (derived), whose exponent
/// rises to −1 from below.
///
/// * *Supported* where the interval of the exponent ends at most 0.05 above −1, and so does the
///   exponent of the later half.
/// * *Refuted* where every neuron is dead at the last step: then no weight ever moves again. A loss
///   that stands still otherwise may be at a saddle point that it leaves much later.
pub(super) fn judge(run: &EarlyRun<'_>) -> Claim {
    let mut claim = Claim::draft(
        EARLY_LOSS,
        "Once it falls, the loss is O(1/t).",
        "exponent of the loss in t, last two decades",
        "≤ −1",
    );
    let dead = run.column("neurons_dead").unwrap_or_default();
    if dead.last() == Some(&(run.view.facts.network.width as f64)) {
        let (verdict, but) = run.refuted();
        claim.verdict = verdict;
        claim.reason = format!(
            "every neuron is dead at step {}, so that the gradient is zero for ever{but}.",
            step(run.horizon())
        );
        return claim;
    }
    let fallen = match run.fallen() {
        Ok((_, fallen)) => fallen,
        Err(why) => {
            claim.reason = format!("{why}.");
            return claim;
        }
    };
    let horizon = run.horizon();
    let start = (horizon / WINDOW).max(fallen);
    if start > horizon / WINDOW.sqrt() {
        claim.reason = format!(
            "the loss has fallen to half at step {}, and a decade of steps after it is needed; the \
             last one is {}.",
            step(fallen),
            step(horizon)
        );
        return claim;
    }
    let log_loss = run.column("log_loss").unwrap_or_default();
    let points = Points::new(&run.steps, vec![log_loss], start, horizon);
    let lines = match points.lines(&points.log_step, &points.columns[0]) {
        Ok(lines) => lines,
        Err(why) => {
            claim.reason = why;
            return claim;
        }
    };
    let line = lines.whole;
    let mut fit = line.record("loss = c·t^a", "a", points.window);
    fit.expected = Some(-1.0);
    claim.measured = Some(fit.estimate);
    claim.fits = vec![fit];
    let found = format!(
        "the exponent is {} {} over steps {} to {}, {} in the earlier and {} in the later half",
        number(line.slope),
        interval(number(line.low()), number(line.high())),
        step(start),
        step(horizon),
        number(lines.early.slope),
        number(lines.late.slope)
    );
    let most = -1.0 + LOSS_TOLERANCE;
    if line.high() <= most && lines.late.slope <= most {
        claim.verdict = Verdict::Supported;
        claim.reason = format!("{found}.");
    } else {
        claim.reason = format!("{found}; at most {} is needed to support.", number(most));
    }
    claim
}
