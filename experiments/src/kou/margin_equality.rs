//! Both activations: all samples end with the same normalized margin.

use crate::kou::common::{PAPER, base_runs, base_words};
use implicit_bias_claims::kou::ids;
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, Study, figures_side_by_side};

/// Theorem on both activations: the normalized margins of all samples become equal.
pub fn margin_equality(effort: Effort) -> Study {
    Study {
        name: "margin_equality",
        title: "All samples end with the same normalized margin",
        statement: Statement {
            text: "On nearly orthogonal data the normalized margins y_i f(W; x_i)/‖W‖_F of all \
                   training samples become equal; their gap is O(1/log t)."
                .to_owned(),
            source: PAPER.to_owned(),
        },
        setting: base_words(effort),
        paragraphs: vec![
            "The verdict rests on growth: in the limit all unnormalized margins grow like log t \
             with the same slope. So for every pair of samples the difference of their margins is \
             fitted on the mean margin; that slope is the relative gap of the pair that remains \
             for ever, and the widest pair decides. The criterion is this project's."
                .to_owned(),
        ],
        runs: base_runs(effort),
        claims: &[ids::MARGINS],
        columns: &[
            ("margin_min", "smallest margin"),
            ("margin_mean", "mean margin"),
            ("margin_max", "largest margin"),
            ("accuracy", "accuracy"),
        ],
        limits: Vec::new(),
        show: None,
        figures: |results| figures_side_by_side(results, &["margins", "margin-gap"]),
    }
}
