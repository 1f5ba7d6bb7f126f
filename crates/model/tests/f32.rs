//! The model in single precision: the hand-derived descent against autodiff.

use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use implicit_bias_model::{
    Architecture, CompensatedGradientDescent, ConvolutionArchitecture, DeepArchitecture,
    DescentProblem, GradientDescent, Linear, Loss, Network, Objective, TwoLayerArchitecture,
    TwoLayerBothArchitecture, Weights, to_tensor, two_sum_step,
};
use implicit_bias_settings::Settings;
use ndarray::Array2;

/// A device whose float type is single precision for the whole process.
fn device() -> Device {
    #[allow(deprecated)]
    let mut device = Device::ndarray();
    // The second test finds it configured.
    let _ = device.configure(FloatDType::F32);
    assert_eq!(device.settings().float_dtype, FloatDType::F32);
    device
}

#[test]
fn a_compensated_weight_takes_every_update_however_small() {
    let device = device();
    let (mut weight, update) = (Tensor::<1>::ones([3], &device), 1e-9);
    let mut plain = weight.clone();
    let mut lost = weight.zeros_like();
    let updates = Tensor::<1>::full([3], update, &device);
    let steps = 20_000;
    for _ in 0..steps {
        plain = plain - updates.clone();
        (weight, lost) = two_sum_step(weight, lost, updates.clone());
    }
    assert_eq!(plain.into_data().iter().collect::<Vec<f64>>(), [1.0; 3]);
    let parts = [weight, lost].map(|part| part.into_data().iter().collect::<Vec<f64>>());
    let expected = 1.0 - f64::from(update as f32) * f64::from(steps);
    for (weight, lost) in parts[0].iter().zip(&parts[1]) {
        // What is left rounds once a step, to half a unit in the last place of numbers below 6e-8.
        let bound = f64::from(steps) * 6e-8 * f64::from(f32::EPSILON) / 2.0;
        assert!(
            (weight + lost - expected).abs() < bound,
            "{weight} + {lost}, {expected}"
        );
    }
}

#[test]
fn a_compensated_weight_smaller_than_its_update_keeps_its_digits() {
    let device = device();
    let weights = [1.000_000_1_f32, 3.3e-5, -7.7e-4, 0.1];
    let updates = [-4.4e-6_f32, 0.7, 1.234_567, -0.1];
    let (weight, lost) = two_sum_step(
        Tensor::<1>::from_floats(weights, &device),
        Tensor::zeros([4], &device),
        Tensor::from_floats(updates, &device),
    );
    let [weight, lost] =
        [weight, lost].map(|part| part.into_data().iter::<f64>().collect::<Vec<_>>());
    for index in 0..4 {
        // Twice the digits hold both sides exactly.
        let exact = f64::from(weights[index]) - f64::from(updates[index]);
        assert_eq!(weight[index] + lost[index], exact);
    }
}

fn wave(seed: usize) -> impl Fn((usize, usize)) -> f64 {
    move |(i, j)| ((i * 37 + j * 11 + seed) as f64).sin()
}

#[test]
fn hand_derived_descent_is_autodiff_descent_in_single_precision() {
    let block = |name: &str, seed| (name.to_owned(), Array2::from_shape_fn((4, 30), wave(seed)));
    let weights = Weights::new(vec![block("pos", 2), block("neg", 3)]).unwrap();
    for activation in ["leaky-relu", "smoothed-leaky-relu"] {
        let settings = Settings::default().with("activation", activation);
        let network = TwoLayerArchitecture.network(&settings, &weights, 30, &device().autodiff());
        let network = network.unwrap();
        for compensated in [false, true] {
            // Each step rounds once; the weights are of order one.
            hand_derived_is_autodiff(network.clone(), 6, compensated, 1.0);
        }
    }
}

/// Five patches of six coordinates, a sample a row.
#[test]
fn a_convolution_s_descent_is_autodiff_descent_in_single_precision() {
    let block = |name: &str, seed| (name.to_owned(), Array2::from_shape_fn((4, 6), wave(seed)));
    let weights = Weights::new(vec![block("pos", 2), block("neg", 3)]).unwrap();
    for activation in ["leaky-relu", "huberized-relu"] {
        let settings = Settings::default()
            .with("activation", activation)
            .with("patches", 5);
        let network =
            ConvolutionArchitecture.network(&settings, &weights, 30, &device().autodiff());
        let network = network.unwrap();
        for samples in [6, 70] {
            for compensated in [false, true] {
                hand_derived_is_autodiff(network.clone(), samples, compensated, 1.0);
            }
        }
    }
}

#[test]
fn a_linear_network_s_descent_is_autodiff_descent_in_single_precision() {
    let weight = Array2::from_shape_fn((1, 30), wave(2));
    for samples in [1, 6, 70] {
        for compensated in [false, true] {
            let network = Linear::new(to_tensor(&weight, &device().autodiff()));
            hand_derived_is_autodiff(network, samples, compensated, 1.0);
        }
    }
}

