//! The one place that knows which backends are compiled in.

#[cfg(any(feature = "vulkan", feature = "wgpu"))]
use burn::tensor::DeviceKind;
#[cfg(any(feature = "cuda", feature = "vulkan", feature = "wgpu"))]
use burn::tensor::DeviceType;
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use serde::Serialize;

use crate::EngineError;
use crate::options::Precision;

/// A backend that is compiled in.
struct Backend {
    /// The name users type.
    name: &'static str,
    /// Whether it computes in host memory, so that a host kernel is at home there.
    on_host: bool,
    /// What has to be there for it to find a device.
    needs: &'static str,
    /// The devices found on this machine; the index in `cuda:1` counts them from 0.
    found: fn() -> Vec<Device>,
    /// The device that the name without an index stands for, where there is one.
    best: fn() -> Device,
    /// What the hardware calls itself; opens the device.
    hardware: fn(&Device) -> Option<String>,
    /// Whether it has double precision in full, the exponential and the logarithm included.
    has_double: bool,
}

/// The backends compiled in, in order of preference. Every `cfg` of a backend is here.
///
/// Vulkan's shaders have `exp` and `log` of 16 and 32 bits only, WGSL has no double precision at
/// all. Burn nevertheless takes such tensors where the driver can add and multiply them, and on one
/// (Mesa's lavapipe) training in double precision by way of `wgpu` ran to its end with gradients of
/// 10⁻³¹⁴.
fn backends() -> Vec<Backend> {
    vec![
        // Upstream prefers `flex`; `ndarray` is this project's default, see docs/backends.md.
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        Backend {
            name: "ndarray",
            on_host: true,
            needs: "nothing",
            found: || vec![Device::ndarray()],
            best: Device::ndarray,
            hardware: |_| Some("host memory".into()),
            has_double: true,
        },
        #[cfg(feature = "flex")]
        Backend {
            name: "flex",
            on_host: true,
            needs: "nothing",
            found: || vec![Device::flex()],
            best: Device::flex,
            hardware: |_| Some("host memory".into()),
            has_double: true,
        },
        #[cfg(feature = "cuda")]
        Backend {
            name: "cuda",
            on_host: false,
            needs: "an NVIDIA GPU and its driver",
            found: || Device::enumerate(DeviceType::Cuda).into_vec(),
            best: || Device::cuda(0),
            hardware: named_by_itself,
            has_double: true,
        },
        #[cfg(feature = "vulkan")]
        Backend {
            name: "vulkan",
            on_host: false,
            needs: "a GPU and its Vulkan driver",
            found: || Device::enumerate(DeviceType::Vulkan).into_vec(),
            best: || Device::vulkan(DeviceKind::DefaultDevice),
            hardware: named_by_itself,
            has_double: false,
        },
        #[cfg(feature = "wgpu")]
        Backend {
            name: "wgpu",
            on_host: false,
            needs: "a GPU and a driver for Vulkan, Metal, DirectX 12 or OpenGL",
            found: || Device::enumerate(DeviceType::Wgpu).into_vec(),
            best: || Device::wgpu(DeviceKind::DefaultDevice),
            hardware: named_by_itself,
            has_double: false,
        },
    ]
}

/// All backends there are, compiled in or not.
const KNOWN: [&str; 5] = ["ndarray", "flex", "cuda", "vulkan", "wgpu"];

#[cfg(any(feature = "cuda", feature = "vulkan", feature = "wgpu"))]
fn named_by_itself(device: &Device) -> Option<String> {
    Some(device.identity()?.name)
}

/// The float types that a device computes in, the default of a run first.
fn precisions(backend: &Backend, device: &Device) -> Vec<Precision> {
    [(Precision::F64, DType::F64), (Precision::F32, DType::F32)]
        .into_iter()
        .filter(|(precision, dtype)| {
            (backend.has_double || *precision == Precision::F32) && device.supports_dtype(*dtype)
        })
        .map(|(precision, _)| precision)
        .collect()
}

