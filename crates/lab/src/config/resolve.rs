//! The keys of a configuration that depend on one another: data, initial weights, activation.

use std::fmt;
use std::path::Path;

use clap::ValueEnum;
use implicit_bias_data::{
    Choice, ClassRule, DataFile, LabelEncoding, MAX_ENTRIES, Preparation, Split, Synthetic, mnist,
};
use implicit_bias_model::Activation;

use super::{
    ActivationKind, DataSource, EngineKind, GradientKind, InitSource, LabelKind, Precision,
    Settings, SplitKind, Steps, SyntheticKind, absolute,
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

/// The keys of generators that are given.
fn generator_keys(settings: &Settings) -> [(&'static str, bool); 6] {
    [
        ("samples", settings.samples.is_some()),
        ("dim", settings.dim.is_some()),
        ("signal", settings.signal.is_some()),
        ("noise", settings.noise.is_some()),
        ("norm", settings.norm.is_some()),
        ("norm-spread", settings.norm_spread.is_some()),
    ]
}

/// The keys of data files that are given.
fn file_keys(settings: &Settings) -> [(&'static str, bool); 8] {
    [
        ("label-file", settings.label_file.is_some()),
        ("label-column", settings.label_column.is_some()),
        ("data-dir", settings.data_dir.is_some()),
        ("split", settings.split.is_some()),
        ("labels", settings.labels.is_some()),
        ("positive", settings.positive.is_some()),
        ("negative", settings.negative.is_some()),
        ("per-class", settings.per_class.is_some()),
    ]
}

/// The path by which a configuration asks for MNIST.
pub(super) fn is_mnist(path: &Path) -> bool {
    path == Path::new(mnist::NAME)
}

/// The data file asked for: `asked` is a file, MNIST by name, or the folder of MNIST.
fn data_file(settings: &Settings, asked: &Path) -> Result<DataFile, LabError> {
    let asked = if settings.data.is_some() {
        asked
    } else {
        Path::new(mnist::NAME)
    };
    if is_mnist(asked) {
        let misplaced = [
            ("label-file", settings.label_file.is_some()),
            ("label-column", settings.label_column.is_some()),
            ("labels", settings.labels.is_some()),
        ];
        if let Some((key, _)) = misplaced.iter().find(|(_, given)| *given) {
            return Err(invalid(key, "no such key for mnist", "a value"));
        }
        if settings.positive.is_none() {
            let expected = "a digit, the class +1 (and --negative, the class −1), for mnist";
            return Err(invalid("positive", expected, "none"));
        }
        return Ok(DataFile::Mnist {
            dir: settings.data_dir.clone(),
            split: match settings.split {
                Some(SplitKind::Test) => Split::Test,
                Some(SplitKind::Train) | None => Split::Train,
            },
        });
    }
    for (key, given) in [
        ("data-dir", settings.data_dir.is_some()),
        ("split", settings.split.is_some()),
    ] {
        if given {
            return Err(invalid(key, "data mnist beside it", asked.display()));
        }
    }
    Ok(DataFile::at(
        asked,
        settings.label_file.as_deref(),
        settings.label_column.as_deref(),
    )?)
}

/// Which samples of a data file are taken, and what their classes are.
fn resolve_choice(settings: &Settings) -> Result<Choice, LabError> {
    let rule = match (&settings.positive, &settings.negative) {
        (Some(positive), Some(negative)) => ClassRule::Pair {
            positive: positive.clone(),
            negative: negative.clone(),
        },
        (Some(positive), None) => ClassRule::OneAgainstTheRest {
            positive: positive.clone(),
        },
        (None, Some(negative)) => {
            return Err(invalid("negative", "--positive beside it", negative));
        }
        (None, None) => ClassRule::Encoded(match settings.labels {
            Some(LabelKind::ZeroOne) => LabelEncoding::ZeroOne,
            Some(LabelKind::PlusMinusOne) | None => LabelEncoding::PlusMinusOne,
        }),
    };
    if !matches!(rule, ClassRule::Encoded(_)) && settings.labels.is_some() {
        return Err(invalid("labels", "no encoding beside --positive", "one"));
    }
    if settings.per_class == Some(0) {
        return Err(invalid("per-class", "at least 1 sample of each class", 0));
    }
    Ok(Choice {
        rule,
        per_class: settings.per_class,
    })
}

/// What is done to the samples, in the words of the configuration.
pub(super) fn resolve_preparation(settings: &Settings) -> Result<Preparation, LabError> {
    let source = data_source_kind(settings);
    let preparation = Preparation {
        scale: settings.scale.unwrap_or(match source {
            SourceKind::Mnist => PIXEL,
            SourceKind::File | SourceKind::Generator => 1.0,
        }),
        centre: settings.centre.unwrap_or(false),
        unit_norm: settings.unit_norm.unwrap_or(false),
        noise: match source {
            SourceKind::Mnist | SourceKind::File => settings.noise.unwrap_or(0.0),
            SourceKind::Generator => 0.0,
        },
        random_labels: settings.random_labels.unwrap_or(false),
    };
    preparation.validate()?;
    Ok(preparation)
}

/// What takes a pixel of MNIST to `[0, 1]`.
const PIXEL: f64 = 1.0 / 255.0;

enum SourceKind {
    Mnist,
    File,
    Generator,
}

fn data_source_kind(settings: &Settings) -> SourceKind {
    match (&settings.data, &settings.data_dir) {
        (Some(path), _) if is_mnist(path) => SourceKind::Mnist,
        (Some(_), _) => SourceKind::File,
        (None, Some(_)) => SourceKind::Mnist,
        (None, None) => SourceKind::Generator,
    }
}

/// The keys that describe a data file.
pub(super) fn describe_file(file: &DataFile, choice: &Choice, settings: &mut Settings) {
    match file {
        DataFile::Npz(path) => settings.data = Some(absolute(path)),
        DataFile::Npy { samples, labels } | DataFile::Idx { samples, labels } => {
            settings.data = Some(absolute(samples));
            settings.label_file = Some(absolute(labels));
        }
        DataFile::Csv { path, label_column } => {
            settings.data = Some(absolute(path));
            settings.label_column = Some(label_column.clone());
        }
        DataFile::Mnist { dir, split } => {
            settings.data = Some(mnist::NAME.into());
            settings.data_dir = dir.as_deref().map(absolute);
            settings.split = Some(match split {
                Split::Train => SplitKind::Train,
                Split::Test => SplitKind::Test,
            });
        }
    }
    match &choice.rule {
        ClassRule::Encoded(encoding) => {
            settings.labels = Some(match encoding {
                LabelEncoding::PlusMinusOne => LabelKind::PlusMinusOne,
                LabelEncoding::ZeroOne => LabelKind::ZeroOne,
            });
        }
        ClassRule::Pair { positive, negative } => {
            settings.positive = Some(positive.clone());
            settings.negative = Some(negative.clone());
        }
        ClassRule::OneAgainstTheRest { positive } => settings.positive = Some(positive.clone()),
    }
    settings.per_class = choice.per_class;
}

/// The keys that describe a preparation, of the samples of a file or a generator.
pub(super) fn describe_preparation(
    preparation: &Preparation,
    of_file: bool,
    settings: &mut Settings,
) {
    let Preparation {
        scale,
        centre,
        unit_norm,
        noise,
        random_labels,
    } = *preparation;
    let default = resolve_preparation(settings).unwrap_or_default();
    settings.scale = (scale != default.scale || scale != 1.0).then_some(scale);
    settings.centre = centre.then_some(true);
    settings.unit_norm = unit_norm.then_some(true);
    settings.random_labels = random_labels.then_some(true);
    if of_file {
        settings.noise = (noise > 0.0).then_some(noise);
    }
}

pub(super) fn resolve_data(settings: &Settings) -> Result<DataSource, LabError> {
    let refuse = |allowed: &[&str], what: &str| {
        let misplaced = generator_keys(settings)
            .into_iter()
            .find(|(key, given)| *given && !allowed.contains(key));
        misplaced.map_or(Ok(()), |(key, _)| {
            Err(invalid(key, &format!("no such key for {what}"), "a value"))
        })
    };
    if let Some(asked) = settings.data.as_ref().or(settings.data_dir.as_ref()) {
        if settings.synthetic.is_some() {
            let expected = "no generator beside a data file";
            return Err(invalid("synthetic", expected, asked.display()));
        }
        // Before the file is looked into: a wrong key needs no file.
        refuse(&["noise"], "a data file")?;
        let choice = resolve_choice(settings)?;
        let file = data_file(settings, asked)?;
        return Ok(DataSource::File { file, choice });
    }
    if let Some((key, _)) = file_keys(settings).into_iter().find(|(_, given)| *given) {
        return Err(invalid(key, "a data file beside it (--data)", "none"));
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
