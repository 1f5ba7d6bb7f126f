//! The model in single precision: the hand-derived descent against autodiff.

use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, FloatDType};
use implicit_bias_model::{
    Activation, GradientDescent, Loss, Network, Objective, Problem, TwoLayerConfig, Weights,
    to_tensor,
};
use ndarray::Array2;

#[test]
fn hand_derived_descent_is_autodiff_descent_in_single_precision() {
    #[allow(deprecated)]
    let mut device = Device::ndarray();
    device.configure(FloatDType::F32).unwrap();
    let device = device.autodiff();
    let entry = |seed: usize| move |(i, j): (usize, usize)| ((i * 37 + j * 11 + seed) as f64).sin();
    let x = Array2::from_shape_fn((6, 30), entry(1));
    let labels = vec![1.0, -1.0, 1.0, -1.0, -1.0, 1.0];
    let objective = Objective::binary(Loss::Logistic, labels).unwrap();
    let block = |name: &str, seed| (name.to_owned(), Array2::from_shape_fn((4, 30), entry(seed)));
    let weights = Weights::new(vec![block("pos", 2), block("neg", 3)]).unwrap();
    let config = TwoLayerConfig::new(4, 30, Activation::leaky_relu(0.1).unwrap());
    let mut network = config.init_with(&weights, &device).unwrap();
    let step_size = 0.2;
    let problem = Problem {
        x: &x,
        objective: &objective,
        step_size,
        single_precision: true,
        threads: 1,
    };
    let mut descent = network.descent(&problem).unwrap();
    let (samples, objective) = (to_tensor(&x, &device), objective.on(&device));
    let mut optimizer = GradientDescent.init();
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
            // Each step rounds once; the weights are of order one.
            let tolerance = f64::from(f32::EPSILON) * steps as f64;
            assert!((ours - autodiff).abs() < tolerance, "{ours} {autodiff}");
        }
    }
}
