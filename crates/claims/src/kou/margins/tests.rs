//! Margins made from laws, judged.

use super::*;
use crate::kou::testing::{context, lawful, norm, sample_margins, table};
use crate::kou::{ClaimContext, ids, judge};
use implicit_bias_record::Series;
use proptest::prelude::*;

fn claim_with(margins: &Series, degree: f64) -> Claim {
    let horizon = margins.steps()[margins.len() - 1];
    let series = table(horizon, &[("weight_norm", &norm)]);
    let context = ClaimContext {
        homogeneity: degree,
        ..context()
    };
    let claims = judge(&series, margins, &context);
    claims
        .into_iter()
        .find(|claim| claim.id == ids::MARGINS)
        .unwrap()
}

fn claim(samples: &[(f64, f64)]) -> Claim {
    claim_with(&sample_margins(1e5, samples), 1.0)
}

#[test]
fn equal_slopes_are_supported_however_wide_the_gap_still_is() {
    let claim = claim(&[(1.0, -1.0), (1.0, 4.0), (1.0, 0.0), (1.0, 2.0)]);
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    assert!(claim.measured.unwrap() > 0.3, "{claim:#?}");
    assert!((claim.fits[1].estimate + 1.0).abs() < 0.05, "{claim:#?}");
}

#[test]
fn unequal_slopes_are_refuted() {
    for samples in [
        &[(1.0, 0.0), (1.3, 0.0)][..],
        &[(1.0, 0.3), (1.0, 0.9), (1.0, 2.0), (1.25, 1.0)],
        &[(0.8, 1.0), (1.0, 3.0), (1.2, 2.0)],
    ] {
        let claim = claim(samples);
        assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
    }
}

/// The slow sample is ahead: the present gap closes, yet the margins do not become equal.
#[test]
fn a_gap_that_closes_only_to_open_again_is_not_supported() {
    let claim = claim(&[(1.0, 9.0), (1.3, 0.0)]);
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

#[test]
fn a_limiting_gap_between_the_thresholds_is_inconclusive() {
    let claim = claim(&[(1.0, 0.0), (1.07, 0.0)]);
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

#[test]
fn a_sample_misclassified_for_good_is_refuted() {
    for samples in [&[(0.0, -0.5), (0.0, 2.0)][..], &[(0.0, -0.5), (1.0, 2.0)]] {
        let claim = claim(samples);
        assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
    }
    let claim = claim(&[(1.0, -13.0), (1.0, 0.0)]);
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

#[test]
fn nothing_is_refuted_while_the_pattern_moves() {
    let series = table(
        1e5,
        &[("weight_norm", &norm), ("same_sign_changes", &|_| 1.0)],
    );
    let margins = sample_margins(1e5, &[(1.0, 0.0), (1.3, 0.0)]);
    let claim = judge(&series, &margins, &context()).remove(0);
    // The norm is the first claim.
    assert_eq!(claim.id, ids::NORM);
    let claim = judge(&series, &margins, &context()).remove(1);
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    assert!(claim.reason.contains("still changed"), "{}", claim.reason);
}

#[test]
fn the_extremes_stand_in_for_missing_samples() {
    let claims = judge(&lawful(1e5), &Series::default(), &context());
    let claim = claims
        .iter()
        .find(|claim| claim.id == ids::MARGINS)
        .unwrap();
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
}

#[test]
fn margins_are_taken_apart_by_the_degree_of_homogeneity() {
    let mut cubed = Series::new(["step", "a", "b"]);
    for row in sample_margins(1e5, &[(1.0, 0.0), (1.0, 2.0)]).rows() {
        let square = norm(row[0]).powi(2);
        cubed.push(vec![row[0], row[1] / square, row[2] / square]);
    }
    assert_eq!(claim_with(&cubed, 3.0).verdict, Verdict::Supported);
    assert_ne!(claim_with(&cubed, 1.0).verdict, Verdict::Supported);
}

proptest! {
    #[test]
    fn the_unit_of_margins_and_the_order_of_samples_do_not_matter(
        constants in prop::collection::vec(-1.0..4.0_f64, 2..6),
        last_slope in 0.9..1.4_f64,
        power in -20_i32..20,
    ) {
        let mut samples: Vec<(f64, f64)> = constants.iter().map(|&c| (1.0, c)).collect();
        samples[0].0 = last_slope;
        let plain = sample_margins(1e4, &samples);
        samples.reverse();
        let factor = 2.0_f64.powi(power);
        let mut scaled = Series::new(plain.columns().to_vec());
        for row in sample_margins(1e4, &samples).rows() {
            let values = row.iter().enumerate();
            scaled.push(values.map(|(i, v)| if i == 0 { *v } else { v * factor }).collect());
        }
        let (plain, scaled) = (claim_with(&plain, 1.0), claim_with(&scaled, 1.0));
        prop_assert_eq!(plain.verdict, scaled.verdict);
        let (a, b) = (&plain.fits[0], &scaled.fits[0]);
        prop_assert!((a.estimate - b.estimate).abs() < 1e-9);
        prop_assert!((a.high - b.high).abs() < 1e-9);
    }
}
