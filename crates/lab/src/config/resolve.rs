//! The keys of a configuration that depend on one another: data, initial weights, activation.

use std::fmt;

use clap::ValueEnum;
use implicit_bias_data::{LabelEncoding, MAX_ENTRIES, Synthetic};
use implicit_bias_model::Activation;

use super::{
    ActivationKind, DataSource, EngineKind, GradientKind, InitSource, LabelKind, Precision,
    Settings, Steps, SyntheticKind,
};
use crate::LabError;

/// The error of a key whose value cannot be.
pub(super) fn invalid(key: &str, expected: &str, found: impl fmt::Display) -> LabError {
    LabError::Config {
        key: key.into(),
        expected: expected.into(),
        found: found.to_string(),
    }
}

/// `value` or `default`, refused unless `accept`s.
pub(super) fn number(
    key: &str,
    value: Option<f64>,
    default: f64,
    expected: &str,
    accept: impl Fn(f64) -> bool,
) -> Result<f64, LabError> {
    let value = value.unwrap_or(default);
    if value.is_finite() && accept(value) {
        Ok(value)
    } else {
        Err(invalid(key, expected, value))
    }
}

pub(super) fn describe_synthetic(synthetic: &Synthetic, settings: &mut Settings) {
    match *synthetic {
        Synthetic::Mixture {
            samples,
            dim,
            signal,
            noise,
        } => {
            settings.synthetic = Some(SyntheticKind::Mixture);
            (settings.samples, settings.dim) = (Some(samples), Some(dim));
            (settings.signal, settings.noise) = (Some(signal), Some(noise));
        }
        Synthetic::Gaussian {
            samples,
            dim,
            noise,
        } => {
            settings.synthetic = Some(SyntheticKind::Gaussian);
            (settings.samples, settings.dim) = (Some(samples), Some(dim));
            settings.noise = Some(noise);
        }
        Synthetic::Orthogonal {
            samples,
            dim,
            norm,
            norm_spread,
        } => {
            settings.synthetic = Some(SyntheticKind::Orthogonal);
            (settings.samples, settings.dim) = (Some(samples), Some(dim));
            (settings.norm, settings.norm_spread) = (Some(norm), Some(norm_spread));
        }
    }
}

pub(super) fn resolve_data(settings: &Settings) -> Result<DataSource, LabError> {
    let generator_keys = [
        ("samples", settings.samples.is_some()),
        ("dim", settings.dim.is_some()),
        ("signal", settings.signal.is_some()),
        ("noise", settings.noise.is_some()),
        ("norm", settings.norm.is_some()),
        ("norm-spread", settings.norm_spread.is_some()),
    ];
    let refuse = |allowed: &[&str], what: &str| {
        let misplaced = generator_keys
            .iter()
            .find(|(key, given)| *given && !allowed.contains(key));
        misplaced.map_or(Ok(()), |(key, _)| {
            Err(invalid(key, &format!("no such key for {what}"), "a value"))
        })
    };
    if let Some(path) = &settings.data {
        if settings.synthetic.is_some() {
            return Err(invalid(
                "synthetic",
                "no generator beside a data file",
                path.display(),
            ));
        }
        refuse(&[], "a data file")?;
        let labels = match settings.labels {
            Some(LabelKind::ZeroOne) => LabelEncoding::ZeroOne,
            Some(LabelKind::PlusMinusOne) | None => LabelEncoding::PlusMinusOne,
        };
        return Ok(DataSource::File {
            path: path.clone(),
            labels,
        });
    }
    if settings.labels.is_some() {
        return Err(invalid("labels", "a data file beside it (--data)", "none"));
    }
    let (samples, dim) = (settings.samples.unwrap_or(10), settings.dim.unwrap_or(2000));
    if samples
        .checked_mul(dim)
        .is_none_or(|entries| entries as u64 > MAX_ENTRIES)
    {
        let expected = format!("samples·dim ≤ {MAX_ENTRIES}, 4 GiB of numbers");
        return Err(invalid("dim", &expected, format!("{samples}·{dim}")));
    }
    let scale = |key, value, default| {
        number(key, value, default, "a finite number, at least 0", |v| {
            v >= 0.0
        })
    };
    Ok(DataSource::Synthetic(
        match settings.synthetic.unwrap_or(SyntheticKind::Mixture) {
            SyntheticKind::Mixture => {
                refuse(&["samples", "dim", "signal", "noise"], "a mixture")?;
                Synthetic::Mixture {
                    samples,
                    dim,
                    signal: scale("signal", settings.signal, 1.0)?,
                    noise: scale("noise", settings.noise, 1.0)?,
                }
            }
            SyntheticKind::Gaussian => {
                refuse(&["samples", "dim", "noise"], "Gaussian data")?;
                Synthetic::Gaussian {
                    samples,
                    dim,
                    noise: scale("noise", settings.noise, 1.0)?,
                }
            }
            SyntheticKind::Orthogonal => {
                refuse(
                    &["samples", "dim", "norm", "norm-spread"],
                    "orthogonal data",
                )?;
                let root = (dim as f64).sqrt();
                let norm = number("norm", settings.norm, root, "a positive number", |v| {
                    v > 0.0
                })?;
                let spread = settings.norm_spread;
                let norm_spread =
                    number("norm-spread", spread, 1.0, "a number, at least 1", |v| {
                        v >= 1.0
                    })?;
                Synthetic::Orthogonal {
                    samples,
                    dim,
                    norm,
                    norm_spread,
                }
            }
        },
    ))
}

