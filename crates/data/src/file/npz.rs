use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use implicit_bias_output::replace_with;
use ndarray::{Array, Array2, ArrayD, ArrayViewD, Dimension, Ix2, IxDyn, ShapeBuilder};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::labels::{LABEL_EXPECTED, LabelList, Labels, finite, is_missing, is_rounded};
use super::npy;
use super::npy::Header;
use super::packed::{check_method, open_zip};
use super::reading::{Mismatch, check_expansion, make_room};
use crate::checks::check_finite;
use crate::room::missing_room;
use crate::{DataError, MAX_ENTRIES};

/// Reads the named arrays of a NumPy archive (`.npz`), as `f64`, in the order of `names`.
///
/// The archive may be compressed or not. The types may be float16, float32, float64, any integer or
/// bool, little or big endian, in C or Fortran order. Other arrays are not decompressed.
///
/// The file is not trusted: what a header claims is held against the size of its entry and
/// against [`MAX_ENTRIES`], and memory grows only as entries arrive.
///
/// # Errors
///
/// * [`DataError::Io`] if the file cannot be opened;
/// * [`DataError::Archive`] if it is not a zip archive;
/// * [`DataError::MissingArray`] if a name is not in it;
/// * [`DataError::Array`] if an array has another type, is too large, or is damaged.
pub fn read_npz_arrays<const N: usize>(
    path: impl AsRef<Path>,
    names: [&str; N],
) -> Result<[ArrayD<f64>; N], DataError> {
    let path = path.as_ref();
    let mut archive = Archive::open(path)?;
    let mut arrays = [const { None }; N];
    for (slot, name) in arrays.iter_mut().zip(names) {
        let read = archive.entry(name, read_npy)?;
        *slot = Some(read.map_err(|mismatch| array_error(path, name, mismatch))?);
    }
    Ok(arrays.map(|array| array.expect("the loop above filled every slot")))
}

/// The names of the arrays of a NumPy archive, sorted; none of them is read.
///
/// # Errors
///
/// As [`read_npz_arrays`] for a file that is no archive.
pub fn npz_names(path: impl AsRef<Path>) -> Result<Vec<String>, DataError> {
    Ok(Archive::open(path.as_ref())?.names())
}

