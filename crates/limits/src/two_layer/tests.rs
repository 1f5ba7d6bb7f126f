//! What the limit program is not solved for.

use ndarray::{Array1, array};

use super::*;

const DESCENT: DescentSettings = DescentSettings {
    activation: Activation::RELU,
    loss: Loss::Logistic,
    step_size: 0.5,
    output_weight: None,
};

fn predicted(data: &Dataset, blocks: [&Array2<f64>; 2]) -> Prediction {
    let blocks = blocks.map(|block| block.view());
    predict(DESCENT, data, blocks, 1.0, &[], &|_| 0.0)
}

#[test]
fn weights_that_do_not_fit_are_refused_in_words() {
    let data = Dataset::new(array![[1.0, 0.0], [0.0, 2.0]], array![1.0, -1.0]).unwrap();
    for (shapes, why) in [
        ([[3, 2], [4, 2]], "do not fit"),
        ([[3, 5], [3, 5]], "do not fit"),
        ([[0, 2], [0, 2]], "width"),
        ([[usize::pow(10, 7), 0], [usize::pow(10, 7), 0]], ""),
    ] {
        let [pos, neg] = shapes.map(|shape| Array2::from_elem(shape, 0.5));
        let Prediction::Unsolved { reason, .. } = predicted(&data, [&pos, &neg]) else {
            panic!("{shapes:?}");
        };
        assert!(reason.contains(why), "{shapes:?}: {reason}");
    }
    let labels = Array1::from_shape_fn(257, |i| if i == 0 { -1.0 } else { 1.0 });
    let many = Dataset::new(Array2::eye(257), labels).unwrap();
    let row = Array2::from_elem([1, 257], 0.5);
    let prediction = predicted(&many, [&row, &row]);
    assert!(
        matches!(prediction, Prediction::Unsolved { reason, .. } if reason.contains("257 samples"))
    );
    let overflowing = Array2::from_elem([3, 2], f64::INFINITY);
    let ones = Array2::from_elem([3, 2], 1.0);
    assert_eq!(predicted(&data, [&overflowing, &ones]).limit(), None);
}
