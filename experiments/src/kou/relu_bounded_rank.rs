//! ReLU: the stable rank of each block stays bounded by a constant.

use crate::kou::common::{PAPER, base, base_words, relu, steps};
use implicit_bias_claims::kou::ids;
use implicit_bias_lab::figures::{CurveEntry, curves_by_parameter};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, StudyRun, figures_side_by_side};

/// Theorem on ReLU: each of `W_{+1}`, `W_{−1}` keeps a stable rank bounded by a constant.
pub fn relu_bounded_rank(effort: Effort) -> Study {
    let orthogonal = base(effort)
        .with("synthetic", "orthogonal")
        .with("samples", 10)
        .with("dim", 10)
        .without("signal")
        .without("noise")
        .with("norm", 2000f64.sqrt())
        .with("width", effort.pick(400, 2000))
        .with("exact-steps", steps(effort.pick(1e4, 1e6)));
    Study {
        name: "relu_bounded_rank",
        title: "ReLU: the stable rank of each block stays bounded",
        statement: Statement {
            text: "On nearly orthogonal data, gradient descent on a two-layer ReLU network keeps \
                   the stable rank of each block of first-layer weights below a constant."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: base_words(effort),
        paragraphs: vec![
            "For exactly orthogonal samples of equal norm and a wide network the limit has a \
             closed form (derived here): a block whose class has n_j samples tends to 2 n_j/(n_j + \
             1)."
            .to_owned(),
            format!(
                "The last figure runs that case: n = d = 10, ‖x_i‖² = 2000, m = {}. What distance \
                 to the closed form remains is that of a finite width, whose neurons sample the \
                 activation patterns.",
                effort.pick(400, 2000),
            ),
        ],
        runs: vec![
            StudyRun {
                judged: true,
                panel: "ReLU".to_owned(),
                label: "ReLU".to_owned(),
                parameter: 0.0,
                settings: relu(base(effort)),
            },
            StudyRun {
                judged: true,
                panel: "ReLU, orthogonal samples".to_owned(),
                label: "ReLU, orthogonal samples".to_owned(),
                parameter: 0.0,
                settings: relu(orthogonal),
            },
        ],
        claims: &[ids::RANK_BOUNDED, ids::ALIGNMENT],
        columns: &[
            ("stable_rank_pos", "SR of W₊₁"),
            ("stable_rank_neg", "SR of W₋₁"),
            ("stable_rank", "SR of the stack"),
            ("same_sign_coverage_min", "least coverage"),
        ],
        limits: Vec::new(),
        show: None,
        figures: |results| {
            let mut figures = figures_side_by_side(&results[..1], &["stable-rank", "activation"]);
            let [.., orthogonal] = results else {
                return figures;
            };
            let entry = |label: &str| CurveEntry {
                panel: orthogonal.run.panel.clone(),
                label: label.to_owned(),
                series: &orthogonal.record.series,
            };
            let mut figure = curves_by_parameter(
                "orthogonal",
                "ReLU on orthogonal samples, with the limit in closed form",
                &["stable_rank_pos", "stable_rank_neg"],
                &[entry("W₊₁ (W₋₁: thin dashes)")],
            );
            let labels = orthogonal.record.manifest.data.label_values();
            for (name, sign) in [("W₊₁", 1.0), ("W₋₁", -1.0)] {
                let n = labels.iter().filter(|&&label| label == sign).count() as f64;
                let label = format!("limit of {name}");
                figure = figure.with_level(&orthogonal.run.panel, &label, 2.0 * n / (n + 1.0));
            }
            figures.push(figure);
            figures
        },
    }
}
