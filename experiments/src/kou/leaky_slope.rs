//! How the slope γ of leaky ReLU shows in block and stacked stable rank.

use crate::kou::common::{leaky_relu, sweep_base, sweep_words};
use implicit_bias_lab::figures::{CurveEntry, PointEntry, curves_by_parameter, final_against};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, StudyResult, StudyRun};

/// Stable rank against the step, and the stacked one against its closed form, for several slopes.
pub fn leaky_slope(effort: Effort) -> Study {
    let run = |slope: f64| StudyRun {
        judged: true,
        panel: "leaky ReLU".to_owned(),
        label: format!("γ = {slope}"),
        parameter: slope,
        settings: leaky_relu(sweep_base(effort), slope),
    };
    Study {
        name: "leaky_slope",
        title: "Slope of leaky ReLU",
        statement: Statement {
            text: "The smaller the slope γ, the more nearly orthogonal the data must be for the \
                   rank-one theorem; for orthogonal samples of equal norm the stack of both blocks \
                   tends to 2(1 + γ²)/(1 + γ² + √(δ²(1 − γ²)² + 4γ²)), where δ = (n₊ − n₋)/n."
                .to_owned(),
            source: "the first part the paper's condition, the closed form derived here".to_owned(),
        },
        setting: sweep_words(effort, "d = 2000, σ₀ = 10⁻⁴, γ from 0.05 to 0.9", "10¹⁵"),
        paragraphs: vec![
            "The closed form is for exactly orthogonal samples of equal norm, with these classes; \
             with balanced classes it is 2(1 + γ²)/(1 + γ)². These samples are nearly orthogonal, \
             hence the rest of the distance."
                .to_owned(),
        ],
        runs: [0.05, 0.1, 0.2, 0.5, 0.9].map(run).to_vec(),
        claims: &[],
        columns: &[
            ("stable_rank_pos", "SR of W₊₁"),
            ("stable_rank_neg", "SR of W₋₁"),
            ("stable_rank", "SR of the stack"),
            ("same_sign_active", "same-sign active"),
        ],
        limits: Vec::new(),
        show: None,
        figures: |results| {
            let entries: Vec<CurveEntry<'_>> = results.iter().map(StudyResult::curve).collect();
            let mut points = Vec::new();
            for result in results {
                let gamma = result.run.parameter;
                let labels = result.record.manifest.data.label_values();
                let closed =
                    orthogonal_stack(gamma, labels.iter().sum::<f64>() / labels.len() as f64);
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

/// The limiting stable rank of the stack for orthogonal samples of equal norm (derived).
///
/// All multipliers are equal there, so the rows of the blocks tend to multiples of `Σ₊ − γ Σ₋` and
/// `Σ₋ − γ Σ₊`, with `Σ_±` the sums over the classes and `‖Σ_±‖² ∝ (1 ± δ)/2`. The 2 × 2 Gram
/// matrix of these rows has trace `1 + γ²` and eigenvalues `(1 + γ² ± √(δ²(1 − γ²)² + 4γ²))/2`.
fn orthogonal_stack(gamma: f64, imbalance: f64) -> f64 {
    let trace = 1.0 + gamma * gamma;
    let split = (imbalance * (1.0 - gamma * gamma)).hypot(2.0 * gamma);
    2.0 * trace / (trace + split)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn the_closed_form_is_the_singular_values_of_its_two_rows() {
        for (gamma, plus) in [(0.1, 7.0), (0.5, 5.0), (0.3, 1.0), (0.0, 4.0)] {
            let minus = 10.0 - plus;
            assert_relative_eq!(
                orthogonal_stack(gamma, (plus - minus) / 10.0),
                by_power_iteration(gamma, plus, minus),
                max_relative = 1e-9
            );
        }
        let balanced = 2.0 * (1.0 + 0.01) / (1.1_f64 * 1.1);
        assert_relative_eq!(orthogonal_stack(0.1, 0.0), balanced, max_relative = 1e-14);
    }

    /// ‖A‖_F²/‖A‖₂² of the rows `(√n₊, −γ√n₋)` and `(−γ√n₊, √n₋)`, an orthonormal basis for `Σ_±`.
    fn by_power_iteration(gamma: f64, plus: f64, minus: f64) -> f64 {
        let rows = [
            [plus.sqrt(), -gamma * minus.sqrt()],
            [-gamma * plus.sqrt(), minus.sqrt()],
        ];
        let apply = |v: [f64; 2]| rows.map(|row| row[0] * v[0] + row[1] * v[1]);
        let back = |u: [f64; 2]| [0, 1].map(|j| rows[0][j] * u[0] + rows[1][j] * u[1]);
        let mut v = [0.9, 0.4];
        let mut largest = 0.0;
        for _ in 0..2000 {
            let w = back(apply(v));
            largest = w[0].hypot(w[1]) / v[0].hypot(v[1]);
            let size = w[0].hypot(w[1]);
            v = w.map(|entry| entry / size);
        }
        rows.iter()
            .flatten()
            .map(|entry| entry * entry)
            .sum::<f64>()
            / largest
    }
}
