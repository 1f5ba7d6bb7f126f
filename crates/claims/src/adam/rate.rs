//! Whether the gap of the margin in the maximum norm falls like a power of the number of steps.

use crate::adam::ids::LINF_RATE;
use crate::adam::linear_run::{LinearRun, Norm};
use crate::claim::{Claim, Verdict};
use crate::settings::{EXPONENT_DIES, PRODUCT_STAYS};
use crate::window::{Lines, Points};
use crate::words::{interval, number};

/// Judges that `γ* − γ(t)` falls like a power of `t` under step sizes `η (t + t₀)^{−a}`, `a` being
/// `decay`, at most 1.
///
/// In the long run `(γ* − γ(t)) ‖w‖_∞` tends to a constant, and `‖w‖_∞` grows like the sum of the
/// step sizes, `t^{1−a}`, or `log t` where `a = 1` (derived, docs/theory.md): the exponent tends to
/// `−(1 − a)`.
///
/// * *Supported* where `a < 1` and the exponent is beyond half of that, with its interval and in the
///   later half of the window.
/// * *Refuted* where `a = 1`, the exponent dies out and `(γ* − γ) ‖w‖_∞` hardly falls: steps are a
///   bounded multiple of `1/t`, so that the norm grows like `log t`, and no power of `t` can come of
///   that.
pub(super) fn judge(decay: f64, run: &Result<LinearRun<'_>, String>) -> Claim {
    let mut claim = Claim::draft(
        LINF_RATE,
        "Under step sizes η (t + t₀)^(−a) the margin over ‖w‖_∞ nears its maximum like a power of \
         the number of steps.",
        "exponent in t of what the margin over ‖w‖_∞ lacks of its maximum",
        "< 0",
    );
    let run = match run {
        Ok(run) => run,
        Err(reason) => {
            claim.reason = format!("{reason}.");
            return claim;
        }
    };
    if let Some(why) = run.undecided() {
        claim.reason = format!("{why}.");
        return claim;
    }
    let points = run.window(Norm::Linf, &[&norm_linf(run)]);
    let log_gap: Vec<f64> = points.columns[0].iter().map(|gap| gap.ln()).collect();
    match points.lines(&points.log_step, &log_gap) {
        Err(reason) => claim.reason = reason,
        Ok(lines) => {
            let mut fit = lines.whole.record("gap = c·t^a", "a", points.window);
            fit.expected = Some(-(1.0 - decay));
            claim.measured = Some(fit.estimate);
            claim.fits = vec![fit];
            let decided = decide(decay, &points, &lines, &mut claim);
            (claim.verdict, claim.reason) = decided;
        }
    }
    claim
}

/// `‖w‖_∞` at each recorded step, from both normalized margins.
fn norm_linf(run: &LinearRun<'_>) -> Vec<f64> {
    let column = |name| run.view.series.column(name).unwrap_or_default();
    let (l2, linf, norm) = (
        column("margin_min"),
        column("margin_linf_min"),
        column("weight_norm"),
    );
    let rows = l2.iter().zip(&linf).zip(&norm);
    rows.map(|((l2, linf), norm)| l2 / linf * norm).collect()
}

fn decide(decay: f64, points: &Points, lines: &Lines, claim: &mut Claim) -> (Verdict, String) {
    let line = lines.whole;
    let found = format!(
        "the gap goes like t to the power {} {} over the last two decades, {} in the earlier and {} \
         in the later half of them",
        number(line.slope),
        interval(number(line.low()), number(line.high())),
        number(lines.early.slope),
        number(lines.late.slope)
    );
    if decay < 1.0 {
        let expected = -(1.0 - decay);
        let enough = 0.5 * expected;
        let power = line.high() < enough && lines.late.slope < enough;
        let reason = format!(
            "{found}; in the long run it is {} (derived), and {} is needed to support.",
            number(expected),
            number(enough)
        );
        let verdict = if power {
            Verdict::Supported
        } else {
            Verdict::Inconclusive
        };
        return (verdict, reason);
    }
    let product: Vec<f64> = (points.columns[0].iter().zip(&points.columns[1]))
        .map(|(gap, norm)| gap.ln() + norm.ln())
        .collect();
    let Ok(constant) = points.lines(&points.log_step, &product) else {
        return (Verdict::Inconclusive, format!("{found}."));
    };
    let whole = constant.whole;
    claim
        .fits
        .push(whole.record("gap·‖w‖_∞ = c·t^b", "b", points.window));
    let stays = whole.low() >= -PRODUCT_STAYS && constant.late.slope >= -PRODUCT_STAYS;
    // It falls, and ever more slowly.
    let dies = line.high() < 0.0 && lines.late.slope >= EXPONENT_DIES * lines.early.slope;
    let product = format!(
        "times ‖w‖_∞ it goes like t to the power {} {}",
        number(whole.slope),
        interval(number(whole.low()), number(whole.high()))
    );
    if stays && dies {
        let reason = format!(
            "{found}: the power dies out, and {product}; with step sizes that fall like 1/t the \
             norm grows like log t, so that the gap falls like 1/log t and not like a power."
        );
        (Verdict::Refuted, reason)
    } else {
        let reason = format!("{found}; {product}: not yet a law.");
        (Verdict::Inconclusive, reason)
    }
}
