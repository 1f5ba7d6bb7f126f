//! The activation pattern on same-sign samples stops changing.

use crate::claim::{Claim, Verdict};
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::kou::loss::levels_off;
use crate::kou::outlook::{Outlook, SINGLE_PRECISION, loss_may_stay};
use crate::settings::{LAST_DECADE, MIN_HORIZON, MIN_RECORDS_IN_DECADE, REFUTING_CHANGE_SHARE};
use crate::words::step;

/// Judges that after a finite time no neuron changes its activation on a same-sign sample (paper).
///
/// The column `same_sign_changes` compares each recorded step with the one before it, so a change
/// that reverts between two records is not seen, and the last change is known up to one record
/// interval. Our rules:
///
/// * *Supported*: rest over the whole last decade `(T/10, T]`, unless the limit program says that
///   the pattern must be expected to break, that no weights with it fit all samples, or that
///   rounding stopped the run.
/// * *Refuted*: changes in at least half of the record intervals of the last decade and of the one
///   before, that do not become rarer (as many pairs in the last), of a run whose loss has levelled
///   off with samples that no weights with the present pattern fit. Of any other run a longer one
///   may come to rest.
pub(crate) fn judge(run: &Evidence) -> Option<Claim> {
    let all = run.pattern_changes(0.0, run.horizon)?;
    let mut claim = Claim::draft(
        ids::ALIGNMENT,
        "After a finite time the activation pattern on same-sign samples stops changing.",
        "last recorded step that shows a change since the record before it",
        "finite",
    );
    let changes = run.series.column("same_sign_changes")?;
    let last_change = run
        .series
        .steps()
        .into_iter()
        .zip(changes)
        .rfind(|&(_, pairs)| pairs > 0.0);
    let last_change = last_change.map_or(0.0, |(step, _)| step);
    claim.measured = (all.records > 0).then_some(last_change);
    (claim.verdict, claim.reason) = decide(run, last_change)?;
    Some(claim)
}

fn decide(run: &Evidence, last_change: f64) -> Option<(Verdict, String)> {
    let start = run.horizon / LAST_DECADE;
    let decade = run.pattern_changes(start, run.horizon)?;
    let before = run.pattern_changes(start / LAST_DECADE, start)?;
    if run.horizon < MIN_HORIZON {
        return Some((
            Verdict::Inconclusive,
            format!(
                "horizon too short: T = {} steps, at least {} are needed.",
                step(run.horizon),
                step(MIN_HORIZON)
            ),
        ));
    }
    if decade.records < MIN_RECORDS_IN_DECADE {
        return Some((
            Verdict::Inconclusive,
            format!(
                "too few recorded steps in the last decade: {}, at least {MIN_RECORDS_IN_DECADE} \
                 are needed.",
                decade.records
            ),
        ));
    }
    if decade.busy == 0 {
        let found = format!(
            "no same-sign activation differs between any two of the {} recorded steps of the last \
             decade; the last change was seen at step {} of {} (changes that revert between two \
             records are not seen)",
            decade.records,
            step(last_change),
            step(run.horizon)
        );
        return Some(match may_break(run) {
            Some(why) => (Verdict::Inconclusive, format!("{found}; but {why}.")),
            None => (Verdict::Supported, format!("{found}.")),
        });
    }
    let found = format!(
        "same-sign activations changed in {} of the last decade's {} record intervals, {} pairs in \
         all after {} in the decade before",
        decade.busy, decade.records, decade.pairs, before.pairs
    );
    let busy = decade.busy as f64 >= REFUTING_CHANGE_SHARE * decade.records as f64;
    let was_busy = before.busy as f64 >= REFUTING_CHANGE_SHARE * before.records as f64;
    Some(if busy && was_busy && decade.pairs >= before.pairs {
        match goes_on(run) {
            Ok(()) => (
                Verdict::Refuted,
                format!("{found}: the pattern keeps changing."),
            ),
            Err(why) => (
                Verdict::Inconclusive,
                format!("{found}, no rarer than before, but {why}, so it may come to rest later."),
            ),
        }
    } else if busy && decade.pairs >= before.pairs {
        (
            Verdict::Inconclusive,
            format!("{found}: changes have only begun, and may come to rest."),
        )
    } else if busy {
        (
            Verdict::Inconclusive,
            format!("{found}: changes become rarer, but have not stopped."),
        )
    } else {
        (
            Verdict::Inconclusive,
            format!("{found}: changes are rare, but have not stopped."),
        )
    })
}

