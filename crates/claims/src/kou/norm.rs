//! The weight norm grows like `log t`.

use crate::claim::{Claim, Fit, Verdict};
use crate::fit::{LEVEL, fit_line};
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::kou::loss::{levels_off, stays};
use crate::settings::{MIN_GROWTH, NORM_OUTGROWS, NORM_SATURATES, NORM_TOLERANCE};
use crate::window::{Lines, Points};
use crate::words::{interval, number};

/// Judges `‖W(t)‖_F = Θ(log t)` (paper; for degree `L` of homogeneity `‖W‖_F^L`, Lyu and Li 2020).
///
/// What must grow is looked at without the weights it started from, `N = √(‖W‖_F² − ‖W(0)‖_F²)`
/// (derived): Gaussian initial weights are nearly orthogonal to the span of the data when `d ≫ n`,
/// so that `‖W‖_F² ≈ ‖W(0)‖_F² + (a + b log t)²`, and `‖W‖_F` itself bends for as long as its two
/// terms are of one size. The two norms are `Θ(log t)` together.
///
/// The slope of `N^L` on `log t` is measured in the two halves of `[√T, T]` (or of two decades,
/// where those are more): for `a + b log t` their ratio `r` is 1 whatever `a` is, for a norm that
/// saturates it is near 0, for a power of `t` it is large, and for `(log t)^p` it is off 1 by an
/// amount that does not shrink with the horizon.
///
/// * *Supported*: `r` is 1 within a tolerance, and the samples are fitted, where the loss is known.
/// * *Outgrowing `log t` is a transient* (derived), and never refutes. For degree 1, `‖W‖_F` grows
///   by at most `η Z L` in a step, with `Z` as for the loss; so where `L = O(1/t)`, as once the
///   samples are fitted, it grows at most like `log t`; for other degrees that is a theorem of Lyu
///   and Li (2020). Before that every norm may grow like `t`.
/// * *Refuted*: the norm no longer grows, or saturates, and the loss has levelled off for good,
///   since a loss that falls to 0 needs weights that grow without bound.
pub(crate) fn judge(run: &Evidence) -> Option<Claim> {
    let points = run.points(&["weight_norm"], run.half_of_log_time())?;
    let degree = run.context.homogeneity;
    let power = if degree == 1.0 {
        String::new()
    } else {
        format!("^{degree}")
    };
    let mut claim = Claim::draft(
        ids::NORM,
        &format!(
            "The norm of the weights grows like the logarithm of time, ‖W‖_F{power} = Θ(log t)."
        ),
        &format!(
            "slope of N{power} against log t, N = √(‖W‖_F² − ‖W(0)‖_F²), later half of the window \
             over the earlier"
        ),
        "1",
    );
    let raise = |norm: &f64| norm.powf(degree);
    let whole: Vec<f64> = points.columns[0].iter().map(raise).collect();
    let grown: Vec<f64> = grown(run, &points.columns[0]).iter().map(raise).collect();
    let lines = points.lines(&points.log_step, &grown);
    match (lines, fit_line(&points.log_step, &whole)) {
        (Err(reason), _) => claim.reason = reason,
        (Ok(lines), slope) => {
            let ratio = slope_ratio(&lines, &points, &power);
            claim.measured = Some(ratio.estimate).filter(|ratio| ratio.is_finite());
            (claim.verdict, claim.reason) = decide(run, &points, &whole, &lines, &ratio);
            let law = format!("‖W‖_F{power} = a + b·log t");
            claim.fits.push(ratio);
            claim
                .fits
                .extend(slope.map(|line| line.record(&law, "b", points.window)));
            // No ratio of a slope that is nought: numbers only, in a file read by others.
            claim
                .fits
                .retain(|fit| fit.low.is_finite() && fit.high.is_finite());
        }
    }
    Some(claim)
}

/// `√(‖W‖_F² − ‖W(0)‖_F²)`; the norms as they are if the initial one is unknown or not the
/// smallest.
fn grown(run: &Evidence, norms: &[f64]) -> Vec<f64> {
    let initial = match run
        .series
        .rows()
        .first()
        .zip(run.series.column("weight_norm"))
    {
        Some((row, column)) if row[0] == 0.0 && column[0].is_finite() => column[0],
        _ => 0.0,
    };
    if norms.iter().any(|&norm| norm <= initial) {
        return norms.to_vec();
    }
    norms
        .iter()
        .map(|norm| ((norm - initial) * (norm + initial)).sqrt())
        .collect()
}

/// `r = b₂/b₁`, with the two intervals added in quadrature (the delta method for independent
/// slopes; the halves share no point).
fn slope_ratio(lines: &Lines, points: &Points, power: &str) -> Fit {
    let (early, late) = (&lines.early, &lines.late);
    let ratio = late.slope / early.slope;
    let half_width =
        (late.half_width.powi(2) + (ratio * early.half_width).powi(2)).sqrt() / early.slope.abs();
    Fit {
        law: format!(
            "slopes of N{power} on log t, N² = ‖W‖_F² − ‖W(0)‖_F²: b₂ (later half) = r·b₁ (earlier)"
        ),
        parameter: "r".into(),
        estimate: ratio,
        low: ratio - half_width,
        high: ratio + half_width,
        level: LEVEL,
        window: points.window,
        points: points.len(),
        expected: Some(1.0),
    }
}

fn decide(
    run: &Evidence,
    points: &Points,
    norm: &[f64],
    lines: &Lines,
    ratio: &Fit,
) -> (Verdict, String) {
    let half = 0.5 * (points.window[1] / points.window[0]).ln();
    let flat = lines.late.high() * half <= MIN_GROWTH * norm[norm.len() - 1];
    let found = if flat {
        "the norm no longer grows".into()
    } else {
        format!(
            "the norm's growth over log t in the later half of the window is {} {} times that in \
             the earlier half",
            number(ratio.estimate),
            interval(number(ratio.low), number(ratio.high))
        )
    };
    let log_time = lines.early.low() > 0.0 && lines.late.low() > 0.0;
    if !flat && log_time && ratio.low >= 1.0 - NORM_TOLERANCE && ratio.high <= 1.0 + NORM_TOLERANCE
    {
        let found = format!("{found}, within {NORM_TOLERANCE} of 1");
        return if run.is_fitted() == Some(false) {
            let reason = format!("{found}, but the samples are not all fitted yet.");
            (Verdict::Inconclusive, reason)
        } else {
            (Verdict::Supported, format!("{found}."))
        };
    }
    if flat || (ratio.estimate < NORM_SATURATES && ratio.high < 1.0 - NORM_TOLERANCE) {
        return match levels_off(run).and(stays(run)) {
            Ok(()) => {
                let reason = format!("{found}, and the loss has levelled off: it saturates.");
                (Verdict::Refuted, reason)
            }
            Err(why) => (
                Verdict::Inconclusive,
                format!(
                    "{found}, which may not be for good, since the norm grows as long as the loss \
                     falls: {why}."
                ),
            ),
        };
    }
    let reason = if ratio.estimate > NORM_OUTGROWS && ratio.low > 1.0 + NORM_TOLERANCE {
        format!(
            "{found}: faster than log t, which no constant step size can keep up, so a transient."
        )
    } else {
        format!("{found}, which is neither near 1 nor a clear departure.")
    };
    (Verdict::Inconclusive, reason)
}

#[cfg(test)]
mod tests;
