//! The decision boundary in the limit, beside the linear classifier of maximum margin.

use implicit_bias_lab::config::RunConfig;
use implicit_bias_lab::study::LimitResult;
use implicit_bias_limits::linear::{SignedSamples, max_margin_l2};

/// What is known of a limit.
pub(super) struct Boundary {
    /// Smallest normalized margin of the limit.
    pub margin: f64,
    /// The limiting relative gap of the margins.
    pub gap: f64,
    /// Stable rank of both blocks stacked.
    pub stable_rank: f64,
    /// Limiting stable ranks of the blocks.
    pub blocks: [f64; 2],
    /// Whether the activation pattern is proven to last.
    pub proven: bool,
    /// The margin of `x ↦ Σ_i λ_i y_i ⟨x_i, x⟩` over that of the linear classifier of maximum margin;
    /// where all neurons of a sign have one direction, the decision boundary of the network is its.
    pub share: f64,
}

/// The decision boundary of a limit; why it is not known.
pub(super) fn boundary(result: &LimitResult<'_>) -> Result<Boundary, String> {
    let report = result.report.as_ref().map_err(Clone::clone)?;
    let data = RunConfig::resolve(&result.run.settings).and_then(|config| config.load_data());
    let data = data.map_err(|error| error.to_string())?;
    let data = data.signs().ok_or("the data have labels ±1")?;
    let samples = SignedSamples::labelled(data.x().view(), data.y().view());
    let samples = samples.map_err(|error| error.to_string())?;
    let best = max_margin_l2(&samples).separable();
    let best = best.ok_or("no linear classifier separates the samples")?;
    let limit = &report.limit;
    let normal = samples
        .rows()
        .t()
        .dot(&ndarray::aview1(limit.multipliers()));
    let margins = samples.margins(normal.view());
    let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
    let own = least / normal.dot(&normal).sqrt();
    let all = limit.normalized_margins();
    let [low, high] = [f64::min as fn(f64, f64) -> f64, f64::max]
        .map(|pick| all.iter().copied().reduce(pick).unwrap_or(f64::NAN));
    Ok(Boundary {
        margin: low,
        gap: (high - low) / low,
        stable_rank: limit.stable_rank(),
        blocks: [limit.stable_rank_pos(), limit.stable_rank_neg()],
        proven: report.certificate.is_proven(),
        share: own / best.gamma_l2,
    })
}
