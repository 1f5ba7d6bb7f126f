//! Which file holds the samples, and its labels and rows by the reader of its format.

use std::path::{Path, PathBuf};

use implicit_bias_settings::Asked;
use ndarray::Array2;

use super::arrays::Names;
use super::contents::{Contents, Features};
use super::format::Format;
use super::labels::Labels;
use super::options::{FileOptions, LABEL_COLUMN, TableOptions};
use super::{arrays, idx, libsvm, table};
use crate::beside::Beside;
use crate::split::Split;
use crate::{DataError, cifar10, mnist};

/// A file, or a pair of files, of `n` labelled samples in `R^d`.
///
/// Samples of more than one axis, such as images, are flattened in row-major order.
///
/// ```no_run
/// use implicit_bias_data::{Choice, ClassRule, DataFile, FileOptions, TableOptions};
///
/// let table = TableOptions { label_column: Some("species".into()), ..Default::default() };
/// let options = FileOptions { table, ..Default::default() };
/// let file = DataFile::at("flowers.csv", &options)?;
/// let choice = Choice {
///     rule: ClassRule::Pair { positive: "setosa".into(), negative: "virginica".into() },
///     per_class: Some(20),
/// };
/// let data = file.read(&choice, 0)?; // 40 samples, 20 of each, drawn with seed 0
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum DataFile {
    /// A NumPy archive with arrays of samples (`[n, …]`) and labels (`[n]`); others are ignored.
    Npz {
        /// The archive.
        path: PathBuf,
        /// The array of samples; `None` for the usual names, such as `X`.
        samples_array: Option<String>,
        /// The array of labels; `None` for the usual names, such as `y`.
        labels_array: Option<String>,
    },
    /// Two files of one array each, `X` (`[n, …]`) and `y` (`[n]`): `.npy`, gzipped or not, `.npz`,
    /// or labels in IDX.
    Npy {
        /// The samples.
        samples: PathBuf,
        /// The labels.
        labels: PathBuf,
        /// The array of samples, if their file is an archive of several.
        samples_array: Option<String>,
        /// The array of labels, if their file is an archive of several.
        labels_array: Option<String>,
    },
    /// A table, one sample a row, one column of labels among columns of numbers; plain, gzipped, or
    /// alone in a zip archive.
    Table {
        /// The table.
        path: PathBuf,
        /// How it is read.
        options: TableOptions,
    },
    /// LIBSVM text, `LABEL INDEX:VALUE …`, one sample a line; plain, gzipped, or alone in a zip
    /// archive.
    Libsvm(PathBuf),
    /// Two IDX arrays, each gzipped or not; the labels may be NumPy's.
    Idx {
        /// The samples, `[n, …]`.
        samples: PathBuf,
        /// The labels, `[n]`, or `[n, 8]` as QMNIST has them.
        labels: PathBuf,
    },
    /// The MNIST files, as `implicit-bias fetch mnist` leaves them.
    Mnist {
        /// Their folder, or that of torchvision; `None` for the user's data directory,
        /// [`mnist::default_dir`].
        dir: Option<PathBuf>,
        /// Training or test set.
        split: Split,
    },
    /// The archive of CIFAR-10, as `implicit-bias fetch cifar10` leaves it.
    Cifar10 {
        /// Its folder; `None` for the user's data directory, [`cifar10::default_dir`].
        dir: Option<PathBuf>,
        /// Training or test set.
        split: Split,
    },
}

impl DataFile {
    /// The data file at `path`, of the format that its contents tell; where it is not there, that
    /// its extension tells.
    ///
    /// Without a file of labels, those of `…images-idx3…` are looked for in `…labels-idx1…`.
    ///
    /// # Errors
    ///
    /// [`DataError::Io`] if the file cannot be looked into; [`DataError::Foreign`] for a format
    /// that is not read; [`DataError::Format`] for contents of no known format, and for options
    /// that the format has not or lacks.
    pub fn at(path: impl Into<PathBuf>, options: &FileOptions) -> Result<Self, DataError> {
        let path = path.into();
        let format = Format::of(&path)?;
        refuse_others(&path, format, options)?;
        let FileOptions {
            label_file,
            samples_array,
            labels_array,
            table,
        } = options.clone();
        let labels = |guess: Option<PathBuf>| {
            label_file
                .clone()
                .or(guess)
                .ok_or_else(|| DataError::Format {
                    path: path.clone(),
                    expected: format!(
                        "--label-file beside {}{}",
                        format.words(),
                        other_name(&path, format)
                    ),
                    found: "none".to_owned(),
                })
        };
        Ok(match (format, &label_file) {
            (Format::Npz, None) => Self::Npz {
                path,
                samples_array,
                labels_array,
            },
            (Format::Npz | Format::Npy, _) => Self::Npy {
                labels: labels(None)?,
                samples: path,
                samples_array,
                labels_array,
            },
            (Format::Idx, _) => Self::Idx {
                labels: labels(idx::labels_beside(&path))?,
                samples: path,
            },
            (Format::Libsvm, _) => Self::Libsvm(path),
            (Format::Table, _) => Self::Table {
                options: with_label_column(&path, table)?,
                path,
            },
        })
    }

