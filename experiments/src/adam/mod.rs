//! Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650): where Adam ends up on separable data with a
//! linear network, beside gradient descent.
//!
//! The settings are this project's own, not the paper's.

mod far;
mod figures;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use study::adam_on_separable_data;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "adam",
    title: "Where Adam ends up on separable data",
    origin: "An independent reproduction of Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650)",
    introduction: "Zhang, Zou & Cao (NeurIPS 2024, arXiv:2406.10650) prove that Adam without ε takes \
                   a linear network on separable data to the maximum margin in the maximum norm, \
                   where gradient descent goes to that in the Euclidean norm (Soudry et al. 2018). \
                   This report trains linear networks by both and their relatives, compares their \
                   margins with both maxima, and follows them to 10³⁰⁰ steps by laws derived here. \
                   All settings and criteria are this project's own.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![adam_on_separable_data(effort)]
}

#[cfg(test)]
mod tests {
    use super::runs::{GRADIENT, GRADIENT_DESCENT};
    use super::*;
    use crate::testing;
    use implicit_bias_claims::Verdict;
    use implicit_bias_claims::adam::ids::LINF_MARGIN;
    use implicit_bias_lab::config::RunConfig;
    use implicit_bias_lab::study::StudyResult;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            for run in adam_on_separable_data(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }

    /// Of the runs to 2·10⁴ steps many verdicts are open, and none is other than at 10⁶ steps.
    #[test]
    fn short_runs_say_nothing_that_long_ones_take_back() {
        let study = adam_on_separable_data(Effort::Quick);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        let (mut decided, mut refuted_gd) = (0, false);
        for (result, id, expected) in table::expected(&results) {
            let claims = &result.record.claims;
            let claim = claims.iter().find(|claim| claim.id == id).unwrap();
            let is_open = claim.verdict == Verdict::Inconclusive;
            assert!(
                is_open || claim.verdict == expected,
                "{}: {claim:#?}",
                result.run.label
            );
            decided += usize::from(!is_open);
            let is_gd = result.run.label == GRADIENT_DESCENT && result.run.panel == GRADIENT;
            refuted_gd |= is_gd && id == LINF_MARGIN && claim.verdict == Verdict::Refuted;
        }
        assert!(refuted_gd && decided >= 15, "{decided} are decided");
        let laws = table::laws(&results);
        for table in [table::verdicts(&results), table::far(&laws)] {
            assert!(!table.rows.is_empty());
            for row in &table.rows {
                assert_eq!(row.len(), table.header.len(), "{row:?}");
            }
        }
    }
}
