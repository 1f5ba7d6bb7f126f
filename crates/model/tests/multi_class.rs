//! Several classes, in double precision: cross-entropy, its gradient, the head of several classes.

use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use implicit_bias_model::{
    Activation, DescentProblem, GradientDescent, Loss, ModelError, MultiClassConfig, Network,
    Objective, TwoLayerConfig, Weights, to_tensor,
};
use ndarray::Array2;
use proptest::prelude::*;

fn device() -> Device {
    #[allow(deprecated)]
    let mut device = Device::ndarray();
    // Err means that another test of this process came first, with the same type.
    let _ = device.configure(FloatDType::F64);
    device
}

fn to_vec<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

/// Values in (−1, 1) that repeat nowhere near.
fn waves(rows: usize, columns: usize, seed: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * 131 + j * 17 + seed * 7919) as f64).sin()
    })
}

fn weights(classes: usize, width: usize, dim: usize, seed: usize) -> Weights {
    let block = |class| (format!("{class}"), waves(width, dim, seed + class));
    Weights::new((0..classes).map(block).collect()).unwrap()
}

/// The value and the gradient of an objective by autodiff.
fn by_autodiff(objective: &Objective, scores: &[f64]) -> (f64, Vec<f64>) {
    let device = device().autodiff();
    let data = TensorData::new(scores.to_vec(), [objective.samples(), objective.outputs()]);
    let scores = Tensor::<2>::from_data(data, &device).require_grad();
    let mean = objective.on(&device).forward(scores.clone());
    let gradient = scores.grad(&mean.backward()).unwrap();
    (to_vec(mean)[0], to_vec(gradient))
}

/// Weights after ten steps by autodiff, and by the hand-derived descent.
fn descend<N: Network>(
    network: N,
    x: &Array2<f64>,
    objective: &Objective,
    step_size: f64,
) -> [Vec<Vec<f64>>; 2] {
    let problem = DescentProblem {
        x,
        objective,
        step_size,
        single_precision: false,
        compensated: false,
        threads: 1,
        stop: None,
    };
    let mut descent = network.descent(&problem).unwrap();
    let device = device().autodiff();
    let (samples, objective) = (to_tensor(x, &device), objective.on(&device));
    let mut optimizer = GradientDescent.init();
    let mut network = network;
    for _ in 0..10 {
        let mean = objective.forward(network.scores(samples.clone()));
        let gradients = GradientsParams::from_grads(mean.backward(), &network);
        network = optimizer.step(step_size, network, gradients);
    }
    assert_eq!(descent.advance(10), 10);
    let blocks: Vec<Tensor<2>> = network.blocks().into_iter().map(|b| b.weight).collect();
    let by_hand = descent.weights(&blocks[0]);
    [blocks, by_hand].map(|blocks| blocks.into_iter().map(to_vec).collect())
}

fn assert_equal(left: &[Vec<f64>], right: &[Vec<f64>], tolerance: f64) {
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().flatten().zip(right.iter().flatten()) {
        assert!((left - right).abs() < tolerance, "{left} {right}");
    }
}

#[test]
fn cross_entropy_and_its_gradient_at_three_classes_are_those_computed_by_hand() {
    // e^s = (2, 3, 5): softmax (0.2, 0.3, 0.5).
    let row = [2f64.ln(), 3f64.ln(), 5f64.ln()];
    let scores = [row, row].concat();
    let objective = Objective::multi_class(Loss::Logistic, vec![1, 2], 3).unwrap();
    let expected = -(0.3f64.ln() + 0.5f64.ln()) / 2.0;
    let gradient = [0.1, -0.35, 0.25, 0.1, 0.15, -0.25]; // (softmax − one-hot)/n
    let (value, found) = by_autodiff(&objective, &scores);
    assert!((value - expected).abs() < 1e-15, "{value}");
    let mean = objective.loss().mean(&objective.soft_margins(&scores));
    assert!((mean - expected).abs() < 1e-15, "{mean}");
    for (found, expected) in found.iter().zip(gradient) {
        assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    }
}