    /// An archive with the usual names of arrays.
    pub fn npz(path: impl Into<PathBuf>) -> Self {
        Self::Npz {
            path: path.into(),
            samples_array: None,
            labels_array: None,
        }
    }

    /// The labels of all samples.
    ///
    /// # Errors
    ///
    /// Those of the format's reader: [`DataError::Io`], [`DataError::Archive`],
    /// [`DataError::MissingArray`], [`DataError::Array`], [`DataError::Table`],
    /// [`DataError::Missing`], [`DataError::Format`]. A label that is not there, or not finite, is
    /// one.
    pub fn labels(&self) -> Result<Labels, DataError> {
        match self {
            Self::Npz { path, .. } => arrays::labels_in(path, &self.names()?.labels),
            Self::Npy {
                labels,
                labels_array,
                ..
            } => arrays::labels(labels, labels_array.as_deref()),
            Self::Table { path, options } => table::labels(path, options),
            Self::Libsvm(path) => Ok(libsvm::labels(path)?.0),
            Self::Idx { labels, .. } => arrays::labels(labels, None),
            Self::Mnist { .. } => idx::labels(&self.mnist_files()?[1]),
            Self::Cifar10 { split, .. } => {
                Ok(Labels::Numbers(cifar10::labels(&self.path(), *split)?))
            }
        }
    }

    /// What the file has beside samples and labels, of what is asked for.
    ///
    /// # Errors
    ///
    /// Those of the format's reader; [`DataError::Format`] for an array that is required and not
    /// there.
    pub fn beside(&self, asked: Asked) -> Result<Beside, DataError> {
        if asked == Asked::default() {
            return Ok(Beside::default());
        }
        if let Self::Npz { path, .. } = self {
            return arrays::beside_in(path, &self.names()?.samples, asked);
        }
        match asked.arrays.iter().find(|array| array.required) {
            None => Ok(Beside::default()),
            Some(array) => Err(self.about(DataError::Argument {
                flag: "--data",
                expected: format!(
                    "an .npz file with an array `{}` of shape {} beside the samples",
                    array.name, array.shape
                ),
                found: "another format".to_owned(),
            })),
        }
    }

    /// Whether it is an archive whose samples are sentences, rows of numbers of tokens, by the name of
    /// their array.
    pub fn has_sentences(&self) -> bool {
        let is_archive = matches!(self, Self::Npz { .. });
        let names = is_archive.then(|| self.names().ok()).flatten();
        names.is_some_and(|names| names.samples.rsplit('/').next() == Some("sentences"))
    }

    /// The arrays of an archive.
    fn names(&self) -> Result<Names, DataError> {
        let Self::Npz {
            path,
            samples_array,
            labels_array,
        } = self
        else {
            unreachable!("called for archives alone")
        };
        arrays::names_in(path, [samples_array.as_deref(), labels_array.as_deref()])
    }

    /// The samples with the given indices, which rise: `k × d`, one a row.
    ///
    /// `expected` is the number of samples that the labels promise. IDX files and tables are read
    /// row by row, so that memory holds the chosen ones only.
    ///
    /// # Errors
    ///
    /// As [`labels`](Self::labels); [`DataError::Length`], wrapped in [`DataError::File`], if there
    /// are more or fewer samples than labels.
    pub(super) fn rows(&self, keep: &[usize], expected: usize) -> Result<Array2<f64>, DataError> {
        match self {
            Self::Npz { path, .. } => arrays::rows_in(path, &self.names()?.samples, keep, expected),
            Self::Npy {
                samples,
                samples_array,
                ..
            } => arrays::rows(samples, samples_array.as_deref(), keep, expected),
            Self::Table { path, options } => table::rows(path, options, keep, expected),
            Self::Libsvm(path) => libsvm::rows(path, keep, expected),
            Self::Idx { samples, .. } => idx::rows(samples, keep, expected),
            Self::Mnist { .. } => idx::rows(&self.mnist_files()?[0], keep, expected),
            Self::Cifar10 { split, .. } => cifar10::rows(&self.path(), *split, keep, expected),
        }
    }

