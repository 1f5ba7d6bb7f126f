//! Five architectures to step 10³⁰⁰ in log time: a question of this project, no paper's claim.

mod figures;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use study::any_network_far;

/// The system, for the report of its binary.
pub const SYSTEM: System = System {
    name: "any-network",
    title: "Where gradient descent takes five architectures",
    origin: "A question of this project about networks of which no paper says where they end",
    introduction: "For the two-layer network with a fixed second layer a convex program says where \
                   gradient descent ends. For other homogeneous networks none is known. This \
                   report follows five architectures to 10³⁰⁰ steps in log time and measures, on \
                   the way, how equal their margins become, how far their directions are from \
                   Karush–Kuhn–Tucker points, and which of their layers tend to low rank. What it \
                   finds are findings on these runs, not claims of any paper, and no proofs.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![any_network_far(effort)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use implicit_bias_lab::config::RunConfig;
    use implicit_bias_lab::study::StudyResult;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            let study = any_network_far(effort);
            assert_eq!(study.runs.len(), 5);
            for run in study.runs {
                let config = RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
                assert!(config.log_time, "{}", run.label);
            }
        }
    }

    #[test]
    fn the_quick_study_reaches_its_horizon_and_says_what_it_found() {
        let study = any_network_far(Effort::Quick);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let report = std::fs::read_to_string(found.report_path()).unwrap();
        assert!(report.contains(SYSTEM.origin) && !report.contains("independent reproduction"));
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        for result in &results {
            let series = &result.record.series;
            assert!(
                series.last("error_estimate").unwrap() < 0.01,
                "{}",
                result.run.label
            );
            let residuals = series.column("kkt_residual").unwrap();
            let last = residuals.iter().rev().find(|r| r.is_finite()).unwrap();
            assert!(*last < 1.0, "{}: {last}", result.run.label);
        }
        let table = table::table(&results);
        assert_eq!(table.rows.len(), 5);
        assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
        assert!(table::found(&results).len() >= 2);
    }
}