/// A device that was found, as `implicit-bias devices` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// The name that `--device` takes.
    pub name: String,
    /// The backend, which is the Cargo feature that compiles it in.
    pub backend: &'static str,
    /// The precisions it computes in, the default one first.
    pub precisions: Vec<Precision>,
    /// What the hardware calls itself.
    pub hardware: Option<String>,
}

/// The devices of the backends that are compiled in, as far as they are found on this machine.
pub fn devices() -> Vec<DeviceInfo> {
    let mut devices = Vec::new();
    for backend in backends() {
        for (index, device) in (backend.found)().iter().enumerate() {
            devices.push(DeviceInfo {
                name: if backend.on_host {
                    backend.name.to_owned()
                } else {
                    format!("{}:{index}", backend.name)
                },
                backend: backend.name,
                precisions: precisions(&backend, device),
                hardware: (backend.hardware)(device),
            });
        }
    }
    devices
}

/// A backend, as `implicit-bias devices` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackendInfo {
    /// Its name, which is also the Cargo feature.
    pub name: &'static str,
    /// Whether this build has it.
    pub compiled: bool,
    /// Where it is compiled in, what it needs to find a device.
    pub needs: Option<&'static str>,
}

/// All backends there are, in order of preference.
pub fn all_backends() -> Vec<BackendInfo> {
    let compiled = backends();
    let info = |name| {
        let backend = compiled.iter().find(|backend| backend.name == name);
        BackendInfo {
            name,
            compiled: backend.is_some(),
            needs: backend.map(|backend| backend.needs),
        }
    };
    KNOWN.into_iter().map(info).collect()
}

/// A device made ready: named, and set to one float type for the life of the process.
#[derive(Clone, Debug)]
pub struct SelectedDevice {
    /// The Burn device.
    pub device: Device,
    /// Its name.
    pub name: String,
    /// The float type its tensors have.
    pub precision: Precision,
    /// Whether it computes in host memory.
    pub on_host: bool,
    /// What the hardware calls itself.
    pub hardware: Option<String>,
}

/// A device in host memory, if a backend that has one is compiled in.
pub(crate) fn host_device() -> Option<Device> {
    let backends = backends();
    let at_home = backends.iter().find(|backend| backend.on_host);
    at_home.map(|backend| (backend.best)())
}

/// Opens the device called `name` (`ndarray`, `cuda:1`, …; the first one compiled in if `None`) and
/// sets its float type: `precision`, or the best it has.
///
/// # Errors
///
/// [`EngineError::Invalid`] for a name that is unknown or not compiled in, a precision the device
/// lacks, or one that differs from what this process has already used on it (Burn fixes a device's
/// float type at its first tensor).
pub fn select_device(
    name: Option<&str>,
    precision: Option<Precision>,
) -> Result<SelectedDevice, EngineError> {
    let (backend, name, index) = find(name)?;
    let mut device = open(&backend, &name, index)?;
    let supported = precisions(&backend, &device);
    let precision = match precision {
        None => supported.first().copied().unwrap_or(Precision::F32),
        Some(asked) if supported.contains(&asked) => asked,
        Some(asked) => {
            let words: Vec<String> = supported.iter().map(Precision::to_string).collect();
            let expected = format!("{} on device {name}", words.join(" or "));
            return Err(invalid("precision", expected, asked.to_string()));
        }
    };
    let dtype = match precision {
        Precision::F32 => FloatDType::F32,
        Precision::F64 => FloatDType::F64,
    };
    // A second run of this process on the device finds it configured; that is fine if it agrees.
    if device.configure(dtype).is_err() && device.settings().float_dtype != dtype {
        let expected = "the precision this process has already used on the device".into();
        return Err(invalid("precision", expected, precision.to_string()));
    }
    if !backend.on_host {
        check_arithmetic(&device, &name)?;
    }
    Ok(SelectedDevice {
        hardware: (backend.hardware)(&device),
        device,
        name,
        precision,
        on_host: backend.on_host,
    })
}

