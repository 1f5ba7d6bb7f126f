//! All normalized margins become equal.

use std::collections::HashMap;

use crate::claim::{Claim, Shown, Verdict};
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::settings::{EXTRAPOLATION_POWER, GAP_REFUTED, GAP_SUPPORTED, ROUNDING};
use crate::window::{Lines, Points};
use crate::words::{interval, number};

/// Judges that all normalized margins `q_i/‖W‖_F^L` become equal, with a gap `O(1/log t)` (paper).
///
/// At reachable horizons the gap itself decides little: `1/log t` at `t = 10⁵` is still a tenth.
/// Its limit can be measured instead (derived). While the activation pattern is fixed, every margin
/// is `q_i = b_i log t + const_i + o(1)`, so the relative gap of two samples tends to
///
/// ```math
/// \lim_{t\to\infty}\frac{q_i-q_j}{\bar q}=\frac{d(q_i-q_j)}{d\bar q}=\frac{b_i-b_j}{\bar b}=:\rho,
/// \qquad \bar q=\frac1n\sum_k q_k
/// ```
///
/// the slope of `q_i − q_j` on the mean margin `q̄`: no constant enters, not even the unit of time
/// inside the logarithm, and the ratio needs no error propagation.
///
/// * *Supporting* takes the pair with the widest `|ρ|` over the window, whichever sample is ahead.
///   (The slope of `max q − min q` would not do: where a slow sample is ahead, that gap closes
///   first and opens again after the crossing.) Choosing the widest pair biases `ρ` upwards,
///   against the claim.
/// * *Refuting* takes the widest pair among those that move apart, the faster ahead at `T`, since a
///   sample that catches up is no evidence against equality; and asks the same of the later half.
///   Misclassified samples refute too, if their margin would stay negative up to `T²`.
///
/// The second fit is the rate: the exponent of the relative gap in the mean margin, which is `log
/// t` in its natural unit; the claim's `O(1/log t)` is −1.
pub(crate) fn judge(run: &Evidence) -> Option<Claim> {
    let points = unnormalized(run)?;
    let mut claim = Claim::draft(
        ids::MARGINS,
        "All normalized margins become equal, with a gap of O(1/log t).",
        "(max − min)/mean of the normalized margins at the last step",
        "→ 0",
    );
    claim.shown = Shown::Gap;
    let rows: Vec<Row> = (0..points.len()).map(|k| Row::new(&points, k)).collect();
    claim.measured = rows
        .last()
        .map(Row::relative_gap)
        .filter(|gap| gap.is_finite());
    let mean: Vec<f64> = rows.iter().map(|row| row.mean).collect();

    (claim.verdict, claim.reason) = match pairs(run, &points, &mean) {
        Ok(pairs) => {
            let law = "q_i − q_j = a + ρ·q̄ for the pair with the widest ρ, the limit of its gap";
            let mut limit = pairs.widest.whole.record(law, "ρ", points.window);
            limit.expected = Some(0.0);
            claim.fits.push(limit);
            let gaps: Vec<f64> = rows.iter().map(Row::relative_gap).collect();
            if let Some(line) = points.exponent(&mean, &gaps, ROUNDING) {
                let law = "(max − min)/mean of the margins = c·q̄^a, q̄ growing like log t";
                let mut rate = line.record(law, "a", points.window);
                rate.expected = Some(-1.0);
                claim.fits.push(rate);
            }
            decide(run, &points, &rows, &pairs)
        }
        Err(reason) => hopeless(run, &points, &rows).unwrap_or((Verdict::Inconclusive, reason)),
    };
    Some(claim)
}

/// Smallest, largest and mean margin of one recorded step.
struct Row {
    min: f64,
    max: f64,
    mean: f64,
}

impl Row {
    fn new(points: &Points, k: usize) -> Self {
        let margins = points.columns.iter().map(|column| column[k]);
        Self {
            min: margins.clone().fold(f64::INFINITY, f64::min),
            max: margins.clone().fold(f64::NEG_INFINITY, f64::max),
            mean: margins.sum::<f64>() / points.columns.len() as f64,
        }
    }

    fn relative_gap(&self) -> f64 {
        (self.max - self.min) / self.mean
    }
}

/// The pairs of samples that decide: `q_i − q_j` fitted on the mean margin.
struct Pairs {
    /// The pair with the widest slope.
    widest: Lines,
    /// The pair with the widest slope among those whose faster sample is ahead at the last step.
    parting: Option<Lines>,
}

/// The margins `q_i` of the window, one column a sample: normalized margins times `‖W‖_F^L`.
///
/// Without a table of margins, the smallest and the largest stand in for two samples. `None` if
/// there is nothing to compare.
fn unnormalized(run: &Evidence) -> Option<Points> {
    let norms = run.series.column("weight_norm")?;
    let (steps, mut samples) = if run.margins.columns().len() > 1 && !run.margins.is_empty() {
        let names = run.margins.columns()[1..].iter();
        (
            run.margins.steps(),
            names.filter_map(|name| run.margins.column(name)).collect(),
        )
    } else {
        let pair = ["margin_min", "margin_max"].map(|name| run.series.column(name));
        let pair: Option<Vec<_>> = pair.into_iter().collect();
        (run.series.steps(), pair?)
    };
    if samples.len() < 2 {
        return None;
    }
    let norm_at: HashMap<u64, f64> = run
        .series
        .steps()
        .into_iter()
        .map(f64::to_bits)
        .zip(norms)
        .collect();
    for (row, step) in steps.iter().enumerate() {
        let norm = norm_at.get(&step.to_bits()).copied().unwrap_or(f64::NAN);
        let unit = norm.powf(run.context.homogeneity);
        for sample in &mut samples {
            sample[row] *= unit;
        }
    }
    Some(Points::new(&steps, samples, run.two_decades(), run.horizon))
}

