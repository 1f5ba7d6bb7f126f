//! How the slope γ of leaky ReLU shows in block and stacked stable rank.

use super::{Scale, Study, StudyRun, leaky_relu, sweep_base, sweep_words};
use crate::figures::{CurveEntry, PointEntry, curves_by_parameter, final_against};
use crate::report::Statement;

/// Stable rank against the step, and the stacked one against its closed form, for several slopes.
pub fn leaky_slope(scale: Scale) -> Study {
    let run = |slope: f64| StudyRun {
        panel: "leaky ReLU".to_owned(),
        label: format!("γ = {slope}"),
        parameter: slope,
        settings: leaky_relu(sweep_base(scale), slope),
    };
    Study {
        name: "leaky_slope",
        title: "Slope of leaky ReLU",
        statement: Statement {
            text: "The smaller the slope γ, the more nearly orthogonal the data must be for the rank-one \
                   theorem; the stack of both blocks tends to 2(1 + γ²)/(1 + γ)² for balanced classes \
                   of orthogonal samples with equal norms."
                .to_owned(),
            source: "the first part the paper's condition, the closed form derived here".to_owned(),
        },
        setting: sweep_words(scale, "d = 2000, σ₀ = 10⁻⁴, γ from 0.05 to 0.9"),
        paragraphs: vec![
            "The closed form is for exactly orthogonal samples of equal norm with balanced classes; \
             these data are neither, so the distance to it is expected."
                .to_owned(),
        ],
        runs: [0.05, 0.1, 0.2, 0.5, 0.9].map(run).to_vec(),
        claims: &[],
        columns: &[("stable_rank_pos", "SR of W₊₁"), ("stable_rank_neg", "SR of W₋₁"), ("stable_rank", "SR of the stack"), ("same_sign_active", "same-sign active")],
        figures: |results| {
            let entries: Vec<CurveEntry<'_>> = results
                .iter()
                .map(|result| CurveEntry {
                    panel: result.run.panel.clone(),
                    label: result.run.label.clone(),
                    series: &result.record.series,
                })
                .collect();
            let mut points = Vec::new();
            for result in results {
                let gamma = result.run.parameter;
                let closed = 2.0 * (1.0 + gamma * gamma) / (1.0 + gamma).powi(2);
                let last = |column| result.record.series.last(column).unwrap_or(f64::NAN);
                for (curve, y) in [
                    ("stack, measured", last("stable_rank")),
                    ("stack, closed form", closed),
                    ("W₊₁, measured", last("stable_rank_pos")),
                ] {
                    points.push(PointEntry {
                        panel: "at the last step".to_owned(),
                        curve: curve.to_owned(),
                        x: gamma,
                        y,
                        spread: None,
                    });
                }
            }
            vec![
                curves_by_parameter(
                    "stable-rank",
                    "Stable rank of W₊₁ for several slopes",
                    &["stable_rank_pos"],
                    &entries,
                ),
                final_against(
                    "stacked",
                    "Stable rank of the stack against the slope",
                    "slope γ",
                    "stable rank",
                    &points,
                ),
            ]
        },
    }
}
