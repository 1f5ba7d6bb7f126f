//! Fully connected networks and convolutions: formulas in host memory against autodiff.

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use implicit_bias_model::{
    Architecture, ConvolutionArchitecture, DeepArchitecture, Linear, Network, TwoLayerArchitecture,
    TwoLayerBothArchitecture, Weights, to_tensor,
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
    let wave = |(seed, (name, [rows, columns])): (usize, (String, [usize; 2]))| {
        (name, waves(rows, columns, seed + 3))
    };
    Weights::new(blocks.map(wave).collect()).unwrap()
}

/// `Σ c_i ∇f(x_i)` of some rows, and their scores, by autodiff.
fn by_autodiff(network: &impl Network, x: &Array2<f64>, cotangent: &[f64]) -> (Vec<f64>, Vec<f64>) {
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

fn check(network: impl Network, weights: &Weights, x: &Array2<f64>) {
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
    }
}

#[test]
fn formulas_agree_with_autodiff() {
    let dim = 7;
    let device = device().autodiff();
    // Few samples and many of them: products are arranged in two ways.
    let many = waves(70, dim, 1);
    let few = waves(5, dim, 1);
    for activation in ["relu", "leaky-relu", "smoothed-leaky-relu", "quadratic"] {
        for depth in [1, 2, 4] {
            let settings = Settings::default()
                .with("width", 6)
                .with("depth", depth)
                .with("activation", activation);
            let weights = weights(DeepArchitecture.blocks(&settings, dim).unwrap());
            let network = DeepArchitecture.network(&settings, &weights, dim, &device);
            let network = network.unwrap();
            check(network.clone(), &weights, &few);
            check(network, &weights, &many);
        }
    }
    let settings = Settings::default()
        .with("width", 6)
        .with("activation", "relu");
    let weights = weights(TwoLayerBothArchitecture.blocks(&settings, dim).unwrap());
    let network = TwoLayerBothArchitecture.network(&settings, &weights, dim, &device);
    check(network.unwrap(), &weights, &few);
}

/// Numbers that are held twice, and more of them.
#[test]
fn a_linear_network_agrees_with_autodiff() {
    for (samples, dim) in [(5, 7), (6, 1000), (21, 1001)] {
        let blocks = vec![(Linear::BLOCK.to_owned(), [1, dim])];
        let weights = weights(blocks);
        let network = Linear::new(to_tensor(&weights.blocks()[0].1, &device().autodiff()));
        check(network, &weights, &waves(samples, dim, 1));
    }
}

#[test]
fn a_convolution_agrees_with_autodiff_and_with_its_sum() {
    let device = device().autodiff();
    let (patches, columns, width) = (3, 4, 5);
    let x = waves(5, patches * columns, 2);
    for activation in ["relu", "leaky-relu", "smoothed-leaky-relu"] {
        let settings = Settings::default()
            .with("width", width)
            .with("patches", patches)
            .with("activation", activation);
        let dim = patches * columns;
        let weights = weights(ConvolutionArchitecture.blocks(&settings, dim).unwrap());
        let network = ConvolutionArchitecture
            .network(&settings, &weights, dim, &device)
            .unwrap();
        if activation == "relu" {
            let scores: Vec<f64> = network
                .scores(to_tensor(&x, &device))
                .into_data()
                .iter()
                .collect();
            for (sample, score) in scores.into_iter().enumerate() {
                let of_block = |block: usize| -> f64 {
                    let filters = &weights.blocks()[block].1;
                    let pairs = (0..width).flat_map(|r| (0..patches).map(move |p| (r, p)));
                    let each = pairs.map(|(r, p)| -> f64 {
                        let terms =
                            (0..columns).map(|j| filters[[r, j]] * x[[sample, p * columns + j]]);
                        terms.sum::<f64>().max(0.0)
                    });
                    each.sum::<f64>() / width as f64
                };
                assert!((score - (of_block(0) - of_block(1))).abs() < 1e-13);
            }
        }
        check(network, &weights, &x);
    }
    let settings = Settings::default().with("width", width).with("patches", 5);
    let weights = weights(ConvolutionArchitecture.blocks(&settings, 12).unwrap());
    let refused = ConvolutionArchitecture.network(&settings, &weights, 12, &device);
    let message = refused.unwrap_err().to_string();
    assert_eq!(
        message,
        "patches: expected a divisor of the 12 coordinates of a sample, found 5"
    );
}

#[test]
fn a_convolution_of_one_patch_is_the_two_layer_network() {
    let device = device();
    let x = waves(6, 7, 4);
    let settings = Settings::default()
        .with("width", 3)
        .with("activation", "relu");
    let weights = weights(ConvolutionArchitecture.blocks(&settings, 7).unwrap());
    let one = ConvolutionArchitecture
        .network(&settings, &weights, 7, &device)
        .unwrap();
    let other = TwoLayerArchitecture
        .network(&settings, &weights, 7, &device)
        .unwrap();
    let entries = |scores: Tensor<2>| -> Vec<f64> { scores.into_data().iter().collect() };
    let x = to_tensor(&x, &device);
    close(&entries(one.scores(x.clone())), &entries(other.scores(x)));
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
