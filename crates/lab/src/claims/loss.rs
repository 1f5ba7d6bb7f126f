//! The training loss falls like `1/t`.

use super::run::{Lines, Run, interval, number};
use super::settings::{LOSS_FAR, LOSS_TOLERANCE, OUTLOOK};
use super::{Claim, ClaimId, Verdict, draft};

/// The exponent the paper claims.
const EXPECTED: f64 = -1.0;

/// Judges `L(t) = Θ(1/t)` (paper) by the slope of `log L` on `log t` over the last two decades.
///
/// The column `log_loss` is used, since the loss itself underflows at far horizons. A constant
/// exponent away from −1 refutes. One that is on its way to −1 does not (our rule), for a run that
/// has hardly begun has a flat loss too: the exponent is on its way if its interval in the later half
/// of the window is strictly nearer than in the earlier, and if changing by the same factor in every
/// further half-window would bring it back within the tolerance of refutation by `t = T²`.
pub(super) fn judge(run: &Run) -> Option<Claim> {
    if run.context.homogeneity != 1.0 {
        // Of degree L the loss is Θ(1/(t (log t)^(2 − 2/L))), which the paper does not claim.
        return None;
    }
    let points = run.points(&["log_loss"], run.two_decades())?;
    let mut claim = draft(
        ClaimId::Loss,
        "The training loss falls like one over the number of steps, L(t) = Θ(1/t).",
        "exponent of the loss in t",
        "−1",
    );
    match points.lines(&points.log_step, &points.columns[0]) {
        Err(reason) => claim.reason = reason,
        Ok(lines) => {
            let mut fit = lines.whole.record("loss = c·t^a", "a", points.window);
            fit.expected = Some(EXPECTED);
            claim.measured = Some(fit.estimate);
            claim.fits = vec![fit];
            (claim.verdict, claim.reason) = decide(&lines, points.half_windows(OUTLOOK));
        }
    }
    Some(claim)
}

fn decide(lines: &Lines, further: f64) -> (Verdict, String) {
    let (low, high) = (lines.whole.low(), lines.whole.high());
    let found = format!(
        "the loss falls like t to the power {} {}",
        number(lines.whole.slope),
        interval(number(low), number(high))
    );
    let (early, late) = (&lines.early, &lines.late);
    let outlook = late.slope * (late.slope / early.slope).powf(further);
    let approaches = if lines.whole.slope > EXPECTED {
        // An exponent that was not negative before has no factor; falling at all is on its way.
        let reaches = early.slope >= 0.0 || outlook <= EXPECTED + LOSS_FAR;
        late.high() < early.low().min(0.0) && reaches
    } else {
        late.low() > early.high() && outlook >= EXPECTED - LOSS_FAR
    };
    if (low - EXPECTED).abs() <= LOSS_TOLERANCE && (high - EXPECTED).abs() <= LOSS_TOLERANCE {
        (
            Verdict::Supported,
            format!("{found}, within {LOSS_TOLERANCE} of −1."),
        )
    } else if low <= EXPECTED + LOSS_FAR && high >= EXPECTED - LOSS_FAR {
        (
            Verdict::Inconclusive,
            format!(
                "{found}, neither within {LOSS_TOLERANCE} of −1 nor more than {LOSS_FAR} away from it."
            ),
        )
    } else if approaches {
        (
            Verdict::Inconclusive,
            format!(
                "{found}, but the exponent is still nearing −1: {} in the earlier half of the \
                 window, {} in the later.",
                number(lines.early.slope),
                number(lines.late.slope)
            ),
        )
    } else {
        (
            Verdict::Refuted,
            format!("{found}, more than {LOSS_FAR} away from −1 and not nearing it."),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{context, only, table};
    use super::*;
    use crate::Series;

    fn verdict(log_loss: &dyn Fn(f64) -> f64) -> (Verdict, Claim) {
        let claim = only(
            &table(1e5, &[("log_loss", log_loss)]),
            &Series::default(),
            &context(),
        );
        (claim.verdict, claim)
    }

    #[test]
    fn one_over_t_with_transients_is_supported() {
        for law in [
            &(|t: f64| -(3.0 + 0.2 * t).ln() + 1.0 / (1.0 + t)) as &dyn Fn(f64) -> f64,
            &|t: f64| -(1.0 + t).ln() + 0.5 / (3.0 + t).ln(),
            // A wiggle of one per cent, as of a step size near its limit.
            &|t: f64| -(1.0 + t).ln() + 0.01 * (7.0 * (1.0 + t).ln()).sin(),
        ] {
            let (verdict, claim) = verdict(law);
            assert_eq!(verdict, Verdict::Supported, "{claim:#?}");
            assert!(claim.fits[0].low <= claim.fits[0].estimate);
            assert_eq!(claim.fits[0].window, [1e3, 1e5]);
        }
    }

    #[test]
    fn a_loss_that_levels_off_is_refuted() {
        let (verdict, claim) = verdict(&|t| (0.8 + 1.0 / (1.0 + t)).ln());
        assert_eq!(verdict, Verdict::Refuted, "{claim:#?}");
    }

    #[test]
    fn other_powers_of_t_are_refuted() {
        for power in [0.3, 2.0] {
            let (verdict, claim) = verdict(&|t| -power * (1.0 + t).ln());
            assert_eq!(verdict, Verdict::Refuted, "{claim:#?}");
        }
    }

    #[test]
    fn a_near_miss_is_inconclusive() {
        for power in [0.9, 1.1, 0.6] {
            let (verdict, claim) = verdict(&|t| -power * (1.0 + t).ln());
            assert_eq!(verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }

    /// A tiny step size: the loss has hardly moved, and will go on to fall like 1/t.
    #[test]
    fn a_run_that_has_hardly_begun_is_inconclusive() {
        for time_constant in [1e5, 1e6, 1e8] {
            let (verdict, claim) = verdict(&|t| -(1.0 + t / time_constant).ln() - 0.37);
            assert_eq!(verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }

    #[test]
    fn an_underflowing_loss_is_judged_by_its_logarithm() {
        let series = table(
            1e30,
            &[
                ("loss", &|_| 0.0),
                ("log_loss", &|t| -(1.0 + t).ln() - 900.0),
            ],
        );
        let claim = only(&series, &Series::default(), &context());
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    }
}
