//! The study: every run of the system, its verdicts, and the far horizon.

use implicit_bias_claims::adam::ids::{L2_MARGIN, LINF_MARGIN, LINF_RATE};
use implicit_bias_lab::report::Statement;
use implicit_bias_lab::study::{Effort, LimitResult, Shown, Study, StudyResult};

use super::runs::runs;
use super::{figures, table};

/// Adam, sign descent and gradient descent on one linearly separable data set, against both maximum
/// margins.
pub fn adam_on_separable_data(effort: Effort) -> Study {
    Study {
        name: "adam_on_separable_data",
        title: "Adam maximizes the margin in another norm than gradient descent",
        statement: Statement {
            text:
                "Adam without ε takes the direction of a linear classifier to the maximum margin \
                   over ‖w‖_∞, at a polynomial rate for step sizes t^(−a) with a < 1; gradient \
                   descent, with momentum or normalized, to that over ‖w‖₂."
                    .to_owned(),
            source:
                "Zhang, Zou & Cao, NeurIPS 2024, arXiv:2406.10650; gradient descent: Soudry et \
                     al. 2018"
                    .to_owned(),
        },
        setting: format!(
            "50 Gaussian samples in 50 dimensions, labels by coins; w(0) ~ N(0, I); logistic loss; \
             β₁ = 0.9, β₂ = 0.99, no bias correction, step sizes η (t + 2)^(−a); T = {} (this \
             project's settings)",
            effort.pick("2·10⁴", "10⁶")
        ),
        paragraphs: vec![
            "Both maximum margins are programs that know the data alone, solved with residuals \
             near rounding. On the runs of gradient descent, of Adam on one sample at a time, and of \
             Adam with ε once it is seen to turn, the claim on ‖w‖_∞ must be refuted: no theorem is \
             about them, as the hypotheses beside each verdict say."
                .to_owned(),
            "Once the free coordinates of the solution slide, Adam and sign descent go to and fro \
             in them, and runs that differ by rounding part: a twin starts at a distance of 10⁻¹⁰, \
             and the column sensitivity of each series is how many times as far it is. Where that \
             is large, weights depend on rounding."
                .to_owned(),
        ],
        runs: runs(effort),
        claims: &[LINF_MARGIN, LINF_RATE, L2_MARGIN],
        limits: Vec::new(),
        show: Some(show),
        columns: &[],
        figures: |_| Vec::new(),
    }
}

fn show(results: &[StudyResult<'_>], _: &[LimitResult<'_>]) -> Shown {
    let laws = table::laws(results);
    Shown {
        paragraphs: table::found(results, &laws),
        figures: figures::figures(results, &laws),
        tables: vec![table::verdicts(results), table::far(&laws)],
        files: Vec::new(),
    }
}
