//! Trajectories made from laws, for the tests of the verdicts.

use std::collections::BTreeMap;

use crate::claim::Claim;
use crate::kou::context::{ClaimContext, RankClaim};
use crate::kou::judge::judge;
use crate::run::{DescentFacts, RunEnd};
use implicit_bias_record::{Series, StepNorm};
use implicit_bias_scalar::{Loss, MarginLoss};

/// A loss that has the tail of the exponential one and is another one.
pub(crate) const OTHER_TAIL: MarginLoss = MarginLoss {
    name: "other-tail",
    about: "2 e^(−q/3)",
    keys: &[],
    value: |q, _| 2.0 * (-q / 3.0).exp(),
    slope: |q, _| 2.0 / 3.0 * (-q / 3.0).exp(),
    log_value: |q, _| 2.0_f64.ln() - q / 3.0,
    log_slope: |q, _| (2.0_f64 / 3.0).ln() - q / 3.0,
    is_exponentially_tailed: true,
};

/// The schedule of a run: 0, the marks 1, 2, 5 × 10^k, twenty a decade, and the horizon.
pub(crate) fn schedule(horizon: f64) -> Vec<f64> {
    let mut steps = vec![0.0, horizon];
    let decades = horizon.log10().ceil() as i32;
    for decade in 0..=decades {
        steps.extend([1.0, 2.0, 5.0].map(|mark| mark * 10_f64.powi(decade)));
        steps.extend((0..20).map(|k| 10_f64.powf(f64::from(decade) + f64::from(k) / 20.0).round()));
    }
    steps.retain(|&step| step <= horizon);
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    steps
}

/// A table with the given columns as functions of the step.
pub(crate) fn table(horizon: f64, columns: &[(&str, &dyn Fn(f64) -> f64)]) -> Series {
    let mut series = Series::new(
        std::iter::once("step".to_owned()).chain(columns.iter().map(|(name, _)| (*name).into())),
    );
    for step in schedule(horizon) {
        let mut row = vec![step];
        row.extend(columns.iter().map(|(_, law)| law(step)));
        series.push(row);
    }
    series
}

/// Gradient descent on the mean of some losses, in double precision at a constant step size.
pub(crate) fn plain_descent(loss: Loss, step_size: f64) -> DescentFacts {
    DescentFacts {
        optimizer: "gd".into(),
        numbers: BTreeMap::new(),
        is_plain: true,
        step_norm: StepNorm::L2,
        is_full_batch: true,
        loss,
        is_sum: false,
        step_size,
        step_decay: Some(0.0),
        unit_roundoff: f64::EPSILON,
    }
}

pub(crate) fn context() -> ClaimContext {
    ClaimContext {
        rank_claim: Some(RankClaim::OnePerBlock),
        blocks: vec!["pos".into(), "neg".into()],
        homogeneity: 1.0,
        end: RunEnd::Sound,
        prediction: None,
        largest_rank: None,
    }
}

/// `log t` with the additive constant and the transient of a real run.
pub(crate) fn log_time(t: f64) -> f64 {
    (1.0 + 0.3 * t).ln() - 2.0 / (10.0 + t)
}

/// A norm with initial weights in it: they matter less and less.
pub(crate) fn norm(t: f64) -> f64 {
    0.15 * (0.5_f64.powi(2) + (1.0 + log_time(t)).powi(2)).sqrt()
}

/// The stable rank that tends to `limit` while the residual's own share dies out.
pub(crate) fn stable_rank(t: f64, limit: f64) -> f64 {
    let residual = 0.3 + (limit - 1.0).sqrt() * (1.0 + log_time(t)) - 1.0 / (5.0 + t);
    1.0 + (residual / (1.0 + log_time(t))).powi(2)
}

pub(crate) fn spectral_norm(t: f64) -> f64 {
    0.1 * (1.0 + log_time(t))
}

/// Every column, as the paper has it.
pub(crate) fn lawful(horizon: f64) -> Series {
    table(
        horizon,
        &[
            ("loss", &|t| (-log_time(t)).exp()),
            ("log_loss", &|t| -log_time(t)),
            ("weight_norm", &norm),
            ("stable_rank_pos", &|t| stable_rank(t, 1.0)),
            ("spectral_norm_pos", &spectral_norm),
            ("stable_rank_neg", &|t| stable_rank(t, 1.0)),
            ("spectral_norm_neg", &spectral_norm),
            ("margin_min", &|t| (log_time(t) + 0.3) / norm(t)),
            ("margin_max", &|t| (log_time(t) + 2.0) / norm(t)),
            ("same_sign_changes", &|t| {
                if t > 0.0 && t < 40.0 { 3.0 } else { 0.0 }
            }),
            ("same_sign_coverage_min", &|_| 0.4),
        ],
    )
}

/// Margins of samples with `q_i = slope · log t + constant` and a transient.
pub(crate) fn sample_margins(horizon: f64, samples: &[(f64, f64)]) -> Series {
    let steps = schedule(horizon);
    let mut margins = Series::new(
        std::iter::once("step".to_owned()).chain((0..samples.len()).map(|i| format!("sample_{i}"))),
    );
    for t in steps {
        let mut row = vec![t];
        row.extend(samples.iter().map(|&(slope, constant)| {
            (slope * log_time(t) + constant * (1.0 - 3.0 / (10.0 + t))) / norm(t)
        }));
        margins.push(row);
    }
    margins
}

pub(crate) fn lawful_margins(horizon: f64) -> Series {
    sample_margins(horizon, &[(1.0, 0.3), (1.0, 2.0), (1.0, 0.9)])
}

/// The one claim that a table with few columns allows.
pub(crate) fn only(series: &Series, margins: &Series, context: &ClaimContext) -> Claim {
    let mut claims = judge(series, margins, context);
    assert_eq!(claims.len(), 1, "{claims:#?}");
    claims.remove(0)
}
