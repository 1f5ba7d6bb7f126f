//! Limits made up, and runs that go to them or elsewhere.

use super::*;
use crate::claim::{Claim, ClaimId};
use crate::kou::context::{ClaimContext, RankClaim};
use crate::kou::ids;
use crate::kou::judge::judge;
use crate::kou::testing::{
    context, lawful, lawful_margins, log_time, norm, sample_margins, schedule, spectral_norm,
    stable_rank, table,
};
use implicit_bias_record::{LimitOf, PredictedLimit, Prediction, Series};

mod open;

/// The limit of a run whose blocks tend to stable rank 1 and whose margins become equal, not
/// proven.
fn limit() -> PredictedLimit {
    PredictedLimit {
        step: 1e5,
        stable_rank_pos: Some(1.0),
        stable_rank_neg: Some(1.0 + 1e-15),
        stable_rank: Some(1.67),
        normalized_margin_min: 2.5,
        normalized_margin_max: 2.5,
        normalized_margin_mean: 2.5,
        multiplier_min: 0.1,
        multiplier_max: 0.3,
        samples: 3,
        support: 3,
        groups: 2,
        sliding_pairs: 0,
        consistent: true,
        kkt_residual: 1e-15,
        proven: false,
        certificate: "not proven: too early".into(),
        of: LimitOf::ThisRun,
    }
}

fn proven(limit: PredictedLimit) -> PredictedLimit {
    PredictedLimit {
        proven: true,
        certificate: "proven from step 100000".into(),
        ..limit
    }
}

fn with(prediction: Prediction) -> ClaimContext {
    ClaimContext {
        prediction: Some(prediction),
        ..context()
    }
}

fn of(claims: &[Claim], id: ClaimId) -> &Claim {
    claims.iter().find(|claim| claim.id == id).unwrap()
}

/// The positive block with the given stable ranks, judged.
fn rank_claim(which: RankClaim, limit: PredictedLimit, rank: &dyn Fn(f64) -> f64) -> Claim {
    let columns: [(&str, &dyn Fn(f64) -> f64); 3] = [
        ("stable_rank_pos", rank),
        ("spectral_norm_pos", &spectral_norm),
        ("same_sign_changes", &|_| 0.0),
    ];
    let context = ClaimContext {
        rank_claim: Some(which),
        blocks: vec!["pos".into()],
        ..with(Prediction::Solved(limit))
    };
    judge(&table(1e5, &columns), &Series::default(), &context).remove(0)
}

fn leaky(predicted: f64, rank: &dyn Fn(f64) -> f64) -> Claim {
    let limit = PredictedLimit {
        stable_rank_pos: Some(predicted),
        ..limit()
    };
    rank_claim(RankClaim::OnePerBlock, limit, rank)
}

fn relu(predicted: f64, rank: &dyn Fn(f64) -> f64) -> Claim {
    let limit = PredictedLimit {
        stable_rank_pos: Some(predicted),
        ..limit()
    };
    rank_claim(RankClaim::Bounded, limit, rank)
}

/// Samples with the slopes and constants of their margins, judged with these limiting margins.
fn margin_claim(samples: &[(f64, f64)], margins: [f64; 2], support: usize) -> Claim {
    let limit = PredictedLimit {
        normalized_margin_min: margins[0],
        normalized_margin_max: margins[1],
        // All but one sample have the smallest.
        normalized_margin_mean: (2.0 * margins[0] + margins[1]) / 3.0,
        multiplier_min: if support < samples.len() { 0.0 } else { 0.1 },
        samples: samples.len(),
        support,
        ..limit()
    };
    let series = table(
        1e5,
        &[("weight_norm", &norm), ("same_sign_changes", &|_| 0.0)],
    );
    let margins = sample_margins(1e5, samples);
    let claims = judge(&series, &margins, &with(Prediction::Solved(limit)));
    of(&claims, ids::MARGINS).clone()
}

#[track_caller]
fn assert_decided(claim: &Claim, verdict: Verdict, by: DecidedBy) {
    assert_eq!(
        (claim.verdict, claim.decided_by),
        (verdict, by),
        "{claim:#?}"
    );
    assert_eq!(
        claim.limit.is_some(),
        by == DecidedBy::LimitProgram,
        "{claim:#?}"
    );
}

