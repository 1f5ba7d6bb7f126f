//! The keys that say what the data are: file or generator, choice of samples, preparation.

use std::path::Path;

use implicit_bias_data::{
    Choice, ClassRule, DataFile, LabelEncoding, MAX_ENTRIES, Preparation, Split, Synthetic, mnist,
};
use implicit_bias_model::class_labels;
use implicit_bias_settings::{Key, Settings};

use super::keys::data as keys;
use super::keys::preparation;
use super::names::Named;
use super::resolve::invalid;
use super::source::{DataSource, absolute};
use crate::LabError;

/// The keys that describe a generator.
pub(super) fn describe_synthetic(synthetic: &Synthetic, settings: Settings) -> Settings {
    let of = |name: &str, samples: usize, dim: usize| {
        settings
            .with(keys::SYNTHETIC.name, name)
            .with(keys::SAMPLES.name, samples)
            .with(keys::DIM.name, dim)
    };
    match *synthetic {
        Synthetic::Mixture {
            samples,
            dim,
            signal,
            noise,
        } => of("mixture", samples, dim)
            .with(keys::SIGNAL.name, signal)
            .with(keys::NOISE.name, noise),
        Synthetic::Gaussian {
            samples,
            dim,
            noise,
        } => of("gaussian", samples, dim).with(keys::NOISE.name, noise),
        Synthetic::Orthogonal {
            samples,
            dim,
            norm,
            norm_spread,
        } => of("orthogonal", samples, dim)
            .with(keys::NORM.name, norm)
            .with(keys::NORM_SPREAD.name, norm_spread),
    }
}

/// The path by which a configuration asks for MNIST.
pub(super) fn is_mnist(path: &Path) -> bool {
    path == Path::new(mnist::NAME)
}

/// The first of some keys that was given.
fn first_given<'a>(settings: &Settings, keys: &'a [Key]) -> Option<&'a str> {
    let given = keys.iter().find(|key| settings.has(key.name));
    given.map(|key| key.name)
}

/// The data file asked for: `asked` is a file, MNIST by name, or the folder of MNIST.
fn data_file(settings: &Settings, asked: &Path) -> Result<DataFile, LabError> {
    let asked = if settings.has(keys::DATA.name) {
        asked
    } else {
        Path::new(mnist::NAME)
    };
    let split = keys::SPLIT.text_in(settings)?;
    if is_mnist(asked) {
        let misplaced = [keys::LABEL_FILE, keys::LABEL_COLUMN, keys::LABELS];
        if let Some(key) = first_given(settings, &misplaced) {
            return Err(invalid(key, "no such key for mnist", "a value"));
        }
        if !(settings.has(keys::POSITIVE.name) || settings.has(keys::CLASSES.name)) {
            let expected = "a digit, the class +1 (and --negative, the class −1), for mnist";
            return Err(invalid("positive", expected, "none"));
        }
        return Ok(DataFile::Mnist {
            dir: keys::DATA_DIR.path_in(settings)?,
            split: split
                .and_then(|name| Split::named(&name))
                .unwrap_or(Split::Train),
        });
    }
    if let Some(key) = first_given(settings, &[keys::DATA_DIR, keys::SPLIT]) {
        return Err(invalid(key, "data mnist beside it", asked.display()));
    }
    Ok(DataFile::at(
        asked,
        keys::LABEL_FILE.path_in(settings)?.as_deref(),
        keys::LABEL_COLUMN.text_in(settings)?.as_deref(),
    )?)
}

