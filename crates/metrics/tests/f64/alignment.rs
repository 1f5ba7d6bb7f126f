//! Cosines and the class direction.

use burn::tensor::{DType, Tensor};
use implicit_bias_metrics::{alignment, class_direction};

use crate::dense::Dense;
use crate::{assert_close, device, matrix, vector};

fn host(direction: &Tensor<1>) -> Vec<f64> {
    direction.try_to_vec_as::<f64>().unwrap()
}

#[test]
fn alignment_is_the_cosine() {
    let dense = Dense {
        rows: 5,
        columns: 2,
        values: vec![2.0, 0.0, -3.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0],
    };
    let found = alignment(&matrix(&dense), &vector(&[0.5, 0.0])).unwrap();
    assert_eq!(found[..3], [Some(1.0), Some(-1.0), Some(0.0)]);
    assert_close(found[3].unwrap(), 0.5_f64.sqrt(), 1e-15);
    assert_eq!(found[4], None);
}

#[test]
fn alignment_depends_on_neither_length() {
    let dense = Dense::gaussian(6, 9, 1);
    let direction = Dense::gaussian(9, 1, 2).values;
    let expected = alignment(&matrix(&dense), &vector(&direction)).unwrap();
    // Every neuron at its own scale, squares of which leave the range of f64.
    let powers = [-300.0, -200.0, -1.0, 1.0, 200.0, 300.0];
    let scaled = Dense::from_fn(6, 9, |row, column| {
        dense[(row, column)] * 10_f64.powf(powers[row])
    });
    let long: Vec<f64> = direction.iter().map(|entry| entry * 1e250).collect();
    for (found, expected) in alignment(&matrix(&scaled), &vector(&long))
        .unwrap()
        .iter()
        .zip(&expected)
    {
        assert_close(found.unwrap(), expected.unwrap(), 1e-13);
    }
}

#[test]
fn alignment_never_leaves_its_range() {
    for seed in 0..50 {
        let dense = Dense::gaussian(1, 37, seed);
        let found = alignment(&matrix(&dense), &vector(&dense.values)).unwrap()[0].unwrap();
        assert!(found <= 1.0 && found > 1.0 - 1e-14, "{found}");
    }
}

#[test]
fn class_direction_is_the_signed_sum() {
    let x = Dense {
        rows: 3,
        columns: 2,
        values: vec![1.0, 2.0, 10.0, 20.0, 100.0, 200.0],
    };
    let direction = class_direction(&matrix(&x), &vector(&[1.0, -1.0, 1.0])).unwrap();
    assert_eq!(host(&direction), [91.0, 182.0]);
}

#[test]
fn class_direction_takes_labels_of_another_type_and_drops_autodiff() {
    let x = matrix(&Dense::gaussian(2, 3, 1)).autodiff().require_grad() * 2.0;
    let labels = Tensor::<1>::from_data([1.0, -1.0], (device(), DType::F32));
    let direction = class_direction(&x, &labels).unwrap();
    assert!(!direction.is_autodiff());
    assert_eq!(direction.dtype(), DType::F64);
}

#[test]
fn blocks_align_with_either_end_of_the_class_direction() {
    // The limit of a leaky network on orthogonal, balanced data of equal norm: see `spectra.rs`.
    for slope in [0.0, 0.1, 0.5, 1.0] {
        let labels: Vec<f64> = (0..8).map(|i| if i < 4 { 1.0 } else { -1.0 }).collect();
        let x = Dense::from_fn(20, 8, |row, column| f64::from(row == column)).rotated(3);
        let x = x.transposed();
        let limit = |sign: f64| {
            let weight = |i: usize| if labels[i] == sign { 1.0 } else { slope };
            Dense::from_fn(1, 20, |_, j| {
                sign * (0..8)
                    .map(|i| weight(i) * labels[i] * x[(i, j)])
                    .sum::<f64>()
            })
        };
        let direction = class_direction(&matrix(&x), &vector(&labels)).unwrap();
        let expected = (1.0 + slope) / (2.0 * (1.0 + slope * slope)).sqrt();
        for sign in [1.0, -1.0] {
            let found = alignment(&matrix(&limit(sign)), &direction).unwrap()[0].unwrap();
            assert_close(found, sign * expected, 1e-13);
        }
    }
}
