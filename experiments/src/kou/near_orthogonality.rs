//! How the dimension, through the near-orthogonality ratio, shows in stable rank and margin gap.

use crate::kou::common::{SLOPE, run_with, sweep_base, sweep_words};
use implicit_bias_lab::figures::{PointEntry, final_against};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, StudyResult};
use implicit_bias_record::Series;

/// Data sets for each dimension.
const SEEDS: u64 = 3;

/// Final stable rank and margin gap against `R_min²/(n p)`, by way of the dimension.
pub fn near_orthogonality(effort: Effort) -> Study {
    let mut runs = Vec::new();
    for slope in [None, Some(SLOPE)] {
        for dim in [25, 100, 400, 1600, 3200] {
            for seed in 0..SEEDS {
                let settings = sweep_base(effort).with("dim", dim).with("seed", seed);
                let label = format!("d = {dim}, seed {seed}");
                runs.push(run_with(slope, label, dim as f64, settings));
            }
        }
    }
    Study {
        name: "near_orthogonality",
        title: "Dimension and near-orthogonality",
        statement: Statement {
            text: "The theorems ask for ‖x_i‖² ≥ C n p with a large constant C; the conclusions \
                   often hold far below it."
                .to_owned(),
            source: "the condition is the paper's, the observation this project's".to_owned(),
        },
        setting: sweep_words(effort, "σ₀ = 10⁻⁴, d varies, three data sets each", "10¹⁵"),
        paragraphs: vec![
            "The ratio R_min²/(n p) grows like √d for Gaussian samples. It is measured on each \
             data set and never assumed. Points are means over three seeds at the geometric mean \
             of their ratios; bars reach from the smallest to the largest."
                .to_owned(),
            "These are values at a finite time and no limits: the margin gap falls like 1/log t. \
             The limits themselves, over many more data sets and slopes, are in the study of the \
             phase of the limit."
                .to_owned(),
        ],
        runs,
        claims: &[],
        columns: &[
            ("stable_rank_pos", "SR of W₊₁"),
            ("stable_rank_neg", "SR of W₋₁"),
            ("margin_min", "smallest margin"),
            ("margin_max", "largest margin"),
        ],
        limits: Vec::new(),
        show: None,
        figures: |results| {
            let last = |series: &Series, column: &str| series.last(column).unwrap_or(f64::NAN);
            let ranks = [("W₊₁", "stable_rank_pos"), ("W₋₁", "stable_rank_neg")]
                .into_iter()
                .flat_map(|(curve, column)| points(results, curve, |series| last(series, column)));
            let gaps = points(results, "(max − min)/mean", |series| {
                (last(series, "margin_max") - last(series, "margin_min"))
                    / last(series, "margin_mean")
            });
            let ratio = "near-orthogonality ratio R_min²/(n p)";
            let ranks: Vec<PointEntry> = ranks.collect();
            vec![
                final_against(
                    "stable-rank",
                    "Final stable rank",
                    ratio,
                    "stable rank",
                    &ranks,
                ),
                final_against(
                    "margin-gap",
                    "Final margin gap",
                    ratio,
                    "relative margin gap",
                    &gaps,
                ),
            ]
        },
    }
}

/// One point for each panel and dimension: mean, smallest and largest over the seeds.
fn points(
    results: &[StudyResult<'_>],
    curve: &str,
    value: impl Fn(&Series) -> f64,
) -> Vec<PointEntry> {
    let same = |a: &StudyResult<'_>, b: &StudyResult<'_>| {
        a.run.panel == b.run.panel && a.run.parameter == b.run.parameter
    };
    results
        .chunk_by(same)
        .map(|seeds| {
            let values: Vec<f64> = seeds
                .iter()
                .map(|seed| value(&seed.record.series))
                .collect();
            let ratio = |seed: &StudyResult<'_>| seed.record.manifest.data.ratio;
            let logs = seeds
                .iter()
                .map(|seed| ratio(seed).unwrap_or(f64::NAN).ln());
            let count = seeds.len() as f64;
            PointEntry {
                panel: seeds[0].run.panel.clone(),
                curve: curve.to_owned(),
                x: (logs.sum::<f64>() / count).exp(),
                y: values.iter().sum::<f64>() / count,
                spread: Some([
                    values.iter().copied().fold(f64::INFINITY, f64::min),
                    values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                ]),
            }
        })
        .collect()
}
