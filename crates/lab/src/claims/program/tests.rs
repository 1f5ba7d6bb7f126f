//! Limits made up, and runs that go to them or elsewhere.

use super::super::testing::{
    context, lawful, lawful_margins, log_time, norm, sample_margins, schedule, spectral_norm,
    stable_rank, table,
};
use super::super::{Claim, ClaimContext, RankClaim, judge};
use super::*;
use crate::{LimitOf, PredictedLimit, Prediction, Series};

/// The limit of a run whose blocks tend to stable rank 1 and whose margins become equal, not proven.
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
    of(&claims, ClaimId::Margins).clone()
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
    // The trajectory alone would not support either: too far from 1 still, or between the thresholds.
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

/// Everything that keeps the program from deciding: no trajectory tells an exact limit then, though each of
/// these supports every claim within its tolerance.
#[test]
fn a_program_without_an_answer_leaves_exact_limits_open() {
    let (series, margins) = (lawful(1e5), lawful_margins(1e5));
    let alone = judge(&series, &margins, &context());
    let solved = |limit: PredictedLimit| Prediction::Solved(limit);
    for (prediction, rests, why) in [
        (
            Prediction::unsolved("300 samples, more than are solved unasked"),
            true,
            "`implicit-bias limit RUN_DIR` solves it",
        ),
        (
            // The samples of this run are fitted: then it is not.
            Prediction::unsolved("infeasible: whatever"),
            true,
            "the run has such",
        ),
        (
            solved(PredictedLimit {
                consistent: false,
                ..limit()
            }),
            false,
            "some neuron must be expected to change sides",
        ),
        (
            solved(PredictedLimit {
                kkt_residual: 2e-8,
                ..limit()
            }),
            true,
            "residual of 2.0e-8",
        ),
        (
            solved(PredictedLimit {
                kkt_residual: f64::NAN,
                ..limit()
            }),
            true,
            "residual of NaN",
        ),
    ] {
        let claims = judge(&series, &margins, &with(prediction));
        for (claim, alone) in claims.iter().zip(&alone) {
            let open = match claim.id {
                ClaimId::Margins | ClaimId::RankOne => true,
                ClaimId::Alignment => !rests,
                _ => false,
            };
            let verdict = if open {
                Verdict::Inconclusive
            } else {
                Verdict::Supported
            };
            assert_decided(claim, verdict, DecidedBy::Trajectory);
            if open && claim.id != ClaimId::Alignment {
                assert!(claim.reason.contains(why), "{}", claim.reason);
            }
            assert_eq!(claim.fits, alone.fits);
        }
    }
}

/// The same with trajectories that would refute: another limit of the rank, and margins that part.
#[test]
fn nothing_is_refuted_while_the_pattern_must_break() {
    let series = table(
        1e5,
        &[
            ("log_loss", &|t| -3.8 * log_time(t)),
            ("weight_norm", &norm),
            ("stable_rank_pos", &|t| stable_rank(t, 1.5)),
            ("spectral_norm_pos", &spectral_norm),
            ("same_sign_changes", &|_| 0.0),
        ],
    );
    let margins = sample_margins(1e5, &[(1.0, 0.0), (1.3, 0.0)]);
    let alone = judge(&series, &margins, &context());
    assert_eq!(of(&alone, ClaimId::RankOne).verdict, Verdict::Refuted);
    assert_eq!(of(&alone, ClaimId::Margins).verdict, Verdict::Refuted);
    let inconsistent = PredictedLimit {
        consistent: false,
        ..limit()
    };
    for prediction in [
        Prediction::Solved(inconsistent),
        Prediction::unsolved("the solver stopped"),
    ] {
        for claim in judge(&series, &margins, &with(prediction)) {
            assert_ne!(claim.verdict, Verdict::Refuted, "{claim:#?}");
        }
    }
}

/// A loss held up by a sample of margin 0: refuted where no weights with the pattern fit the samples and the
/// pattern looks like the last one; a pattern with which weights fit them lets it fall.
#[test]
fn a_loss_that_stays_is_refuted_only_where_nothing_fits() {
    let series = table(
        1e5,
        &[
            ("log_loss", &|t| (0.4 + 1.0 / (1.0 + t)).ln()),
            ("weight_norm", &|t| 3.0 - 1.0 / (1.0 + t)),
            ("same_sign_changes", &|_| 0.0),
        ],
    );
    let mut margins = Series::new(["step", "sample_0", "sample_1", "sample_2"]);
    for step in schedule(1e5) {
        margins.push(vec![step, -0.1, 0.5, 0.3]);
    }
    let infeasible = |lasts| Prediction::Unsolved {
        reason: "infeasible: every neuron of its sign is inactive on sample 0".into(),
        lasts,
    };
    let inconsistent = PredictedLimit {
        consistent: false,
        ..limit()
    };
    for (prediction, refuted) in [
        (infeasible(Some(true)), true),
        (infeasible(Some(false)), false),
        (infeasible(None), false),
        (Prediction::unsolved("the solver stopped"), false),
        (Prediction::Solved(inconsistent), false),
        (Prediction::Solved(limit()), false),
    ] {
        let claims = judge(&series, &margins, &with(prediction.clone()));
        for claim in claims {
            let verdict = match claim.id {
                ClaimId::Loss | ClaimId::Norm | ClaimId::Margins if refuted => Verdict::Refuted,
                ClaimId::Alignment if prediction.decisive().is_ok() => Verdict::Supported,
                _ => Verdict::Inconclusive,
            };
            assert_eq!(claim.verdict, verdict, "{prediction:?}: {claim:#?}");
        }
    }
}

