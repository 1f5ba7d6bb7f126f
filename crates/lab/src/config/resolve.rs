//! The keys of a configuration that depend on one another: initial weights, activation, engine.

use std::fmt;

use implicit_bias_data::{ClassRule, Preparation};
use implicit_bias_engine::probes::Probe;
use implicit_bias_engine::{Gradient, Precision, StepSize};
use implicit_bias_model::{Loss, SQUARED, TargetKind, WIDTH};
use implicit_bias_record::{Steps, StopRule};
use implicit_bias_settings::Settings;

use super::catalogue;
use super::component::Component;
use super::horizon::LAST_WHOLE_STEP;
use super::keys::descent::{
    COMPENSATED, ENGINE, EXACT_STEPS, GRADIENT, PRECISION, STEP_SIZE, STEPS, STOP,
};
use super::keys::network::{INIT, INIT_LAW, INIT_SCALE};
use super::keys::output::{CHECKPOINT_INTERVAL, PROBES};
use super::kinds::EngineKind;
use super::names::Named;
use super::source::{DataSource, InitSource};
use crate::LabError;

/// The error of a key whose value cannot be.
pub(super) fn invalid(key: &str, expected: &str, found: impl fmt::Display) -> LabError {
    LabError::Config {
        key: key.into(),
        expected: expected.into(),
        found: found.to_string(),
    }
}

pub(super) fn resolve_init(settings: &Settings) -> Result<InitSource, LabError> {
    if let Some(path) = INIT.path_in(settings)? {
        if let Some(scale) = settings.number(INIT_SCALE.name) {
            return Err(invalid("init-scale", "no scale beside an init file", scale));
        }
        if let Some(width) = settings.count(WIDTH.name) {
            return Err(invalid(
                "width",
                "no width beside an init file, which has its own",
                width,
            ));
        }
        if let Some(law) = settings.text(INIT_LAW.name) {
            return Err(invalid(INIT_LAW.name, "no law beside an init file", law));
        }
        // Keys of other laws than the default one are refused with it.
        Component::initial_law(settings)?;
        return Ok(InitSource::File(path));
    }
    let law = Component::initial_law(settings)?;
    (law.initial_law_kind().check)(&law.settings)?;
    Ok(InitSource::Drawn {
        law,
        scale: INIT_SCALE.number_in(settings)?,
    })
}

/// The step size of every step.
pub(super) fn resolve_step_size(settings: &Settings) -> Result<StepSize, LabError> {
    let first = STEP_SIZE.number_in(settings)?;
    let steps = STEPS.steps_in(settings)?.get();
    let kinds = catalogue::step_schedules();
    Ok(StepSize::of_settings(first, settings, kinds, steps)?)
}

/// Refuses keys of a step size beside an optimizer that has none.
pub(super) fn require_step_size(
    optimizer: &Component,
    settings: &Settings,
) -> Result<(), LabError> {
    if optimizer.optimizer_kind().has_step_size {
        return Ok(());
    }
    match catalogue::keys_of_step_size().find(|key| settings.has(key.name)) {
        None => Ok(()),
        Some(key) => Err(LabError::Config {
            key: key.name.into(),
            expected: format!(
                "no such key beside optimizer {}, which sets its own step size",
                optimizer.name
            ),
            found: "a value".into(),
        }),
    }
}

/// Refuses what does not go with the targets of the samples: classes by name, real numbers, tokens.
pub(super) fn require_signs(
    data: &DataSource,
    preparation: &Preparation,
    loss: Loss,
    network: &Component,
) -> Result<(), LabError> {
    let has_other_targets = data.has_other_targets();
    if preparation.random_labels && (has_other_targets || data.class_names().is_some()) {
        let expected = "labels ±1 for fair coins, and no --classes beside them";
        return Err(invalid("random-labels", expected, "true"));
    }
    let kind = network.network_kind();
    let targets = kind.targets(&network.settings);
    match (data, targets) {
        (DataSource::File { choice, .. }, _) if choice.rule == ClassRule::Real => {
            if loss != SQUARED {
                let expected = "squared, for real targets";
                return Err(invalid("loss", expected, loss.name()));
            }
            if matches!(targets, TargetKind::Classes(_) | TargetKind::Numbers) {
                let expected = "a network with one score, for real targets";
                return Err(invalid("network", expected, kind.name()));
            }
        }
        (_, TargetKind::Numbers) => {
            if loss != Loss::Logistic {
                let expected =
                    "logistic, whose soft margins make it cross-entropy, for next tokens";
                return Err(invalid("loss", expected, loss.name()));
            }
            if !preparation.is_none() {
                let expected = "no preparation of samples, which are numbers of tokens";
                return Err(invalid("network", expected, preparation));
            }
        }
        _ => {}
    }
    let several = data.class_names().is_some_and(|names| names.len() > 2);
    if several && loss == SQUARED {
        let expected = "logistic, exponential or hinge for several classes: the squared loss is \
                        the distance to a label ±1";
        return Err(invalid("loss", expected, loss.name()));
    }
    Ok(())
}

