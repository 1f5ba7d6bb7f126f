//! Single precision, in a process of its own: the metrics are those of the stored weights, to
//! `f64` accuracy, and within `f32` rounding of those of the weights before they were stored.

use std::sync::OnceLock;

use burn::tensor::{DType, Device, Distribution, FloatDType, Tensor, TensorData};
use implicit_bias_metrics::{
    ActivationPattern, accuracy, alignment, class_direction, frobenius_norm, margins, spectra,
    spectral_norm, stable_rank, weight_norm,
};

fn device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| {
        #[allow(deprecated)]
        let mut device = Device::ndarray();
        device
            .configure(FloatDType::F32)
            .expect("first use of the device in this process");
        device
    })
}

fn assert_close(found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs();
    assert!(
        error <= tolerance,
        "found {found}, expected {expected}: relative error {error:e}"
    );
}

/// `a uᵀ + b vᵀ`-type matrix with singular values 3 and 1, whose entries are not `f32` numbers.
fn two_values(rows: usize, columns: usize) -> Tensor<2> {
    let wave = |length: usize, at: usize, phase: f64| {
        // cos and sin over a full period: orthogonal, of squared norm length / 2.
        (std::f64::consts::TAU * at as f64 / length as f64 - phase).cos()
            * (2.0 / length as f64).sqrt()
    };
    let quarter = std::f64::consts::FRAC_PI_2;
    let values: Vec<f64> = (0..rows * columns)
        .map(|at| (at / columns, at % columns))
        .map(|(row, column)| {
            3.0 * wave(rows, row, 0.0) * wave(columns, column, 0.0)
                + wave(rows, row, quarter) * wave(columns, column, quarter)
        })
        .collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), device())
}

#[test]
fn spectra_are_within_f32_rounding_of_the_closed_form() {
    for (rows, columns) in [(50, 784), (784, 50), (300, 300)] {
        let weight = two_values(rows, columns);
        assert_eq!(weight.dtype(), DType::F32);
        assert_close(spectral_norm(&weight).unwrap(), 3.0, 1e-6);
        assert_close(stable_rank(&weight).unwrap(), 10.0 / 9.0, 1e-6);
        assert_close(frobenius_norm(&weight).unwrap(), 10_f64.sqrt(), 1e-6);
        let stacked = spectra(&[weight.clone(), weight]).unwrap().stacked.unwrap();
        assert_close(stacked.spectral_norm, 18_f64.sqrt(), 1e-6);
        assert_close(stacked.stable_rank, 10.0 / 9.0, 1e-6);
    }
}

#[test]
fn no_digit_is_lost_beyond_those_of_the_stored_weights() {
    // Exactly representable in f32, and beyond the range of its squares.
    for scale in [1e-30_f32, 1.0, 1e30] {
        let weight = Tensor::<2>::from_data([[3.0 * scale, 0.0], [0.0, scale]], device());
        assert_eq!(weight.dtype(), DType::F32);
        let stored = f64::from(3.0 * scale) / f64::from(scale);
        assert_close(stable_rank(&weight).unwrap(), 1.0 + stored.powi(-2), 1e-14);
        assert_close(
            spectral_norm(&weight).unwrap(),
            f64::from(3.0 * scale),
            1e-14,
        );
        let squares = 1.0 + stored * stored;
        assert_close(
            frobenius_norm(&weight).unwrap(),
            squares.sqrt() * f64::from(scale),
            1e-14,
        );
    }
}

#[test]
fn one_process_may_mix_types() {
    // Sixteenths, which f16, f32 and f64 all hold exactly; ndarray has no f16 of its own.
    let values: Vec<f64> = (0..60)
        .map(|at| f64::from((at * 7) % 33 - 16) / 16.0)
        .collect();
    let typed = |dtype| {
        let data = TensorData::new(values.clone(), [5, 12]);
        Tensor::<2>::from_data(data, (device(), dtype))
    };
    let expected = spectra(&[typed(DType::F64), typed(DType::F64)]).unwrap();
    assert_eq!(
        spectra(&[typed(DType::F32), typed(DType::F64)]).unwrap(),
        expected
    );
}

#[test]
fn training_tensors_pass_through_untouched() {
    let device = device().clone().autodiff();
    let weight = Tensor::<2>::random([6, 20], Distribution::Normal(0.0, 1.0), &device);
    let weight = weight.require_grad();
    let x = Tensor::<2>::random([8, 20], Distribution::Normal(0.0, 1.0), &device);
    let labels = Tensor::<1>::from_floats([1., -1., 1., -1., 1., -1., 1., -1.], &device);
    let hidden = x.clone().matmul(weight.clone().transpose());
    let scores = hidden.clone().mean_dim(1).reshape([8]);

    let doubled = weight.clone() * 2.0;
    assert_close(
        weight_norm(&[doubled]).unwrap(),
        2.0 * frobenius_norm(&weight).unwrap(),
        1e-14,
    );
    let spectra = spectra(&[weight.clone(), weight.clone()]).unwrap();
    assert_close(
        spectra.blocks[0].stable_rank,
        stable_rank(&weight).unwrap(),
        1e-14,
    );
    assert_eq!(
        ActivationPattern::new(&hidden.transpose())
            .unwrap()
            .neurons(),
        6
    );
    let share = accuracy(&margins(&scores, &labels).unwrap()).unwrap();
    assert!((0.0..=1.0).contains(&share));
    let direction = class_direction(&x, &labels).unwrap();
    assert_eq!(alignment(&weight, &direction).unwrap().len(), 6);

    // The graph is that of the scores alone: their gradient arrives as if nothing had been read.
    let gradient = weight.grad(&scores.sum().backward()).unwrap();
    let expected = x.without_autodiff().sum_dim(0) / 6.0;
    let difference = (gradient - expected).abs().max().into_scalar::<f64>();
    assert!(difference < 1e-6, "{difference}");
}
