//! The model in double precision: losses, the network's formula, gradients, descents, weight files.
//!
//! One process, one precision: Burn fixes a device's float type at its first tensor.

use burn::module::Module;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use implicit_bias_model::{
    Activation, DescentProblem, GradientDescent, Loss, ModelError, Network, Objective,
    TensorActivation, TensorLoss, TwoLayer, TwoLayerConfig, Weights,
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

/// Values in (−1, 1) from a linear congruential generator.
fn pseudo_random(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    })
}

struct Case {
    x: Array2<f64>,
    labels: Vec<f64>,
    weights: Weights,
    config: TwoLayerConfig,
}

fn case(n: usize, d: usize, m: usize, slope: f64, seed: u64) -> Case {
    let block = |name: &str, seed| (name.to_owned(), pseudo_random(m, d, seed));
    Case {
        x: pseudo_random(n, d, seed),
        labels: (0..n)
            .map(|i| if i % 3 == 0 { -1.0 } else { 1.0 })
            .collect(),
        weights: Weights::new(vec![block("pos", seed + 1), block("neg", seed + 2)]).unwrap(),
        config: TwoLayerConfig::new(m, d, Activation::leaky_relu(slope).unwrap()),
    }
}

impl Case {
    fn network(&self, device: &Device) -> TwoLayer {
        self.config.init_with(&self.weights, device).unwrap()
    }

    fn x(&self, device: &Device) -> Tensor<2> {
        implicit_bias_model::to_tensor(&self.x, device)
    }

    fn objective(&self, loss: Loss) -> Objective {
        Objective::binary(loss, self.labels.clone()).unwrap()
    }

    fn problem<'a>(
        &'a self,
        objective: &'a Objective,
        step_size: f64,
        threads: usize,
    ) -> DescentProblem<'a> {
        DescentProblem {
            x: &self.x,
            objective,
            step_size,
            single_precision: false,
            compensated: false,
            threads,
            stop: None,
        }
    }

    /// The mean loss by the formula of theory, section 1, in plain loops.
    fn loss_by_formula(&self, weights: &Weights, loss: Loss) -> f64 {
        let [(_, pos), (_, neg)] = weights.blocks() else {
            unreachable!()
        };
        let phi = |z: f64| z.max(self.config.activation.slope() * z);
        let half = |w: &Array2<f64>, i| w.dot(&self.x.row(i)).mapv(phi).mean().unwrap();
        let margins = self
            .labels
            .iter()
            .enumerate()
            .map(|(i, y)| y * (half(pos, i) - half(neg, i)));
        loss.mean(&margins.collect::<Vec<_>>())
    }

    fn gradients(&self, loss: Loss) -> Vec<Vec<f64>> {
        let device = device().autodiff();
        let network = self.network(&device);
        let objective = self.objective(loss).on(&device);
        let gradients = objective
            .forward(network.scores(self.x(&device)))
            .backward();
        network
            .blocks()
            .iter()
            .map(|block| to_vec(block.weight.grad(&gradients).unwrap()))
            .collect()
    }
}

#[test]
fn tensor_loss_and_its_gradient_match_the_host_at_every_scale() {
    let device = device().autodiff();
    let q = [
        -1e3, -40.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 30.0, 40.0, 100.0, 700.0,
    ];
    for loss in [Loss::Logistic, Loss::Exponential] {
        // e^1000 is no double: the exponential loss has no value there.
        for &q in q.iter().filter(|&&q| loss == Loss::Logistic || q > -700.0) {
            let margin =
                Tensor::<1>::from_data(TensorData::new(vec![q], [1]), &device).require_grad();
            let value = loss.forward(margin.clone());
            let slope = to_vec(margin.grad(&value.backward()).unwrap())[0];
            let value = to_vec(value)[0];
            assert!(
                (value / loss.value(q) - 1.0).abs() < 1e-14,
                "{loss:?} value at {q}: {value:e}"
            );
            assert!(
                (-slope / loss.slope(q) - 1.0).abs() < 1e-14,
                "{loss:?} slope at {q}: {slope:e}"
            );
        }
    }
}

#[test]
fn scores_follow_the_formula_and_the_kink_convention() {
    let case = case(4, 3, 5, 0.25, 7);
    let device = device();
    let scores = to_vec(case.network(&device).scores(case.x(&device)));
    let margins: Vec<f64> = scores
        .iter()
        .zip(&case.labels)
        .map(|(f, y)| f * y)
        .collect();
    let expected = case.loss_by_formula(&case.weights, Loss::Logistic);
    assert!((Loss::Logistic.mean(&margins) - expected).abs() < 1e-15);

    let zero = Tensor::<1>::from_data([0.0, -2.0, 3.0], &device);
    let leaky = Activation::leaky_relu(0.25).unwrap();
    assert_eq!(to_vec(leaky.derivative_of(&zero)), [0.25, 0.25, 1.0]);
    assert_eq!(to_vec(leaky.forward(zero)), [0.0, -0.5, 3.0]);
}