/// Refuses a stop that cannot come: of losses that are zero nowhere, and of a network with a score a
/// class, whose errors no sign tells.
pub(super) fn require_stop(
    stop: Option<StopRule>,
    loss: Loss,
    has_classes: bool,
) -> Result<(), LabError> {
    match stop {
        Some(StopRule::ZeroLoss) if loss.is_exponentially_tailed() => Err(invalid(
            STOP.name,
            "zero-errors: a loss with an exponential tail is zero nowhere",
            "zero-loss",
        )),
        Some(rule) if has_classes => {
            let expected = "a network of one score, whose sign tells errors";
            Err(invalid(STOP.name, expected, rule.name()))
        }
        _ => Ok(()),
    }
}

/// The probes that are asked for, each once.
pub(super) fn resolve_probes(settings: &Settings) -> Result<Vec<&'static Probe>, LabError> {
    let text = PROBES.text_in(settings)?.unwrap_or_default();
    let mut found: Vec<&'static Probe> = Vec::new();
    for name in text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let Some(probe) = catalogue::probes().find(|probe| probe.name == name) else {
            let names: Vec<&str> = catalogue::probes().map(|probe| probe.name).collect();
            let expected = format!("some of {}, with commas between them", names.join(", "));
            return Err(invalid(PROBES.name, &expected, format!("`{name}`")));
        };
        if found.iter().all(|other| other.name != name) {
            found.push(probe);
        }
    }
    Ok(found)
}

/// The value of a key that has names.
pub(super) fn named<T: Named>(
    key: &implicit_bias_settings::Key,
    settings: &Settings,
) -> Result<Option<T>, LabError> {
    Ok(key.text_in(settings)?.and_then(|name| T::named(&name)))
}

pub(super) fn resolve_engine(settings: &Settings) -> Result<EngineKind, LabError> {
    let engine = named(&ENGINE, settings)?.unwrap_or(EngineKind::Auto);
    if engine != EngineKind::Gram {
        return Ok(engine);
    }
    if let Some(gradient @ (Gradient::Autodiff | Gradient::HandDerived)) =
        named(&GRADIENT, settings)?
    {
        return Err(invalid(
            "gradient",
            "no gradient of the tensor engine beside engine gram",
            gradient.name(),
        ));
    }
    if named(&PRECISION, settings)? == Some(Precision::F32) {
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
    let compensated = COMPENSATED.switch_in(settings)?.unwrap_or(false);
    if compensated && named(&PRECISION, settings)? != Some(Precision::F32) {
        return Err(invalid(
            "compensated",
            "precision f32, whose rounding it makes up for",
            "another one, or none",
        ));
    }
    Ok(compensated)
}

/// Seconds between two checkpoints: 60 where nothing is asked for.
///
/// # Errors
///
/// [`LabError::Config`] for no number of seconds.
pub(crate) fn resolve_checkpoint_interval(asked: Option<f64>) -> Result<f64, LabError> {
    let settings = Settings::default().with(CHECKPOINT_INTERVAL.name, asked);
    Ok(CHECKPOINT_INTERVAL.number_in(&settings)?)
}

pub(super) fn resolve_exact_steps(settings: &Settings) -> Result<Steps, LabError> {
    let steps = EXACT_STEPS.steps_in(settings)?;
    if steps.get() > LAST_WHOLE_STEP {
        let expected = "at most 2^53: no machine takes more steps one by one";
        return Err(invalid("exact-steps", expected, steps));
    }
    Ok(steps)
}
