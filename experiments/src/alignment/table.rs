//! What came out, in tables and sentences.

use implicit_bias_claims::alignment::ids::{EARLY_ALIGNMENT, EARLY_LOSS, EARLY_RANK};
use implicit_bias_claims::{Claim, ClaimId, Verdict, fit_line};
use implicit_bias_lab::report::Table;
use implicit_bias_lab::study::StudyResult;
use implicit_bias_output::format_number;

use super::runs::{
    ANGLE, ELSEWHERE, SAMPLES, SCALE, Times, WIDTH, growth_rate, limiting_rank, power, setting,
};

pub(super) fn of_panel<'a, 'b>(
    results: &'a [StudyResult<'b>],
    panel: &'a str,
) -> impl Iterator<Item = &'a StudyResult<'b>> + Clone {
    results
        .iter()
        .filter(move |result| result.run.panel == panel)
}

pub(super) fn claim<'a>(result: &StudyResult<'a>, id: ClaimId) -> Option<&'a Claim> {
    result.record.claims.iter().find(|claim| claim.id == id)
}

fn word(claim: Option<&Claim>) -> String {
    let word = match claim.map(|claim| claim.verdict) {
        None => "—",
        Some(Verdict::Supported) => "✓",
        Some(Verdict::Refuted) => "✗",
        Some(Verdict::Inconclusive) => "?",
    };
    word.to_owned()
}

fn time(time: Option<f64>) -> String {
    time.map_or("—".to_owned(), |time| format!("{time:.3}"))
}

pub(super) fn measured(result: &StudyResult<'_>, id: ClaimId) -> String {
    let measured = claim(result, id).and_then(|claim| claim.measured);
    measured.map_or("—".to_owned(), |value| {
        format!("{value:.4}").replace('-', "−")
    })
}

