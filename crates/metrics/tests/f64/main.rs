//! Everything in double precision. Burn fixes a device's float type once a process, so single
//! precision has a process of its own in `f32.rs`.

mod alignment;
mod classes;
#[cfg_attr(
    not(feature = "spectrum"),
    expect(dead_code, reason = "references of spectra")
)]
mod dense;
#[cfg(feature = "spectrum")]
mod errors;
mod margins;
mod patterns;
#[cfg(feature = "spectrum")]
mod properties;
#[cfg(feature = "spectrum")]
mod spectra;
#[cfg(feature = "spectrum")]
mod spectral_norm;

use std::sync::OnceLock;

use burn::tensor::{Device, FloatDType, Tensor, TensorData};

use dense::Dense;

/// The device of all tests, in `f64`.
fn device() -> &'static Device {
    static DEVICE: OnceLock<Device> = OnceLock::new();
    DEVICE.get_or_init(|| {
        #[allow(deprecated)]
        let mut device = Device::ndarray();
        device
            .configure(FloatDType::F64)
            .expect("first use of the device in this process");
        device
    })
}

fn matrix(dense: &Dense) -> Tensor<2> {
    let data = TensorData::new(dense.values.clone(), [dense.rows, dense.columns]);
    Tensor::from_data(data, device())
}

fn vector(values: &[f64]) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device())
}

#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64) {
    let error = (found - expected).abs() / expected.abs();
    assert!(
        error <= tolerance,
        "found {found}, expected {expected}: relative error {error:e}"
    );
}
