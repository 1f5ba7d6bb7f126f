//! Zhang, Gao, Zou & Cao (arXiv:2504.08628): the stable rank of the filters of a convolution.
//!
//! The settings are this project's own, and the numbers are derived.

mod figures;
mod plateau;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use study::filters_of_intrinsic_dimension;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "cnn",
    title: "The stable rank of filters follows the signals, not the noise",
    origin: "An independent reproduction of Zhang, Gao, Zou & Cao (arXiv:2504.08628)",
    introduction: "Zhang, Gao, Zou & Cao (arXiv:2504.08628) find that the filters of a two-layer \
                   convolution with Huberized ReLU come to a stable rank that follows the intrinsic \
                   dimension of the data, the number of signals, and not that of noisy patches. This \
                   report trains such convolutions on one signal patch among noise, and follows the \
                   rank on clean data to any step in closed form. The activation is found in the \
                   paper; the network's form and the logistic loss are recalled, not verified; its \
                   exponent 3 is ours, as are all settings, numbers and criteria.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![filters_of_intrinsic_dimension(effort)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use implicit_bias_claims::Verdict;
    use implicit_bias_lab::config::RunConfig;
    use implicit_bias_lab::study::StudyResult;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            for run in filters_of_intrinsic_dimension(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }

    /// Without noise the closed form is the run's, and large noise or initial weights take the rank
    /// elsewhere.
    #[test]
    fn the_rank_follows_the_signals_where_they_are_learned() {
        let study = filters_of_intrinsic_dimension(Effort::Quick);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        let at_one_loss = table::at_one_loss(&results);
        assert_eq!(at_one_loss.len(), runs::NOISES.len());
        for row in &at_one_loss {
            let apart = (row.filters - at_one_loss[0].filters).abs();
            assert!(apart < 1e-3, "{at_one_loss:?}");
        }
        assert!(
            (at_one_loss[0].data - 4.0).abs() < 1e-9 && at_one_loss[2].data > 20.0,
            "{at_one_loss:?}"
        );
        let results: Vec<_> = results
            .into_iter()
            .filter(|result| result.run.panel != runs::AT_ONE_LOSS)
            .collect();
        // Where noise is memorized the verdicts are refuted, and nowhere where the signals are learned.
        for result in &results {
            let verdicts = result.record.claims.iter().map(|claim| claim.verdict);
            let is_refuted = verdicts.clone().any(|verdict| verdict == Verdict::Refuted);
            let expected = result.run.label == runs::MUCH_NOISE;
            assert_eq!(is_refuted, expected, "{}", result.run.label);
            assert_eq!(verdicts.count(), 3, "{}", result.run.label);
        }
        let rows = table::rows(&results);
        let of = |label: &str| rows.iter().find(|row| row.label == label).unwrap();
        let clean = of(runs::CLEAN);
        assert!(
            clean.follows && (clean.data - 4.0).abs() < 1e-6,
            "{clean:?}"
        );
        assert!(of(runs::SOME_NOISE).follows && of(runs::SOME_NOISE).data > 10.0);
        for label in [runs::MUCH_NOISE, runs::LARGE_WEIGHTS, runs::ALONG] {
            assert!(!of(label).follows, "{:?}", of(label));
        }
        let gap = table::closed_form_gap(&results).unwrap();
        // Steps of size 20 are not small: a few per cent of log t.
        assert!(gap < 0.02, "{gap}");
        for table in table::tables(&results) {
            assert!(!table.rows.is_empty());
            assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
        }
    }
}
