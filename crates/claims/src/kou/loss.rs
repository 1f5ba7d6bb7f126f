//! The training loss falls like `1/t`.

use crate::claim::{Claim, Verdict};
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::kou::outlook::{SINGLE_PRECISION, loss_may_stay};
use crate::settings::{
    EXTRAPOLATION_POWER, LAST_DECADE, LOSS_REFUTED, LOSS_TOLERANCE, MIN_LOG_LOSS_FALL,
};
use crate::window::{Lines, Points};
use crate::words::{interval, number};

/// The exponent the paper claims.
const EXPECTED: f64 = -1.0;

/// Judges `L(t) = Θ(1/t)` (paper) by the slope of `log L` on `log t` over the last two decades.
///
/// The column `log_loss` is used, since the loss itself underflows at far horizons.
///
/// * *Supported*: the exponent is −1 within a tolerance, and the samples are fitted (`L < ℓ(0)/n`).
/// * *Falling faster than `1/t` is a transient* (derived), and never refutes. For a network of
///   degree 1 with `‖∇q_i‖_F ≤ Z` (the two-layer network has `Z ≤ R_max √(2/m)`) one step of size
///   `η` changes every margin by at most `η Z² (1/n) Σ g_i ≤ η Z² L`, since `g = −ℓ' ≤ ℓ` for both
///   losses; and `ℓ(q + δ) ≥ e^{−δ} ℓ(q)` for `δ ≥ 0`. So
///
///   ```math
///   L(t+1)\ge L(t)\,e^{-\eta Z^2L(t)},\qquad
///   \frac1{L(t+1)}\le\frac1{L(t)}+2\eta Z^2\quad\text{once }\eta Z^2L(t)\le1
///   ```
///
///   and `1/L` grows at most linearly in `t`.
/// * *Refuted*: the loss has levelled off for good, as [`levels_off`] has it.
pub(crate) fn judge(run: &Evidence) -> Option<Claim> {
    if run.context.homogeneity != 1.0 {
        // Of degree L the loss is Θ(1/(t (log t)^(2 − 2/L))), which the paper does not claim.
        return None;
    }
    let points = run.points(&["log_loss"], run.two_decades())?;
    let mut claim = Claim::draft(
        ids::LOSS,
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
            (claim.verdict, claim.reason) = decide(run, &points, &lines);
        }
    }
    Some(claim)
}

fn decide(run: &Evidence, points: &Points, lines: &Lines) -> (Verdict, String) {
    let (low, high) = (lines.whole.low(), lines.whole.high());
    let found = format!(
        "the loss falls like t to the power {} {}",
        number(lines.whole.slope),
        interval(number(low), number(high))
    );
    if (low - EXPECTED).abs() <= LOSS_TOLERANCE && (high - EXPECTED).abs() <= LOSS_TOLERANCE {
        let found = format!("{found}, within {LOSS_TOLERANCE} of −1");
        return if run.is_fitted() == Some(false) {
            let reason = format!("{found}, but the samples are not all fitted yet.");
            (Verdict::Inconclusive, reason)
        } else {
            (Verdict::Supported, format!("{found}."))
        };
    }
    if high < EXPECTED - LOSS_TOLERANCE {
        let reason = format!(
            "{found}: faster than 1/t, which no constant step size can keep up, so a transient."
        );
        return (Verdict::Inconclusive, reason);
    }
    match levels_off(run).and(stays(run)) {
        Ok(()) => (
            Verdict::Refuted,
            format!(
                "{found}, more than {LOSS_REFUTED} away from −1 and not nearing it, and at this \
                 pace the samples would not be fitted even after the square of this number of \
                 steps."
            ),
        ),
        Err(_) if low <= EXPECTED + LOSS_REFUTED => (
            Verdict::Inconclusive,
            format!(
                "{found}, neither within {LOSS_TOLERANCE} of −1 nor more than {LOSS_REFUTED} away \
                 from it."
            ),
        ),
        Err(_) if nears(points, lines) => (
            Verdict::Inconclusive,
            format!(
                "{found}, but the exponent is still nearing −1: {} in the earlier half of the \
                 window, {} in the later.",
                number(lines.early.slope),
                number(lines.late.slope)
            ),
        ),
        Err(why) => (
            Verdict::Inconclusive,
            format!("{found}, which may not be for good: {why}."),
        ),
    }
}

/// Whether an exponent above −1 is on its way there (our rule).
///
/// A run that has hardly begun has a flat loss too. The exponent is on its way if its interval in
/// the later half of the window is strictly nearer than in the earlier, and if changing by the same
/// factor in every further half-window would bring it back within the tolerance of refutation by `t
/// = T²`.
fn nears(points: &Points, lines: &Lines) -> bool {
    let (early, late) = (&lines.early, &lines.late);
    let further = points.half_windows(EXTRAPOLATION_POWER);
    let outlook = late.slope * (late.slope / early.slope).powf(further);
    // An exponent that was not negative before has no factor; falling at all is on its way.
    let reaches = early.slope >= 0.0 || outlook <= EXPECTED + LOSS_REFUTED;
    late.high() < early.low().min(0.0) && reaches
}

