//! Which arrays of NumPy files are the samples and which the labels.

use std::io::{BufRead, Read, Seek};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use implicit_bias_settings::Asked;
use ndarray::{Array2, ArrayD, Axis, Ix2};

use super::foreign::{self, SPARSE};
use super::idx;
use super::labels::Labels;
use super::npz::{
    Archive, Size, array_error, read_npy, read_npy_labels, read_npy_shape, with_dimension,
};
use super::packed::{GZIP, ZIP, list};
use super::reading::{Mismatch, check_count, io_error, open};
use crate::DataError;
use crate::beside::Beside;

/// Names of samples and labels that are known without being asked for; the first is the program's
/// own and goes before all others.
const USUAL: [[&str; 2]; 28] = [
    ["X", "y"],
    ["x", "y"],
    ["X", "Y"],
    ["X", "labels"],
    ["X", "label"],
    ["X", "target"],
    ["x", "labels"],
    ["x_train", "y_train"],
    ["X_train", "y_train"],
    ["X_train", "Y_train"],
    ["train_x", "train_y"],
    ["train_X", "train_y"],
    ["train_images", "train_labels"],
    ["train_data", "train_labels"],
    ["data", "target"],
    ["data", "targets"],
    ["data", "labels"],
    ["data", "label"],
    ["features", "labels"],
    ["features", "target"],
    ["features", "targets"],
    ["inputs", "labels"],
    ["embeddings", "labels"],
    ["images", "labels"],
    ["inputs", "targets"],
    ["samples", "labels"],
    ["sentences", "target"],
    ["arr_0", "arr_1"],
];

/// The arrays of samples and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub samples: String,
    pub labels: String,
    /// What is said where they were not asked for.
    pub note: Option<String>,
}

/// The arrays of samples and labels in an archive, of which either may be asked for.
pub(super) fn names_in(path: &Path, asked: [Option<&str>; 2]) -> Result<Names, DataError> {
    let available = Archive::open(path)?.names();
    let named = |name: &str| available.iter().any(|known| known == name);
    if let [Some(samples), Some(labels)] = asked {
        return Ok(Names {
            samples: samples.to_owned(),
            labels: labels.to_owned(),
            note: None,
        });
    }
    if ["format", "shape", "data"].into_iter().all(named) && !named("X") {
        return Err(SPARSE.refuse(path, ""));
    }
    let folder = folder_of(&available);
    let has = |name: &str| named(&format!("{folder}{name}"));
    let fits = |pair: &&[&str; 2]| {
        let [samples, labels] = asked.map(|name| name.map(|name| name.trim_start_matches(folder)));
        samples.map_or_else(|| has(pair[0]), |name| name == pair[0])
            && labels.map_or_else(|| has(pair[1]), |name| name == pair[1])
    };
    let found: Vec<&[&str; 2]> = USUAL.iter().filter(fits).collect();
    let pair = match found[..] {
        [own, ..] if own == &USUAL[0] => own,
        [only] => only,
        _ => return Err(unknown(path, &available, &found, asked)),
    };
    let [samples, labels] = pair.map(|name| format!("{folder}{name}"));
    let others = available
        .iter()
        .filter(|name| **name != samples && **name != labels);
    let others: Vec<String> = others.cloned().collect();
    let is_own = pair == &USUAL[0] && folder.is_empty();
    let note = (!is_own && asked == [None; 2]).then(|| {
        let rest = match others.len() {
            0 => String::new(),
            _ => format!("; {} left aside", list(&others)),
        };
        format!("the samples are the array `{samples}`, the labels `{labels}`{rest}")
    });
    Ok(Names {
        samples,
        labels,
        note,
    })
}

/// The folder that all arrays of an archive are in, with its slash; nothing where there is none.
fn folder_of(names: &[String]) -> &str {
    let folder = |name: &str| name.rfind('/').map_or(0, |slash| slash + 1);
    let Some(first) = names.first() else {
        return "";
    };
    let folder = &first[..folder(first)];
    match names.iter().all(|name| name.starts_with(folder)) {
        true => folder,
        false => "",
    }
}