#[test]
fn nothing_is_lost_where_exponentials_underflow_or_overflow() {
    let objective = Objective::multi_class(Loss::Logistic, vec![0, 0], 3).unwrap();
    // Margins of 1000: the loss is 2 e^{−1000}, no double, and its logarithm ln 2 − 1000.
    let right = [1000.0, 0.0, 0.0, 1000.0, 0.0, 0.0];
    let log = objective.loss().log_mean(&objective.soft_margins(&right));
    assert!((log - (2f64.ln() - 1000.0)).abs() < 1e-12, "{log}");
    let (value, gradient) = by_autodiff(&objective, &right);
    assert!(value == 0.0 && gradient.iter().all(|slope| *slope == 0.0));
    // Margins of −1000: the loss is 1000 and the gradient whole.
    let wrong = [0.0, 1000.0, 0.0, -1000.0, 0.0, -2000.0];
    let (value, gradient) = by_autodiff(&objective, &wrong);
    assert_eq!(value, 1000.0);
    assert_eq!(gradient, [-0.5, 0.5, 0.0, -0.5, 0.5, 0.0]);
    // A margin of 100 still has its slope, e^{−100} times the share of each class, to the last
    // digits.
    let small = [100.0, 0.0, 3f64.ln(), 100.0, 0.0, 3f64.ln()];
    let (value, gradient) = by_autodiff(&objective, &small);
    let tiny = (-100f64).exp();
    for (found, share) in gradient.iter().zip([-4.0, 1.0, 3.0, -4.0, 1.0, 3.0]) {
        assert!(
            (found / (share * tiny / 2.0) - 1.0).abs() < 1e-13,
            "{found:e}"
        );
    }
    assert!((value / (4.0 * tiny) - 1.0).abs() < 1e-13, "{value:e}");
}

