//! The studies' configurations, and what a quick study must show.

use implicit_bias_claims::Verdict;
use implicit_bias_claims::frei::ids::{EQUAL_MARGINS, FIRST_STEP, LASTING_RANK, TWO_DIRECTIONS};
use implicit_bias_lab::config::RunConfig;
use implicit_bias_lab::study::Effort;

use super::*;
use crate::testing;

#[test]
fn every_run_is_a_valid_configuration() {
    for effort in [Effort::Quick, Effort::Full] {
        for study in all(effort).into_iter().chain([cifar10_stable_rank(effort)]) {
            for run in study.runs.iter().chain(&study.limits) {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }
}

/// Supported where the claim's condition holds, refuted on the counterexample, and margins equal on
/// both.
#[test]
fn two_directions_are_refuted_on_the_counterexample_alone() {
    let mut study = low_rank_for_ever(Effort::Quick);
    study
        .runs
        .retain(|run| run.settings.count("samples") != Some(100));
    let (_folder, found) = testing::done(&SYSTEM, &study);
    let verdict = |label: &str, id| {
        let mut runs = study.runs.iter().zip(found.records());
        let (_, record) = runs.find(|(run, _)| run.label.starts_with(label)).unwrap();
        let claim = record.claims.iter().find(|claim| claim.id == id).unwrap();
        (claim.verdict, claim.reason.clone())
    };
    for (label, directions) in [
        ("orthogonal", Verdict::Supported),
        ("clusters", Verdict::Supported),
        ("counterexample", Verdict::Refuted),
    ] {
        let (found, why) = verdict(label, TWO_DIRECTIONS);
        assert_eq!(found, directions, "{label}: {why}");
        assert_eq!(
            verdict(label, EQUAL_MARGINS).0,
            Verdict::Supported,
            "{label}"
        );
        assert_eq!(verdict(label, FIRST_STEP).0, Verdict::Supported, "{label}");
        assert_eq!(
            verdict(label, LASTING_RANK).0,
            Verdict::Supported,
            "{label}"
        );
    }
}