#[test]
fn a_limit_of_one_that_is_approached_supports_rank_one() {
    // The trajectory alone would not support either: too far from 1 still, or between the
    // thresholds.
    for rank in [3.0, 0.9] {
        let claim = leaky(1.0, &|t| 1.0 + (rank / spectral_norm(t)).powi(2));
        assert_decided(&claim, Verdict::Supported, DecidedBy::LimitProgram);
        let limit = claim.limit.unwrap();
        assert_eq!(limit.predicted, 1.0);
        assert_eq!(limit.distance, claim.measured.unwrap() - 1.0);
        assert!(claim.reason.contains("exactly 1"), "{}", claim.reason);
    }
}

#[test]
fn a_limit_above_one_that_is_approached_refutes_rank_one_and_names_it() {
    // Between the trajectory's thresholds, and far below them.
    for predicted in [1.07, 1.000_02, 1.122_66] {
        let claim = leaky(predicted, &|t| predicted + 0.3 / (1.0 + log_time(t)));
        assert_decided(&claim, Verdict::Refuted, DecidedBy::LimitProgram);
        let named = if predicted < 1.0001 {
            "1 + 2.000e−5".to_owned()
        } else {
            format!("{predicted:.5}")
        };
        assert!(claim.reason.contains(&named), "{}", claim.reason);
        assert!(claim.reason.contains("on these data"), "{}", claim.reason);
        assert!(claim.reason.contains("not proven"), "{}", claim.reason);
    }
}

/// Excess of rounding is none: the program's own stable ranks are good to 10⁻¹⁵ or so.
#[test]
fn only_an_excess_above_rounding_refutes_rank_one() {
    let law = |t: f64| 1.0 + 1.0 / (1.0 + log_time(t)).powi(2);
    let verdicts = [5e-10, 2e-9].map(|excess| leaky(1.0 + excess, &law).verdict);
    assert_eq!(verdicts, [Verdict::Supported, Verdict::Refuted]);
}

#[test]
fn a_trajectory_that_moves_away_decides_nothing_whatever_the_limit() {
    for predicted in [1.0, 1.2] {
        let claim = leaky(predicted, &|t| 1.3 + 0.02 * log_time(t));
        assert_decided(&claim, Verdict::Inconclusive, DecidedBy::LimitProgram);
        assert!(
            claim.reason.contains("does not approach"),
            "{}",
            claim.reason
        );
        let claim = relu(predicted, &|t| 1.3 + 0.02 * log_time(t));
        assert_decided(&claim, Verdict::Inconclusive, DecidedBy::LimitProgram);
    }
    // Nor one that stands still.
    let claim = leaky(1.0, &|_| 1.3);
    assert_decided(&claim, Verdict::Inconclusive, DecidedBy::LimitProgram);
}

/// Away from the limit, but less than a hundredth: a stable rank may pass its limit and come back.
#[test]
fn a_trajectory_that_has_arrived_may_drift() {
    let drift = |t: f64| 1.001 + 1e-4 * log_time(t);
    assert_decided(
        &leaky(1.0, &drift),
        Verdict::Supported,
        DecidedBy::LimitProgram,
    );
    let beyond = |t: f64| 1.01 + 1e-4 * log_time(t);
    let claim = leaky(1.0, &beyond);
    assert_decided(&claim, Verdict::Inconclusive, DecidedBy::LimitProgram);
}

/// A transient before the last decade is no evidence, whichever way it went.
#[test]
fn only_the_last_decade_is_evidence() {
    let down_then_up = |t: f64| {
        if t < 1e4 {
            3.0 - 0.2 * log_time(t)
        } else {
            1.2 + 0.02 * log_time(t)
        }
    };
    let claim = leaky(1.0, &down_then_up);
    assert_decided(&claim, Verdict::Inconclusive, DecidedBy::LimitProgram);
    let up_then_down = |t: f64| {
        if t < 1e4 {
            1.0 + 0.02 * log_time(t)
        } else {
            1.4 - 0.02 * log_time(t)
        }
    };
    let claim = leaky(1.0, &up_then_down);
    assert_decided(&claim, Verdict::Supported, DecidedBy::LimitProgram);
}