fn pairs(run: &Evidence, points: &Points, mean: &[f64]) -> Result<Pairs, String> {
    if let Some(reason) = points.too_short() {
        return Err(reason);
    }
    if !points.grows(mean) {
        return Err(format!(
            "the mean margin does not grow over the last two decades of {} steps, so that the gap \
             has no limit to extrapolate.",
            crate::words::step(run.horizon)
        ));
    }
    let samples: Result<Vec<(f64, f64, usize)>, String> = (0..points.columns.len())
        .map(|i| {
            let sample = &points.columns[i];
            Ok((
                sample[sample.len() - 1],
                points.lines(mean, sample)?.whole.slope,
                i,
            ))
        })
        .collect();
    let mut samples = samples?;
    // From the sample that is behind to the one that is ahead.
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let difference = |fast: usize, slow: usize| {
        let (fast, slow) = (&points.columns[fast], &points.columns[slow]);
        let gap: Vec<f64> = fast
            .iter()
            .zip(slow)
            .map(|(fast, slow)| fast - slow)
            .collect();
        points.lines(mean, &gap)
    };
    let by_slope = |a: &&(f64, f64, usize), b: &&(f64, f64, usize)| a.1.total_cmp(&b.1);
    let (Some(fastest), Some(slowest)) = (
        samples.iter().max_by(by_slope),
        samples.iter().min_by(by_slope),
    ) else {
        return Err("there is no sample".into());
    };
    let widest = difference(fastest.2, slowest.2)?;

    // For each sample, the slowest of those behind it.
    let mut parting: Option<(f64, usize, usize)> = None;
    let mut slowest_behind = samples[0];
    for &(margin, slope, i) in &samples[1..] {
        let opening = slope - slowest_behind.1;
        if opening > parting.map_or(0.0, |(widest, ..)| widest) {
            parting = Some((opening, i, slowest_behind.2));
        }
        if slope < slowest_behind.1 {
            slowest_behind = (margin, slope, i);
        }
    }
    let parting = parting
        .map(|(_, fast, slow)| difference(fast, slow))
        .transpose()?;
    Ok(Pairs { widest, parting })
}

fn decide(run: &Evidence, points: &Points, rows: &[Row], pairs: &Pairs) -> (Verdict, String) {
    let line = &pairs.widest.whole;
    let last_min = rows[rows.len() - 1].min;
    let found = format!(
        "extrapolated to t → ∞, the widest relative gap between two margins is {} {}",
        number(line.slope.abs()),
        interval(number(line.low()), number(line.high()))
    );
    if last_min > 0.0 && line.high() <= GAP_SUPPORTED {
        return (
            Verdict::Supported,
            format!("{found}, at most {GAP_SUPPORTED}, and every sample is classified correctly."),
        );
    }
    if let Some(ruling) = hopeless(run, points, rows) {
        return ruling;
    }
    match &pairs.parting {
        Some(lines)
            if lines.whole.low() > GAP_REFUTED
                && lines.late.low() > GAP_REFUTED
                && rows
                    .last()
                    .is_some_and(|row| row.relative_gap() > GAP_REFUTED) =>
        {
            (
                Verdict::Refuted,
                format!(
                    "two samples move apart: extrapolated to t → ∞ their relative gap is {} {}, \
                     and {} by the later half of the window, above {GAP_REFUTED}.",
                    number(lines.whole.slope),
                    interval(number(lines.whole.low()), number(lines.whole.high())),
                    number(lines.late.slope)
                ),
            )
        }
        _ if last_min <= 0.0 => (
            Verdict::Inconclusive,
            format!("{found}, and a sample is still misclassified."),
        ),
        _ => (
            Verdict::Inconclusive,
            format!(
                "{found}, not yet at most {GAP_SUPPORTED} and not shown to stay above \
                 {GAP_REFUTED}."
            ),
        ),
    }
}

/// A sample is misclassified, and at the window's pace its margin stays negative up to `T²`.
fn hopeless(run: &Evidence, points: &Points, rows: &[Row]) -> Option<(Verdict, String)> {
    let mins: Vec<f64> = rows.iter().map(|row| row.min).collect();
    let lines = points.lines(&points.log_step, &mins).ok()?;
    let last = mins[mins.len() - 1];
    let pace = lines.whole.high().max(lines.late.high());
    let by_then = last + pace * (EXTRAPOLATION_POWER - 1.0) * run.horizon.ln();
    (last <= 0.0 && by_then < 0.0).then(|| {
        (
            Verdict::Refuted,
            format!(
                "a sample is misclassified, with margin {}, and at the pace of the last two \
                 decades it would be {} even after the square of this number of steps.",
                number(last),
                number(by_then)
            ),
        )
    })
}

#[cfg(test)]
mod tests;
