//! The stable rank of each weight block: tends to 1 (leaky ReLU), stays bounded (ReLU).
//!
//! # The limit, from a finite run (derived)
//!
//! Split a block's norm into its largest singular value `S = ‖W_j‖_2` and the rest,
//! `r = √(‖W_j‖_F² − S²) = S √(SR − 1)`. While the activation pattern is fixed, the block is
//! `V₀ + V₁ log t` up to vanishing terms, so that `r` and `S` are straight lines in `log t` in the
//! long run, and
//!
//! ```math
//! \lim_{t\to\infty}\mathrm{SR}=1+\rho^2,\qquad \rho=\frac{dr}{dS}\ge0
//! ```
//!
//! with no constant entering. If `V₁` has rank one, as under the paper's leaky claim, then `ρ = 0`
//! and `SR − 1` falls like `S⁻²`, that is like `1/log² t` in the natural unit of time. A negative
//! slope is a residual that shrinks, and stands for `ρ = 0`.
//!
//! Initial weights `r₀` orthogonal to what grows add up differently, `r² = r₀² + β² log² t`, and
//! bend `r` towards a smaller slope. The slope of `r²` on `S²` is exact then, and lies between the
//! present `SR − 1` and `ρ²` if `r` is a line; so support for rank one asks both slopes to agree on
//! it.
//!
//! # The constant of the bounded rank (derived)
//!
//! Let data be orthogonal. A ReLU neuron's limiting direction has no component along opposite-sign
//! samples, and every neuron active on the same-sign sample `i` receives the same share of it, so a
//! block tends to the direction of `W = D diag(α) X` with `D ∈ {0,1}^{m×n_j}`, `α_i > 0`. With
//! `β_i = α_i² ‖x_i‖²` and `a_i` active neurons on sample `i`, orthogonality gives
//! `‖W‖_F² = Σ_i a_i β_i`, and the unit vector `u = 1/√m` gives
//! `‖W‖_2² ≥ ‖Wᵀu‖² = (1/m) Σ_i a_i² β_i ≥ (min_i a_i/m) Σ_i a_i β_i`. Hence
//!
//! ```math
//! \mathrm{SR}=\frac{\|W\|_F^2}{\|W\|_2^2}\le\max_i\frac{m}{a_i}
//! ```
//!
//! A Gaussian neuron is active on a given sample with probability 1/2; a quarter of the neurons
//! being active on every sample leaves room for small `m`, and gives the constant 4 used here. The
//! paper claims a constant, not this one.

use crate::claim::{Claim, Fit, Shown, Verdict};
use crate::fit::{Line, fit_line};
use crate::kou::context::RankClaim;
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::settings::{
    RANK_BOUND, RANK_MAX_EXTRAPOLATION, RANK_ONE_MAX_MEASURED, RANK_ONE_REFUTED,
    RANK_ONE_SUPPORTED, ROUNDING,
};
use crate::window::{Lines, Points};
use crate::words::{interval, number};

/// Judges the claim that applies to the model, once for each block.
pub(crate) fn judge(run: &Evidence) -> Vec<Claim> {
    let Some(which) = run.context.rank_claim else {
        return Vec::new();
    };
    run.context
        .blocks
        .iter()
        .filter_map(|block| judge_block(run, which, block))
        .collect()
}