#[test]
fn a_limit_decides_the_bounded_rank_by_the_constant() {
    for (predicted, verdict) in [
        (1.8, Verdict::Supported),
        (4.0, Verdict::Supported),
        (4.01, Verdict::Refuted),
        (6.0, Verdict::Refuted),
    ] {
        let claim = relu(predicted, &|t| predicted - 0.5 / (1.0 + log_time(t)));
        assert_decided(&claim, verdict, DecidedBy::LimitProgram);
    }
}

#[test]
fn a_bound_that_no_block_can_exceed_is_said_to_be_no_evidence() {
    let columns: [(&str, &dyn Fn(f64) -> f64); 2] = [
        ("stable_rank_pos", &|t| stable_rank(t, 1.8)),
        ("spectral_norm_pos", &spectral_norm),
    ];
    for (largest, told) in [(Some(3), true), (Some(10), false), (None, false)] {
        let context = ClaimContext {
            rank_claim: Some(RankClaim::Bounded),
            largest_rank: largest,
            ..with(Prediction::Solved(PredictedLimit {
                stable_rank_pos: Some(1.8),
                ..limit()
            }))
        };
        let claim = judge(&table(1e5, &columns), &Series::default(), &context).remove(0);
        let found = claim.reason.contains("min(m, n, d) = 3");
        assert_eq!(found, told, "{}", claim.reason);
    }
}

#[test]
fn positive_multipliers_support_equal_margins() {
    // The gap is still wide, and its extrapolated limit between the thresholds.
    let claim = margin_claim(&[(1.0, -1.0), (1.07, 4.0), (1.0, 0.0)], [2.5, 2.5], 3);
    assert_decided(&claim, Verdict::Supported, DecidedBy::LimitProgram);
    let limit = claim.limit.unwrap();
    assert_eq!(limit.predicted, 0.0);
    assert!((limit.distance - claim.measured.unwrap()).abs() < 1e-14);
}

#[test]
fn a_zero_multiplier_with_a_larger_margin_refutes_equal_margins() {
    // Slopes 1, 1 and 1.3: the relative gap tends to 0.3/1.1, here from below.
    let samples = [(1.0, 0.0), (1.0, 0.0), (1.3, -1.0)];
    let claim = margin_claim(&samples, [2.0, 2.6], 2);
    assert_decided(&claim, Verdict::Refuted, DecidedBy::LimitProgram);
    assert!(claim.reason.contains("1 of 3 samples"), "{}", claim.reason);
    assert!((claim.limit.unwrap().predicted - 0.3 / 1.1).abs() < 1e-15);
}

#[test]
fn degenerate_multipliers_and_misclassified_samples_leave_margins_open() {
    let equal = [(1.0, -1.0), (1.0, 2.0), (1.0, 0.0)];
    for (samples, margins, support) in [
        (equal, [2.5, 2.5], 2),
        (equal, [2.5, 2.5001], 3),
        ([(1.0, -13.0), (1.0, 0.0), (1.0, 0.0)], [2.5, 2.5], 3),
    ] {
        let claim = margin_claim(&samples, margins, support);
        assert_decided(&claim, Verdict::Inconclusive, DecidedBy::Trajectory);
        assert!(
            claim.reason.contains("the limit program does not decide"),
            "{}",
            claim.reason
        );
    }
}

/// The lawful run, with a pattern that still changed in the last decade.
fn restless() -> Series {
    let law = |t: f64| stable_rank(t, 1.3);
    table(
        1e5,
        &[
            ("loss", &|t| (-log_time(t)).exp()),
            ("log_loss", &|t| -log_time(t)),
            ("weight_norm", &norm),
            ("stable_rank_pos", &law),
            ("spectral_norm_pos", &spectral_norm),
            ("same_sign_changes", &|t| f64::from(t == 5e4)),
        ],
    )
}

