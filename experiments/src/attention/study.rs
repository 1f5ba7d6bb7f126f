//! The study: its runs, and what it shows of them.

use implicit_bias_claims::tokens::ids::{DIRECTION, NORM, RATE, SPARSE};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

use super::runs::runs;
use super::{far, figures, table};

/// One attention layer on one data set of 10 samples of 6 tokens, by descents of three kinds.
pub fn attention_of_maximum_margin(effort: Effort) -> Study {
    Study {
        name: "attention_of_maximum_margin",
        title: "Attention turns to the matrix of maximum margin",
        statement: Statement {
            text: "Normalized gradient descent and Polyak's steps turn the attention matrix to that \
                   of maximum margin at the rate 1/t, and attention settles on the best token of each \
                   sample exponentially fast; the norm grows linearly, where under gradient descent \
                   it grows like log t."
                .to_owned(),
            source: "Vasudeva, Deora & Thrampoulidis, arXiv:2402.05738 (Polyak's constant and the \
                     query recalled, not verified); slopes and constants derived here"
                .to_owned(),
        },
        setting: format!(
            "10 samples of 6 Gaussian tokens in 30 dimensions, all but one token of a sample of equal \
             score; the query is the first token; W(0) ~ N(0, 10⁻⁸); logistic loss; T = {} (this \
             project's settings)",
            effort.pick("10⁴", "10⁵")
        ),
        paragraphs: vec![
            "The program min ‖W‖² over (x_o − x_t)ᵀ W z ≥ 1, for the best token x_o of each sample \
             and every other x_t, knows the data alone. Its dual tells the slopes: the excess of the \
             loss over its infimum falls by the factor e^(−η/‖W_mm‖) a step of normalized gradient \
             descent and e^(−1/c) of Polyak's, and gradient descent goes with t η (L − L*)/‖W_mm‖² \
             → 1 (derived)."
                .to_owned(),
            "Once attention to the best token is 1 to rounding, the differences that move it are \
             gone from a naive computation; here they are taken to the most attended token and carry \
             an exponent of their own, so that the excess falls below 10⁻³⁰⁰ and on."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[DIRECTION, RATE, SPARSE, NORM],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    Shown {
        paragraphs: table::found(results),
        figures: figures::figures(results),
        tables: [table::tables(results), vec![far::table(results)]].concat(),
        files: Vec::new(),
    }
}