/// Whether the trajectory shows a loss that has levelled off with samples that are not fitted; else
/// why not, as a clause.
///
/// Its exponent is far from −1 and not on its way there, and at the pace of the later half of the
/// window the samples would not be fitted even at `T²`. Samples that are fitted are left out
/// because gradient flow drives their loss to 0 (Lyu & Li 2020): a flat loss is a transient then,
/// or finer than the arithmetic.
pub(crate) fn levels_off(run: &Evidence) -> Result<(), String> {
    let points = run
        .points(&["log_loss"], run.two_decades())
        .ok_or("the loss is not known")?;
    let lines = points.lines(&points.log_step, &points.columns[0])?;
    let last = points.columns[0][points.len() - 1];
    let by_then = last + lines.late.low().min(0.0) * (EXTRAPOLATION_POWER - 1.0) * run.horizon.ln();
    // A sample on which no neuron of its sign is active holds the loss at just ℓ(0)/n: clearly
    // below counts.
    let fitted_by_then = by_then < run.fitted_log_loss() - std::f64::consts::LN_2;
    if run.is_fitted() != Some(false) {
        Err(
            "the samples are fitted, so the loss tends to 0, and this is a transient or finer than \
             the arithmetic"
                .to_owned(),
        )
    } else if fitted_by_then {
        Err("at this pace the samples will be fitted, and then the loss tends to 0".to_owned())
    } else if lines.whole.low() <= EXPECTED + LOSS_REFUTED || nears(&points, &lines) {
        Err("the loss still falls".to_owned())
    } else {
        Ok(())
    }
}

/// Whether what the trajectory shows of the loss is for good: the run has more than begun, the
/// pattern is at rest, no weights with it fit all samples, and nothing was lost to rounding; else
/// why not, as a clause.
pub(crate) fn stays(run: &Evidence) -> Result<(), String> {
    if run.is_single_precision() {
        return Err(SINGLE_PRECISION.to_owned());
    }
    if has_hardly_begun(run) {
        return Err("the loss has hardly begun to fall".to_owned());
    }
    match run.unsettled() {
        Some(unsettled) => Err(unsettled),
        None => loss_may_stay(&run.outlook),
    }
}

/// Whether most of the fall of the loss so far is the last decade's, or there was none: so it is
/// where steps are too small to have got anywhere, which looks flat too.
fn has_hardly_begun(run: &Evidence) -> bool {
    let Some(log_loss) = run.series.column("log_loss") else {
        return true;
    };
    let steps = run.series.steps();
    let decade = steps
        .iter()
        .position(|&step| step >= run.horizon / LAST_DECADE);
    let (Some(decade), [first, .., last]) = (decade, log_loss.as_slice()) else {
        return true;
    };
    let fall = first - last;
    let late = log_loss[decade] - last;
    // False for a loss that is no number.
    !(fall > MIN_LOG_LOSS_FALL && late <= 0.5 * fall)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kou::testing::{context, only, table};
    use implicit_bias_record::Series;

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

    /// `1/L` grows at most linearly, so the fast fall ends; and fitted samples end at `1/t`.
    #[test]
    fn other_powers_of_t_are_transients() {
        for power in [0.3, 2.0, 3.8] {
            let (verdict, claim) = verdict(&|t| -power * (1.0 + t).ln());
            assert_eq!(verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }

    /// Before the samples are fitted nothing is a rate, whatever its exponent looks like.
    #[test]
    fn support_asks_for_fitted_samples() {
        let (verdict, claim) = verdict(&|t| 12.0 - (1.0 + t).ln());
        assert_eq!(verdict, Verdict::Inconclusive, "{claim:#?}");
        assert!(claim.reason.contains("not all fitted"), "{}", claim.reason);
    }

    /// A sample on which every neuron of its sign is inactive: `L → ℓ(0)/n`, here with n = 1.
    #[test]
    fn a_loss_held_up_by_one_sample_is_refuted() {
        let (verdict, claim) = verdict(&|t| (std::f64::consts::LN_2 + 0.1 / (1.0 + t)).ln());
        assert_eq!(verdict, Verdict::Refuted, "{claim:#?}");
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
        for time_constant in [1e5, 1e6, 1e8, 1e15, 1e40] {
            for start in [0.37, -0.37] {
                let (verdict, claim) = verdict(&|t| start - (1.0 + t / time_constant).ln());
                assert_eq!(verdict, Verdict::Inconclusive, "{claim:#?}");
            }
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
