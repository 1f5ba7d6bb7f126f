//! Margins, normalized margins, accuracy and norms, by hand.

use burn::tensor::{DType, Tensor};
use implicit_bias_metrics::{accuracy, margins, normalized_margins, weight_norm};

use crate::dense::Dense;
use crate::{assert_close, device, matrix, vector};

#[test]
fn margins_are_labels_times_scores() {
    let scores = vector(&[1.5, -2.0, 0.25, 0.0]);
    let labels = vector(&[1.0, -1.0, -1.0, 1.0]);
    assert_eq!(margins(&scores, &labels).unwrap(), [1.5, 2.0, -0.25, 0.0]);
}

#[test]
fn margins_take_tensors_of_different_types_and_with_autodiff() {
    let scores = vector(&[0.1, 0.2]).autodiff().require_grad() * 3.0;
    let labels = Tensor::<1>::from_data([1.0, -1.0], (device(), DType::F32));
    assert_eq!(margins(&scores, &labels).unwrap(), [0.1 * 3.0, -0.2 * 3.0]);
}

#[test]
fn normalized_margins_divide_by_the_power_of_the_norm() {
    let margins = [8.0, -4.0, 0.0];
    assert_eq!(
        normalized_margins(&margins, 2.0, 1.0).unwrap(),
        [4.0, -2.0, 0.0]
    );
    assert_eq!(
        normalized_margins(&margins, 2.0, 3.0).unwrap(),
        [1.0, -0.5, 0.0]
    );
    assert_eq!(normalized_margins(&margins, 2.0, 0.0).unwrap(), margins);
}

#[test]
fn normalized_margins_do_not_change_with_the_scale_of_the_weights() {
    // A two-layer network with both layers trained has degree 2.
    let network = |scale: f64| {
        let first = Dense::gaussian(4, 3, 1).scaled(scale);
        let second = Dense::gaussian(1, 4, 2).scaled(scale);
        let score = (0..4)
            .map(|k| first[(k, 0)].max(0.0) * second[(0, k)])
            .sum();
        (
            score,
            weight_norm(&[matrix(&first), matrix(&second)]).unwrap(),
        )
    };
    let (score, norm) = network(1.0);
    let expected = normalized_margins(&[score], norm, 2.0).unwrap()[0];
    for scale in [1e-60, 0.3, 7.0, 1e60] {
        let (score, norm) = network(scale);
        assert_close(
            normalized_margins(&[score], norm, 2.0).unwrap()[0],
            expected,
            1e-13,
        );
    }
}

#[test]
fn a_tie_is_wrong() {
    assert_eq!(accuracy(&[1.0, 0.0, -0.0, -1.0]).unwrap(), 0.25);
    assert_eq!(accuracy(&[1e-300]).unwrap(), 1.0);
    assert_eq!(accuracy(&[0.0]).unwrap(), 0.0);
}

#[test]
fn weight_norm_is_over_all_blocks() {
    let blocks = [
        Dense::gaussian(3, 8, 1),
        Dense::gaussian(5, 2, 2),
        Dense::gaussian(1, 1, 3),
    ];
    let squares: f64 = blocks
        .iter()
        .map(|block| block.frobenius_norm().powi(2))
        .sum();
    let found = weight_norm(&blocks.each_ref().map(matrix)).unwrap();
    assert_close(found, squares.sqrt(), 1e-14);
    // Squares of neither end of the range are representable.
    let extreme = [
        Dense::gaussian(2, 2, 1).scaled(1e-200),
        Dense::gaussian(2, 2, 2).scaled(1e200),
    ];
    let expected = Dense::gaussian(2, 2, 2).frobenius_norm() * 1e200;
    assert_close(
        weight_norm(&extreme.each_ref().map(matrix)).unwrap(),
        expected,
        1e-14,
    );
}

#[test]
fn weight_norm_of_zero_is_zero() {
    let zeros = Dense::from_fn(2, 3, |_, _| 0.0);
    assert_eq!(weight_norm(&[matrix(&zeros)]).unwrap(), 0.0);
}

#[test]
fn weight_norm_of_gradients_is_the_gradient_norm() {
    // d/dW of ½‖W‖² + ⟨W, W⟩ is 3 W.
    let dense = Dense::gaussian(4, 5, 9);
    let weight = matrix(&dense).autodiff().require_grad();
    let loss = (weight.clone() * weight.clone()).sum() * 1.5;
    let gradient = weight.grad(&loss.backward()).unwrap();
    assert_close(
        weight_norm(&[gradient]).unwrap(),
        3.0 * dense.frobenius_norm(),
        1e-14,
    );
}
