//! Losses against sixty digits, activations against their definition, and both against their
//! slopes.

use implicit_bias_scalar::{Activation, Loss, SlopeError};
use proptest::prelude::*;

#[test]
fn logistic_loss_matches_sixty_digits_from_minus_a_thousand_to_a_million() {
    let table = include_str!("data/loss_values.csv");
    let close = |ours: f64, exact: f64, what: &str, q: f64| {
        let error = if exact == 0.0 {
            ours.abs()
        } else {
            (ours / exact - 1.0).abs()
        };
        assert!(
            error < 4.0 * f64::EPSILON,
            "{what} at {q}: {ours:e}, exactly {exact:e}"
        );
    };
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let row: Vec<f64> = line
            .split(',')
            .map(|field| field.parse().unwrap())
            .collect();
        let &[q, value, log_value, slope, log_slope] = row.as_slice() else {
            unreachable!()
        };
        // Below the smallest normal number a double keeps fewer digits, by its nature.
        if value != 0.0 {
            close(Loss::Logistic.value(q), value, "value", q);
        }
        if slope != 0.0 {
            close(Loss::Logistic.slope(q), slope, "slope", q);
        }
        close(Loss::Logistic.log_slope(q), log_slope, "log slope", q);
        // log ℓ crosses zero at q = −log(e − 1): absolute accuracy is what there is near it.
        let error = (Loss::Logistic.log_value(q) - log_value).abs();
        assert!(
            error <= 4.0 * f64::EPSILON * log_value.abs().max(1.0),
            "log value at {q}"
        );
        rows += 1;
    }
    assert_eq!(rows, 26);
}

#[test]
fn mean_loss_keeps_its_logarithm_where_it_underflows() {
    let margins = [1e6, 1e6 + 1.0];
    assert_eq!(Loss::Logistic.mean(&margins), 0.0);
    let expected = -1e6 + ((1.0 + (-1.0_f64).exp()) / 2.0).ln();
    for loss in [Loss::Logistic, Loss::Exponential] {
        assert!((loss.log_mean(&margins) - expected).abs() < 1e-9);
    }
    assert_eq!(Loss::Exponential.log_mean(&[-1e3, -1e3]), 1e3);
    assert!(Loss::Logistic.log_mean(&[1.0, f64::NAN]).is_nan());
    assert!(Loss::Logistic.log_mean(&[]).is_nan());
}

#[test]
fn slopes_outside_the_range_are_refused_and_named() {
    for slope in [-0.1, 1.0, f64::INFINITY, f64::NAN] {
        let error = Activation::leaky_relu(slope).unwrap_err();
        assert_eq!(error.0.to_bits(), slope.to_bits());
        assert!(error.to_string().contains("expected a number in [0, 1)"));
    }
    assert_eq!(Activation::leaky_relu(0.0), Ok(Activation::RELU));
    assert_eq!(Activation::leaky_relu(2.0), Err(SlopeError(2.0)));
}

#[test]
fn the_kink_counts_as_inactive() {
    let leaky = Activation::leaky_relu(0.25).unwrap();
    for zero in [0.0, -0.0] {
        assert_eq!((leaky.derivative(zero), leaky.apply(zero)), (0.25, 0.0));
        assert_eq!(Activation::RELU.derivative(zero), 0.0);
    }
    assert_eq!(leaky.derivative(f64::MIN_POSITIVE), 1.0);
}

proptest! {
    #[test]
    fn activations_are_the_larger_of_two_lines(slope in 0.0f64..1.0, z in -1e3f64..1e3) {
        let activation = Activation::leaky_relu(slope).unwrap();
        prop_assert_eq!(activation.apply(z), z.max(slope * z));
        prop_assert_eq!(activation.slope(), slope);
    }

    #[test]
    fn slopes_are_the_differences_of_values(q in -30.0f64..30.0) {
        let h = 1e-4;
        for loss in [Loss::Logistic, Loss::Exponential] {
            let difference = (loss.value(q - h) - loss.value(q + h)) / (2.0 * h);
            let scale = loss.slope(q - h);
            prop_assert!((difference - loss.slope(q)).abs() < 1e-7 * scale + 1e-11);
        }
    }

    #[test]
    fn logarithms_are_those_of_the_values_where_both_exist(q in -300.0f64..300.0) {
        for loss in [Loss::Logistic, Loss::Exponential] {
            let pairs = [
                (loss.value(q), loss.log_value(q)),
                (loss.slope(q), loss.log_slope(q)),
            ];
            for (value, log) in pairs {
                let error = (value.ln() - log).abs();
                prop_assert!(error <= 1e-14 * log.abs().max(1.0), "{value:e} {log:e}");
            }
        }
    }

    #[test]
    fn losses_fall_and_their_slopes_with_them(q in -700.0f64..700.0, gap in 0.01f64..10.0) {
        for loss in [Loss::Logistic, Loss::Exponential] {
            prop_assert!(loss.log_value(q + gap) < loss.log_value(q));
            prop_assert!(loss.log_slope(q + gap) <= loss.log_slope(q));
            prop_assert!(loss.value(q) > 0.0 && loss.slope(q) > 0.0);
        }
    }

    #[test]
    fn the_mean_is_between_the_ends_in_values_and_in_logarithms(
        margins in prop::collection::vec(-50.0f64..50.0, 1..20)
    ) {
        for loss in [Loss::Logistic, Loss::Exponential] {
            let mean = loss.mean(&margins);
            let plain = margins.iter().map(|&q| loss.value(q)).sum::<f64>() / margins.len() as f64;
            prop_assert!((mean / plain - 1.0).abs() < 1e-12);
            let log = plain.ln();
            prop_assert!((loss.log_mean(&margins) - log).abs() < 1e-12 * log.abs().max(1.0));
        }
    }
}