    /// The paths of images and labels of MNIST.
    fn mnist_files(&self) -> Result<[PathBuf; 2], DataError> {
        let Self::Mnist { dir, split } = self else {
            unreachable!("called for MNIST alone")
        };
        let dir = dir.clone().or_else(mnist::default_dir);
        let names = match split {
            Split::Train => [mnist::FILES[0], mnist::FILES[1]],
            Split::Test => [mnist::FILES[2], mnist::FILES[3]],
        };
        let missing = |file: &str| DataError::Missing {
            set: mnist::NAME,
            file: file.to_owned(),
            dir: dir.clone().unwrap_or_default(),
        };
        let find = |name: &str| {
            let found = dir.as_deref().and_then(|dir| mnist::find(dir, name));
            found.ok_or_else(|| missing(name))
        };
        Ok([find(names[0])?, find(names[1])?])
    }

    /// Whether the MNIST files are the published ones; `None` where they cannot be read.
    fn is_published(&self) -> Option<bool> {
        let Self::Mnist { split, .. } = self else {
            return None;
        };
        let files = self.mnist_files().ok()?;
        let published = match split {
            Split::Train => &mnist::PUBLISHED[..2],
            Split::Test => &mnist::PUBLISHED[2..],
        };
        let mut pairs = files.iter().zip(published);
        let all = pairs.try_fold(true, |all, (path, file)| {
            Ok::<_, std::io::Error>(all & mnist::is_published(path, file)?)
        });
        all.ok()
    }

    /// The file or the pair of files, as a reader of a report should see it. Files under MNIST's
    /// names are called MNIST only if they are the published ones.
    pub fn describe(&self) -> String {
        let (Self::Mnist { split, .. } | Self::Cifar10 { split, .. }) = self else {
            return self.path().display().to_string();
        };
        let set = split.words();
        let folder = self.path();
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        if matches!(self, Self::Cifar10 { .. }) {
            return format!("CIFAR-10, {set}, in {}", folder.display());
        }
        match self.is_published() {
            Some(true) => format!("MNIST, {set}"),
            Some(false) => format!(
                "{set} in {} (under MNIST's file names, not the published MNIST)",
                folder.display()
            ),
            None => format!("{set} of MNIST in {} (not read)", folder.display()),
        }
    }

    /// What the file has in it, and what of that was told by its contents alone.
    ///
    /// # Errors
    ///
    /// As [`labels`](Self::labels).
    pub fn contents(&self) -> Result<Contents, DataError> {
        if let Self::Table { path, options } = self {
            return table::contents(path, options);
        }
        let labels = self.labels()?;
        let keep: &[usize] = if labels.is_empty() { &[] } else { &[0] };
        let dim = self.chosen_rows(keep, labels.len())?.ncols();
        let first = usize::from(
            matches!(self, Self::Libsvm(path) if !libsvm::labels(path)?.1.counts_from_zero()),
        );
        let (samples, label_name) = match self {
            Self::Npz { .. } => {
                let Names {
                    samples, labels, ..
                } = self.names()?;
                (samples, labels)
            }
            Self::Libsvm(_) => (String::new(), "label".to_owned()),
            _ => ("X".to_owned(), "y".to_owned()),
        };
        let name = |index: usize| match samples.as_str() {
            "" => (index + first).to_string(),
            array => format!("{array}[{index}]"),
        };
        Ok(Contents {
            label: match self {
                Self::Npz { .. } => format!("array `{label_name}`"),
                Self::Npy { labels, .. } | Self::Idx { labels, .. } => labels.display().to_string(),
                Self::Mnist { .. } => self.mnist_files()?[1].display().to_string(),
                Self::Cifar10 { .. } => "the first byte of each record".to_owned(),
                Self::Libsvm(_) | Self::Table { .. } => "the first field of each line".to_owned(),
            },
            label_name,
            features: (dim > 0).then(|| Features {
                first: name(0),
                last: name(dim - 1),
                count: dim,
            }),
            counts: labels.counts(),
            notes: self.notes()?,
        })
    }

