//! The verdicts on the angles of neurons.

use super::ids::{BIAS_INTENSIFIES, CLUSTER_DIRECTIONS};
use super::planar_run::PlanarRun;
use crate::claim::{Claim, Verdict};
use crate::settings::{ANGLE_REFUTED, ANGLE_SUPPORTED, INTENSIFIED, LAST_DECADE, NOT_INTENSIFIED};
use crate::words::{number, step};

/// Judges that neurons end on the lines of their classes: by the 95 % quantile of their angles.
///
/// * *Supported* where it is at most 0.05 and its line over the last decade does not lead above
///   that.
/// * *Refuted* where it is at least 0.1 over the last decade, its lines against `log t` stay there
///   up to `T²`, and so does its line against `1/log t` for ever.
pub(super) fn cluster_directions(run: &Result<PlanarRun<'_>, String>) -> Claim {
    let mut claim = Claim::draft(
        CLUSTER_DIRECTIONS,
        "Neurons end on the lines of the clusters of their class.",
        "95 % quantile over the neurons of the angle to the line of their class at the last step",
        "→ 0",
    );
    let end = run.as_ref().map_err(Clone::clone);
    let end = end.and_then(|run| Ok((run, run.ending(run.angles.clone())?)));
    let (run, end) = match end {
        Ok(found) => found,
        Err(why) => {
            claim.reason = format!("{}.", why.trim_end_matches('.'));
            return claim;
        }
    };
    claim.measured = Some(end.last);
    let found = format!(
        "the angle is {} at step {}, at least {} over the last decade, and leads to {} at T² by a \
         line against log t",
        number(end.last),
        step(run.horizon()),
        number(end.least),
        number(end.led_to[0].max(0.0))
    );
    if end.high() <= ANGLE_SUPPORTED {
        claim.verdict = Verdict::Supported;
        claim.reason = format!("{found}.");
    } else if end.low() >= ANGLE_REFUTED {
        refute(run, &mut claim, found);
    } else {
        claim.reason = format!(
            "{found}; at most {ANGLE_SUPPORTED} is needed to support, at least {ANGLE_REFUTED} to \
             refute."
        );
    }
    claim
}

/// Judges that neurons near the lines further once all samples are classified rightly: by the
/// angle over its value there.
///
/// * *Supported* where that is at most 0.8 and its line does not lead above that.
/// * *Refuted* where it is at least 0.9 over the last decade, and its lines stay there up to `T²`.
pub(super) fn bias_intensifies(run: &Result<PlanarRun<'_>, String>) -> Claim {
    let mut claim = Claim::draft(
        BIAS_INTENSIFIES,
        "From where all samples are classified rightly on, neurons near the lines of the clusters \
         of their class further.",
        "the same angle over its value at the first step from which on all samples are classified \
         rightly",
        "< 1",
    );
    let end = run.as_ref().map_err(Clone::clone).and_then(|run| {
        let first = run.angles[run.separated];
        let from = run.steps[run.separated];
        if from * LAST_DECADE > run.horizon() {
            return Err(format!(
                "all samples are classified rightly from step {} on, and a decade of steps after \
                 that is needed",
                step(from)
            ));
        }
        let ratios = run.angles.iter().map(|angle| angle / first).collect();
        Ok((run, from, first, run.ending(ratios)?))
    });
    let (run, from, first, end) = match end {
        Ok(found) => found,
        Err(why) => {
            claim.reason = format!("{}.", why.trim_end_matches('.'));
            return claim;
        }
    };
    claim.measured = Some(end.last);
    let found = format!(
        "all samples are classified rightly from step {} on, where the angle is {}; at step {} it \
         is {} of that",
        step(from),
        number(first),
        step(run.horizon()),
        number(end.last)
    );
    if end.high() <= INTENSIFIED {
        claim.verdict = Verdict::Supported;
        claim.reason = format!("{found}.");
    } else if end.low() >= NOT_INTENSIFIED {
        refute(run, &mut claim, found);
    } else {
        claim.reason = format!(
            "{found}; at most {INTENSIFIED} is needed to support, at least {NOT_INTENSIFIED} over \
             the last decade to refute."
        );
    }
    claim
}

/// Single precision refutes nothing.
fn refute(run: &PlanarRun<'_>, claim: &mut Claim, found: String) {
    if run.view.facts.descent.unit_roundoff > f64::EPSILON {
        claim.reason = format!("{found}; nothing is refuted by a trajectory in single precision.");
    } else {
        claim.verdict = Verdict::Refuted;
        claim.reason = format!("{found}.");
    }
}
