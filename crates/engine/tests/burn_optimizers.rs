//! Burn's optimizers as optimizers of a run: the same steps as this crate's where they are the same
//! rule, and the same bits after a checkpoint.

use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, LionConfig, RmsPropConfig, SgdConfig};
use implicit_bias_data::{DataLaw, Gaussian};
use implicit_bias_engine::optimizers::{ADAM, BurnOptimizer, GD, Optimizer};
use implicit_bias_engine::{
    Engine, Gradient, OptimizerRun, StepSize, TensorEngine, TensorEngineOptions, select_device,
};
use implicit_bias_model::{Activation, Loss, TwoLayerConfig, Weights};
use implicit_bias_settings::{Invalid, Settings};
use ndarray::Array2;

const WIDTH: usize = 4;
const DIM: usize = 5;

fn waves(seed: f64) -> Array2<f64> {
    Array2::from_shape_fn((WIDTH, DIM), |(i, j)| {
        0.3 * (seed + (3 * i + 7 * j) as f64).sin()
    })
}

fn engine(optimizer: Result<Box<dyn Optimizer>, Invalid>) -> impl Engine {
    let law = Gaussian {
        samples: 6,
        dim: DIM,
        noise: 1.0,
    };
    let blocks = [("pos", waves(1.0)), ("neg", waves(2.0))];
    let blocks = blocks.map(|(name, block)| (name.to_owned(), block));
    let weights = Weights::new(blocks.to_vec()).unwrap();
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.1,
        gradient: Gradient::Auto,
        threads: 1,
        compensated: false,
        log_time: None,
        kkt: false,
    };
    let run = OptimizerRun {
        optimizer: optimizer.unwrap(),
        step_size: StepSize::decaying(0.05, 0.25, 1.0),
        sum: false,
        batches: None,
        twin: None,
        first_stage: None,
        stop: None,
    };
    let config = TwoLayerConfig::new(WIDTH, DIM, Activation::leaky_relu(0.1).unwrap());
    let device = select_device(None, None).unwrap();
    let data = law.generate(3).unwrap();
    TensorEngine::with_optimizer(&data, &device, options, run, |device| {
        Ok(config.init_with(&weights, device)?)
    })
    .unwrap()
}

fn entries(weights: &Weights) -> Vec<f64> {
    let blocks = weights.blocks().iter();
    blocks
        .flat_map(|(_, block)| block.iter().copied())
        .collect()
}

/// Largest difference of the weights after so many steps.
fn apart(mut one: impl Engine, mut other: impl Engine, steps: f64) -> f64 {
    let start = entries(&one.weights());
    for engine in [&mut one as &mut dyn Engine, &mut other] {
        assert_eq!(engine.advance(steps).unwrap(), None);
    }
    let [one, other] = [entries(&one.weights()), entries(&other.weights())];
    let largest = |a: &[f64], b: &[f64]| {
        let pairs = a.iter().zip(b);
        pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()))
    };
    assert!(largest(&one, &start) > 0.01, "the weights have moved");
    largest(&one, &other)
}

#[test]
fn sgd_of_burn_is_plain_gradient_descent() {
    let of_burn = engine(BurnOptimizer::boxed(SgdConfig::new().build()));
    let own = engine((GD.make)(&Settings::default(), 2 * WIDTH * DIM));
    assert!(apart(of_burn, own, 500.0) < 1e-14);
}

#[test]
fn adam_of_burn_is_adam_up_to_the_single_precision_of_its_coefficients() {
    let config = AdamConfig::new()
        .with_beta_1(0.9)
        .with_beta_2(0.99)
        .with_epsilon(1e-3);
    let own = |[beta1, beta2, epsilon]: [f64; 3]| {
        let settings = Settings::default()
            .with("beta1", beta1)
            .with("beta2", beta2)
            .with("epsilon", epsilon);
        engine((ADAM.make)(&settings, 2 * WIDTH * DIM))
    };
    // The numbers that Burn's coefficients are in single precision.
    let single = [0.9_f32, 0.99, 1e-3].map(f64::from);
    let of_burn = || engine(BurnOptimizer::boxed(config.build()));
    assert!(apart(of_burn(), own(single), 200.0) < 1e-6);
    // A test of the test: another ε is told apart.
    assert!(apart(of_burn(), own([0.9, 0.99, 2e-3]), 200.0) > 1e-5);
}

#[test]
fn every_optimizer_of_burn_goes_on_from_a_checkpoint_to_the_last_bit() {
    let momentum = MomentumConfig::new().with_nesterov(true);
    let sgd = SgdConfig::new().with_momentum(Some(momentum));
    type Make = fn(SgdConfig) -> Result<Box<dyn Optimizer>, Invalid>;
    let made: [Make; 6] = [
        |sgd| BurnOptimizer::boxed(sgd.build()),
        |_| BurnOptimizer::boxed(SgdConfig::new().build()),
        |_| BurnOptimizer::boxed(AdamConfig::new().with_amsgrad(true).build()),
        |_| BurnOptimizer::boxed(AdamWConfig::new().build()),
        |_| BurnOptimizer::boxed(RmsPropConfig::new().with_centered(true).build()),
        |_| BurnOptimizer::boxed(LionConfig::new().build()),
    ];
    for make in made {
        let new = || engine(make(sgd.clone()));
        for at in [0.0, 1.0, 37.0] {
            let (mut whole, mut first, mut second) = (new(), new(), new());
            whole.advance(100.0).unwrap();
            first.advance(at).unwrap();
            second.restore(&first.checkpoint().unwrap()).unwrap();
            second.advance(100.0).unwrap();
            assert_eq!(second.weights(), whole.weights());
            assert_eq!(second.checkpoint(), whole.checkpoint());
        }
    }
}

#[test]
fn a_state_of_another_optimizer_is_refused() {
    let mut adam = engine(BurnOptimizer::boxed(AdamConfig::new().build()));
    adam.advance(3.0).unwrap();
    let checkpoint = adam.checkpoint().unwrap();
    let mut other = engine(BurnOptimizer::boxed(RmsPropConfig::new().build()));
    assert!(other.restore(&checkpoint).is_err());
    let mut own = engine((ADAM.make)(&Settings::default(), 2 * WIDTH * DIM));
    assert!(own.restore(&checkpoint).is_err());
}
