//! Series made by hand: rises, rest, and what they take back.

use implicit_bias_scalar::{Activation, Loss};

use super::*;
use crate::kou::ids;

/// Bound 4·50·10/(100 + 9·100) = 2.
fn conditions(step_size: f64) -> Conditions {
    Conditions {
        samples: 10,
        width: 50,
        r_min: 10.0,
        r_max: 10.0,
        p: 100.0,
        activation: Activation::RELU,
        loss: Loss::Logistic,
        init_scale: Some(1e-3),
        step_size,
        initial_loss: None,
    }
}

fn series(log_loss: impl Fn(usize) -> f64, gradient: impl Fn(f64) -> f64) -> Series {
    let columns = ["step", "loss", "log_loss", "weight_norm", "gradient_norm"];
    let mut series = Series::new(columns);
    for row in 0..=40 {
        let step = if row == 0 {
            0.0
        } else {
            10_f64.powf(row as f64 / 10.0).round()
        };
        let loss = log_loss(row).exp();
        series.push(vec![
            step,
            loss,
            log_loss(row),
            1.0 - log_loss(row),
            gradient(loss),
        ]);
    }
    series
}

fn regime(step_size: f64, log_loss: impl Fn(usize) -> f64) -> Regime {
    let series = series(log_loss, |loss| loss);
    Regime::of(&conditions(step_size), f64::EPSILON, &series)
}

fn falling(row: usize) -> f64 {
    -0.2 * row as f64
}

/// Rises at these rows by 1, and is lower again at the next.
fn with_rises(rows: &[usize]) -> impl Fn(usize) -> f64 + '_ {
    |row| falling(row) + if rows.contains(&row) { 1.0 } else { 0.0 }
}

#[test]
fn small_steps_that_descend_say_nothing() {
    let regime = regime(1.0, falling);
    assert_eq!(
        (regime.bound, regime.rises, regime.at_rest),
        (Some(2.0), None, None)
    );
    assert!(regime.notices().is_empty() && regime.why_withheld().is_none());
}

#[test]
fn a_step_beyond_the_bound_is_noticed_and_alone_withholds_nothing() {
    let regime = regime(30.0, falling);
    assert!(regime.exceeds() && regime.why_withheld().is_none());
    let notices = regime.notices();
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0].starts_with("step size: η = 30 is 15 times 2, "),
        "{}",
        notices[0]
    );
    assert!(notices[0].ends_with("--step-size 2"), "{}", notices[0]);
}

#[test]
fn a_single_early_rise_withholds_nothing_and_repeated_or_late_ones_do() {
    let once = regime(30.0, with_rises(&[3]));
    let rises = once.rises.unwrap();
    assert_eq!(
        (rises.count, rises.intervals, rises.recovered),
        (1, 40, true)
    );
    assert!(once.why_withheld().is_none());
    for rows in [&[3, 6, 9][..], &[38], &[2, 4, 6, 30, 35]] {
        let found = regime(30.0, with_rises(rows));
        assert_eq!(found.rises.unwrap().count, rows.len());
        let why = found.why_withheld().unwrap();
        assert!(
            why.contains("15 times the bound 2 and the loss rose"),
            "{why}"
        );
        // The same rises of small steps are those of neurons at their kinks.
        let small = regime(1.0, with_rises(rows));
        assert!(small.why_withheld().is_none());
        assert_eq!(small.notices().len(), 1);
    }
}

#[test]
fn a_loss_that_never_came_down_again_decides_nothing() {
    let outlier = regime(30.0, |row| {
        if row == 0 {
            -0.4
        } else {
            2.0 - 0.01 * row as f64
        }
    });
    assert_eq!(outlier.rises.unwrap().count, 1);
    let why = outlier.why_withheld().unwrap();
    assert!(why.ends_with("and it ends above its lowest value"), "{why}");
}

