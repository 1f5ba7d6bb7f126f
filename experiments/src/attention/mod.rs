//! Vasudeva, Deora & Thrampoulidis (arXiv:2402.05738): where one self-attention layer ends up.
//!
//! The settings are this project's own, not the paper's.

mod far;
mod figures;
mod law;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use study::attention_of_maximum_margin;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "attention",
    title: "Where self-attention ends up",
    origin: "An independent reproduction of Vasudeva, Deora & Thrampoulidis (arXiv:2402.05738)",
    introduction: "Vasudeva, Deora & Thrampoulidis (arXiv:2402.05738) study one self-attention layer \
                   with a linear decoder: normalized gradient descent and Polyak's step size turn its \
                   attention matrix to that of maximum margin, which tells the best token of each \
                   sample from the others. This report trains such layers, compares their directions \
                   and rates with the program that knows the data alone, and with slopes derived here. \
                   Initialization, query, Polyak's constant and the joint descent of attention and \
                   decoder are recalled, not verified; all settings and criteria are this project's.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![attention_of_maximum_margin(effort)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use implicit_bias_claims::Verdict;
    use implicit_bias_claims::tokens::ids;
    use implicit_bias_lab::config::RunConfig;
    use implicit_bias_lab::study::StudyResult;

    #[test]
    fn every_run_is_a_valid_configuration() {
        for effort in [Effort::Quick, Effort::Full] {
            for run in attention_of_maximum_margin(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }

    #[test]
    fn slopes_are_the_predicted_ones_and_gradient_descent_is_another_law() {
        let study = attention_of_maximum_margin(Effort::Quick);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        let rates = table::rates(&results);
        for label in [runs::NORMALIZED, runs::POLYAK] {
            let rate = rates.iter().find(|rate| rate.label == label).unwrap();
            let error = (rate.slope / rate.predicted_slope - 1.0).abs();
            assert!(error < 1e-4, "{label}: {error:e}");
            let error = (rate.per_step / rate.predicted_per_step - 1.0).abs();
            assert!(error < 1e-3, "{label}: {error:e}");
            let error = (rate.constant / rate.predicted_constant - 1.0).abs();
            assert!(error < 0.1, "{label}: {error:e}");
        }
        // The law from the middle of a run foretells its end; gradient descent is on its way to it.
        for rate in &rates {
            let Some(law) = far::Law::of(rate) else {
                assert_eq!(rate.label, runs::POLYAK_PAST);
                continue;
            };
            let [middle, last] = rate.ends;
            let change = law.gap_change(middle.step, last.step);
            let error = (last.log_gap - middle.log_gap) / change - 1.0;
            let most = if rate.label == runs::GRADIENT {
                0.1
            } else {
                1e-4
            };
            assert!(error.abs() < most, "{}: {error:e}", rate.label);
        }
        for result in &results {
            let verdict = |id| {
                let claims = &result.record.claims;
                claims
                    .iter()
                    .find(|claim| claim.id == id)
                    .map(|claim| claim.verdict)
            };
            if result.run.label == runs::GRADIENT {
                assert_eq!(verdict(ids::NORM), Some(Verdict::Refuted));
                assert_ne!(verdict(ids::DIRECTION), Some(Verdict::Refuted));
            } else if result.run.panel == runs::RATES {
                assert_ne!(
                    verdict(ids::NORM),
                    Some(Verdict::Refuted),
                    "{}",
                    result.run.label
                );
            }
        }
        let tables = [table::tables(&results), vec![far::table(&results)]].concat();
        for table in tables {
            assert!(!table.rows.is_empty());
            for cell in table.rows.iter().flatten() {
                assert!(!cell.contains("NaN"), "{}: {cell}", table.caption);
            }
            assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
        }
    }
}
