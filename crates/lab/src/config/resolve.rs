//! The keys of a configuration that depend on one another: initial weights, activation, engine.

use std::fmt;

use clap::ValueEnum;
use implicit_bias_model::Activation;

use super::kinds::{ActivationKind, EngineKind, GradientKind, PrecisionKind};
use super::settings::Settings;
use super::source::InitSource;
use crate::LabError;
use implicit_bias_record::Steps;

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
    if settings.precision == Some(PrecisionKind::F32) {
        return Err(invalid(
            "precision",
            "f64 beside engine gram, which computes in double precision",
            "f32",
        ));
    }
    Ok(engine)
}

/// Whether updates are compensated, which makes up for the rounding of single precision.
pub(super) fn resolve_compensated(settings: &Settings) -> Result<bool, LabError> {
    let compensated = settings.compensated.unwrap_or(false);
    if compensated && settings.precision != Some(PrecisionKind::F32) {
        return Err(invalid(
            "compensated",
            "precision f32, whose rounding it makes up for",
            "another one, or none",
        ));
    }
    Ok(compensated)
}

/// Horizons are counted exactly up to this step.
const LAST_WHOLE_STEP: f64 = 9_007_199_254_740_992.0;

/// Seconds between two checkpoints: 60 where nothing is asked for.
///
/// # Errors
///
/// [`LabError::Config`] for no number of seconds.
pub(crate) fn resolve_checkpoint_interval(asked: Option<f64>) -> Result<f64, LabError> {
    let seconds = asked.unwrap_or(60.0);
    if seconds.is_finite() && seconds >= 0.0 {
        Ok(seconds)
    } else {
        Err(invalid(
            "checkpoint-interval",
            "seconds, 0 or more",
            seconds,
        ))
    }
}

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