fn judge_block(run: &Evidence, which: RankClaim, block: &str) -> Option<Claim> {
    let points = spectra(run, block)?;
    let mut claim = match which {
        RankClaim::OnePerBlock => Claim {
            shown: Shown::NearOne,
            ..Claim::draft(
                ids::RANK_ONE,
                "Leaky ReLU: the stable rank of each weight block tends to 1.",
                "stable rank of the block at the last step",
                "→ 1",
            )
        },
        RankClaim::Bounded => Claim::draft(
            ids::RANK_BOUNDED,
            "ReLU: the stable rank of each weight block stays bounded by a constant.",
            "stable rank of the block at the last step",
            &format!("≤ {RANK_BOUND} (constant derived here)"),
        ),
    };
    claim.block = Some(block.into());
    claim.measured = run.last(&format!("stable_rank_{block}"));
    let (rank, spectral) = (&points.columns[0], &points.columns[1]);
    let residual: Vec<f64> = rank
        .iter()
        .zip(spectral)
        .map(|(rank, norm)| norm * excess(*rank).sqrt())
        .collect();

    let lines = if points.too_short().is_none() && !points.grows(spectral) {
        Err("the block's spectral norm does not grow over the last two decades, so its stable rank \
             has no limit to extrapolate."
            .into())
    } else {
        points.lines(spectral, &residual)
    };
    let lines = match lines {
        Ok(lines) => lines,
        Err(reason) => {
            claim.reason = reason;
            return Some(claim);
        }
    };
    let law = "√(‖W_j‖_F² − ‖W_j‖_2²) = a + ρ·‖W_j‖_2, limiting stable rank 1 + ρ²";
    claim
        .fits
        .push(ExtrapolatedRank::of_line(&lines.whole).record(&lines.whole, law, points.window));
    (claim.verdict, claim.reason) = match which {
        RankClaim::Bounded => decide_bounded(run, &points, &lines),
        RankClaim::OnePerBlock => {
            let square = |values: &[f64]| values.iter().map(|v| v * v).collect::<Vec<f64>>();
            let squares = fit_line(&square(spectral), &square(&residual));
            if let Some(line) = &squares {
                let law = "‖W_j‖_F² − ‖W_j‖_2² = a + κ·‖W_j‖_2², limiting stable rank 1 + κ";
                claim.fits.push(ExtrapolatedRank::of_squares(line).record(
                    line,
                    law,
                    points.window,
                ));
            }
            for fit in &mut claim.fits {
                fit.expected = Some(1.0);
            }
            let excesses: Vec<f64> = rank.iter().map(|&rank| excess(rank)).collect();
            if let Some(line) = points.exponent(spectral, &excesses, ROUNDING) {
                let law = "stable rank − 1 = c·‖W_j‖_2^a, ‖W_j‖_2 growing like log t";
                let rate = line.record(law, "a", points.window);
                claim.fits.push(Fit {
                    expected: Some(-2.0),
                    ..rate
                });
            }
            decide_one(&points, &lines, squares.as_ref())
        }
    };
    Some(claim)
}

/// `SR − 1`, which rounding may take below 0.
fn excess(rank: f64) -> f64 {
    (rank - 1.0).max(0.0)
}

/// Stable rank and spectral norm of a block over the window.
fn spectra(run: &Evidence, block: &str) -> Option<Points> {
    let rank = format!("stable_rank_{block}");
    let start = run.two_decades();
    if let Some(points) = run.points(&[&rank, &format!("spectral_norm_{block}")], start) {
        return Some(points);
    }
    let mut points = run.points(&[&rank, &format!("norm_{block}")], start)?;
    let ranks = points.columns[0].clone();
    for (norm, rank) in points.columns[1].iter_mut().zip(ranks) {
        *norm /= rank.sqrt();
    }
    Some(points)
}

/// The extrapolated stable rank `1 + ρ²` and its interval.
struct ExtrapolatedRank {
    estimate: f64,
    low: f64,
    high: f64,
}

impl ExtrapolatedRank {
    /// From the slope of `r` on `S`.
    fn of_line(line: &Line) -> Self {
        Self::new(line, |slope| slope.powi(2))
    }

    /// From the slope of `r²` on `S²`.
    fn of_squares(line: &Line) -> Self {
        Self::new(line, |slope| slope)
    }

    fn new(line: &Line, excess: impl Fn(f64) -> f64) -> Self {
        let rank = |slope: f64| 1.0 + excess(slope.max(0.0));
        let (estimate, low, high) = (rank(line.slope), rank(line.low()), rank(line.high()));
        Self {
            estimate,
            low,
            high,
        }
    }