#[test]
fn a_restless_pattern_is_decided_only_if_it_is_proven_to_last() {
    let predicted = PredictedLimit {
        stable_rank_pos: Some(1.3),
        ..limit()
    };
    let context = |limit| ClaimContext {
        blocks: vec!["pos".into()],
        ..with(Prediction::Solved(limit))
    };
    let series = restless();
    let unproven = judge(&series, &lawful_margins(1e5), &context(predicted.clone()));
    let claim = of(&unproven, ids::RANK_ONE);
    assert_decided(claim, Verdict::Inconclusive, DecidedBy::Trajectory);
    assert!(claim.reason.contains("still changed"), "{}", claim.reason);
    let claim = of(&unproven, ids::ALIGNMENT);
    assert_decided(claim, Verdict::Inconclusive, DecidedBy::Trajectory);

    let proven = judge(&series, &lawful_margins(1e5), &context(proven(predicted)));
    let claim = of(&proven, ids::RANK_ONE);
    assert_decided(claim, Verdict::Refuted, DecidedBy::LimitProgram);
    let claim = of(&proven, ids::ALIGNMENT);
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    assert_eq!(claim.decided_by, DecidedBy::Certificate);
    assert!(
        claim.reason.contains("proven from step 100000"),
        "{}",
        claim.reason
    );
}

/// A block that still carries its initial weights, or samples not fitted before the last decade: a
/// longer run may find another pattern.
#[test]
fn an_early_refutation_is_withheld_unless_the_pattern_is_proven_to_last() {
    let series = table(
        1e5,
        &[
            ("loss", &|t| 1.0 / (1.0 + t)),
            ("log_loss", &|t| -(1.0 + t).ln()),
            ("stable_rank_pos", &|t| 2.0 + 1.0 / (1.0 + log_time(t))),
            ("spectral_norm_pos", &spectral_norm),
            ("norm_pos", &|t| 1.0 + 0.01 * log_time(t)),
            ("same_sign_changes", &|_| 0.0),
        ],
    );
    let predicted = PredictedLimit {
        stable_rank_pos: Some(2.0),
        ..limit()
    };
    for (limit, verdict) in [
        (predicted.clone(), Verdict::Inconclusive),
        (proven(predicted), Verdict::Refuted),
    ] {
        let context = ClaimContext {
            blocks: vec!["pos".into()],
            ..with(Prediction::Solved(limit))
        };
        let claims = judge(&series, &Series::default(), &context);
        assert_eq!(of(&claims, ids::RANK_ONE).verdict, verdict);
    }
}

#[test]
fn a_short_or_failed_run_is_not_decided_by_the_program() {
    let context = with(Prediction::Solved(proven(limit())));
    for claim in judge(&lawful(999.0), &lawful_margins(999.0), &context) {
        assert_decided(&claim, Verdict::Inconclusive, DecidedBy::Trajectory);
    }
    let failed = ClaimContext {
        end: RunEnd::Diverged { step: 7.0 },
        ..context
    };
    for claim in judge(&lawful(1e5), &lawful_margins(1e5), &failed) {
        assert_decided(&claim, Verdict::Inconclusive, DecidedBy::Trajectory);
    }
}

#[test]
fn too_few_records_leave_the_claim_to_the_trajectory() {
    let mut series = Series::new(["step", "stable_rank_pos", "spectral_norm_pos"]);
    for t in [0.0, 1e3, 2e4, 5e4, 1e5] {
        series.push(vec![t, stable_rank(t, 1.0), spectral_norm(t)]);
    }
    let context = ClaimContext {
        blocks: vec!["pos".into()],
        ..with(Prediction::Solved(limit()))
    };
    let claim = judge(&series, &Series::default(), &context).remove(0);
    assert_decided(&claim, Verdict::Inconclusive, DecidedBy::Trajectory);
    assert!(
        claim.reason.contains("3, at least 4 are needed"),
        "{}",
        claim.reason
    );
}

#[test]
fn a_decided_claim_survives_its_file_and_an_old_file_is_read() {
    let claim = leaky(1.3, &|t| stable_rank(t, 1.3));
    let text = serde_json::to_string(&claim).unwrap();
    assert!(text.contains("\"decided_by\":\"limit-program\""), "{text}");
    let back: Claim = serde_json::from_str(&text).unwrap();
    assert_eq!(back.decided_by, claim.decided_by);
    assert_eq!(
        back.limit.unwrap().certificate,
        claim.limit.unwrap().certificate
    );
    let mut old: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fields = old.as_object_mut().unwrap();
    fields.remove("limit");
    fields.remove("decided_by");
    let old: Claim = serde_json::from_value(old).unwrap();
    assert_eq!((old.limit, old.decided_by), (None, DecidedBy::Trajectory));
}