/// Rounding takes updates: no limit of exact descent is this run's, whatever the program and the proof say;
/// and single precision alone refutes nothing by its trajectory.
#[test]
fn a_run_that_loses_updates_carries_no_limit_of_exact_descent() {
    let single = |lost: f64| {
        let columns: [(&str, &dyn Fn(f64) -> f64); 7] = [
            ("lost_updates", &|t| if t > 1e4 { lost } else { 0.0 }),
            ("effective_update", &|_| 1.0),
            ("log_loss", &|t| -log_time(t)),
            ("stable_rank_pos", &|t| stable_rank(t, 1.5)),
            ("spectral_norm_pos", &spectral_norm),
            ("weight_norm", &norm),
            ("same_sign_changes", &|_| 0.0),
        ];
        table(1e5, &columns)
    };
    let margins = sample_margins(1e5, &[(1.0, 0.0), (1.3, 0.0)]);
    let losing = with(Prediction::Solved(proven(PredictedLimit {
        stable_rank_pos: Some(1.5),
        of: LimitOf::ExactDescent,
        ..limit()
    })));
    for claim in judge(&single(0.3), &margins, &losing) {
        assert_eq!(claim.decided_by, DecidedBy::Trajectory, "{claim:#?}");
        assert_eq!(claim.limit, None);
        assert!(!claim.reason.contains("proven"), "{}", claim.reason);
        if !matches!(claim.id, ClaimId::Loss | ClaimId::Norm) {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
            assert!(claim.reason.contains("exact descent's"), "{}", claim.reason);
        }
    }
    // Without a program, and with nothing lost.
    for claim in judge(&single(0.0), &margins, &context()) {
        assert_ne!(claim.verdict, Verdict::Refuted, "{claim:#?}");
    }
}

#[test]
fn a_block_without_a_limit_is_left_open() {
    let limit = PredictedLimit {
        stable_rank_pos: None,
        ..limit()
    };
    let claim = rank_claim(RankClaim::OnePerBlock, limit, &|t| stable_rank(t, 1.0));
    assert_decided(&claim, Verdict::Inconclusive, DecidedBy::Trajectory);
}

/// A bound is no exact limit: a trajectory below it supports where the program was not solved, and one that no
/// block can exceed holds whatever the pattern does.
#[test]
fn a_bound_is_supported_where_no_exact_limit_is() {
    let series = table(
        1e5,
        &[
            ("log_loss", &|t| -log_time(t)),
            ("stable_rank_pos", &|t| stable_rank(t, 1.8)),
            ("spectral_norm_pos", &spectral_norm),
            ("same_sign_changes", &|_| 0.0),
        ],
    );
    let inconsistent = PredictedLimit {
        consistent: false,
        ..limit()
    };
    for (prediction, largest, verdict) in [
        (Prediction::unsolved("300 samples"), 10, Verdict::Supported),
        (
            Prediction::Solved(inconsistent.clone()),
            10,
            Verdict::Inconclusive,
        ),
        (Prediction::Solved(inconsistent), 3, Verdict::Supported),
    ] {
        let context = ClaimContext {
            rank_claim: Some(RankClaim::Bounded),
            blocks: vec!["pos".into()],
            largest_rank: Some(largest),
            ..with(prediction)
        };
        let claims = judge(&series, &Series::default(), &context);
        assert_eq!(
            of(&claims, ClaimId::RankBounded).verdict,
            verdict,
            "{claims:#?}"
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
    let claim = of(&unproven, ClaimId::RankOne);
    assert_decided(claim, Verdict::Inconclusive, DecidedBy::Trajectory);
    assert!(claim.reason.contains("still changed"), "{}", claim.reason);
    let claim = of(&unproven, ClaimId::Alignment);
    assert_decided(claim, Verdict::Inconclusive, DecidedBy::Trajectory);

    let proven = judge(&series, &lawful_margins(1e5), &context(proven(predicted)));
    let claim = of(&proven, ClaimId::RankOne);
    assert_decided(claim, Verdict::Refuted, DecidedBy::LimitProgram);
    let claim = of(&proven, ClaimId::Alignment);
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
        assert_eq!(of(&claims, ClaimId::RankOne).verdict, verdict);
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