    fn record(&self, line: &Line, law: &str, window: [f64; 2]) -> Fit {
        let (estimate, low, high) = (self.estimate, self.low, self.high);
        Fit {
            estimate,
            low,
            high,
            ..line.record(law, "limiting stable rank", window)
        }
    }

    /// Whether the trajectory has come near enough for the extrapolation to be believed.
    fn within_reach_of(&self, last: f64) -> bool {
        (last - self.estimate).abs() <= RANK_MAX_EXTRAPOLATION * last
    }

    fn describe(&self, last: f64) -> String {
        // Three decimals would show most leaky blocks as 1.000.
        let [last, estimate, low, high] =
            [last, self.estimate, self.low, self.high].map(|rank| format!("{rank:.5}"));
        let interval = interval(low, high);
        format!("the stable rank is {last} at the last step and tends to {estimate} {interval}")
    }
}

fn decide_one(points: &Points, lines: &Lines, squares: Option<&Line>) -> (Verdict, String) {
    let rank = &points.columns[0];
    let last = rank[rank.len() - 1];
    let (whole, late) = (
        ExtrapolatedRank::of_line(&lines.whole),
        ExtrapolatedRank::of_line(&lines.late),
    );
    let found = whole.describe(last);
    if whole.high <= RANK_ONE_SUPPORTED {
        let agree = squares
            .is_some_and(|line| ExtrapolatedRank::of_squares(line).high <= RANK_ONE_SUPPORTED);
        let by_time = points.lines(&points.log_step, rank);
        let doubt = if last >= RANK_ONE_MAX_MEASURED {
            "too far an extrapolation to rely on."
        } else if !agree {
            "but the squares of its singular values do not agree on that limit."
        } else if by_time.is_ok_and(|lines| lines.whole.low() > 0.0) {
            "but it is rising over the window."
        } else {
            let reason = format!("{found}, at most {RANK_ONE_SUPPORTED} and not rising.");
            return (Verdict::Supported, reason);
        };
        return (Verdict::Inconclusive, format!("{found}, {doubt}"));
    }
    let doubt = if whole.low <= RANK_ONE_REFUTED || late.low <= RANK_ONE_REFUTED {
        "which is neither near 1 nor clearly away from it."
    } else if !whole.within_reach_of(last) {
        "too far an extrapolation to rely on."
    } else {
        ""
    };
    if !doubt.is_empty() {
        return (Verdict::Inconclusive, format!("{found}, {doubt}"));
    }
    let reason = format!("{found}, above {RANK_ONE_REFUTED} in the later half of the window too.");
    (Verdict::Refuted, reason)
}

fn decide_bounded(run: &Evidence, points: &Points, lines: &Lines) -> (Verdict, String) {
    let rank = &points.columns[0];
    let last = rank[rank.len() - 1];
    let most = rank.iter().copied().fold(0.0, f64::max);
    let (whole, late) = (
        ExtrapolatedRank::of_line(&lines.whole),
        ExtrapolatedRank::of_line(&lines.late),
    );
    let coverage = run
        .last("same_sign_coverage_min")
        .filter(|&share| share > 0.0);
    let bound = coverage.map_or(String::new(), |share| {
        format!(
            " (for orthogonal data its activation pattern bounds it by {})",
            number(1.0 / share)
        )
    });
    let found = format!("{}{bound}", whole.describe(last));
    if most <= RANK_BOUND && whole.high <= RANK_BOUND {
        let reason = format!(
            "{found}, and never exceeded {} over the window.",
            number(most)
        );
        return (Verdict::Supported, reason);
    }
    let above = last > RANK_BOUND && whole.low > RANK_BOUND && late.low > RANK_BOUND;
    if !above || !whole.within_reach_of(last) {
        let reason = format!("{found}, neither clearly below {RANK_BOUND} nor clearly above.");
        return (Verdict::Inconclusive, reason);
    }
    (
        Verdict::Refuted,
        format!("{found}, above {RANK_BOUND} in the later half of the window too."),
    )
}

#[cfg(test)]
mod tests;
