//! Margins of several classes, by hand and by what they must not depend on.

use burn::tensor::Tensor;
use implicit_bias_metrics::{MetricError, accuracy, class_margins, margin_ranges, margins};
use proptest::prelude::*;

use crate::dense::Dense;
use crate::{device, matrix, vector};

fn scores(columns: usize, values: &[f64]) -> Tensor<2> {
    matrix(&Dense {
        rows: values.len() / columns,
        columns,
        values: values.to_vec(),
    })
}

#[test]
fn the_margin_is_the_own_score_minus_the_best_other() {
    let scores = scores(
        3,
        &[
            3.0, 1.0, 2.5, 3.0, 1.0, 2.5, 3.0, 1.0, 2.5, -1.0, -1.0, -7.0,
        ],
    );
    let found = class_margins(&scores, &[0, 1, 2, 1]).unwrap();
    assert_eq!(found, [0.5, -2.0, -0.5, 0.0]);
    // The tie of the last sample is wrong.
    assert_eq!(accuracy(&found).unwrap(), 0.25);
}

#[test]
fn ranges_are_of_the_samples_of_each_class() {
    let margins = [0.5, -0.1, 3.0, 0.25, -0.1];
    let ranges = margin_ranges(&margins, &[1, 3, 1, 1, 0], 4).unwrap();
    assert_eq!(
        ranges,
        [
            Some([-0.1, -0.1]),
            Some([0.25, 3.0]),
            None,
            Some([-0.1, -0.1])
        ]
    );
}

#[test]
fn what_cannot_be_a_margin_is_an_error() {
    let two = scores(2, &[1.0, 2.0, 3.0, 4.0]);
    let shape = |error| assert!(matches!(error, MetricError::Shape { .. }), "{error}");
    shape(class_margins(&two, &[0]).unwrap_err());
    shape(class_margins(&scores(1, &[1.0, 2.0]), &[0, 0]).unwrap_err());
    shape(margin_ranges(&[1.0], &[0, 0], 2).unwrap_err());
    let error = class_margins(&two, &[0, 2]).unwrap_err().to_string();
    assert_eq!(
        error,
        "classes[1]: expected a class that has a score, found 2"
    );
    let error = margin_ranges(&[1.0, 1.0], &[0, 2], 2).unwrap_err();
    assert!(error.to_string().contains("classes[1]"), "{error}");
    for nan in [f64::NAN, f64::INFINITY] {
        let error = class_margins(&scores(2, &[1.0, nan]), &[0]).unwrap_err();
        assert!(matches!(error, MetricError::NonFinite { count: 1, .. }));
        assert!(margin_ranges(&[nan], &[0], 1).is_err());
    }
    let error = class_margins(&scores(2, &[f64::MAX, -f64::MAX]), &[0]).unwrap_err();
    assert!(matches!(error, MetricError::Overflow { .. }), "{error}");
    let empty = Tensor::<2>::empty([0, 3], device());
    let error = class_margins(&empty, &[]).unwrap_err();
    assert!(matches!(error, MetricError::Empty { .. }), "{error}");
}

proptest! {
    #[test]
    fn margins_of_two_classes_are_those_of_the_difference(
        values in prop::collection::vec(-5.0f64..5.0, 12),
        class in prop::collection::vec(0usize..2, 6),
    ) {
        let differences: Vec<f64> = values.chunks_exact(2).map(|s| s[0] - s[1]).collect();
        let labels: Vec<f64> = class.iter().map(|&c| [1.0, -1.0][c]).collect();
        let expected = margins(&vector(&differences), &vector(&labels)).unwrap();
        prop_assert_eq!(class_margins(&scores(2, &values), &class).unwrap(), expected);
    }

    #[test]
    fn names_of_classes_do_not_matter_and_one_class_at_most_has_a_positive_margin(
        values in prop::collection::vec(-5.0f64..5.0, 20),
        class in prop::collection::vec(0usize..5, 4),
        turn in 0usize..5,
    ) {
        let expected = class_margins(&scores(5, &values), &class).unwrap();
        let from = |place: usize| place / 5 * 5 + (place % 5 + 5 - turn) % 5;
        let turned: Vec<f64> = (0..20).map(|place| values[from(place)]).collect();
        let renamed: Vec<usize> = class.iter().map(|c| (c + turn) % 5).collect();
        prop_assert_eq!(class_margins(&scores(5, &turned), &renamed).unwrap(), expected);
        for sample in 0..4 {
            let row = scores(5, &values[5 * sample..][..5]);
            let positive = (0..5).filter(|&c| class_margins(&row, &[c]).unwrap()[0] > 0.0);
            prop_assert_eq!(positive.count(), 1);
        }
    }
}
