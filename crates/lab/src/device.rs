//! The one place that knows which backends are compiled in.

use burn::tensor::{DType, Device, FloatDType};
use serde::Serialize;

use crate::LabError;
use crate::config::Precision;

/// A backend that is compiled in.
struct Backend {
    /// The name users type.
    name: &'static str,
    /// Whether it computes in host memory, so that a host kernel is at home there.
    on_host: bool,
    /// Opens a device; the index is what follows the colon in `cuda:1`.
    open: fn(Option<usize>) -> Device,
}

/// The backends compiled in, in order of preference. Every `cfg(feature)` of the project is here.
fn backends() -> Vec<Backend> {
    vec![
        // Upstream prefers `flex`; `ndarray` is this project's default, see README, "Switch the backend".
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)]
        Backend {
            name: "ndarray",
            on_host: true,
            open: |_| Device::ndarray(),
        },
        #[cfg(feature = "flex")]
        Backend {
            name: "flex",
            on_host: true,
            open: |_| Device::flex(),
        },
        #[cfg(feature = "cuda")]
        Backend {
            name: "cuda",
            on_host: false,
            open: |index| Device::cuda(index.unwrap_or(0)),
        },
        #[cfg(feature = "vulkan")]
        Backend {
            name: "vulkan",
            on_host: false,
            open: |index| Device::vulkan(kind(index)),
        },
        #[cfg(feature = "wgpu")]
        Backend {
            name: "wgpu",
            on_host: false,
            open: |index| Device::wgpu(kind(index)),
        },
    ]
}

/// All backends there are, compiled in or not.
const KNOWN: [&str; 5] = ["ndarray", "flex", "cuda", "vulkan", "wgpu"];

#[cfg(any(feature = "vulkan", feature = "wgpu"))]
fn kind(index: Option<usize>) -> burn::tensor::DeviceKind {
    index.map_or(
        burn::tensor::DeviceKind::DefaultDevice,
        burn::tensor::DeviceKind::DiscreteGpu,
    )
}

/// A device as `implicit-bias devices` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// The name that `--device` takes.
    pub name: String,
    /// The precisions it computes in.
    pub precisions: Vec<&'static str>,
}

/// The devices that are compiled in.
pub fn devices() -> Vec<DeviceInfo> {
    backends()
        .iter()
        .map(|backend| {
            let device = (backend.open)(None);
            let supported = |(_, dtype): &(_, DType)| device.supports_dtype(*dtype);
            let precisions = [("f32", DType::F32), ("f64", DType::F64)];
            DeviceInfo {
                name: backend.name.to_owned(),
                precisions: precisions
                    .into_iter()
                    .filter(supported)
                    .map(|(word, _)| word)
                    .collect(),
            }
        })
        .collect()
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
}

/// Opens the device called `name` (`ndarray`, `cuda:1`, …; the first one compiled in if `None`) and
/// sets its float type: `precision`, or the best it has.
///
/// # Errors
///
/// [`LabError::Config`] for a name that is unknown or not compiled in, a precision the device lacks,
/// or one that differs from what this process has already used on it (Burn fixes a device's float
/// type at its first tensor).
pub fn select_device(
    name: Option<&str>,
    precision: Option<Precision>,
) -> Result<SelectedDevice, LabError> {
    let (backend, name, index) = find(name)?;
    let name = name.as_str();
    let mut device = (backend.open)(index);
    let has_double = device.supports_dtype(DType::F64);
    let precision = precision.unwrap_or(if has_double {
        Precision::F64
    } else {
        Precision::F32
    });
    let dtype = match precision {
        Precision::F32 => FloatDType::F32,
        Precision::F64 if has_double => FloatDType::F64,
        Precision::F64 => {
            return Err(invalid(
                "precision",
                format!("f32 on device {name}"),
                "f64".into(),
            ));
        }
    };
    // A second run of this process on the device finds it configured; that is fine if it agrees.
    if device.configure(dtype).is_err() && device.settings().float_dtype != dtype {
        let found = format!("{precision:?}").to_lowercase();
        let expected = "the precision this process has already used on the device".into();
        return Err(invalid("precision", expected, found));
    }
    Ok(SelectedDevice {
        device,
        name: name.to_owned(),
        precision,
        on_host: backend.on_host,
    })
}

fn invalid(key: &str, expected: String, found: String) -> LabError {
    LabError::Config {
        key: key.into(),
        expected,
        found,
    }
}

/// The backend called `name`, its full name, and the index of the device on it.
fn find(name: Option<&str>) -> Result<(Backend, String, Option<usize>), LabError> {
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
    Ok((backend, name.to_owned(), index))
}

/// Whether the device called `name` computes in host memory, without opening it.
///
/// # Errors
///
/// [`LabError::Config`] for a name that is unknown or not compiled in.
pub(crate) fn is_on_host(name: Option<&str>) -> Result<bool, LabError> {
    Ok(find(name)?.0.on_host)
}