/// The error of an archive in which no pair, or more than one, may be meant.
fn unknown(
    path: &Path,
    available: &[String],
    found: &[&[&str; 2]],
    asked: [Option<&str>; 2],
) -> DataError {
    let flags = "--samples-array and --labels-array";
    if !found.is_empty() {
        let pairs = found
            .iter()
            .map(|[samples, labels]| format!("{samples} and {labels}"));
        return DataError::Format {
            path: path.to_owned(),
            expected: format!("one pair of samples and labels, or {flags}"),
            found: pairs.collect::<Vec<_>>().join(", "),
        };
    }
    let expected = match asked {
        [None, None] if available.len() == 1 => "arrays `X` of samples and `y` of labels, or \
            --label-file beside samples alone"
            .to_owned(),
        [None, None] => format!(
            "arrays `X` of samples and `y` of labels, others by {flags}; or in Python: d = \
             np.load(FILE); np.savez(NEW, X=d[…], y=d[…])"
        ),
        _ => format!("{flags} beside each other"),
    };
    DataError::Format {
        path: path.to_owned(),
        expected,
        found: list(available),
    }
}

/// Which of the two a file of its own holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Samples,
    Labels,
}

impl Role {
    /// The name of the array in messages about a file that has no names.
    fn name(self) -> &'static str {
        match self {
            Self::Samples => "X",
            Self::Labels => "y",
        }
    }

    fn flag(self) -> &'static str {
        match self {
            Self::Samples => "--samples-array",
            Self::Labels => "--labels-array",
        }
    }
}

/// The array of an archive that holds only samples or only labels: the one asked for, the only
/// one, or the only one of a usual name.
fn name_in(path: &Path, asked: Option<&str>, role: Role) -> Result<String, DataError> {
    if let Some(name) = asked {
        return Ok(name.to_owned());
    }
    let available = Archive::open(path)?.names();
    if let [only] = &available[..] {
        return Ok(only.clone());
    }
    let usual = |name: &&String| USUAL.iter().any(|pair| pair[role as usize] == **name);
    let known: Vec<&String> = available.iter().filter(usual).collect();
    match known[..] {
        [only] => Ok(only.clone()),
        _ => Err(DataError::Format {
            path: path.to_owned(),
            expected: format!("one array, or {} beside several", role.flag()),
            found: list(&available),
        }),
    }
}

/// What `read` makes of a file of one array: `.npy`, gzipped or not, or an `.npz` archive.
fn with_array<T>(
    path: &Path,
    asked: Option<&str>,
    role: Role,
    read: impl Fn(Size, &mut dyn Read) -> Result<T, Mismatch>,
) -> Result<T, DataError> {
    let (mut file, length) = open(path)?;
    let start = file.fill_buf().map_err(|source| io_error(path, source))?;
    let (zipped, gzipped) = (start.starts_with(ZIP), start.starts_with(GZIP));
    if !zipped && !gzipped && !start.starts_with(NPY) {
        return Err(no_array(path, start, role));
    }
    if zipped {
        let name = name_in(path, asked, role)?;
        let entry = Archive::open(path)?.entry(&name, read)?;
        return entry.map_err(|mismatch| array_error(path, &name, mismatch));
    }
    if asked.is_some() {
        return Err(DataError::Format {
            path: path.to_owned(),
            expected: format!("an .npz file beside {}", role.flag()),
            found: "an array without a name".to_owned(),
        });
    }
    let result = if gzipped {
        let size = Size {
            claimed: None,
            compressed: Some(length),
        };
        read(size, &mut MultiGzDecoder::new(file))
    } else {
        file.rewind().map_err(|source| io_error(path, source))?;
        read(Size::plain(length), &mut file)
    };
    result.map_err(|mismatch| array_error(path, role.name(), mismatch))
}

/// The first bytes of an `.npy` file, as many as a damaged one surely has.
const NPY: &[u8] = b"\x93NUMPY";

