//! The keys that say what the data are: file or law, choice of samples, preparation.

use std::path::{Path, PathBuf};

use implicit_bias_data::{
    Choice, ClassRule, DataFile, FileOptions, LabelEncoding, MAX_ENTRIES, NOISE, Preparation,
    Split, TableOptions, cifar10, mnist,
};
use implicit_bias_model::{SQUARED, TargetKind, class_labels};
use implicit_bias_settings::{Key, Settings};

use super::catalogue;
use super::component::Component;
use super::keys::data as keys;
use super::keys::network::INIT;
use super::keys::preparation;
use super::names::Named;
use super::resolve::invalid;
use super::source::{DataSource, HeldOutSource, absolute};
use crate::LabError;

/// The keys that describe a data law.
pub(super) fn describe_law(law: &Component, settings: Settings) -> Settings {
    settings
        .with(keys::SYNTHETIC.name, law.name)
        .or(law.settings.clone())
}

/// The keys of the files that a run reads, by name.
pub(crate) fn file_keys() -> impl Iterator<Item = &'static str> {
    [
        keys::DATA.name,
        keys::LABEL_FILE.name,
        keys::HELD_OUT_DATA.name,
        INIT.name,
    ]
    .into_iter()
}

/// Whether a configuration asks by this path for a data set that `fetch` brings.
pub(super) fn is_named_set(path: &Path) -> bool {
    is_mnist(path) || is_cifar10(path)
}

fn is_mnist(path: &Path) -> bool {
    path == Path::new(mnist::NAME)
}

fn is_cifar10(path: &Path) -> bool {
    path == Path::new(cifar10::NAME)
}

/// A data set that `fetch` brings, by its name.
fn named_set(path: &Path, dir: Option<PathBuf>, split: Split) -> DataFile {
    if is_mnist(path) {
        DataFile::Mnist { dir, split }
    } else {
        DataFile::Cifar10 { dir, split }
    }
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
    if is_named_set(asked) {
        let of_file = first_given(settings, keys::OF_ONE_FILE);
        if let Some(key) = of_file.or_else(|| first_given(settings, &[keys::LABELS])) {
            let expected = format!("no such key for {}", asked.display());
            return Err(invalid(key, &expected, "a value"));
        }
        if !(settings.has(keys::POSITIVE.name) || settings.has(keys::CLASSES.name)) {
            let expected = match is_mnist(asked) {
                true => "a digit, the class +1 (and --negative, the class −1), for mnist",
                false => {
                    "a class from 0 to 9, the class +1 (and --negative, the class −1), for cifar10"
                }
            };
            return Err(invalid("positive", expected, "none"));
        }
        let split = split.and_then(|name| Split::named(&name));
        let dir = keys::DATA_DIR.path_in(settings)?;
        return Ok(named_set(asked, dir, split.unwrap_or(Split::Train)));
    }
    if let Some(key) = first_given(settings, &[keys::DATA_DIR, keys::SPLIT]) {
        return Err(invalid(
            key,
            "data mnist or cifar10 beside it",
            asked.display(),
        ));
    }
    Ok(DataFile::at(asked, &file_options(settings)?)?)
}

/// How a data file is read, as far as the settings say so.
fn file_options(settings: &Settings) -> Result<FileOptions, LabError> {
    let text = |key: Key| key.text_in(settings);
    let separator = text(keys::SEPARATOR)?;
    let dropped = text(keys::DROP_COLUMNS)?;
    Ok(FileOptions {
        label_file: keys::LABEL_FILE.path_in(settings)?,
        samples_array: text(keys::SAMPLES_ARRAY)?,
        labels_array: text(keys::LABELS_ARRAY)?,
        table: TableOptions {
            label_column: text(keys::LABEL_COLUMN)?,
            drop_columns: dropped
                .map(|columns| {
                    columns
                        .split(',')
                        .map(|name| name.trim().to_owned())
                        .collect()
                })
                .unwrap_or_default(),
            no_header: keys::NO_HEADER.switch_in(settings)?,
            separator: separator.map(|text| text.parse()).transpose()?,
        },
    })
}

/// The name of real targets.
const REAL: &str = "real";

/// What the labels of a file are where nobody says so.
enum Unasked {
    Signs,
    Reals,
    Numbers,
}

