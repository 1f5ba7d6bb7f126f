//! Blocks made from laws, judged.

use super::*;
use crate::kou::testing::{context, only, spectral_norm, stable_rank, table};
use crate::kou::{ClaimContext, judge};
use implicit_bias_record::Series;
use proptest::prelude::*;

fn claim(which: RankClaim, horizon: f64, rank: &dyn Fn(f64) -> f64) -> Claim {
    let series = table(
        horizon,
        &[
            ("stable_rank_pos", rank),
            ("spectral_norm_pos", &spectral_norm),
        ],
    );
    only(
        &series,
        &Series::default(),
        &ClaimContext {
            rank_claim: Some(which),
            ..context()
        },
    )
}

fn leaky(rank: &dyn Fn(f64) -> f64) -> Claim {
    claim(RankClaim::OnePerBlock, 1e5, rank)
}

fn relu(rank: &dyn Fn(f64) -> f64) -> Claim {
    claim(RankClaim::Bounded, 1e5, rank)
}

#[test]
fn a_residual_that_levels_off_supports_rank_one() {
    // Initial weights of several sizes, still visible in the stable rank at the last step.
    for size in [1e-9, 0.1, 1.0, 8.0] {
        let law = |t: f64| 1.0 + (size * (1.0 - 1.0 / (3.0 + t)) * 0.1 / spectral_norm(t)).powi(2);
        let claim = leaky(&law);
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
        if size >= 0.1 {
            assert!((claim.fits[2].estimate + 2.0).abs() < 0.05, "{claim:#?}");
        }
    }
}

#[test]
fn rounding_around_one_is_supported() {
    let claim = leaky(&|t| 1.0 + 1e-15 * (17.0 * t).sin());
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    assert_eq!(claim.fits.len(), 2, "an exponent of rounding errors");
}

#[test]
fn other_limits_refute_rank_one() {
    for limit in [1.15, 1.3, 2.0] {
        let claim = leaky(&|t| stable_rank(t, limit));
        assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
        assert!((claim.fits[0].estimate - limit).abs() < 0.02, "{claim:#?}");
    }
}

#[test]
fn a_limit_between_the_thresholds_is_inconclusive() {
    let claim = leaky(&|t| stable_rank(t, 1.07));
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

/// Large initial weights: the line through the residual points at 1, from a stable rank of 7.
#[test]
fn a_far_extrapolation_is_not_relied_on() {
    let claim = leaky(&|t| 1.0 + (3.0 / spectral_norm(t)).powi(2));
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    assert!(claim.reason.contains("too far"), "{}", claim.reason);
}

/// r² = r₀² + β² log² t with limit 1 + β²: the line through r sees too little of β.
#[test]
fn initial_weights_do_not_hide_another_limit() {
    let claim = leaky(&|t| {
        let time = spectral_norm(t) / 0.1;
        1.0 + (80.0 + 0.13 * time.powi(2)) / time.powi(2)
    });
    assert!(
        claim.fits[0].high < 1.05 && claim.fits[1].low > 1.12,
        "{claim:#?}"
    );
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

/// The stable rank whose residual is a straight line in the block's own logarithmic time.
fn with_residual(constant: f64, slope: f64) -> impl Fn(f64) -> f64 {
    move |t| {
        let time = spectral_norm(t) / 0.1;
        1.0 + ((constant + slope * time) / time).powi(2)
    }
}

#[test]
fn a_shrinking_residual_stands_for_a_limit_of_one() {
    let claim = leaky(&with_residual(5.0, -0.4));
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    assert_eq!(claim.fits[0].estimate, 1.0);
}

#[test]
fn a_rank_that_rises_is_not_supported_however_small() {
    let claim = leaky(&with_residual(-0.7, 0.15));
    assert!(
        claim.measured.unwrap() < 1.01 && claim.fits[0].high < 1.03,
        "{claim:#?}"
    );
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

#[test]
fn a_far_extrapolation_does_not_refute() {
    let leaky = leaky(&with_residual(-9.5, 1.5));
    let relu = relu(&with_residual(-28.0, 4.5));
    for (claim, least) in [(leaky, 2.0), (relu, 15.0)] {
        assert!(claim.fits[0].low > least, "{claim:#?}");
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    }
}

#[test]
fn a_bounded_rank_is_supported_and_a_large_one_refuted() {
    for limit in [1.0, 1.8, 3.5] {
        let claim = relu(&|t| stable_rank(t, limit));
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    }
    let claim = relu(&|t| stable_rank(t, 6.0));
    assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
    // Past 4 and growing without bound.
    let claim = relu(&|t| 3.0 + 0.1 * (1.0 + t).ln());
    assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
    // Above 4 and falling; below 4 and headed above.
    for claim in [
        relu(&|t| 5.3 - 0.1 * (1.0 + t).ln()),
        relu(&|t| 2.5 + 0.1 * (1.0 + t).ln()),
    ] {
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    }
}

#[test]
fn a_block_that_does_not_grow_has_no_limit() {
    let series = table(
        1e5,
        &[
            ("stable_rank_pos", &|_| 3.0),
            ("spectral_norm_pos", &|_| 0.1),
        ],
    );
    for which in [RankClaim::OnePerBlock, RankClaim::Bounded] {
        let context = ClaimContext {
            rank_claim: Some(which),
            ..context()
        };
        let claim = only(&series, &Series::default(), &context);
        assert_eq!(claim.verdict, Verdict::Inconclusive);
        assert!(claim.reason.contains("does not grow"), "{}", claim.reason);
    }
}

#[test]
fn nothing_is_refuted_while_the_pattern_moves() {
    let series = table(
        1e5,
        &[
            ("stable_rank_pos", &|t| stable_rank(t, 6.0)),
            ("spectral_norm_pos", &spectral_norm),
            ("same_sign_changes", &|t| f64::from(t > 5e4)),
        ],
    );
    for which in [RankClaim::OnePerBlock, RankClaim::Bounded] {
        let context = ClaimContext {
            rank_claim: Some(which),
            ..context()
        };
        let claim = judge(&series, &Series::default(), &context).remove(0);
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    }
}

proptest! {
    #[test]
    fn the_unit_of_weights_does_not_matter(limit in 1.0..3.0_f64, power in -30_i32..30) {
        let factor = 2.0_f64.powi(power);
        let with = |factor: f64| {
            let series = table(1e4, &[
                ("stable_rank_pos", &|t| stable_rank(t, limit)),
                ("norm_pos", &|t| factor * spectral_norm(t) * stable_rank(t, limit).sqrt()),
            ]);
            only(&series, &Series::default(), &context())
        };
        let (one, other) = (with(1.0), with(factor));
        prop_assert_eq!(one.verdict, other.verdict);
        prop_assert_eq!(one.fits[0].estimate, other.fits[0].estimate);
    }
}