pub(super) fn resolve_init(settings: &Settings) -> Result<InitSource, LabError> {
    if let Some(path) = &settings.init {
        if let Some(scale) = settings.init_scale {
            return Err(invalid("init-scale", "no scale beside an init file", scale));
        }
        if let Some(width) = settings.width {
            return Err(invalid(
                "width",
                "no width beside an init file, which has its own",
                width,
            ));
        }
        return Ok(InitSource::File(path.clone()));
    }
    let width = settings.width.unwrap_or(50);
    if width == 0 {
        return Err(invalid("width", "at least 1 neuron a block", width));
    }
    let scale = number(
        "init-scale",
        settings.init_scale,
        1e-3,
        "a finite number, at least 0",
        |v| v >= 0.0,
    )?;
    Ok(InitSource::Gaussian { scale, width })
}

pub(super) fn resolve_activation(settings: &Settings) -> Result<Activation, LabError> {
    match (settings.activation, settings.slope) {
        (Some(ActivationKind::Relu), Some(slope)) => Err(invalid(
            "slope",
            "no slope beside activation relu, whose slope is 0",
            slope,
        )),
        (Some(ActivationKind::Relu), None) => Ok(Activation::RELU),
        (Some(ActivationKind::LeakyRelu) | None, slope) => {
            let slope = number("slope", slope, 0.1, "a number in [0, 1)", |v| {
                (0.0..1.0).contains(&v)
            })?;
            Activation::leaky_relu(slope).map_err(|error| LabError::Model(error.into()))
        }
    }
}

pub(super) fn resolve_engine(settings: &Settings) -> Result<EngineKind, LabError> {
    let engine = settings.engine.unwrap_or(EngineKind::Auto);
    if engine != EngineKind::Gram {
        return Ok(engine);
    }
    if let Some(gradient @ (GradientKind::Autodiff | GradientKind::HandDerived)) = settings.gradient
    {
        return Err(invalid(
            "gradient",
            "no gradient of the tensor engine beside engine gram",
            value_name(gradient),
        ));
    }
    if settings.precision == Some(Precision::F32) {
        return Err(invalid(
            "precision",
            "f64 beside engine gram, which computes in double precision",
            "f32",
        ));
    }
    Ok(engine)
}

/// Horizons are counted exactly up to this step.
const LAST_WHOLE_STEP: f64 = 9_007_199_254_740_992.0;

pub(super) fn resolve_exact_steps(settings: &Settings) -> Result<Steps, LabError> {
    let default = Steps::try_from(1e7).expect("a whole number");
    let steps = settings.exact_steps.unwrap_or(default);
    if settings.exact_steps.is_some() && settings.engine == Some(EngineKind::Tensor) {
        let expected = "no such key beside engine tensor, whose steps are all exact";
        return Err(invalid("exact-steps", expected, steps));
    }
    if steps.get() > LAST_WHOLE_STEP {
        let expected = "at most 2^53: no machine takes more steps one by one";
        return Err(invalid("exact-steps", expected, steps));
    }
    Ok(steps)
}

/// The name of a value as users type it.
fn value_name(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}