fn unasked_targets(settings: &Settings) -> Result<Unasked, LabError> {
    let network = Component::network(settings)?;
    let is_squared = Component::loss(settings)? == SQUARED;
    Ok(match network.network_kind().targets(&network.settings) {
        TargetKind::Numbers => Unasked::Numbers,
        TargetKind::Reals if is_squared => Unasked::Reals,
        TargetKind::Reals | TargetKind::Signs | TargetKind::Classes(_) => Unasked::Signs,
    })
}

/// Which samples of a data file are taken, and what their classes are.
fn resolve_choice(settings: &Settings) -> Result<Choice, LabError> {
    let targets = unasked_targets(settings)?;
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
        (None, None, None) => match (labels.as_deref(), targets) {
            (Some(REAL), _) | (None, Unasked::Reals) => ClassRule::Real,
            (None, Unasked::Numbers) => ClassRule::Numbers,
            (labels, _) => {
                let encoding = labels.and_then(LabelEncoding::named);
                ClassRule::Encoded(encoding.unwrap_or(LabelEncoding::PlusMinusOne))
            }
        },
    };
    if !matches!(rule, ClassRule::Encoded(_) | ClassRule::Real) && labels.is_some() {
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
                SourceKind::File | SourceKind::Law => 1.0,
            },
        },
        centre: is_on(preparation::CENTRE)?,
        unit_norm: is_on(preparation::UNIT_NORM)?,
        noise: match source {
            SourceKind::Mnist | SourceKind::File => settings.number(NOISE.name).unwrap_or(0.0),
            SourceKind::Law => 0.0,
        },
        random_labels: is_on(preparation::RANDOM_LABELS)?,
    };
    preparation.validate()?;
    Ok(preparation)
}

/// The samples that errors are counted on, beside this source of training samples.
pub(super) fn resolve_held_out(
    settings: &Settings,
    data: &DataSource,
) -> Result<Option<HeldOutSource>, LabError> {
    let count = keys::HELD_OUT.count_if_given(settings)?;
    let path = keys::HELD_OUT_DATA.path_in(settings)?;
    let given = first_given(settings, keys::OF_HELD_OUT);
    if let Some(key) = given.filter(|_| data.class_names().is_some()) {
        let expected = "labels ±1 beside it, and no --classes";
        return Err(invalid(key, expected, "a value"));
    }
    match (count, path, data) {
        (None, None, _) => Ok(None),
        (Some(count), Some(_), _) => {
            let expected = "no number of fresh samples beside a file of them (--held-out-data)";
            Err(invalid(keys::HELD_OUT.name, expected, count))
        }
        (Some(count), None, DataSource::Law(law)) => {
            let samples = usize::try_from(count).unwrap_or(usize::MAX);
            let dim = law.law().shape().1;
            if samples as u128 * dim as u128 > u128::from(MAX_ENTRIES) {
                let expected = format!("N·d ≤ {MAX_ENTRIES}, 4 GiB of numbers");
                return Err(invalid(keys::HELD_OUT.name, &expected, count));
            }
            Ok(Some(HeldOutSource::Law(samples)))
        }
        (Some(count), None, DataSource::File { .. }) => {
            let expected = "a data law, which fresh samples are drawn from; for a data file a \
                            file of others by --held-out-data";
            Err(invalid(keys::HELD_OUT.name, expected, count))
        }
        (None, Some(path), _) => {
            let choice = match data {
                DataSource::File { choice, .. } => Choice {
                    per_class: None,
                    ..choice.clone()
                },
                DataSource::Law(_) => Choice {
                    rule: ClassRule::Encoded(LabelEncoding::PlusMinusOne),
                    per_class: None,
                },
            };
            let file = if is_named_set(&path) {
                named_set(&path, keys::DATA_DIR.path_in(settings)?, Split::Test)
            } else {
                DataFile::at(&path, &FileOptions::default())?
            };
            Ok(Some(HeldOutSource::File(file, choice)))
        }
    }
}

/// The keys that describe held-out samples.
pub(super) fn describe_held_out(held_out: Option<&HeldOutSource>, settings: Settings) -> Settings {
    match held_out {
        None => settings,
        Some(HeldOutSource::Law(count)) => settings.with(keys::HELD_OUT.name, *count as u64),
        Some(HeldOutSource::File(file, _)) => {
            let path = match file {
                DataFile::Mnist { .. } => Path::new(mnist::NAME).to_owned(),
                DataFile::Cifar10 { .. } => Path::new(cifar10::NAME).to_owned(),
                DataFile::Npz { path, .. }
                | DataFile::Libsvm(path)
                | DataFile::Table { path, .. } => absolute(path),
                DataFile::Npy { samples, .. } | DataFile::Idx { samples, .. } => absolute(samples),
            };
            settings.with(keys::HELD_OUT_DATA.name, path)
        }
    }
}

