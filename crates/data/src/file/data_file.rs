//! Which file holds the samples, and its labels and rows by the reader of its format.

use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Axis, Ix1, Ix2};

use super::format::Format;
use super::labels::Labels;
use super::npz::{array_error, read_npz_arrays, with_dimension};
use super::reading::{Mismatch, check_count, open};
use super::{csv, idx, npz};
use crate::{DataError, mnist};

/// The training or the test part of a data set that is published in two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// The training set.
    #[default]
    Train,
    /// The test set.
    Test,
}

/// A file, or a pair of files, of `n` labelled samples in `R^d`.
///
/// Samples of more than one axis, such as images, are flattened in row-major order.
///
/// ```no_run
/// use implicit_bias_data::{Choice, ClassRule, DataFile};
///
/// let file = DataFile::at("flowers.csv", None, Some("species"))?;
/// let choice = Choice {
///     rule: ClassRule::Pair { positive: "setosa".into(), negative: "virginica".into() },
///     per_class: Some(20),
/// };
/// let data = file.read(&choice, 0)?; // 40 samples, 20 of each, drawn with seed 0
/// # Ok::<(), implicit_bias_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum DataFile {
    /// A NumPy archive with arrays `X` (`[n, …]`) and `y` (`[n]`); others are ignored.
    Npz(PathBuf),
    /// Two NumPy arrays, `X` (`[n, …]`) and `y` (`[n]`).
    Npy {
        /// The samples.
        samples: PathBuf,
        /// The labels.
        labels: PathBuf,
    },
    /// A table with a header line, one sample a row, one column of labels among columns of numbers.
    Csv {
        /// The table.
        path: PathBuf,
        /// The name of the column of labels.
        label_column: String,
    },
    /// Two IDX arrays, each gzipped or not.
    Idx {
        /// The samples, `[n, …]`.
        samples: PathBuf,
        /// The labels, `[n]`.
        labels: PathBuf,
    },
    /// The MNIST files, as `implicit-bias fetch mnist` leaves them.
    Mnist {
        /// Their folder; `None` for the user's data directory, [`mnist::default_dir`].
        dir: Option<PathBuf>,
        /// Training or test set.
        split: Split,
    },
}

/// The column of labels of a table, where no other is named.
const LABEL_COLUMN: &str = "y";

impl DataFile {
    /// The data file at `path`: by its extension `.npz`, `.npy`, `.csv` or `.tsv`, by its first
    /// bytes otherwise.
    ///
    /// `label_file` is where `.npy` and IDX samples have their labels. Without it, the labels of
    /// `…images-idx3…` are looked for in `…labels-idx1…`. `label_column` is the name of the
    /// column of labels of a table, `y` by default.
    ///
    /// # Errors
    ///
    /// [`DataError::Io`] if the file has to be looked into and cannot be; [`DataError::Format`] if
    /// it is none of these, or if `label_file` or `label_column` is given to a format that has none
    /// or lacks where the format needs it.
    pub fn at(
        path: impl Into<PathBuf>,
        label_file: Option<&Path>,
        label_column: Option<&str>,
    ) -> Result<Self, DataError> {
        let path = path.into();
        let refuse = |flag: &str, format: &str| DataError::Format {
            path: path.clone(),
            expected: format!("no {flag} beside {format}"),
            found: "one".to_owned(),
        };
        let format = Format::of(&path)?;
        if label_file.is_some() && matches!(format, Format::Npz | Format::Csv) {
            return Err(refuse("--label-file", format.words()));
        }
        if label_column.is_some() && format != Format::Csv {
            return Err(refuse("--label-column", format.words()));
        }
        let labels = |guess: Option<PathBuf>| {
            let given = label_file.map(Path::to_owned);
            given.or(guess).ok_or_else(|| DataError::Format {
                path: path.clone(),
                expected: format!("--label-file beside {}", format.words()),
                found: "none".to_owned(),
            })
        };
        Ok(match format {
            Format::Npz => Self::Npz(path),
            Format::Npy => Self::Npy {
                labels: labels(None)?,
                samples: path,
            },
            Format::Idx => Self::Idx {
                labels: labels(idx::labels_beside(&path))?,
                samples: path,
            },
            Format::Csv => Self::Csv {
                path,
                label_column: label_column.unwrap_or(LABEL_COLUMN).to_owned(),
            },
        })
    }

