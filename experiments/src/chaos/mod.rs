//! Chen, Balasubramanian, Ghosal & Agrawalla (arXiv:2310.01687): gradient descent at large steps, from
//! stability to chaos.
//!
//! The settings are this project's own but where it is said.

mod averages;
mod basins;
mod exact;
mod figures;
mod interval;
mod map;
mod phases;
mod runs;
mod study;
mod table;
mod ulam;

use implicit_bias_lab::study::{Effort, Study, System};

pub use map::density;
pub use study::from_stability_to_chaos;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "chaos",
    title: "Gradient descent at large steps, from stability to chaos",
    origin: "An independent reproduction of Chen, Balasubramanian, Ghosal & Agrawalla \
             (arXiv:2310.01687)",
    introduction: "Chen, Balasubramanian, Ghosal & Agrawalla (arXiv:2310.01687) find five phases of \
                   gradient descent on quadratic regression as the step size grows: monotone, \
                   catapult, periodic, chaotic, divergent. On orthogonal samples every sample obeys a \
                   cubic map of its own. This report computes that map's boundaries exactly, its \
                   exponents with their errors, and proves cycles of three points; it trains networks \
                   of quadratic neurons at steps in each phase. The cubic map, orthogonal data and the \
                   network with its steps are found in the paper; the form of the map used here, all \
                   boundaries and closed forms are derived, and all other settings are this project's.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![from_stability_to_chaos(effort)]
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
            for run in from_stability_to_chaos(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }

    #[test]
    fn networks_are_in_the_phases_of_their_maps() {
        let study = from_stability_to_chaos(Effort::Quick);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        // No verdict is false on orthogonal samples, nor on others the one on a run that moves at 0.9,
        // be it that its records are too sparse to refute it.
        for result in &results {
            let claim = result.record.claims.first().unwrap();
            if result.run.panel != runs::DENSE {
                assert_ne!(claim.verdict, Verdict::Refuted, "{claim:?}");
            } else if result.run.label.contains("7.81") {
                assert_ne!(claim.verdict, Verdict::Supported, "{claim:?}");
            }
        }
        let phases: Vec<_> = phases::phases(&results);
        assert_eq!(phases.len(), runs::STEPS.len() + 1);
        for phase in &phases {
            assert!(phase.is_predicted, "{phase:?}");
        }
        // Below 1 all orthogonal sets converge; one neuron on other samples does not at 0.9.
        let dense: Vec<_> = phases::dense(&results);
        let converges = |index: usize| dense[index].1.seen == phases::Phase::Converged;
        assert_eq!(dense.len(), 4);
        assert!(
            (dense[1].1.a - 0.9).abs() < 0.01 && dense[1].1.predicted == phases::Phase::Converged
        );
        assert!(converges(2), "{dense:?}");
        // At 0.8 one neuron goes to its targets slowly: nothing is said of it.
        let seen = [0, 1].map(|index| dense[index].1.seen);
        assert_eq!(seen[0], phases::Phase::Open);
        assert!(
            !matches!(seen[1], phases::Phase::Open | phases::Phase::Converged),
            "{seen:?}"
        );
        for table in table::tables(&results) {
            assert!(!table.rows.is_empty());
            assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
        }
    }
}