/// Holds what a step is made of, a matrix product and a softplus, to its value on the host.
///
/// Drivers and compilers of shaders have errors; a run should not find out after an hour, or never.
fn check_arithmetic(device: &Device, name: &str) -> Result<(), EngineError> {
    // Their squares sum to about 1/2.
    let values: Vec<f64> = (0..PROBE)
        .map(|k| ((7 * k) as f64).sin() / (PROBE as f64).sqrt())
        .collect();
    let expected: f64 = values.iter().map(|a| a * a).sum();
    let expected = expected.exp().ln_1p();
    let upload = |values, shape| Tensor::<2>::from_data(TensorData::new(values, shape), device);
    let product = upload(values.clone(), [1, PROBE]).matmul(upload(values, [PROBE, 1]));
    let found = product.exp().log1p().try_into_data();
    let found = found.map(|data| data.iter::<f64>().next().unwrap_or(f64::NAN));
    match found {
        Ok(found) if (found - expected).abs() <= PROBE_TOLERANCE * expected => Ok(()),
        Ok(found) => Err(invalid(
            "device",
            format!("{name} to compute log(1 + exp(⟨a, a⟩)) = {expected}"),
            format!("{found}: its driver cannot be trusted"),
        )),
        Err(error) => Err(invalid(
            "device",
            format!("{name} to compute"),
            error.to_string(),
        )),
    }
}

/// Length of the product by which a device is checked.
const PROBE: usize = 100;

/// Relative error allowed to it: some devices round the factors of products to ten bits.
const PROBE_TOLERANCE: f64 = 0.01;

/// The device of a backend with this index, or its best one.
fn open(backend: &Backend, name: &str, index: Option<usize>) -> Result<Device, EngineError> {
    let mut found = (backend.found)();
    if found.is_empty() {
        let expected = format!(
            "a device that {} finds on this machine; it needs {}",
            backend.name, backend.needs
        );
        return Err(invalid("device", expected, format!("none for `{name}`")));
    }
    match index {
        None => Ok((backend.best)()),
        Some(index) if index < found.len() => Ok(found.swap_remove(index)),
        Some(_) => {
            let last = found.len() - 1;
            let expected = format!("{} with an index from 0 to {last}", backend.name);
            Err(invalid("device", expected, format!("`{name}`")))
        }
    }
}

fn invalid(key: &str, expected: String, found: String) -> EngineError {
    EngineError::Invalid {
        key: key.into(),
        expected,
        found,
    }
}

/// The backend called `name`, its full name, and the index of the device on it.
fn find(name: Option<&str>) -> Result<(Backend, String, Option<usize>), EngineError> {
    let backends = backends();
    let names = || {
        backends
            .iter()
            .map(|backend| backend.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let name = match name {
        Some(name) => name,
        None => backends
            .first()
            .map(|backend| backend.name)
            .ok_or_else(|| {
                invalid(
                    "device",
                    "a backend feature, say --features ndarray".into(),
                    "none".into(),
                )
            })?,
    };
    let (stem, index) = match name.split_once(':') {
        Some((stem, index)) => {
            let index = index.parse().map_err(|_| {
                invalid(
                    "device",
                    "a name such as `cuda:1`".into(),
                    format!("`{name}`"),
                )
            })?;
            (stem, Some(index))
        }
        None => (name, None),
    };
    let names = names();
    let backend = backends
        .into_iter()
        .find(|backend| backend.name == stem)
        .ok_or_else(|| {
            let hint = if KNOWN.contains(&stem) {
                format!("`{stem}`, which needs a build with --features {stem}")
            } else {
                format!("`{name}`")
            };
            invalid("device", format!("one of {names}"), hint)
        })?;
    if backend.on_host && index.is_some() {
        let expected = format!("{stem}, of which there is one");
        return Err(invalid("device", expected, format!("`{name}`")));
    }
    Ok((backend, name.to_owned(), index))
}

/// Whether the device called `name` computes in host memory, without opening it.
///
/// # Errors
///
/// [`EngineError::Invalid`] for a name that is unknown or not compiled in.
pub fn is_on_host(name: Option<&str>) -> Result<bool, EngineError> {
    Ok(find(name)?.0.on_host)
}
