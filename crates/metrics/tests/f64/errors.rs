//! Bad input, one kind a test: a typed error, never a panic or a NaN.

use burn::tensor::Tensor;
use implicit_bias_metrics::*;

use crate::dense::Dense;
use crate::{device, matrix, vector};

fn filled(rows: usize, columns: usize, value: f64) -> Tensor<2> {
    matrix(&Dense::from_fn(rows, columns, |_, _| value))
}

/// Every function of one matrix, by its error.
fn of_matrix(weight: &Tensor<2>) -> [MetricError; 5] {
    [
        stable_rank(weight).unwrap_err(),
        spectral_norm(weight).unwrap_err(),
        spectra(&[filled(1, 2, 1.0), weight.clone()]).unwrap_err(),
        spectra(std::slice::from_ref(weight)).unwrap_err(),
        alignment(weight, &vector(&[0.0, 0.0])).unwrap_err(),
    ]
}

#[test]
fn empty_matrices() {
    for shape in [[0, 2], [3, 0], [0, 0]] {
        let empty = Tensor::<2>::empty(shape, device());
        for error in of_matrix(&empty) {
            assert!(matches!(error, MetricError::Empty { .. }), "{error}");
        }
        for error in [
            frobenius_norm(&empty).unwrap_err(),
            weight_norm(&[filled(1, 2, 1.0), empty.clone()]).unwrap_err(),
            ActivationPattern::new(&empty).unwrap_err(),
            class_direction(&empty, &vector(&[1.0])).unwrap_err(),
        ] {
            assert!(matches!(error, MetricError::Empty { .. }), "{error}");
        }
    }
}

#[test]
fn empty_lists() {
    let none = Tensor::<1>::empty([0], device());
    for error in [
        spectra(&[]).unwrap_err(),
        weight_norm(&[]).unwrap_err(),
        margins(&none, &none).unwrap_err(),
        margins(&vector(&[1.0]), &none).unwrap_err(),
        normalized_margins(&[], 1.0, 1.0).unwrap_err(),
        accuracy(&[]).unwrap_err(),
        alignment(&filled(1, 2, 1.0), &none).unwrap_err(),
    ] {
        assert!(matches!(error, MetricError::Empty { .. }), "{error}");
    }
}

#[test]
fn zero_matrices_and_directions() {
    for error in of_matrix(&filled(3, 2, 0.0)) {
        assert!(matches!(error, MetricError::ZeroMatrix { .. }), "{error}");
    }
    let error = spectra(&[filled(2, 2, 1.0), filled(2, 2, 0.0)]).unwrap_err();
    assert!(
        matches!(&error, MetricError::ZeroMatrix { what } if what == "block 1"),
        "{error}"
    );
    let error = normalized_margins(&[1.0], 0.0, 1.0).unwrap_err();
    assert!(matches!(error, MetricError::ZeroMatrix { .. }), "{error}");
    // The norm of zero is no error.
    assert_eq!(frobenius_norm(&filled(3, 2, 0.0)).unwrap(), 0.0);
}

#[test]
fn non_finite_entries_are_counted() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        // Among zeros as well: a maximum that skips NaN must not call the matrix zero.
        for rest in [0.0, 1.0] {
            let values = vec![rest, bad, rest, bad, rest, rest];
            let weight = matrix(&Dense {
                rows: 3,
                columns: 2,
                values,
            });
            let mut errors = Vec::from(of_matrix(&weight));
            errors.push(frobenius_norm(&weight).unwrap_err());
            errors.push(weight_norm(std::slice::from_ref(&weight)).unwrap_err());
            errors.push(ActivationPattern::new(&weight).unwrap_err());
            for error in errors {
                assert!(
                    matches!(error, MetricError::NonFinite { count: 2, .. }),
                    "{error}"
                );
            }
        }
        let one = [1.0, bad];
        for error in [
            margins(&vector(&one), &vector(&[1.0, 1.0])).unwrap_err(),
            margins(&vector(&[1.0, 1.0]), &vector(&one)).unwrap_err(),
            normalized_margins(&one, 1.0, 1.0).unwrap_err(),
            normalized_margins(&[1.0], bad, 1.0).unwrap_err(),
            normalized_margins(&[1.0], 1.0, bad).unwrap_err(),
            accuracy(&one).unwrap_err(),
            alignment(&filled(1, 2, 1.0), &vector(&one)).unwrap_err(),
            class_direction(&filled(2, 2, bad), &vector(&[1.0, -1.0])).unwrap_err(),
        ] {
            assert!(matches!(error, MetricError::NonFinite { .. }), "{error}");
        }
    }
}

