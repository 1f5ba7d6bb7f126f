//! Fully connected networks: formulas in host memory against autodiff.

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use implicit_bias_model::{
    Architecture, Deep, DeepArchitecture, Network, TwoLayerBothArchitecture, Weights, to_tensor,
};
use implicit_bias_settings::Settings;
use ndarray::Array2;

fn device() -> Device {
    #[allow(deprecated)]
    let mut device = Device::ndarray();
    // Err means that another test of this process came first, with the same type.
    let _ = device.configure(FloatDType::F64);
    device
}

fn waves(rows: usize, columns: usize, seed: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| {
        ((i * 131 + j * 17 + seed * 7919) as f64).sin()
    })
}

fn weights(blocks: Vec<(String, [usize; 2])>) -> Weights {
    let blocks = blocks.into_iter().enumerate();
    let wave = |(seed, (name, [rows, columns]))| (name, waves(rows, columns, seed + 3));
    Weights::new(blocks.map(wave).collect()).unwrap()
}

/// `Σ c_i ∇f(x_i)` of some rows, and their scores, by autodiff.
fn by_autodiff(network: &Deep, x: &Array2<f64>, cotangent: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let device = device().autodiff();
    let scores = network.scores(to_tensor(x, &device));
    let data = TensorData::new(cotangent.to_vec(), [cotangent.len(), 1]);
    let cotangent = Tensor::<2>::from_data(data, &device);
    let gradients = (scores.clone() * cotangent).sum().backward();
    let blocks = network.blocks().into_iter();
    let gradient = blocks.flat_map(|block| -> Vec<f64> {
        let gradient = block.weight.grad(&gradients).unwrap();
        gradient.into_data().iter().collect()
    });
    (scores.into_data().iter().collect(), gradient.collect())
}

fn close(found: &[f64], expected: &[f64]) {
    let size = expected.iter().fold(1.0, |most: f64, e| most.max(e.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-13 * size,
            "{found} {expected}"
        );
    }
    assert_eq!(found.len(), expected.len());
}

fn check(network: Deep, weights: &Weights, x: &Array2<f64>) {
    let flat = weights
        .blocks()
        .iter()
        .flat_map(|(_, block)| block.iter().copied());
    let flat: Vec<f64> = flat.collect();
    let mut own = network.host_scores(x, 1).unwrap();
    for rows in [None, Some(vec![3]), Some(vec![4, 0, 4])] {
        let all: Vec<usize> = (0..x.nrows()).collect();
        let chosen = rows.as_ref().unwrap_or(&all);
        let cotangent: Vec<f64> = (0..chosen.len()).map(|i| 0.5 - i as f64).collect();
        let x = x.select(ndarray::Axis(0), chosen);
        let (expected, gradient) = by_autodiff(&network, &x, &cotangent);
        let mut scores = vec![f64::NAN; chosen.len()];
        own.scores(&flat, rows.as_deref(), &mut scores);
        close(&scores, &expected);
        let mut found = vec![f64::NAN; flat.len()];
        own.pull_back(&cotangent, &mut found);
        close(&found, &gradient);
        // More than once at the same weights.
        own.pull_back(&cotangent, &mut found);
        close(&found, &gradient);
    }
}

#[test]
fn formulas_agree_with_autodiff() {
    let (n, dim) = (5, 7);
    let x = waves(n, dim, 1);
    let device = device().autodiff();
    for activation in ["relu", "leaky-relu", "smoothed-leaky-relu", "quadratic"] {
        for depth in [1, 2, 4] {
            let settings = Settings::default()
                .with("width", 6)
                .with("depth", depth)
                .with("activation", activation);
            let weights = weights(DeepArchitecture.blocks(&settings, dim).unwrap());
            let network = DeepArchitecture.network(&settings, &weights, dim, &device);
            check(network.unwrap(), &weights, &x);
        }
    }
    let settings = Settings::default()
        .with("width", 6)
        .with("activation", "relu");
    let weights = weights(TwoLayerBothArchitecture.blocks(&settings, dim).unwrap());
    let network = TwoLayerBothArchitecture.network(&settings, &weights, dim, &device);
    check(network.unwrap(), &weights, &x);
}

/// The kink has one convention: `φ'(0)` is the slope.
#[test]
fn a_pre_activation_of_zero_has_the_slope_of_the_left() {
    let settings = Settings::default()
        .with("width", 1)
        .with("depth", 1)
        .with("activation", "relu");
    let blocks = vec![
        ("1".to_owned(), ndarray::array![[1.0, -1.0]]),
        ("outer".to_owned(), ndarray::array![[2.0]]),
    ];
    let weights = Weights::new(blocks).unwrap();
    let network = DeepArchitecture.network(&settings, &weights, 2, &device().autodiff());
    let mut own = network
        .unwrap()
        .host_scores(&ndarray::array![[3.0, 3.0]], 1)
        .unwrap();
    let (mut scores, mut gradient) = ([f64::NAN], [f64::NAN; 3]);
    own.scores(&[1.0, -1.0, 2.0], None, &mut scores);
    own.pull_back(&[1.0], &mut gradient);
    assert_eq!((scores, gradient), ([0.0], [0.0; 3]));
}