/// What takes a pixel of MNIST to `[0, 1]`.
const PIXEL: f64 = 1.0 / 255.0;

enum SourceKind {
    Mnist,
    File,
    Law,
}

fn data_source_kind(settings: &Settings) -> SourceKind {
    match settings.path(keys::DATA.name) {
        Some(path) if is_named_set(&path) => SourceKind::Mnist,
        Some(_) => SourceKind::File,
        None if settings.has(keys::DATA_DIR.name) => SourceKind::Mnist,
        None => SourceKind::Law,
    }
}

/// The keys that describe a data file.
pub(super) fn describe_file(file: &DataFile, choice: &Choice, settings: Settings) -> Settings {
    let data = |path: &Path| settings.clone().with(keys::DATA.name, absolute(path));
    let settings = match file {
        DataFile::Npz {
            path,
            samples_array,
            labels_array,
        } => data(path)
            .with(keys::SAMPLES_ARRAY.name, samples_array.clone())
            .with(keys::LABELS_ARRAY.name, labels_array.clone()),
        DataFile::Npy {
            samples,
            labels,
            samples_array,
            labels_array,
        } => data(samples)
            .with(keys::LABEL_FILE.name, absolute(labels))
            .with(keys::SAMPLES_ARRAY.name, samples_array.clone())
            .with(keys::LABELS_ARRAY.name, labels_array.clone()),
        DataFile::Idx { samples, labels } => {
            data(samples).with(keys::LABEL_FILE.name, absolute(labels))
        }
        DataFile::Libsvm(path) => data(path),
        DataFile::Table { path, options } => {
            let dropped =
                (!options.drop_columns.is_empty()).then(|| options.drop_columns.join(","));
            data(path)
                .with(keys::LABEL_COLUMN.name, options.label_column.clone())
                .with(keys::DROP_COLUMNS.name, dropped)
                .with(keys::NO_HEADER.name, options.no_header)
                .with(
                    keys::SEPARATOR.name,
                    options.separator.map(|separator| separator.to_string()),
                )
        }
        DataFile::Mnist { dir, split } => settings
            .with(keys::DATA.name, Path::new(mnist::NAME))
            .with(keys::DATA_DIR.name, dir.as_deref().map(absolute))
            .with(keys::SPLIT.name, split.name()),
        DataFile::Cifar10 { dir, split } => settings
            .with(keys::DATA.name, Path::new(cifar10::NAME))
            .with(keys::DATA_DIR.name, dir.as_deref().map(absolute))
            .with(keys::SPLIT.name, split.name()),
    };
    let settings = match &choice.rule {
        ClassRule::Encoded(encoding) => settings.with(keys::LABELS.name, encoding.name()),
        ClassRule::Real => settings.with(keys::LABELS.name, REAL),
        // The network says so.
        ClassRule::Numbers => settings,
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

/// The keys that describe a preparation, of the samples of a file or a law.
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
        settings.with(NOISE.name, (noise > 0.0).then_some(noise))
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
        refuse_keys_of_laws(settings)?;
        let choice = resolve_choice(settings)?;
        let file = data_file(settings, &asked)?;
        return Ok(DataSource::File { file, choice });
    }
    if let Some(key) = first_given(settings, keys::OF_FILES) {
        return Err(invalid(key, "a data file beside it (--data)", "none"));
    }
    Ok(DataSource::Law(Component::data_law(&with_law(settings)?)?))
}

/// Settings with the data law that the network asks for where none is named.
fn with_law(settings: &Settings) -> Result<Settings, LabError> {
    let network = Component::network(settings)?;
    let law = network.network_kind().law(Component::loss(settings)?);
    let given = settings.has(keys::SYNTHETIC.name);
    Ok(match law.filter(|_| !given) {
        Some(law) => settings.clone().with(keys::SYNTHETIC.name, law),
        None => settings.clone(),
    })
}

/// Refuses keys of data laws beside a data file, but for the noise that is added to its samples.
fn refuse_keys_of_laws(settings: &Settings) -> Result<(), LabError> {
    let mut keys = catalogue::data_laws().flat_map(|law| law.keys);
    let misplaced = keys.find(|key| settings.has(key.name) && key.name != NOISE.name);
    misplaced.map_or(Ok(()), |key| {
        Err(invalid(key.name, "no such key for a data file", "a value"))
    })
}
