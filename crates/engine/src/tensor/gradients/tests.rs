//! Convolutions that keep their kernel as one, beside twins that keep it as the matrix.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};
use implicit_bias_data::{DataLaw, Dataset, Gaussian};
use implicit_bias_model::{Activation, Block, Loss, Network, TensorActivation, to_tensor};
use ndarray::Array2;

use crate::engine::Engine;
use crate::options::Gradient;
use crate::{EngineError, TensorEngine, TensorEngineOptions, select_device};

/// How the kernel is kept, and what of it is returned as the block.
#[derive(Module, Debug)]
enum Kernel {
    /// `[out, in, k, k]`, returned as `[out, in k k]`.
    Natural(Param<Tensor<4>>),
    /// `[out, in k k]`.
    Matrix(Param<Tensor<2>>),
    /// `[out, in k k]`, returned doubled.
    Doubled(Param<Tensor<2>>),
}

/// `f(x) = mean of φ(K ∗ x)` over places, channels with signs `+ − +`: homogeneous of degree 1.
#[derive(Module, Debug)]
struct Convolution {
    kernel: Kernel,
}

const KERNEL: [usize; 4] = [3, 1, 2, 2];

impl Convolution {
    fn new(kind: fn(Tensor<2>) -> Kernel, device: &Device) -> Self {
        let entry = |(i, j)| ((3 * i + 7 * j + 1) as f64).sin();
        let kernel = kind(to_tensor(&Array2::from_shape_fn((3, 4), entry), device));
        Self { kernel }
    }
}

fn natural(matrix: Tensor<2>) -> Kernel {
    Kernel::Natural(Param::from_tensor(matrix.reshape(KERNEL)))
}

fn matrix(matrix: Tensor<2>) -> Kernel {
    Kernel::Matrix(Param::from_tensor(matrix))
}

fn doubled(matrix: Tensor<2>) -> Kernel {
    Kernel::Doubled(Param::from_tensor(matrix))
}

impl Network for Convolution {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let kernel = match &self.kernel {
            Kernel::Natural(kernel) => kernel.val(),
            Kernel::Matrix(kernel) | Kernel::Doubled(kernel) => kernel.val().reshape(KERNEL),
        };
        let samples = x.dims()[0];
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let maps = conv2d(x.reshape([samples, 1, 4, 4]), kernel, None, options);
        let channels = Activation::RELU
            .forward(maps.reshape([samples * 3, 9]))
            .mean_dim(1)
            .reshape([samples, 3]);
        let channel = |index| channels.clone().narrow(1, index, 1);
        channel(0) - channel(1) + channel(2)
    }

    fn blocks(&self) -> Vec<Block> {
        let weight = match &self.kernel {
            Kernel::Natural(kernel) => kernel.val().reshape([3, 4]),
            Kernel::Matrix(kernel) => kernel.val(),
            Kernel::Doubled(kernel) => kernel.val() * 2.0,
        };
        vec![Block {
            name: "conv".into(),
            weight,
            sign: None,
        }]
    }

    fn with_blocks(mut self, mut weights: Vec<Tensor<2>>) -> Self {
        let weight = weights.remove(0);
        self.kernel = match self.kernel {
            Kernel::Natural(_) => natural(weight),
            Kernel::Matrix(_) => matrix(weight),
            Kernel::Doubled(_) => doubled(weight * 0.5),
        };
        self
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(1.0)
    }
}

fn data() -> Dataset {
    let (samples, dim, noise) = (5, 16, 1.0);
    let law = Gaussian {
        samples,
        dim,
        noise,
    };
    law.generate(3).unwrap()
}

fn engine(
    kind: fn(Tensor<2>) -> Kernel,
    compensated: bool,
) -> Result<TensorEngine<Convolution>, EngineError> {
    let options = TensorEngineOptions {
        loss: Loss::Logistic,
        step_size: 0.5,
        gradient: Gradient::Auto,
        threads: 1,
        compensated,
        log_time: None,
        kkt: false,
    };
    let device = select_device(None, None).unwrap();
    TensorEngine::new(&data(), &device, options, |device| {
        Ok(Convolution::new(kind, device))
    })
}

#[test]
fn a_reshaped_kernel_trains_and_is_measured_like_its_matrix() {
    for compensated in [false, true] {
        let mut reshaped = engine(natural, compensated).unwrap();
        let mut plain = engine(matrix, compensated).unwrap();
        let start = reshaped.observe().unwrap().weight_norm;
        for step in [0.0, 1.0, 40.0] {
            assert_eq!(reshaped.advance(step).unwrap(), None);
            assert_eq!(plain.advance(step).unwrap(), None);
            let (found, expected) = (reshaped.observe().unwrap(), plain.observe().unwrap());
            assert!(expected.gradient_norm > 1e-3, "{expected:?}");
            assert_eq!(found.gradient_norm, expected.gradient_norm, "step {step}");
            assert_eq!(found.normalized_margins, expected.normalized_margins);
        }
        let moved = (reshaped.observe().unwrap().weight_norm - start).abs();
        assert!(moved > 1e-2, "{moved}");
    }
}

#[test]
fn a_block_that_is_computed_otherwise_is_named() {
    let message = engine(doubled, false).err().unwrap().to_string();
    assert!(message.contains("block `conv`"), "{message}");
}