/// Which samples of a data file are taken, and what their classes are.
fn resolve_choice(settings: &Settings) -> Result<Choice, LabError> {
    let [positive, negative, labels] =
        [keys::POSITIVE, keys::NEGATIVE, keys::LABELS].map(|key| key.text_in(settings));
    let labels = labels?;
    let classes = class_labels(settings)?;
    if classes.is_some()
        && let Some(key) = first_given(settings, &[keys::LABELS, keys::POSITIVE, keys::NEGATIVE])
    {
        return Err(invalid(key, "no such key beside --classes", "a value"));
    }
    let rule = match (classes, positive?, negative?) {
        (Some(labels), ..) => ClassRule::Classes { labels },
        (None, Some(positive), Some(negative)) => ClassRule::Pair { positive, negative },
        (None, Some(positive), None) => ClassRule::OneAgainstTheRest { positive },
        (None, None, Some(negative)) => {
            return Err(invalid("negative", "--positive beside it", negative));
        }
        (None, None, None) => {
            let encoding = labels.as_deref().and_then(LabelEncoding::named);
            ClassRule::Encoded(encoding.unwrap_or(LabelEncoding::PlusMinusOne))
        }
    };
    if !matches!(rule, ClassRule::Encoded(_)) && labels.is_some() {
        return Err(invalid("labels", "no encoding beside --positive", "one"));
    }
    let per_class = keys::PER_CLASS.count_if_given(settings)?;
    Ok(Choice {
        rule,
        per_class: per_class.map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
    })
}

