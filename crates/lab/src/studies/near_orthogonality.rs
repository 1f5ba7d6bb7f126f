//! How the dimension, through the near-orthogonality ratio, shows in stable rank and margin gap.

use super::{
    SLOPE, Scale, Study, StudyRun, leaky_panel, leaky_relu, relu, sweep_base, sweep_words,
};
use crate::config::Settings;
use crate::figures::{Figure, PointEntry, final_against};
use crate::report::Statement;

/// Final stable rank and margin gap against `R_min²/(n p)`, by way of the dimension.
pub fn near_orthogonality(scale: Scale) -> Study {
    let mut runs = Vec::new();
    for (panel, slope) in [("ReLU".to_owned(), None), (leaky_panel(SLOPE), Some(SLOPE))] {
        for dim in [25, 100, 400, 1600, scale.pick(3200, 6400)] {
            let settings = Settings {
                dim: Some(dim),
                ..sweep_base(scale)
            };
            runs.push(StudyRun {
                panel: panel.clone(),
                label: format!("d = {dim}"),
                parameter: dim as f64,
                settings: match slope {
                    Some(slope) => leaky_relu(settings, slope),
                    None => relu(settings),
                },
            });
        }
    }
    Study {
        name: "near_orthogonality",
        title: "Dimension and near-orthogonality",
        statement: Statement {
            text: "The theorems ask for ‖x_i‖² ≥ C n p with a large constant C; the conclusions often \
                   hold far below it."
                .to_owned(),
            source: "the condition is the paper's, the observation this project's".to_owned(),
        },
        setting: sweep_words(scale, "σ₀ = 10⁻⁴, d varies"),
        paragraphs: vec![
            "The ratio R_min²/(n p) grows like √d for Gaussian samples. It is measured on each data \
             set and never assumed."
                .to_owned(),
        ],
        runs,
        claims: &[],
        columns: &["stable_rank_pos", "stable_rank_neg", "margin_min", "margin_max"],
        figures: |results| {
            let points = |value: fn(&crate::Series, &str) -> f64, curves: &[(&str, &str)]| {
                let mut points = Vec::new();
                for result in results {
                    for (curve, column) in curves {
                        points.push(PointEntry {
                            panel: result.run.panel.clone(),
                            curve: (*curve).to_owned(),
                            x: result.record.manifest.data.ratio.unwrap_or(f64::NAN),
                            y: value(&result.record.series, column),
                            spread: None,
                        });
                    }
                }
                points
            };
            let ranks = points(
                |series, column| series.last(column).unwrap_or(f64::NAN),
                &[("W₊₁", "stable_rank_pos"), ("W₋₁", "stable_rank_neg")],
            );
            let gaps = points(
                |series, _| {
                    let last = |column| series.last(column).unwrap_or(f64::NAN);
                    (last("margin_max") - last("margin_min")) / last("margin_mean")
                },
                &[("(max − min)/mean", "")],
            );
            let ratio = "near-orthogonality ratio R_min²/(n p)";
            let figure: fn(&str, &str, &str, &str, &[PointEntry]) -> Figure = final_against;
            vec![
                figure("stable-rank", "Final stable rank", ratio, "stable rank", &ranks),
                figure("margin-gap", "Final margin gap", ratio, "relative margin gap", &gaps),
            ]
        },
    }
}
