//! Norms made from laws, judged.

use super::*;
use crate::kou::testing::{context, table};
use crate::kou::{ClaimContext, ids, judge};
use implicit_bias_record::Series;
use proptest::prelude::*;

fn verdict_at(horizon: f64, norm: &dyn Fn(f64) -> f64, degree: f64) -> Claim {
    let series = table(
        horizon,
        &[("weight_norm", norm), ("log_loss", &|t| -(1.0 + t).ln())],
    );
    let context = ClaimContext {
        homogeneity: degree,
        ..context()
    };
    judge(&series, &Series::default(), &context)
        .into_iter()
        .find(|claim| claim.id == ids::NORM)
        .expect("a series with the norm has the claim")
}

fn verdict_without_loss(norm: &dyn Fn(f64) -> f64) -> Claim {
    judge(
        &table(1e5, &[("weight_norm", norm)]),
        &Series::default(),
        &context(),
    )
    .remove(0)
}

#[test]
fn log_growth_from_initial_weights_is_supported() {
    let law = |t: f64| (0.04 + (0.1 + 0.15 * (1.0 + 0.1 * t).ln()).powi(2)).sqrt();
    for horizon in [1e5, 1e6, 1e30] {
        let claim = verdict_at(horizon, &law, 1.0);
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    }
    // Degree 3: the growth is (log t)^{1/3}.
    let cubic = |t: f64| (0.04 + (0.1 + 0.15 * (1.0 + 0.1 * t).ln()).powf(2.0 / 3.0)).sqrt();
    let claim = verdict_at(1e5, &cubic, 3.0);
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
}

/// ‖W‖_F = √(‖W(0)‖_F² + (b log t)²), the initial weights as large as the growth.
#[test]
fn heavy_initial_weights_do_not_hide_the_growth() {
    let law = |t: f64| (3.0 + (0.15 * (1.0 + t).ln()).powi(2)).sqrt();
    for horizon in [1e5, 1e30] {
        let claim = verdict_at(horizon, &law, 1.0);
        assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
    }
}

/// Fitting may shrink the weights first; then there is nothing to take out.
#[test]
fn a_norm_below_the_initial_one_is_taken_as_it_is() {
    let law = |t: f64| if t < 1.0 { 9.0 } else { 1.0 + 0.15 * t.ln() };
    let claim = verdict_at(1e5, &law, 1.0);
    assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
}

fn verdict_with_loss(norm: &dyn Fn(f64) -> f64, loss: &dyn Fn(f64) -> f64) -> Claim {
    let columns: [(&str, &dyn Fn(f64) -> f64); 2] =
        [("weight_norm", norm), ("log_loss", &|t| loss(t).ln())];
    let claims = judge(&table(1e5, &columns), &Series::default(), &context());
    let norm = claims.into_iter().find(|claim| claim.id == ids::NORM);
    norm.expect("a series with the norm has the claim")
}

#[test]
fn saturation_is_refuted_where_the_loss_levels_off() {
    for law in [
        &(|t: f64| 3.0 - 1.0 / (1.0 + t).sqrt()) as &dyn Fn(f64) -> f64,
        &|_| 3.0,
        &|t: f64| 3.0 - (-t / 50.0).exp(),
    ] {
        let claim = verdict_with_loss(law, &|t| 0.8 + 1.0 / (1.0 + t));
        assert_eq!(claim.verdict, Verdict::Refuted, "{claim:#?}");
        // Numbers only: a ratio of slopes that are nought has no place in a file.
        assert!(
            claim
                .fits
                .iter()
                .all(|fit| fit.low.is_finite() && fit.high.is_finite())
        );
        // Fitted samples; a loss that has hardly moved; a loss that is not known.
        for claim in [
            verdict_with_loss(law, &|_| 1e-3),
            verdict_with_loss(law, &|t| 0.8 / (1.0 + t / 1e6)),
            verdict_without_loss(law),
        ] {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }
}

#[test]
fn saturation_is_not_believed_while_the_loss_falls() {
    let claim = verdict_at(1e5, &|t| 3.0 - 1.0 / (1.0 + t).sqrt(), 1.0);
    assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
}

/// With a constant step size no norm outgrows `log t` once the samples are fitted, so it is a
/// transient.
#[test]
fn a_power_of_t_is_a_transient() {
    for claim in [
        verdict_at(1e5, &|t| 1.0 + t.sqrt(), 1.0),
        verdict_at(1e5, &|t| 1.0 + t.sqrt(), 3.0),
        verdict_with_loss(&|t| 1.0 + t.sqrt(), &|t| 1.0 - 1e-6 * t),
        verdict_without_loss(&|t| 1.0 + t.sqrt()),
    ] {
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
    }
}

/// Neither other powers of log t nor slow powers of t pass, at any horizon.
#[test]
fn other_slow_growth_is_not_supported() {
    for horizon in [1e5, 1e12, 1e30] {
        for law in [
            &(|t: f64| (2.0 + t).ln().powi(2)) as &dyn Fn(f64) -> f64,
            &|t: f64| (2.0 + t).ln().sqrt(),
            &|t: f64| (1.0 + t).powf(0.1),
        ] {
            let claim = verdict_at(horizon, law, 1.0);
            assert_ne!(claim.verdict, Verdict::Supported, "{claim:#?}");
        }
    }
}

proptest! {
    #[test]
    fn the_unit_of_weights_does_not_matter(power in -30_i32..30, initial in 0.0..2.0_f64) {
        let law = |t: f64| (initial + (1.0 + t).ln().powi(2)).sqrt();
        let factor = 2.0_f64.powi(power);
        let (one, other) =
            (verdict_at(1e4, &law, 1.0), verdict_at(1e4, &|t| factor * law(t), 1.0));
        prop_assert_eq!(one.verdict, other.verdict);
        prop_assert_eq!(one.measured, other.measured);
    }
}