/// Why a pattern at rest may change again, as a clause, where something says so.
fn may_break(run: &Evidence) -> Option<String> {
    match &run.outlook {
        Outlook::NoProgram | Outlook::Settled(_) => None,
        // At rest for the last decade: what is undecided is not the pattern.
        Outlook::Undecided(_) => None,
        Outlook::Unsolved(_) if run.is_fitted() != Some(false) => None,
        Outlook::Unsolved(_) => Some("the samples are not all fitted yet".to_owned()),
        Outlook::Infeasible { .. } => Some(
            "with this pattern no weights fit all samples, so the loss levels off, and whether the \
             pattern lasts is not known"
                .to_owned(),
        ),
        Outlook::Inconsistent => Some(
            "the limit that belongs to this pattern does not keep it, so some neuron must be \
             expected to change sides still; a longer run can tell"
                .to_owned(),
        ),
        Outlook::LosesUpdates(..) => run.outlook.why_no_limit(),
    }
}

/// Whether changes that do not become rarer go on for good; else why not, as a clause.
fn goes_on(run: &Evidence) -> Result<(), String> {
    if run.is_single_precision() {
        return Err(SINGLE_PRECISION.to_owned());
    }
    if run
        .last("error_estimate")
        .is_some_and(|estimate| estimate > 0.0)
    {
        return Err(
            "the run is off by its error estimate, as it is in log time and where gradient descent \
             is chaotic to rounding, and near a kink the changes that it shows may be rounding"
                .to_owned(),
        );
    }
    match &run.outlook {
        Outlook::NoProgram if run.series.column("log_loss").is_none() => Ok(()),
        Outlook::NoProgram | Outlook::Infeasible { .. } => levels_off(run),
        outlook => loss_may_stay(outlook),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kou::testing::{context, only, table};
    use implicit_bias_record::Series;

    fn claim(changes: &dyn Fn(f64) -> f64) -> Claim {
        only(
            &table(1e5, &[("same_sign_changes", changes)]),
            &Series::default(),
            &context(),
        )
    }

    #[test]
    fn a_pattern_at_rest_is_supported() {
        let claim = claim(&|t| if t > 0.0 && t <= 5000.0 { 2.0 } else { 0.0 });
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
        assert_eq!(claim.measured, Some(5000.0));
    }

    #[test]
    fn a_pattern_that_never_moved_is_supported() {
        let claim = claim(&|_| 0.0);
        assert_eq!(
            (claim.verdict, claim.measured),
            (Verdict::Supported, Some(0.0))
        );
    }

    #[test]
    fn a_pattern_that_keeps_flipping_is_refuted() {
        let claim = claim(&|t| if t > 0.0 { 3.0 } else { f64::NAN });
        assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
        assert_eq!(claim.measured, Some(1e5));
    }

    #[test]
    fn rare_and_dwindling_changes_are_inconclusive() {
        let once = claim(&|t| f64::from(t == 5e4));
        let dwindling = claim(&|t| if t > 0.0 { (1e5 / t).floor() } else { 0.0 });
        for claim in [once, dwindling] {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }

    #[test]
    fn few_records_are_inconclusive() {
        let mut series = Series::new(["step", "same_sign_changes"]);
        for t in [0.0, 10.0, 100.0, 1e4, 2e4, 5e4, 1e5] {
            series.push(vec![t, 0.0]);
        }
        let claim = only(&series, &Series::default(), &context());
        assert_eq!(claim.verdict, Verdict::Inconclusive);
        assert!(
            claim.reason.contains("too few recorded steps"),
            "{}",
            claim.reason
        );
    }

    #[test]
    fn an_interval_that_straddles_the_decade_counts_against_rest() {
        let mut series = Series::new(["step", "same_sign_changes"]);
        for (t, changes) in [
            (9e3, 0.0),
            (1.1e4, 1.0),
            (2e4, 0.0),
            (4e4, 0.0),
            (7e4, 0.0),
            (1e5, 0.0),
        ] {
            series.push(vec![t, changes]);
        }
        let claim = only(&series, &Series::default(), &context());
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    }
}
