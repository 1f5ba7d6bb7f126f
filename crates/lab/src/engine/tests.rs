//! What the engine records for weights and architectures that are not the ordinary case.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use implicit_bias_data::{Dataset, Synthetic};
use implicit_bias_model::{
    Activation, Block, Loss, Network, TensorActivation, TwoLayerConfig, Weights, to_tensor,
};
use ndarray::Array2;

use super::{Engine, TensorEngine, TensorEngineOptions};
use crate::config::GradientKind;
use crate::select_device;

const OPTIONS: TensorEngineOptions = TensorEngineOptions {
    loss: Loss::Logistic,
    step_size: 0.1,
    gradient: GradientKind::Auto,
    threads: 1,
};

fn data() -> Dataset {
    let (samples, dim) = (4, 6);
    let law = Synthetic::Mixture {
        samples,
        dim,
        signal: 1.0,
        noise: 1.0,
    };
    law.generate(0).unwrap()
}

fn waves(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((3 * i + 7 * j + 1) as f64).sin())
}

#[test]
fn a_zero_block_leaves_the_other_its_spectrum() {
    let blocks = vec![
        ("pos".to_owned(), waves(3, 6)),
        ("neg".to_owned(), Array2::zeros((3, 6))),
    ];
    let weights = Weights::new(blocks).unwrap();
    let device = select_device(None, None).unwrap();
    let mut engine = TensorEngine::new(&data(), &device, OPTIONS, |device| {
        Ok(TwoLayerConfig::new(3, 6, Activation::RELU).init_with(&weights, device)?)
    })
    .unwrap();
    let observation = engine.observe().unwrap();
    let [pos, neg] = observation.blocks.as_slice() else {
        panic!("two blocks")
    };
    assert_eq!((neg.norm, neg.spectral_norm), (0.0, 0.0));
    assert!(neg.stable_rank.is_nan());
    let norm = waves(3, 6).mapv(|w| w * w).sum().sqrt();
    assert!((pos.norm - norm).abs() < 1e-14 && pos.stable_rank > 1.0);
}

/// Two layers of weights, the second in two blocks that raise and lower the score.
#[derive(Module, Debug)]
struct Deep {
    first: Param<Tensor<2>>,
    raise: Param<Tensor<2>>,
    lower: Param<Tensor<2>>,
}

impl Network for Deep {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = Activation::RELU.forward(x.matmul(self.first.val().transpose()));
        let mean = |w: &Param<Tensor<2>>| {
            let outer = hidden.clone().matmul(w.val().transpose());
            Activation::RELU.forward(outer).mean_dim(1)
        };
        mean(&self.raise) - mean(&self.lower)
    }

    fn blocks(&self) -> Vec<Block> {
        [
            ("first", &self.first, None),
            ("raise", &self.raise, Some(1.0)),
            ("lower", &self.lower, Some(-1.0)),
        ]
        .map(|(name, weight, sign)| Block {
            name: name.into(),
            weight: weight.val(),
            sign,
        })
        .to_vec()
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        let [first, raise, lower] = <[_; 3]>::try_from(weights).expect("three blocks");
        self.first = Param::from_tensor(first);
        self.raise = Param::from_tensor(raise);
        self.lower = Param::from_tensor(lower);
        self
    }

    fn homogeneity(&self) -> f64 {
        2.0
    }
}

#[test]
fn a_signed_block_of_a_deeper_layer_is_recorded_without_an_alignment() {
    let device = select_device(None, None).unwrap();
    let mut engine = TensorEngine::new(&data(), &device, OPTIONS, |device| {
        let weight = |rows, columns| Param::from_tensor(to_tensor(&waves(rows, columns), device));
        Ok(Deep {
            first: weight(5, 6),
            raise: weight(3, 5),
            lower: weight(2, 5),
        })
    })
    .unwrap();
    assert_eq!(engine.gradient(), "autodiff");
    assert_eq!(engine.advance(3.0).unwrap(), None);
    let observation = engine.observe().unwrap();
    assert_eq!(observation.step, 3.0);
    assert!(
        observation
            .blocks
            .iter()
            .all(|block| block.stable_rank >= 1.0)
    );
    assert!(
        observation
            .blocks
            .iter()
            .all(|block| block.alignment.is_nan())
    );
    assert!(observation.stable_rank.is_nan() && observation.pattern.is_none());
}