/// Reads initial weights `W_{+1}` and `W_{−1}`, each `m × d`, from the arrays `W_pos` and
/// `W_neg` of a NumPy archive; other arrays are ignored.
///
/// # Errors
///
/// Those of [`read_npz_arrays`]; [`DataError::Array`] unless both have one shape `[m, d]` with
/// `m, d ≥ 1`; [`DataError::NotFinite`], wrapped in [`DataError::File`], for a NaN or an
/// infinity.
pub fn read_weights_npz(path: impl AsRef<Path>) -> Result<(Array2<f64>, Array2<f64>), DataError> {
    let path = path.as_ref();
    let [positive, negative] = read_npz_arrays(path, ["W_pos", "W_neg"])?;
    let positive = with_dimension::<Ix2>(path, "W_pos", "[m, d]", positive)?;
    let negative = with_dimension::<Ix2>(path, "W_neg", "[m, d]", negative)?;
    if positive.is_empty() {
        let found = format!("shape {:?}", positive.shape());
        let mismatch = Mismatch::new("shape [m, d] with m, d ≥ 1", found);
        return Err(array_error(path, "W_pos", mismatch));
    }
    if negative.shape() != positive.shape() {
        let expected = format!("the shape {:?} of `W_pos`", positive.shape());
        let mismatch = Mismatch::new(expected, format!("{:?}", negative.shape()));
        return Err(array_error(path, "W_neg", mismatch));
    }
    check_finite("W_pos", &positive)
        .and_then(|()| check_finite("W_neg", &negative))
        .map_err(|source| DataError::File {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
    Ok((positive, negative))
}

/// Reads one matrix, not empty and finite, from the array `name` of a NumPy archive; other arrays
/// are ignored.
///
/// # Errors
///
/// Those of [`read_npz_arrays`]; [`DataError::Array`] unless it has two axes, each of one entry at
/// least; [`DataError::NotFinite`], wrapped in [`DataError::File`], for a NaN or an infinity.
pub fn read_matrix_npz(path: impl AsRef<Path>, name: &str) -> Result<Array2<f64>, DataError> {
    let path = path.as_ref();
    let [array] = read_npz_arrays(path, [name])?;
    let matrix = with_dimension::<Ix2>(path, name, "[rows, columns]", array)?;
    if matrix.is_empty() {
        let found = format!("shape {:?}", matrix.shape());
        let mismatch = Mismatch::new("rows and columns, at least 1 of each", found);
        return Err(array_error(path, name, mismatch));
    }
    check_finite("weights", &matrix).map_err(|source| DataError::File {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    Ok(matrix)
}

/// Writes arrays as float64 to an uncompressed NumPy archive, replacing the file at once.
///
/// Equal arrays give equal files.
///
/// # Errors
///
/// [`DataError::Io`] if the file cannot be written; a file already there is then unchanged.
pub fn write_npz_arrays(
    path: impl AsRef<Path>,
    arrays: &[(&str, ArrayViewD<'_, f64>)],
) -> Result<(), DataError> {
    let path = path.as_ref();
    replace_with(path, |file| write_archive(file, arrays)).map_err(|source| DataError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Gives an array the number of dimensions that `expected` spells out.
pub(crate) fn with_dimension<D: Dimension>(
    path: &Path,
    name: &str,
    expected: &str,
    array: ArrayD<f64>,
) -> Result<Array<f64, D>, DataError> {
    let found = format!("shape {:?}", array.shape());
    array.into_dimensionality().map_err(|_| {
        array_error(
            path,
            name,
            Mismatch::new(format!("shape {expected}"), found),
        )
    })
}

pub(super) fn array_error(path: &Path, name: &str, mismatch: Mismatch) -> DataError {
    let Mismatch { expected, found } = mismatch;
    DataError::Array {
        path: path.to_owned(),
        array: name.to_owned(),
        expected,
        found,
    }
}

/// A NumPy archive.
pub(super) struct Archive<'a> {
    path: &'a Path,
    archive: ZipArchive<BufReader<File>>,
}

impl<'a> Archive<'a> {
    pub fn open(path: &'a Path) -> Result<Self, DataError> {
        let archive = open_zip(path)?;
        Ok(Self { path, archive })
    }

    /// The names of the arrays, sorted.
    pub fn names(&self) -> Vec<String> {
        let names = self.archive.file_names().filter_map(Result::ok);
        let mut names: Vec<String> = names
            .filter_map(|name| array_name(&name).map(str::to_owned))
            .collect();
        names.sort();
        names
    }

    /// The entry of the array `name`: of two of one name the last, as NumPy has it.
    fn index(&self, name: &str) -> Option<usize> {
        let mut entries = self.archive.file_names().filter_map(Result::ok);
        let entry = entries.find(|entry| array_name(entry) == Some(name))?;
        self.archive.index_for_name(&entry)
    }

    /// What `read` makes of the array `name`.
    pub fn entry<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Size, &mut dyn Read) -> Result<T, Mismatch>,
    ) -> Result<Result<T, Mismatch>, DataError> {
        let Some(index) = self.index(name) else {
            return Err(DataError::MissingArray {
                path: self.path.to_owned(),
                array: name.to_owned(),
                available: self.names(),
            });
        };
        let damaged = |error: ZipError| Mismatch::new("a readable entry", error.to_string());
        let entry = self.archive.by_index(index).map_err(damaged);
        Ok(entry.and_then(|mut entry| {
            check_method(entry.compression())
                .map_err(|found| Mismatch::new("an array stored or deflated", found))?;
            let size = Size {
                claimed: Some(entry.size()),
                compressed: Some(entry.compressed_size()),
            };
            read(size, &mut entry)
        }))
    }
}

/// The name of the array that an entry of an archive holds.
fn array_name(entry: &str) -> Option<&str> {
    let entry = entry.strip_prefix("./").unwrap_or(entry);
    let (name, extension) = entry.rsplit_once('.')?;
    extension.eq_ignore_ascii_case("npy").then_some(name)
}

/// How long an `.npy` file is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Its bytes, where they are said.
    pub claimed: Option<u64>,
    /// The bytes that it is compressed to, where it is.
    pub compressed: Option<u64>,
}

impl Size {
    /// The size of a file that is not compressed.
    pub fn plain(bytes: u64) -> Self {
        Self {
            claimed: Some(bytes),
            compressed: None,
        }
    }
}

/// Reads the header of an `.npy` file and holds it against the size of the file; the number of
/// entries.
fn read_header(size: Size, entry: &mut dyn Read) -> Result<(Header, usize), Mismatch> {
    let header = Header::read(entry)?;
    let entries = header
        .shape
        .iter()
        .try_fold(1, |product: u64, &size| product.checked_mul(size));
    let entries = entries
        .filter(|&entries| entries <= MAX_ENTRIES)
        .ok_or_else(|| {
            Mismatch::new(
                format!("at most {MAX_ENTRIES} entries"),
                format!("shape {:?}", header.shape),
            )
        })?;
    let item_size = header.item_size() as u64;
    let expected = header.len + entries * item_size;
    if let Some(size) = size.claimed
        && size != expected
    {
        let expected = format!("{expected} bytes for shape {:?}", header.shape);
        return Err(Mismatch::new(expected, format!("{size} bytes")));
    }
    if let Some(compressed) = size.compressed {
        check_expansion(entries, item_size, compressed)?;
    }
    if let Some([expected, needed]) = missing_room(entries) {
        let found = format!("shape {:?}, {needed}", header.shape);
        return Err(Mismatch::new(expected, found));
    }
    Ok((header, entries as usize))
}

/// The shape that an `.npy` file claims.
pub(super) fn read_npy_shape(_: Size, entry: &mut dyn Read) -> Result<Vec<u64>, Mismatch> {
    Ok(Header::read(entry)?.shape)
}

/// Reads an `.npy` file of numbers.
pub(super) fn read_npy(size: Size, entry: &mut dyn Read) -> Result<ArrayD<f64>, Mismatch> {
    let (header, count) = read_header(size, entry)?;
    if header.is_text() {
        return Err(Mismatch::new("numbers", "strings"));
    }
    numbers(&header, count, entry)
}

/// Reads labels: an `.npy` file of numbers, or of strings.
pub(super) fn read_npy_labels(size: Size, entry: &mut dyn Read) -> Result<Labels, Mismatch> {
    let (header, count) = read_header(size, entry)?;
    let shape = format!("shape {:?}", header.shape);
    let help = match header.shape[..] {
        [_] | [_, 1] => None,
        [_, _] => Some("; of one column a class, save y.argmax(axis=1)"),
        _ => Some("; save y.ravel()"),
    };
    if let Some(help) = help {
        return Err(Mismatch::new("shape [n]", format!("{shape}{help}")));
    }
    if header.is_text() {
        return strings(&header, count, entry);
    }
    let values = read_values(&header, count, entry)?;
    match values.iter().position(|label| !label.is_finite()) {
        Some(sample) => {
            let found = format!("{} for sample {sample}", values[sample]);
            Err(Mismatch::new(LABEL_EXPECTED, found))
        }
        None if header.is_of_long_integers() && values.iter().any(|&label| is_rounded(label)) => {
            let expected = "labels below 2^53, past which whole numbers are not told apart; save \
                            y.astype(str)";
            Err(Mismatch::new(expected, "a larger one"))
        }
        None => Ok(Labels::Numbers(values)),
    }
}

/// The numbers of an `.npy` file behind its header.
fn numbers(header: &Header, count: usize, entry: &mut dyn Read) -> Result<ArrayD<f64>, Mismatch> {
    let values = read_values(header, count, entry)?;
    // A zero size lets the others exceed usize, which leaves nothing to read anyway.
    let shape = header
        .shape
        .iter()
        .map(|&size| size as usize)
        .collect::<Vec<_>>();
    ArrayD::from_shape_vec(IxDyn(&shape).set_f(header.fortran_order), values)
        .map_err(|error| Mismatch::new("a usable shape", format!("{shape:?} ({error})")))
}

/// Reads `count` strings.
fn strings(header: &Header, count: usize, entry: &mut dyn Read) -> Result<Labels, Mismatch> {
    let mut labels = LabelList::default();
    let mut bytes = vec![0; header.item_size()];
    for sample in 0..count {
        entry.read_exact(&mut bytes).map_err(unreadable)?;
        let Some(text) = header.text(&bytes) else {
            let found = format!("other bytes for sample {sample}");
            return Err(Mismatch::new("labels in UTF-8", found));
        };
        let label = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if is_missing(label) {
            let found = format!("`{}` for sample {sample}", label.escape_debug());
            return Err(Mismatch::new(LABEL_EXPECTED, found));
        }
        if !labels.push(label) {
            return Err(Mismatch::new("fewer labels", "more than 2^32"));
        }
    }
    at_end(entry)?;
    Ok(labels.finish(finite))
}

fn unreadable(error: io::Error) -> Mismatch {
    Mismatch::new("readable entries", error.to_string())
}

/// Expects the end of an entry, where its checksum is compared.
fn at_end(entry: &mut dyn Read) -> Result<(), Mismatch> {
    match entry.read(&mut [0]).map_err(unreadable)? {
        0 => Ok(()),
        _ => Err(Mismatch::new("the end after the last entry", "more bytes")),
    }
}

/// Reads `count` entries, growing the vector as they arrive: the size of an archive's entry is
/// itself a claim.
fn read_values(header: &Header, count: usize, entry: &mut dyn Read) -> Result<Vec<f64>, Mismatch> {
    const CHUNK: usize = 1 << 13;
    let mut values: Vec<f64> = Vec::new();
    let mut bytes = vec![0; CHUNK * header.item_size()];
    while values.len() < count {
        let missing = count - values.len();
        let chunk = missing.min(CHUNK);
        make_room(&mut values, chunk, count)?;
        let bytes = &mut bytes[..chunk * header.item_size()];
        entry.read_exact(bytes).map_err(unreadable)?;
        header.decode(bytes, &mut values);
    }
    at_end(entry)?;
    Ok(values)
}

fn write_archive(
    file: &mut (impl Write + Seek),
    arrays: &[(&str, ArrayViewD<'_, f64>)],
) -> io::Result<()> {
    let mut archive = ZipWriter::new(file);
    for (name, array) in arrays {
        // Beyond 4 GiB a zip entry needs 64-bit sizes, which must be asked for beforehand.
        let large = array.len() >= 1 << 28;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(large);
        archive.start_file(format!("{name}.npy"), options)?;
        npy::write(&mut archive, array)?;
    }
    archive.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests;