/// The error of a file that should hold an array and is of another format.
fn no_array(path: &Path, start: &[u8], role: Role) -> DataError {
    if let Some(format) = foreign::by_bytes(start) {
        return format.refuse(path, "");
    }
    let is_text = !start.is_empty() && std::str::from_utf8(&start[..start.len().min(256)]).is_ok();
    DataError::Format {
        path: path.to_owned(),
        expected: format!("an .npy, .npz or IDX file of the array {}", role.name()),
        found: match (start, is_text && !start.contains(&0)) {
            ([], _) => "an empty file".to_owned(),
            (_, true) => "text; in Python: np.save(NEW, np.loadtxt(FILE))".to_owned(),
            (_, false) => "another one".to_owned(),
        },
    }
}

/// The labels in a file of their own: NumPy's or IDX.
pub(super) fn labels(path: &Path, asked: Option<&str>) -> Result<Labels, DataError> {
    if asked.is_none() && idx::is_idx(path)? {
        return idx::labels(path);
    }
    with_array(path, asked, Role::Labels, read_npy_labels)
}

/// Some rows of samples in a file of their own, flattened.
pub(super) fn rows(
    path: &Path,
    asked: Option<&str>,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    let x = with_array(path, asked, Role::Samples, read_npy)?;
    some_rows(path, asked.unwrap_or("X"), x, keep, expected)
}

/// What an archive has beside the samples `samples`, of what is asked for.
pub(super) fn beside_in(path: &Path, samples: &str, asked: Asked) -> Result<Beside, DataError> {
    let mut archive = Archive::open(path)?;
    let mut beside = Beside::default();
    if asked.parts {
        let shape = archive.entry(samples, read_npy_shape)?;
        let shape = shape.map_err(|mismatch| array_error(path, samples, mismatch))?;
        if let [_, parts, _] = shape[..] {
            beside.parts = usize::try_from(parts).ok();
        }
    }
    let available = archive.names();
    for array in asked.arrays {
        if !available.iter().any(|name| name == array.name) {
            if array.required {
                return Err(DataError::Format {
                    path: path.to_owned(),
                    expected: format!("an array `{}` of shape {}", array.name, array.shape),
                    found: list(&available),
                });
            }
            continue;
        }
        let read = archive.entry(array.name, read_npy)?;
        let read = read.map_err(|mismatch| array_error(path, array.name, mismatch))?;
        let found = format!("shape {:?}", read.shape());
        let matrix = match read.ndim() {
            1 => read.insert_axis(Axis(0)).into_dimensionality::<Ix2>(),
            _ => read.into_dimensionality::<Ix2>(),
        };
        let matrix = matrix.map_err(|_| {
            let expected = format!("shape {}", array.shape);
            array_error(path, array.name, Mismatch::new(expected, found))
        })?;
        beside.arrays.insert(array.name.to_owned(), matrix);
    }
    Ok(beside)
}

/// The labels in an archive of samples and labels.
pub(super) fn labels_in(path: &Path, name: &str) -> Result<Labels, DataError> {
    let read = Archive::open(path)?.entry(name, read_npy_labels)?;
    read.map_err(|mismatch| array_error(path, name, mismatch))
}

/// Some rows of the samples in an archive of samples and labels.
pub(super) fn rows_in(
    path: &Path,
    name: &str,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    let read = Archive::open(path)?.entry(name, read_npy)?;
    let x = read.map_err(|mismatch| array_error(path, name, mismatch))?;
    some_rows(path, name, x, keep, expected)
}

/// Some rows of samples `[n, …]`, flattened.
fn some_rows(
    path: &Path,
    name: &str,
    array: ArrayD<f64>,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    if array.ndim() < 2 {
        let help = match array.ndim() {
            1 => "; of one coordinate each, save X.reshape(-1, 1)",
            _ => "",
        };
        let found = format!("shape {:?}{help}", array.shape());
        let mismatch = Mismatch::new("shape [n, d]", found);
        return Err(array_error(path, name, mismatch));
    }
    let samples = array.shape()[0];
    check_count(samples, expected)?;
    let dim: usize = array.shape()[1..].iter().product();
    let x = if array.ndim() == 2 {
        with_dimension::<Ix2>(path, name, "[n, d]", array)?
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