#[test]
fn two_classes_by_cross_entropy_are_the_two_layer_network_by_the_logistic_loss() {
    let (n, d, m) = (7, 12, 5);
    let x = waves(n, d, 3);
    let class: Vec<usize> = (0..n).map(|i| usize::from(i % 3 == 0)).collect();
    let labels: Vec<f64> = class.iter().map(|&c| [1.0, -1.0][c]).collect();
    for loss in [Loss::Logistic, Loss::Exponential] {
        for slope in [0.0, 0.1] {
            let activation = Activation::leaky_relu(slope).unwrap();
            let weights = weights(2, m, d, 11);
            let device = device().autodiff();
            let two = TwoLayerConfig::new(m, d, activation)
                .init_with(&weights, &device)
                .unwrap();
            let many = MultiClassConfig::new(2, m, d, activation)
                .init_with(&weights, &device)
                .unwrap();
            let binary = Objective::binary(loss, labels.clone()).unwrap();
            let classes = Objective::multi_class(loss, class.clone(), 2).unwrap();
            let samples = to_tensor(&x, &device);
            let margins = binary.soft_margins(&to_vec(two.scores(samples.clone())));
            let others = classes.soft_margins(&to_vec(many.scores(samples)));
            for (margin, other) in margins.iter().zip(others) {
                assert!((margin - other).abs() < 1e-15, "{margin} {other}");
            }
            let [expected, by_hand] = descend(two, &x, &binary, 0.5);
            assert_equal(&by_hand, &expected, 1e-13);
            for found in descend(many, &x, &classes, 0.5) {
                assert_equal(&found, &expected, 1e-13);
            }
            // A step that goes nowhere would pass all of this.
            let start: Vec<f64> = weights.blocks()[0].1.iter().copied().collect();
            assert!(
                start
                    .iter()
                    .zip(&expected[0])
                    .any(|(a, b)| (a - b).abs() > 1e-2)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_gradient_of_the_objective_is_its_finite_difference(
        scores in prop::collection::vec(-3.0f64..3.0, 12),
        class in prop::collection::vec(0usize..4, 3),
        exponential in any::<bool>(),
    ) {
        let loss = if exponential { Loss::Exponential } else { Loss::Logistic };
        let objective = Objective::multi_class(loss, class, 4).unwrap();
        let (value, gradient) = by_autodiff(&objective, &scores);
        let mean = |scores: &[f64]| loss.mean(&objective.soft_margins(scores));
        prop_assert!((value - mean(&scores)).abs() < 1e-13 * value.abs());
        for (entry, derivative) in gradient.iter().enumerate() {
            let shifted = |shift: f64| {
                let mut scores = scores.clone();
                scores[entry] += shift;
                mean(&scores)
            };
            let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            let error = (difference - derivative).abs();
            prop_assert!(error < 1e-7 * (1.0 + value), "{difference} {derivative}");
        }
    }

    #[test]
    fn cross_entropy_is_invariant_to_shifts_and_to_names_of_classes(
        scores in prop::collection::vec(-30.0f64..30.0, 15),
        class in prop::collection::vec(0usize..5, 3),
        shift in -1e3f64..1e3, turn in 0usize..5,
    ) {
        let mean = |scores: &[f64], class: Vec<usize>| {
            Objective::multi_class(Loss::Logistic, class, 5).unwrap().soft_margins(scores)
        };
        let expected = mean(&scores, class.clone());
        let shifted: Vec<f64> = scores.iter().map(|score| score + shift).collect();
        for (a, b) in expected.iter().zip(mean(&shifted, class.clone())) {
            prop_assert!((a - b).abs() < 1e-12 * (1.0 + shift.abs()));
        }
        let renamed = |class: usize| (class + turn) % 5;
        let from = |place: usize| place / 5 * 5 + (place % 5 + 5 - turn) % 5;
        let turned: Vec<f64> = (0..15).map(|place| scores[from(place)]).collect();
        let named = class.into_iter().map(renamed).collect();
        for (a, b) in expected.iter().zip(mean(&turned, named)) {
            prop_assert!((a - b).abs() < 1e-13 * (1.0 + a.abs()));
        }
    }

    #[test]
    fn hand_derived_descent_of_several_classes_is_autodiff_descent(
        // Fewer samples than dimensions go through Gram coordinates, more through weight space.
        seed in 0usize..1000, n in 1usize..12, d in 1usize..24, m in 1usize..7,
        classes in 2usize..6,
        slope in prop_oneof![Just(0.0), 0.0f64..0.9], exponential in any::<bool>(),
    ) {
        let loss = if exponential { Loss::Exponential } else { Loss::Logistic };
        let config = MultiClassConfig::new(classes, m, d, Activation::leaky_relu(slope).unwrap());
        // Small weights: from large ones the exponential loss would blow up.
        let weights = weights(classes, m, d, seed);
        let small = weights.blocks().iter().map(|(name, w)| (name.clone(), w * 0.1));
        let small = Weights::new(small.collect()).unwrap();
        let network = config.init_with(&small, &device().autodiff()).unwrap();
        let class = (0..n).map(|i| (i * i + seed) % classes).collect();
        let objective = Objective::multi_class(loss, class, classes).unwrap();
        let [autodiff, by_hand] = descend(network, &(waves(n, d, seed) * 0.3), &objective, 0.3);
        assert_equal(&by_hand, &autodiff, 1e-12);
    }
}

#[test]
fn scores_are_block_means_and_homogeneous_of_degree_one() {
    let (n, d, m, classes) = (4, 6, 3, 5);
    let x = waves(n, d, 1);
    let weights = weights(classes, m, d, 2);
    let activation = Activation::leaky_relu(0.25).unwrap();
    let config = MultiClassConfig::new(classes, m, d, activation);
    let network = config.init_with(&weights, &device()).unwrap();
    let scores = network.scores(to_tensor(&x, &device()));
    assert_eq!(scores.dims(), [n, classes]);
    let scores = to_vec(scores);
    for i in 0..n {
        for (class, (name, block)) in weights.blocks().iter().enumerate() {
            assert_eq!(*name, config.block_names()[class]);
            let expected = block.dot(&x.row(i)).mapv(|z| activation.apply(z)).mean();
            assert!((scores[i * classes + class] - expected.unwrap()).abs() < 1e-15);
        }
    }
    let doubled = network
        .blocks()
        .into_iter()
        .map(|b| b.weight * 2.0)
        .collect();
    let degree = network.homogeneity().expect("homogeneous");
    let twice = to_vec(
        network
            .with_blocks(doubled)
            .scores(to_tensor(&x, &device())),
    );
    for (twice, score) in twice.iter().zip(scores) {
        assert!((twice - 2f64.powf(degree) * score).abs() < 1e-15);
    }
}

#[test]
fn impossible_classes_are_refused() {
    let device = device();
    let config = |classes| MultiClassConfig::new(classes, 2, 3, Activation::RELU);
    let one = config(1).init(&device);
    assert!(matches!(one, Err(ModelError::Classes { found: 1 })));
    let short = config(3).init_with(&weights(2, 2, 3, 0), &device);
    assert!(matches!(short, Err(ModelError::Shape { block, .. }) if block == "2"));
    let error = Objective::multi_class(Loss::Logistic, vec![0, 3], 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "target of sample 1: expected a class below 3, found 3"
    );
    let error = Objective::binary(Loss::Logistic, vec![1.0, 0.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "target of sample 1: expected -1 or 1, found 0"
    );
    assert!(Objective::multi_class(Loss::Logistic, vec![0], 1).is_err());
}