/// A row a run of equiangular samples: its times, its stable rank against the closed form, and the
/// exponent of its loss.
pub(super) fn times(results: &[StudyResult<'_>]) -> Table {
    let panels = [ANGLE, SCALE, SAMPLES];
    let shown = panels
        .into_iter()
        .flat_map(|panel| of_panel(results, panel));
    let rows = shown.map(|result| {
        let [samples, cosine, scale] =
            ["samples", "cosine", "init-scale"].map(|key| setting(result, key));
        let times = Times::of(result);
        let last = |name: &str| result.record.series.last(name).unwrap_or(f64::NAN);
        let scaled = times
            .aligned
            .map(|aligned| aligned * cosine.sqrt() / samples.ln());
        vec![
            format!("{samples}"),
            format!("{cosine}"),
            power(scale),
            time(times.aligned),
            time(scaled),
            time(times.fallen),
            measured(result, EARLY_RANK),
            format!("{:.4}", limiting_rank(samples, cosine)),
            measured(result, EARLY_LOSS),
            format!("{}", last("neurons_dead")),
            format_number(last("imbalance")),
        ]
    });
    let header = [
        "n",
        "μ",
        "σ₀",
        "t₁",
        "t₁√μ/log n",
        "t₂",
        "SR",
        "SR, closed form",
        "exponent of L",
        "dead",
        "imbalance",
    ];
    Table {
        caption: "Equiangular samples of norm 1. t₁: the first recorded time η·step from which on \
                  every neuron is dead or in the set of its sign (recorded 40 times a decade, \
                  so that times are up to 6 % too large, and more often over the initial scales); \
                  t₂: when the loss has fallen to half, interpolated. SR: stable rank of the \
                  hidden layer at the last step, beside the closed form 2/(1 + kμ/(1 + (k − 1)μ)), \
                  k = n/2, of two directions of equal mass (derived here). Exponent of the loss \
                  over the last two decades. Dead neurons of the 50, and max |‖w_j‖² − v_j²|, \
                  which gradient flow keeps at 0, at the last step."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// A row a run that the theorem is not about.
pub(super) fn elsewhere(results: &[StudyResult<'_>]) -> Table {
    let rows = of_panel(results, ELSEWHERE).map(|result| {
        let series = &result.record.series;
        let last = |name: &str| series.last(name).unwrap_or(f64::NAN);
        let mut row = vec![
            result.run.label.clone(),
            format_number(last("signed_cosine_min")),
            format!("{} of {WIDTH}", last("neurons_misplaced")),
            format!("{}", last("neurons_dead")),
            measured(result, EARLY_RANK),
            measured(result, EARLY_LOSS),
        ];
        let claims = [EARLY_ALIGNMENT, EARLY_RANK, EARLY_LOSS];
        row.extend(claims.map(|id| word(claim(result, id))));
        row
    });
    let header = [
        "run",
        "μ",
        "neither dead nor aligned",
        "dead",
        "SR",
        "exponent of L",
        "early-alignment",
        "early-rank",
        "early-loss",
    ];
    Table {
        caption: "Data and initial weights that the theorem is not about, at the last step: \
                  neurons that are neither dead nor in the set of their sign, dead ones, stable \
                  rank, exponent of the loss, and verdicts (✓ supported, ✗ refuted, ? \
                  inconclusive)."
            .to_owned(),
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

/// The slope of `t₂` against `log(1/σ₀)`, with the closed form `1/‖x₊‖`.
pub(super) fn growth(results: &[StudyResult<'_>]) -> Option<[f64; 2]> {
    let mut points = Vec::new();
    for result in of_panel(results, SCALE) {
        // From large weights the loss falls before neurons have turned.
        let scale = setting(result, "init-scale");
        if !is_aligned(result) {
            continue;
        }
        points.extend(Times::of(result).fallen.map(|fallen| [-scale.ln(), fallen]));
    }
    let (x, y): (Vec<f64>, Vec<f64>) = points.iter().map(|[x, y]| (*x, *y)).unzip();
    Some([fit_line(&x, &y)?.slope, 1.0 / growth_rate(4.0, 0.1)])
}

fn is_aligned(result: &StudyResult<'_>) -> bool {
    claim(result, EARLY_ALIGNMENT).is_some_and(|claim| claim.verdict == Verdict::Supported)
}

/// How much alignment times vary over angles and over initial scales.
fn ranges(results: &[StudyResult<'_>]) -> Option<String> {
    let range = |panel| {
        let runs = of_panel(results, panel).filter(|result| is_aligned(result));
        let times: Vec<f64> = runs
            .filter_map(|result| Times::of(result).aligned)
            .collect();
        let least = times.iter().copied().reduce(f64::min)?;
        Some((least, times.into_iter().reduce(f64::max)?))
    };
    let (angle, scale) = (range(ANGLE)?, range(SCALE)?);
    let cosines = of_panel(results, ANGLE).map(|result| setting(result, "cosine"));
    let least = cosines.clone().reduce(f64::min)?;
    let factor = (cosines.reduce(f64::max)? / least).sqrt();
    Some(format!(
        "Over the angles t₁ goes from {:.2} to {:.2}, a factor of {:.1}, where 1/√μ grows by \
         {factor:.1}; over the initial scales of those runs it goes from {:.2} to {:.2}.",
        angle.0,
        angle.1,
        angle.1 / angle.0,
        scale.0,
        scale.1
    ))
}

/// What came out, in sentences.
pub(super) fn found(results: &[StudyResult<'_>]) -> Vec<String> {
    let mut said = Vec::new();
    let about = results
        .iter()
        .filter(|result| result.run.panel != ELSEWHERE);
    let aligned = about.clone().filter(|result| is_aligned(result));
    said.push(format!(
        "Acute samples and small balanced weights: in {} of {} runs every neuron is dead or in the \
         set of its sign before the loss has fallen to half, and stays so to step 10¹⁵.",
        aligned.count(),
        about.clone().count()
    ));
    let scaled = about.clone().filter(|result| is_aligned(result));
    let scaled = scaled.filter_map(|result| {
        let [samples, cosine] = ["samples", "cosine"].map(|key| setting(result, key));
        Some(Times::of(result).aligned? * cosine.sqrt() / samples.ln())
    });
    if let Some(most) = scaled.reduce(f64::max) {
        said.push(format!(
            "In those runs alignment takes at most {most:.2} times log n/√μ, the order of the \
             theorem."
        ));
    }
    said.extend(ranges(results));
    if let Some([slope, expected]) = growth(results) {
        said.push(format!(
            "The time t₂ of the fall is linear in log(1/σ₀): slope {slope:.4}, against 1/‖x₊‖ = \
             {expected:.4} of neurons that grow along the sum x₊ of the samples of their class \
             (derived here)."
        ));
    }
    let off = about
        .filter(|result| is_aligned(result))
        .filter_map(|result| {
            let [samples, cosine] = ["samples", "cosine"].map(|key| setting(result, key));
            let rank = claim(result, EARLY_RANK)?.measured?;
            Some((rank - limiting_rank(samples, cosine)).abs())
        });
    if let Some(off) = off.reduce(f64::max) {
        said.push(format!(
            "Their stable ranks at step 10¹⁵ are off the closed form by at most {}.",
            format_number(off)
        ));
    }
    let elsewhere = of_panel(results, ELSEWHERE);
    let refuted = elsewhere.clone().filter(|result| {
        claim(result, EARLY_ALIGNMENT).is_some_and(|claim| claim.verdict == Verdict::Refuted)
    });
    said.push(format!(
        "Elsewhere the claim on alignment is refuted on {} of {} runs, as it must be: no theorem \
         is about them.",
        refuted.count(),
        elsewhere.count()
    ));
    said
}
