//! Where the program does not decide, and what is left to the trajectory.

use super::*;

/// Everything that keeps the program from deciding: no trajectory tells an exact limit then, though
/// each of these supports every claim within its tolerance.
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
                ids::MARGINS | ids::RANK_ONE => true,
                ids::ALIGNMENT => !rests,
                _ => false,
            };
            let verdict = if open {
                Verdict::Inconclusive
            } else {
                Verdict::Supported
            };
            assert_decided(claim, verdict, DecidedBy::Trajectory);
            if open && claim.id != ids::ALIGNMENT {
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
    assert_eq!(of(&alone, ids::RANK_ONE).verdict, Verdict::Refuted);
    assert_eq!(of(&alone, ids::MARGINS).verdict, Verdict::Refuted);
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

/// A loss held up by a sample of margin 0: refuted where no weights with the pattern fit the
/// samples and the pattern looks like the last one; a pattern with which weights fit them lets it
/// fall.
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
                ids::LOSS | ids::NORM | ids::MARGINS if refuted => Verdict::Refuted,
                ids::ALIGNMENT if prediction.decisive().is_ok() => Verdict::Supported,
                _ => Verdict::Inconclusive,
            };
            assert_eq!(claim.verdict, verdict, "{prediction:?}: {claim:#?}");
        }
    }
}

/// Rounding takes updates: no limit of exact descent is this run's, whatever the program and the
/// proof say; and single precision alone refutes nothing by its trajectory.
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
        if !matches!(claim.id, ids::LOSS | ids::NORM) {
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

/// A bound is no exact limit: a trajectory below it supports where the program was not solved, and
/// one that no block can exceed holds whatever the pattern does.
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
            of(&claims, ids::RANK_BOUNDED).verdict,
            verdict,
            "{claims:#?}"
        );
    }
}