/// Few samples and many of them: products are arranged in two ways.
#[test]
fn fully_connected_descent_is_autodiff_descent_in_single_precision() {
    let device = device().autodiff();
    let weights = |blocks: Vec<(String, [usize; 2])>| {
        let matrix = |(seed, (name, [rows, columns])): (usize, (String, [usize; 2]))| {
            let wave = wave(seed + 2);
            let entry = |place| wave(place) / (columns as f64).sqrt();
            (name, Array2::from_shape_fn((rows, columns), entry))
        };
        Weights::new(blocks.into_iter().enumerate().map(matrix).collect()).unwrap()
    };
    for activation in ["leaky-relu", "smoothed-leaky-relu"] {
        let settings = Settings::default()
            .with("width", 9)
            .with("activation", activation);
        let both = weights(TwoLayerBothArchitecture.blocks(&settings, 30).unwrap());
        let both = TwoLayerBothArchitecture.network(&settings, &both, 30, &device);
        let both = both.unwrap();
        let settings = settings.with("depth", 3);
        let deep = weights(DeepArchitecture.blocks(&settings, 30).unwrap());
        let deep = DeepArchitecture.network(&settings, &deep, 30, &device);
        let deep = deep.unwrap();
        for samples in [6, 70] {
            for compensated in [false, true] {
                // Sums over samples and neurons round too, and every layer feeds the others.
                hand_derived_is_autodiff(both.clone(), samples, compensated, 4.0);
                hand_derived_is_autodiff(deep.clone(), samples, compensated, 4.0);
            }
        }
    }
}

/// Slopes below `10⁻¹³⁰` of eight samples that are taken together, which have an exponent of their own.
#[test]
fn samples_far_past_their_margins_move_no_weight() {
    let x = Array2::from_shape_fn((9, 2), |(i, j)| match (i, j) {
        (0..8, 0) => 1000.0,
        (8, 1) => 1.0,
        _ => 0.0,
    });
    let objective = Objective::binary(Loss::Logistic, vec![1.0; 9]).unwrap();
    let problem = DescentProblem {
        x: &x,
        objective: &objective,
        step_size: 0.9,
        single_precision: true,
        compensated: false,
        threads: 1,
        stop: None,
    };
    let weight = Tensor::<2>::from_floats([[1.0, 0.0]], &device());
    let mut descent = Linear::new(weight.clone()).descent(&problem).unwrap();
    assert_eq!(descent.advance(1), 1);
    let found: Vec<f64> = descent.weights(&weight)[0].to_data().iter().collect();
    assert_eq!(found[0], 1.0);
    // A ninth of 0.9 times the slope ½.
    assert!((found[1] - 0.05).abs() < 1e-8, "{found:?}");
}

/// Steps of both kinds from the same weights, within so many roundings a step.
fn hand_derived_is_autodiff(
    mut network: impl Network,
    samples: usize,
    compensated: bool,
    roundings: f64,
) {
    let device = device().autodiff();
    let x = Array2::from_shape_fn((samples, 30), wave(1));
    let label = |i: usize| {
        if [1, 3, 4].contains(&(i % 6)) {
            -1.0
        } else {
            1.0
        }
    };
    let labels = (0..samples).map(label).collect();
    let objective = Objective::binary(Loss::Logistic, labels).unwrap();
    let step_size = 0.2;
    let problem = DescentProblem {
        x: &x,
        objective: &objective,
        step_size,
        single_precision: true,
        compensated,
        threads: 1,
        stop: None,
    };
    let mut descent = network.descent(&problem).unwrap();
    let (samples, objective) = (to_tensor(&x, &device), objective.on(&device));
    let mut optimizer = if compensated {
        CompensatedGradientDescent.init()
    } else {
        GradientDescent.init()
    };
    let steps = 50;
    for _ in 0..steps {
        let mean = objective.forward(network.scores(samples.clone()));
        let gradients = GradientsParams::from_grads(mean.backward(), &network);
        network = optimizer.step(step_size, network, gradients);
    }
    assert_eq!(descent.advance(steps), steps);
    let like = network.blocks()[0].weight.clone();
    assert_eq!(like.dtype(), DType::F32);
    for (ours, block) in descent.weights(&like).into_iter().zip(network.blocks()) {
        let ours: Vec<f64> = ours.into_data().iter().collect();
        let autodiff: Vec<f64> = block.weight.into_data().iter().collect();
        for (ours, autodiff) in ours.iter().zip(autodiff) {
            let tolerance = roundings * f64::from(f32::EPSILON) * steps as f64;
            assert!((ours - autodiff).abs() < tolerance, "{ours} {autodiff}");
        }
    }
}