#[test]
fn autodiff_takes_the_derivative_at_the_kink_to_be_the_slope() {
    let device = device().autodiff();
    let z = Tensor::<1>::from_data([0.0, -1.0, 1.0], &device).require_grad();
    let gradients = Activation::leaky_relu(0.3)
        .unwrap()
        .forward(z.clone())
        .sum()
        .backward();
    assert_eq!(to_vec(z.grad(&gradients).unwrap()), [0.3, 0.3, 1.0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn network_is_positively_homogeneous_of_its_degree(
        seed in 0u64..1000, log_scale in -3.0f64..3.0, slope in 0.0f64..0.9,
    ) {
        let case = case(5, 4, 3, slope, seed);
        let device = device();
        let network = case.network(&device);
        let scale = log_scale.exp();
        let scores = to_vec(network.scores(case.x(&device)));
        let degree = network.homogeneity().expect("homogeneous");
        let scaled = network.blocks().into_iter().map(|block| block.weight * scale).collect();
        let scaled = to_vec(network.with_blocks(scaled).scores(case.x(&device)));
        for (scaled, score) in scaled.iter().zip(scores) {
            let error = (scaled - scale.powf(degree) * score).abs();
            prop_assert!(error <= 1e-13 * (1.0 + scaled.abs()));
        }
    }

    #[test]
    fn autodiff_gradient_matches_finite_differences(seed in 0u64..1000, slope in 0.0f64..0.9) {
        let case = case(5, 4, 3, slope, seed);
        let network = case.network(&device());
        let pre_activations = to_vec(network.pre_activations(case.x(&device())).unwrap());
        let h = 1e-5;
        // Differences across a kink are not derivatives.
        prop_assume!(pre_activations.iter().all(|z| z.abs() > 10.0 * h));
        for loss in [Loss::Logistic, Loss::Exponential] {
            let gradients = case.gradients(loss);
            for (block, gradient) in gradients.iter().enumerate() {
                for (entry, derivative) in gradient.iter().enumerate() {
                    let shifted = |shift: f64| {
                        let mut blocks = case.weights.blocks().to_vec();
                        blocks[block].1.as_slice_mut().unwrap()[entry] += shift;
                        case.loss_by_formula(&Weights::new(blocks).unwrap(), loss)
                    };
                    let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
                    let error = (difference - derivative).abs();
                    prop_assert!(error < 1e-9, "{difference} {derivative}");
                }
            }
        }
    }

    #[test]
    fn hand_derived_descent_is_autodiff_descent(
        seed in 0u64..1000, n in 1usize..8, d in 1usize..40, m in 1usize..9,
        slope in prop_oneof![Just(0.0), 0.0f64..0.9], threads in 1usize..3,
        exponential in any::<bool>(),
    ) {
        let mut case = case(n, d, m, slope, seed);
        // From large weights, or by large steps, the exponential loss blows up, as it should.
        let (loss, step_size, scale) =
            if exponential { (Loss::Exponential, 0.03, 0.1) } else { (Loss::Logistic, 0.3, 1.0) };
        let scaled = case.weights.blocks().iter().map(|(name, w)| (name.clone(), w * scale));
        case.weights = Weights::new(scaled.collect()).unwrap();
        let device = device().autodiff();
        let mut network = case.network(&device);
        let objective = case.objective(loss);
        let mut descent = network.descent(&case.problem(&objective, step_size, threads)).unwrap();
        let objective = objective.on(&device);
        let mut optimizer = GradientDescent.init();
        for _ in 0..10 {
            let mean = objective.forward(network.scores(case.x(&device)));
            let gradients = GradientsParams::from_grads(mean.backward(), &network);
            network = optimizer.step(step_size, network, gradients);
        }
        let taken = descent.advance(10);
        // Some starts blow up under the exponential loss, and are left out.
        prop_assert!(taken == 10 || exponential, "{} steps", taken);
        prop_assume!(taken == 10);
        let like = network.blocks()[0].weight.clone();
        for (ours, block) in descent.weights(&like).into_iter().zip(network.blocks()) {
            for (ours, autodiff) in to_vec(ours).iter().zip(to_vec(block.weight)) {
                prop_assert!((ours - autodiff).abs() < 1e-13, "{ours} {autodiff}");
            }
        }
    }
}

#[test]
fn threads_do_not_change_the_descent_by_a_bit() {
    // Large enough to pass the threading threshold.
    let case = case(120, 300, 80, 0.1, 3);
    let device = device();
    let network = case.network(&device);
    let like = network.blocks()[0].weight.clone();
    let run = |threads| {
        let objective = case.objective(Loss::Logistic);
        let mut descent = network
            .descent(&case.problem(&objective, 0.1, threads))
            .unwrap();
        assert_eq!(descent.advance(5), 5);
        descent
            .weights(&like)
            .into_iter()
            .map(to_vec)
            .collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(2));
}

#[test]
fn descent_stops_before_a_score_that_is_not_finite() {
    let mut case = case(4, 3, 2, 0.1, 1);
    case.x *= 1e200;
    let network = case.network(&device());
    let objective = case.objective(Loss::Exponential);
    let mut descent = network
        .descent(&case.problem(&objective, 1e200, 1))
        .unwrap();
    assert!(descent.advance(100) < 100);
}

#[test]
fn sgd_of_burn_without_its_options_takes_the_same_steps_to_the_last_bit() {
    let case = case(6, 5, 4, 0.1, 17);
    let device = device().autodiff();
    let objective = case.objective(Loss::Logistic).on(&device);
    let after = |mut optimizer: ModuleOptimizer| {
        let mut network = case.network(&device);
        for _ in 0..20 {
            let mean = objective.forward(network.scores(case.x(&device)));
            let gradients = GradientsParams::from_grads(mean.backward(), &network);
            network = optimizer.step(0.7, network, gradients);
        }
        let blocks = network.blocks().into_iter();
        let entries = blocks.flat_map(|block| to_vec(block.weight));
        entries.map(f64::to_bits).collect::<Vec<u64>>()
    };
    let own = after(GradientDescent.init());
    assert_eq!(own, after(SgdConfig::new().init()));
    // A test of the test: an option makes another descent.
    let decay = WeightDecayConfig::new(1e-3);
    assert_ne!(
        own,
        after(SgdConfig::new().with_weight_decay(Some(decay)).init())
    );
}

#[test]
fn optimizer_is_plain_gradient_descent() {
    let case = case(5, 4, 3, 0.1, 11);
    let device = device().autodiff();
    let network = case.network(&device);
    let gradients = case.gradients(Loss::Logistic);
    let objective = case.objective(Loss::Logistic).on(&device);
    let mean = objective.forward(network.scores(case.x(&device)));
    let params = GradientsParams::from_grads(mean.backward(), &network);
    let stepped = GradientDescent.init().step(0.7, network, params);
    for ((block, gradient), (_, before)) in stepped
        .blocks()
        .into_iter()
        .zip(gradients)
        .zip(case.weights.blocks())
    {
        for ((after, slope), before) in to_vec(block.weight).iter().zip(gradient).zip(before) {
            assert!((after - (before - 0.7 * slope)).abs() < 1e-16);
        }
    }
}

#[test]
fn weights_survive_a_safetensors_file_bit_for_bit() {
    let case = case(2, 5, 3, 0.1, 5);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let network = case.network(&device());
    std::fs::write(&path, Weights::of(&network.blocks()).to_safetensors()).unwrap();
    let read = Weights::from_safetensors(&path, &TwoLayerConfig::BLOCKS).unwrap();
    assert_eq!(read, case.weights);
}

#[test]
fn bad_weight_files_are_named_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let error = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Weights::from_safetensors(&path, &TwoLayerConfig::BLOCKS)
            .unwrap_err()
            .to_string()
    };
    assert!(error(b"junk").contains("weights.safetensors: expected a safetensors file"));
    assert!(error(&[]).contains("expected a safetensors file"));
    // A header that promises more than the file holds.
    assert!(error(&u64::MAX.to_le_bytes()).contains("expected a safetensors file"));
    let one = Weights::new(vec![("pos".into(), pseudo_random(2, 2, 1))]).unwrap();
    assert!(error(&one.to_safetensors()).contains("expected a tensor `W_neg`, found [W_pos]"));
    let whole = case(2, 5, 3, 0.1, 5).weights.to_safetensors();
    for length in 0..whole.len() {
        assert!(!error(&whole[..length]).is_empty());
    }
    let infinite = vec![("pos".into(), Array2::from_elem((1, 1), f64::INFINITY))];
    assert!(matches!(
        Weights::new(infinite),
        Err(ModelError::NonFinite {
            row: 0,
            column: 0,
            ..
        })
    ));
}

#[test]
fn impossible_networks_are_refused() {
    let device = device();
    let relu = Activation::RELU;
    assert!(matches!(
        TwoLayerConfig::new(0, 3, relu).init(&device),
        Err(ModelError::Zero { what: "width" })
    ));
    assert!(matches!(
        TwoLayerConfig::new(3, 0, relu).init(&device),
        Err(ModelError::Zero { what: "dim" })
    ));
    let weights = case(2, 5, 3, 0.1, 5).weights;
    let mismatch = TwoLayerConfig::new(4, 5, relu).init_with(&weights, &device);
    assert!(matches!(
        mismatch,
        Err(ModelError::Shape {
            expected: [4, 5],
            found: [3, 5],
            ..
        })
    ));
    assert_eq!(
        TwoLayerConfig::new(2, 3, relu)
            .init(&device)
            .unwrap()
            .num_params(),
        12
    );
}