/// What is done to the samples, in the words of the configuration.
pub(super) fn resolve_preparation(settings: &Settings) -> Result<Preparation, LabError> {
    let source = data_source_kind(settings);
    let is_on = |key: Key| Ok::<_, LabError>(key.switch_in(settings)?.unwrap_or(false));
    let preparation = Preparation {
        scale: match settings.number(preparation::SCALE.name) {
            Some(scale) => scale,
            None => match source {
                SourceKind::Mnist => PIXEL,
                SourceKind::File | SourceKind::Generator => 1.0,
            },
        },
        centre: is_on(preparation::CENTRE)?,
        unit_norm: is_on(preparation::UNIT_NORM)?,
        noise: match source {
            SourceKind::Mnist | SourceKind::File => {
                settings.number(keys::NOISE.name).unwrap_or(0.0)
            }
            SourceKind::Generator => 0.0,
        },
        random_labels: is_on(preparation::RANDOM_LABELS)?,
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
    match settings.path(keys::DATA.name) {
        Some(path) if is_mnist(&path) => SourceKind::Mnist,
        Some(_) => SourceKind::File,
        None if settings.has(keys::DATA_DIR.name) => SourceKind::Mnist,
        None => SourceKind::Generator,
    }
}

/// The keys that describe a data file.
pub(super) fn describe_file(file: &DataFile, choice: &Choice, settings: Settings) -> Settings {
    let data = |path: &Path| settings.clone().with(keys::DATA.name, absolute(path));
    let settings = match file {
        DataFile::Npz(path) => data(path),
        DataFile::Npy { samples, labels } | DataFile::Idx { samples, labels } => {
            data(samples).with(keys::LABEL_FILE.name, absolute(labels))
        }
        DataFile::Csv { path, label_column } => {
            data(path).with(keys::LABEL_COLUMN.name, label_column.clone())
        }
        DataFile::Mnist { dir, split } => settings
            .with(keys::DATA.name, Path::new(mnist::NAME))
            .with(keys::DATA_DIR.name, dir.as_deref().map(absolute))
            .with(keys::SPLIT.name, split.name()),
    };
    let settings = match &choice.rule {
        ClassRule::Encoded(encoding) => settings.with(keys::LABELS.name, encoding.name()),
        ClassRule::Pair { positive, negative } => settings
            .with(keys::POSITIVE.name, positive.clone())
            .with(keys::NEGATIVE.name, negative.clone()),
        ClassRule::OneAgainstTheRest { positive } => {
            settings.with(keys::POSITIVE.name, positive.clone())
        }
        ClassRule::Classes { labels } => settings.with(keys::CLASSES.name, labels.join(",")),
    };
    settings.with(keys::PER_CLASS.name, choice.per_class)
}

/// The keys that describe a preparation, of the samples of a file or a generator.
pub(super) fn describe_preparation(
    preparation: &Preparation,
    of_file: bool,
    settings: Settings,
) -> Settings {
    let Preparation {
        scale,
        centre,
        unit_norm,
        noise,
        random_labels,
    } = *preparation;
    let default = resolve_preparation(&settings).unwrap_or_default();
    let scaled = scale != default.scale || scale != 1.0;
    let settings = settings
        .with(preparation::SCALE.name, scaled.then_some(scale))
        .with(preparation::CENTRE.name, centre.then_some(true))
        .with(preparation::UNIT_NORM.name, unit_norm.then_some(true))
        .with(
            preparation::RANDOM_LABELS.name,
            random_labels.then_some(true),
        );
    if of_file {
        settings.with(keys::NOISE.name, (noise > 0.0).then_some(noise))
    } else {
        settings
    }
}

pub(super) fn resolve_data(settings: &Settings) -> Result<DataSource, LabError> {
    let given = |key: Key| key.path_in(settings);
    if let Some(asked) = given(keys::DATA)?.or(given(keys::DATA_DIR)?) {
        if settings.has(keys::SYNTHETIC.name) {
            let expected = "no generator beside a data file";
            return Err(invalid("synthetic", expected, asked.display()));
        }
        // Before the file is looked into: a wrong key needs no file.
        refuse(settings, &["noise"], "a data file")?;
        let choice = resolve_choice(settings)?;
        let file = data_file(settings, &asked)?;
        return Ok(DataSource::File { file, choice });
    }
    if let Some(key) = first_given(settings, keys::OF_FILES) {
        return Err(invalid(key, "a data file beside it (--data)", "none"));
    }
    Ok(DataSource::Synthetic(resolve_synthetic(settings)?))
}

/// Refuses keys of generators that are none of those `allowed` beside `what`.
fn refuse(settings: &Settings, allowed: &[&str], what: &str) -> Result<(), LabError> {
    let misplaced = keys::OF_GENERATORS.iter().map(|key| key.name);
    let mut misplaced = misplaced.filter(|key| settings.has(key) && !allowed.contains(key));
    misplaced.next().map_or(Ok(()), |key| {
        Err(invalid(key, &format!("no such key for {what}"), "a value"))
    })
}

fn resolve_synthetic(settings: &Settings) -> Result<Synthetic, LabError> {
    let samples = keys::SAMPLES.size_in(settings)?;
    let dim = keys::DIM.size_in(settings)?;
    if samples
        .checked_mul(dim)
        .is_none_or(|entries| entries as u64 > MAX_ENTRIES)
    {
        let expected = format!("samples·dim ≤ {MAX_ENTRIES}, 4 GiB of numbers");
        return Err(invalid("dim", &expected, format!("{samples}·{dim}")));
    }
    let noise = || Ok::<_, LabError>(keys::NOISE.number_if_given(settings)?.unwrap_or(1.0));
    let kind = keys::SYNTHETIC.text_in(settings)?;
    Ok(match kind.as_deref() {
        Some("gaussian") => {
            refuse(settings, &["samples", "dim", "noise"], "Gaussian data")?;
            Synthetic::Gaussian {
                samples,
                dim,
                noise: noise()?,
            }
        }
        Some("orthogonal") => {
            let allowed = ["samples", "dim", "norm", "norm-spread"];
            refuse(settings, &allowed, "orthogonal data")?;
            let norm = keys::NORM.number_if_given(settings)?;
            Synthetic::Orthogonal {
                samples,
                dim,
                norm: norm.unwrap_or((dim as f64).sqrt()),
                norm_spread: keys::NORM_SPREAD.number_in(settings)?,
            }
        }
        _ => {
            refuse(
                settings,
                &["samples", "dim", "signal", "noise"],
                "a mixture",
            )?;
            Synthetic::Mixture {
                samples,
                dim,
                signal: keys::SIGNAL.number_in(settings)?,
                noise: noise()?,
            }
        }
    })
}