    /// The labels of all samples.
    ///
    /// # Errors
    ///
    /// Those of the format's reader: [`DataError::Io`], [`DataError::Archive`],
    /// [`DataError::MissingArray`], [`DataError::Array`], [`DataError::Table`],
    /// [`DataError::Missing`].
    pub fn labels(&self) -> Result<Labels, DataError> {
        match self {
            Self::Npz(path) => {
                let [y] = read_npz_arrays(path, ["y"]).map_err(|error| match error {
                    // Of two missing arrays the samples are the more telling.
                    DataError::MissingArray {
                        path, available, ..
                    } if !available.iter().any(|name| name == "X") => DataError::MissingArray {
                        path,
                        array: "X".to_owned(),
                        available,
                    },
                    other => other,
                })?;
                label_vector(path, "y", y)
            }
            Self::Npy { labels, .. } => label_vector(labels, "y", npy_file(labels, "y")?),
            Self::Csv { path, label_column } => csv::labels(path, label_column),
            Self::Idx { labels, .. } => idx::labels(labels),
            Self::Mnist { .. } => idx::labels(&self.mnist_files()?[1]),
        }
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
            Self::Npz(path) => {
                let [x] = read_npz_arrays(path, ["X"])?;
                some_rows(path, x, keep, expected)
            }
            Self::Npy { samples, .. } => {
                some_rows(samples, npy_file(samples, "X")?, keep, expected)
            }
            Self::Csv { path, label_column } => csv::rows(path, label_column, keep, expected),
            Self::Idx { samples, .. } => idx::rows(samples, keep, expected),
            Self::Mnist { .. } => idx::rows(&self.mnist_files()?[0], keep, expected),
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

    /// The file or the pair of files, as a reader of a report should see it.
    pub fn describe(&self) -> String {
        match self {
            Self::Npz(path) | Self::Csv { path, .. } => path.display().to_string(),
            Self::Npy { samples, .. } | Self::Idx { samples, .. } => samples.display().to_string(),
            Self::Mnist { split, .. } => match split {
                Split::Train => "MNIST, training set".to_owned(),
                Split::Test => "MNIST, test set".to_owned(),
            },
        }
    }

    /// The file that a message about the whole should name.
    fn path(&self) -> PathBuf {
        match self {
            Self::Npz(path) | Self::Csv { path, .. } => path.clone(),
            Self::Npy { samples, .. } | Self::Idx { samples, .. } => samples.clone(),
            Self::Mnist { dir, .. } => dir
                .clone()
                .or_else(mnist::default_dir)
                .unwrap_or_else(|| mnist::NAME.into()),
        }
    }

    /// Wraps an error about contents, so that it names the file.
    pub(crate) fn about(&self, source: DataError) -> DataError {
        match source {
            DataError::Length { .. }
            | DataError::TooSmall { .. }
            | DataError::TooLarge { .. }
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

/// An `.npy` file as an array.
fn npy_file(path: &Path, name: &str) -> Result<ArrayD<f64>, DataError> {
    let (reader, length) = open(path)?;
    npz::read_npy(length, reader).map_err(|mismatch| array_error(path, name, mismatch))
}

/// Labels `[n]`, or `[n, 1]` as a column.
fn label_vector(path: &Path, name: &str, array: ArrayD<f64>) -> Result<Labels, DataError> {
    let array = if array.ndim() == 2 && array.shape()[1] == 1 {
        array.remove_axis(Axis(1))
    } else {
        array
    };
    let vector = with_dimension::<Ix1>(path, name, "[n]", array)?;
    Ok(Labels::Numbers(vector.to_vec()))
}

/// Some rows of samples `[n, …]`, flattened.
fn some_rows(
    path: &Path,
    array: ArrayD<f64>,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    if array.ndim() < 2 {
        let found = format!("shape {:?}", array.shape());
        let mismatch = Mismatch::new("shape [n, d]", found);
        return Err(array_error(path, "X", mismatch));
    }
    let samples = array.shape()[0];
    check_count(samples, expected)?;
    let dim: usize = array.shape()[1..].iter().product();
    let x = if array.ndim() == 2 {
        with_dimension::<Ix2>(path, "X", "[n, d]", array)?
    } else {
        array
            .as_standard_layout()
            .into_owned()
            .into_shape_with_order((samples, dim))
            .expect("a row-major array flattens")
    };
    Ok(if keep.len() == samples {
        x
    } else {
        x.select(Axis(0), keep)
    })
}