#[test]
fn rises_of_rounding_size_are_none() {
    let jitter = |row: usize| -1.0 + if row.is_multiple_of(2) { 1e-13 } else { 0.0 };
    assert_eq!(regime(30.0, jitter).rises, None);
    // 10⁻⁵ is rounding in single precision and not in double.
    let jitter = |row: usize| -1.0 + if row.is_multiple_of(2) { 1e-5 } else { 0.0 };
    assert!(regime(30.0, jitter).rises.is_some());
    let single = series(jitter, |loss| loss);
    let single = Regime::of(&conditions(30.0), f64::from(f32::EPSILON), &single);
    assert_eq!(single.rises, None);
}

#[test]
fn lost_updates_withhold_verdicts_at_any_step_size() {
    let stopped = |row: usize| if row < 8 { -20.0 * row as f64 } else { -168.0 };
    for step_size in [1.0, 30.0] {
        let found = regime(step_size, stopped);
        let rest = found.at_rest.unwrap();
        assert_eq!((rest.why, rest.since), (Rest::LostUpdates, 6.0));
        assert!(
            found
                .why_withheld()
                .unwrap()
                .contains("from step 6 on no recorded quantity")
        );
    }
}

#[test]
fn a_stationary_point_of_small_steps_keeps_its_verdicts() {
    let settled = |row: usize| if row < 8 { -0.1 * row as f64 } else { -0.8 };
    for (gradient, why) in [(0.0, Rest::NoGradient), (1e-17, Rest::Stationary)] {
        let of = |step_size| {
            let series = series(settled, |_| gradient);
            Regime::of(&conditions(step_size), f64::EPSILON, &series)
        };
        assert_eq!(of(1.0).at_rest.unwrap().why, why);
        assert!(of(1.0).why_withheld().is_none());
        assert_eq!(of(1.0).notices().len(), 1);
        assert!(of(30.0).why_withheld().is_some());
    }
}

#[test]
fn a_run_that_just_ended_is_not_at_rest() {
    let last_two = |row: usize| falling(row.min(39));
    assert_eq!(regime(1.0, last_two).at_rest, None);
}

#[test]
fn verdicts_are_withheld_with_their_numbers() {
    let found = regime(30.0, with_rises(&[3, 6, 9]));
    let mut claims = crate::kou::judge(
        &series(with_rises(&[3, 6, 9]), |loss| loss),
        &Series::default(),
        &crate::kou::ClaimContext {
            rank_claim: None,
            blocks: Vec::new(),
            homogeneity: 1.0,
            end: crate::RunEnd::Sound,
            prediction: None,
            largest_rank: None,
        },
    );
    let loss = claims
        .iter_mut()
        .find(|claim| claim.id == ids::LOSS)
        .unwrap();
    loss.verdict = Verdict::Supported;
    let measured = loss.measured;
    found.withhold(&mut claims);
    let loss = claims.iter().find(|claim| claim.id == ids::LOSS).unwrap();
    assert_eq!(
        (loss.verdict, loss.measured),
        (Verdict::Inconclusive, measured)
    );
    assert!(
        loss.reason.contains("what was measured all the same"),
        "{}",
        loss.reason
    );
}

#[test]
fn suggested_steps_are_round_and_small_enough() {
    for (bound, expected) in [
        (2.053e-6, 2e-6),
        (0.5192, 0.5),
        (0.19, 0.1),
        (0.099, 0.05),
        (1.0, 1.0),
        (9.9e300, 5e300),
        (1.2e-299, 1e-299),
        (0.0, 0.0),
        (f64::INFINITY, 0.0),
    ] {
        assert_eq!(round_down(bound), expected, "{bound}");
    }
}

#[test]
fn tables_without_the_columns_are_no_error() {
    let empty = Series::new(["step"]);
    let found = Regime::of(&conditions(1.0), f64::EPSILON, &empty);
    assert_eq!((found.rises, found.at_rest), (None, None));
    // Overflow of an exponential loss at step 0: no row at all.
    let exponential = Conditions {
        loss: Loss::Exponential,
        ..conditions(1.0)
    };
    assert!(
        Regime::of(&exponential, f64::EPSILON, &empty)
            .notices()
            .is_empty()
    );
    let overflown = Conditions {
        initial_loss: Some(f64::INFINITY),
        ..exponential
    };
    let notice = step_size_notice(&overflown).unwrap();
    assert!(notice.contains("no step size is small enough"), "{notice}");
}
