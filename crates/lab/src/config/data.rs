//! The keys that say what the data are: file or generator, choice of samples, preparation.

use std::path::Path;

use implicit_bias_data::{
    Choice, ClassRule, DataFile, LabelEncoding, MAX_ENTRIES, Preparation, Split, Synthetic, mnist,
};

use super::kinds::{LabelKind, SplitKind, SyntheticKind};
use super::resolve::{invalid, number};
use super::settings::Settings;
use super::source::{DataSource, absolute};
use crate::LabError;

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
