//! The studies' configurations, and the verdicts that they must have.

use implicit_bias_claims::Verdict;
use implicit_bias_claims::benign::ids::{BENIGN, HARMFUL, SMALL_WEIGHTS, ZERO_HINGE};
use implicit_bias_lab::config::RunConfig;
use implicit_bias_lab::study::Effort;

use super::*;
use crate::testing;

#[test]
fn every_run_is_a_valid_configuration() {
    for effort in [Effort::Quick, Effort::Full] {
        for study in all(effort) {
            for run in &study.runs {
                RunConfig::resolve(&run.settings)
                    .unwrap_or_else(|error| panic!("{}: {error}", run.label));
            }
        }
    }
}

#[test]
fn every_claim_is_supported_within_its_assumptions_and_refuted_outside() {
    let study = benign_and_harmful_overfitting(Effort::Quick);
    let (_folder, found) = testing::done(&SYSTEM, &study);
    for (label, id, expected) in [
        ("γ = 0/d", BENIGN, Verdict::Refuted),
        ("γ = 0/d", HARMFUL, Verdict::Supported),
        ("γ = 10/d", BENIGN, Verdict::Supported),
        ("γ = 10/d", HARMFUL, Verdict::Refuted),
        ("γ = 10/d", ZERO_HINGE, Verdict::Supported),
        ("γ = 10/d", SMALL_WEIGHTS, Verdict::Supported),
        ("α = 0.05", ZERO_HINGE, Verdict::Supported),
        ("α = 0.05", SMALL_WEIGHTS, Verdict::Supported),
        ("α = 0.3", SMALL_WEIGHTS, Verdict::Supported),
        ("initialization × 100", SMALL_WEIGHTS, Verdict::Refuted),
        ("step size × 1000", SMALL_WEIGHTS, Verdict::Refuted),
        ("d = 10, not separable", ZERO_HINGE, Verdict::Refuted),
    ] {
        let mut runs = study.runs.iter().zip(found.records());
        let (_, record) = runs.find(|(run, _)| run.label == label).unwrap();
        let claim = record.claims.iter().find(|claim| claim.id == id).unwrap();
        assert_eq!(claim.verdict, expected, "{label}, {id}: {}", claim.reason);
    }
}