#[test]
fn results_beyond_f64() {
    let huge = filled(3, 3, f64::MAX);
    // The stable rank is still defined.
    assert_eq!(stable_rank(&huge).unwrap(), 1.0);
    let tiny_power = normalized_margins(&[1.0], 1e-200, 2.0);
    let huge_power = normalized_margins(&[1.0], 1e200, 2.0);
    for error in [
        spectral_norm(&huge).unwrap_err(),
        frobenius_norm(&huge).unwrap_err(),
        weight_norm(std::slice::from_ref(&huge)).unwrap_err(),
        weight_norm(&[filled(1, 1, f64::MAX), filled(1, 1, f64::MAX)]).unwrap_err(),
        spectra(&[huge.clone(), huge.clone()]).unwrap_err(),
        tiny_power.unwrap_err(),
        huge_power.unwrap_err(),
    ] {
        assert!(matches!(error, MetricError::Overflow { .. }), "{error}");
    }
}

#[test]
fn shapes_that_disagree() {
    let pattern = |rows, columns| ActivationPattern::new(&filled(rows, columns, 1.0)).unwrap();
    let (three, two) = ([1.0, 1.0, -1.0], [1.0, -1.0]);
    let error = margins(&vector(&three), &vector(&two)).unwrap_err();
    let MetricError::Shape {
        what,
        expected,
        found,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (what.as_str(), &expected[..], &found[..]),
        ("labels", &[3][..], &[2][..])
    );
    for error in [
        alignment(&filled(2, 3, 1.0), &vector(&two)).unwrap_err(),
        class_direction(&filled(3, 2, 1.0), &vector(&two)).unwrap_err(),
        pattern(2, 3).counts(&three, &three).unwrap_err(),
        pattern(2, 3).counts(&two, &two).unwrap_err(),
        pattern(2, 3).changes(&pattern(3, 2)).unwrap_err(),
        pattern(2, 3)
            .signed_changes(&pattern(2, 4), &two, &three)
            .unwrap_err(),
        pattern(2, 3)
            .signed_changes(&pattern(2, 3), &two, &two)
            .unwrap_err(),
    ] {
        assert!(matches!(error, MetricError::Shape { .. }), "{error}");
    }
}

#[test]
fn labels_and_signs_other_than_one() {
    // The labels {0, 1} of other programs.
    let (zero_one, fine) = ([1.0, 0.0], [1.0, -1.0]);
    let pattern = ActivationPattern::new(&filled(2, 2, 1.0)).unwrap();
    for error in [
        margins(&vector(&fine), &vector(&zero_one)).unwrap_err(),
        class_direction(&filled(2, 2, 1.0), &vector(&zero_one)).unwrap_err(),
        pattern.counts(&zero_one, &fine).unwrap_err(),
        pattern.counts(&fine, &zero_one).unwrap_err(),
        pattern
            .signed_changes(&pattern, &fine, &[1.0, f64::NAN])
            .unwrap_err(),
    ] {
        assert!(
            matches!(error, MetricError::Sign { index: 1, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_negative_norm() {
    let error = normalized_margins(&[1.0], -2.0, 1.0).unwrap_err();
    assert!(
        matches!(error, MetricError::OutOfRange { found: -2.0, .. }),
        "{error}"
    );
}

#[test]
fn errors_cross_threads_and_name_what_they_found() {
    fn sendable(error: impl std::error::Error + Send + Sync + 'static) -> String {
        error.to_string()
    }
    let error = margins(&vector(&[1.0]), &vector(&[2.0])).unwrap_err();
    assert_eq!(sendable(error), "labels[0]: expected -1 or +1, found 2");
}