    /// What of the file was told by its contents alone, a sentence each.
    ///
    /// # Errors
    ///
    /// As [`labels`](Self::labels).
    pub fn notes(&self) -> Result<Vec<String>, DataError> {
        let mut notes = Vec::new();
        match self {
            Self::Npz { .. } => notes.extend(self.names()?.note),
            Self::Npy { labels, .. } | Self::Idx { labels, .. } => {
                if idx::is_idx(labels)? && idx::is_qmnist(labels)? {
                    notes.push("of the eight numbers of each label the first is the class".into());
                }
            }
            Self::Table { path, options } => notes = table::contents(path, options)?.notes,
            Self::Libsvm(path) => {
                let extent = libsvm::labels(path)?.1;
                if extent.counts_from_zero() {
                    notes.push("indices count from 0".into());
                }
                if extent.queries > 0 {
                    notes.push(format!(
                        "{} numbers of queries (qid) left aside",
                        extent.queries
                    ));
                }
            }
            Self::Cifar10 { .. } => {}
            Self::Mnist { .. } => {
                if self.is_published() == Some(false) {
                    notes.push(format!(
                        "the files in {} have the names of MNIST's, and are not the published \
                         MNIST (their SHA-256 is another)",
                        self.path().display()
                    ));
                }
            }
        }
        Ok(notes)
    }

    /// The file that a message about the whole should name.
    fn path(&self) -> PathBuf {
        match self {
            Self::Npz { path, .. } | Self::Table { path, .. } | Self::Libsvm(path) => path.clone(),
            Self::Npy { samples, .. } | Self::Idx { samples, .. } => samples.clone(),
            Self::Mnist { dir, .. } => dir
                .clone()
                .or_else(mnist::default_dir)
                .unwrap_or_else(|| mnist::NAME.into()),
            Self::Cifar10 { dir, .. } => dir
                .clone()
                .or_else(cifar10::default_dir)
                .unwrap_or_else(|| cifar10::NAME.into()),
        }
    }

    /// Wraps an error about contents, so that it names the file.
    pub(crate) fn about(&self, source: DataError) -> DataError {
        match source {
            DataError::Length { .. }
            | DataError::TooSmall { .. }
            | DataError::TooLarge { .. }
            | DataError::NoRoom { .. }
            | DataError::NotFinite { .. }
            | DataError::Scale { .. }
            | DataError::Label { .. }
            | DataError::ZeroOneLabels
            | DataError::NamedLabels { .. }
            | DataError::OneClass { .. }
            | DataError::ClassCount { .. }
            | DataError::Class { .. }
            | DataError::UnknownClass { .. }
            | DataError::TooFew { .. } => DataError::File {
                path: self.path(),
                source: Box::new(source),
            },
            other => other,
        }
    }

    pub(crate) fn chosen_rows(
        &self,
        keep: &[usize],
        expected: usize,
    ) -> Result<Array2<f64>, DataError> {
        self.rows(keep, expected).map_err(|error| self.about(error))
    }
}

/// Refuses options that a format has not.
fn refuse_others(path: &Path, format: Format, options: &FileOptions) -> Result<(), DataError> {
    let FileOptions {
        label_file,
        samples_array,
        labels_array,
        table,
    } = options;
    let is_table = format == Format::Table;
    let is_text = is_table || format == Format::Libsvm;
    let has_arrays = matches!(format, Format::Npz | Format::Npy);
    let refused = [
        ("--label-file", label_file.is_some() && is_text),
        ("--samples-array", samples_array.is_some() && !has_arrays),
        ("--labels-array", labels_array.is_some() && !has_arrays),
        ("--label-column", table.label_column.is_some() && !is_table),
        (
            "--drop-columns",
            !table.drop_columns.is_empty() && !is_table,
        ),
        ("--no-header", table.no_header.is_some() && !is_table),
        ("--separator", table.separator.is_some() && !is_table),
    ];
    match refused.into_iter().find(|(_, refused)| *refused) {
        None => Ok(()),
        Some((flag, _)) => Err(DataError::Format {
            path: path.to_owned(),
            expected: format!("no {flag} beside {}", format.words()),
            found: "one".to_owned(),
        }),
    }
}

/// What is said of a file whose name is that of another format.
fn other_name(path: &Path, format: Format) -> &'static str {
    let is_npz = path.extension().is_some_and(|extension| extension == "npz");
    match is_npz && format == Format::Npy {
        true => " of one array, which this is whatever its name",
        false => "",
    }
}

/// The options of a table with the column of labels filled in.
fn with_label_column(path: &Path, options: TableOptions) -> Result<TableOptions, DataError> {
    let column = match (&options.label_column, options.no_header) {
        (Some(column), _) => column.clone(),
        (None, Some(true)) => {
            return Err(DataError::Format {
                path: path.to_owned(),
                expected: "--label-column beside --no-header, a position from 1, first or last"
                    .to_owned(),
                found: "none".to_owned(),
            });
        }
        (None, _) => LABEL_COLUMN.to_owned(),
    };
    Ok(TableOptions {
        label_column: Some(column),
        ..options
    })
}
