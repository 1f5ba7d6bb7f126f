//! Huang, Liang & Yang (arXiv:2409.17335): where a transformer that tells the next token ends up.
//!
//! The settings are this project's own but where it is said.

mod figures;
mod runs;
mod study;
mod table;

use implicit_bias_lab::study::{Effort, Study, System};

pub use study::next_token_in_two_stages;

/// The system, for `reproduce`.
pub const SYSTEM: System = System {
    name: "transformer",
    title: "Where a transformer that tells the next token ends up",
    origin: "An independent reproduction of Huang, Liang & Yang (arXiv:2409.17335)",
    introduction: "Huang, Liang & Yang (arXiv:2409.17335) train a one-layer transformer to tell the next \
                   token in two stages of normalized gradient descent: what is made of a token, then \
                   which token is attended to. This report trains it on random sentences of languages \
                   in which one token of each sentence tells the next one, and compares slopes and \
                   directions with the two programs that know the data alone. The number of tokens \
                   and both step sizes are those found in the paper; cross-entropy, zero \
                   initialization and the second program are recalled, not verified; the generator of \
                   sentences, lengths and horizons, and all criteria, are this project's.",
    studies: all,
};

/// All studies, in the order of the report.
fn all(effort: Effort) -> Vec<Study> {
    vec![next_token_in_two_stages(effort)]
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
            for run in next_token_in_two_stages(effort).runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }

    #[test]
    fn both_stages_have_the_slopes_of_their_programs() {
        let study = next_token_in_two_stages(Effort::Quick);
        let (_folder, found) = testing::done(&SYSTEM, &study);
        let runs = study.runs.iter().zip(found.records());
        let results: Vec<_> = runs
            .map(|(run, record)| StudyResult { run, record })
            .collect();
        let rates = table::rates(&results);
        assert_eq!(rates.len(), 2);
        for rate in rates {
            let error = (rate.ov_slope / rate.predicted_ov_slope - 1.0).abs();
            assert!(error < 1e-3, "{}: {error:e}", rate.label);
            let error = (rate.kq_slope / rate.predicted_kq_slope - 1.0).abs();
            assert!(error < 0.02, "{}: {error:e}", rate.label);
            assert_eq!(rate.seen, 1.0, "{}", rate.label);
            assert!(rate.unseen > 0.9, "{}: {}", rate.label, rate.unseen);
        }
        for result in &results {
            let is_gradient = result.run.label == runs::GRADIENT;
            let has_fault = [runs::TWO_TARGETS, runs::TWO_SUCCESSORS].map(String::from);
            let has_fault = has_fault.contains(&result.run.label);
            for claim in &result.record.claims {
                if is_gradient && claim.id == ids::OV_NORM {
                    assert_eq!(claim.verdict, Verdict::Refuted, "{claim:?}");
                } else if !is_gradient && !has_fault {
                    assert_ne!(claim.verdict, Verdict::Refuted, "{claim:?}");
                }
            }
        }
        let verdict = |label: &str, id| {
            let result = results.iter().find(|result| result.run.label == label);
            let claims = &result.unwrap().record.claims;
            claims.iter().find(|claim| claim.id == id).unwrap().verdict
        };
        assert_eq!(verdict(runs::TWO_TARGETS, ids::KQ_LOSS), Verdict::Refuted);
        assert_ne!(verdict(runs::TWO_TARGETS, ids::OV_LOSS), Verdict::Refuted);
        assert_eq!(
            verdict(runs::TWO_SUCCESSORS, ids::OV_LOSS),
            Verdict::Refuted
        );
        let faulty = table::faulty(&results);
        assert_eq!(faulty.len(), 2);
        let successors = &faulty[1];
        let above = successors.first_loss / successors.first_floor - 1.0;
        assert!(above.abs() < 1e-3, "{above:e}");
        for table in table::tables(&results) {
            assert!(table.rows.iter().all(|row| row.len() == table.header.len()));
        }
    }
}
