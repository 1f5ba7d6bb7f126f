//! How the initial scale σ₀ shows in the stable rank.

use crate::kou::common::{SLOPE, run_with, steps, sweep_base, sweep_words};
use implicit_bias_lab::figures::{CurveEntry, curves_by_parameter};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, StudyResult};

/// Stable rank against the step for several initial scales, both activations.
pub fn initialization_scale(effort: Effort) -> Study {
    let mut runs = Vec::new();
    for slope in [None, Some(SLOPE)] {
        for sigma in [1e-4, 1e-3, 1e-2, 1e-1] {
            let settings = sweep_base(effort)
                .with("init-scale", sigma)
                .with("steps", steps(1e100))
                .with("record", 2);
            runs.push(run_with(slope, format!("σ₀ = {sigma}"), sigma, settings));
        }
    }
    Study {
        name: "initialization_scale",
        title: "Initial scale",
        statement: Statement {
            text:
                "The theorems ask for a small enough initialization; how small shows in when the \
                   stable rank falls, and for ReLU in the pattern that the limit inherits."
                    .to_owned(),
            source: "a question of this project".to_owned(),
        },
        setting: sweep_words(effort, "d = 2000, σ₀ from 10⁻⁴ to 10⁻¹", "10¹⁰⁰"),
        paragraphs: vec![
            "A large initialization is forgotten only like 1/log t: its part of the weights stays, \
             while the part that gradient descent adds grows like log t."
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
            let entries: Vec<CurveEntry<'_>> = results.iter().map(StudyResult::curve).collect();
            vec![
                curves_by_parameter(
                    "stable-rank",
                    "Stable rank of W₊₁ for several initial scales",
                    &["stable_rank_pos"],
                    &entries,
                )
                .with_log_y(),
            ]
        },
    }
}
