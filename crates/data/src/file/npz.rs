use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

use implicit_bias_output::replace_with;
use ndarray::{Array, Array2, ArrayD, ArrayViewD, Dimension, Ix2, IxDyn, ShapeBuilder};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::npy;
use super::npy::Header;
use super::reading::{Mismatch, check_expansion, make_room, open};
use crate::checks::check_finite;
use crate::{DataError, MAX_ENTRIES};

/// Reads the named arrays of a NumPy archive (`.npz`), as `f64`, in the order of `names`.
///
/// The archive may be compressed or not. The types may be float32, float64, any integer or bool,
/// little or big endian, in C or Fortran order. Other arrays are not decompressed.
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
    let (file, _) = open(path)?;
    let mut archive = ZipArchive::new(file).map_err(|error| DataError::Archive {
        path: path.to_owned(),
        found: error.to_string(),
    })?;
    let mut arrays = [const { None }; N];
    for (slot, name) in arrays.iter_mut().zip(names) {
        *slot = Some(read_entry(path, &mut archive, name)?);
    }
    Ok(arrays.map(|array| array.expect("the loop above filled every slot")))
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

fn read_entry(
    path: &Path,
    archive: &mut ZipArchive<BufReader<File>>,
    name: &str,
) -> Result<ArrayD<f64>, DataError> {
    let Some(index) = archive.index_for_name(&format!("{name}.npy")) else {
        let names = archive.file_names().filter_map(Result::ok);
        let mut available: Vec<String> = names
            .filter_map(|name| name.strip_suffix(".npy").map(str::to_owned))
            .collect();
        available.sort();
        return Err(DataError::MissingArray {
            path: path.to_owned(),
            array: name.to_owned(),
            available,
        });
    };
    let damaged = |error: ZipError| Mismatch::new("a readable entry", error.to_string());
    archive
        .by_index(index)
        .map_err(damaged)
        .and_then(|entry| {
            check_expansion(entry.size(), entry.compressed_size())?;
            read_npy(entry.size(), entry)
        })
        .map_err(|mismatch| array_error(path, name, mismatch))
}

/// Reads an `.npy` file that its archive says is `size` bytes long.
pub(super) fn read_npy(size: u64, mut entry: impl Read) -> Result<ArrayD<f64>, Mismatch> {
    let header = Header::read(&mut entry)?;
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
    let expected = header.len + entries * header.item_size() as u64;
    if size != expected {
        let expected = format!("{expected} bytes for shape {:?}", header.shape);
        return Err(Mismatch::new(expected, format!("{size} bytes")));
    }
    let values = read_values(&header, entries as usize, entry)?;

    // A zero size lets the others exceed usize, which leaves nothing to read anyway.
    let shape = header
        .shape
        .iter()
        .map(|&size| size as usize)
        .collect::<Vec<_>>();
    ArrayD::from_shape_vec(IxDyn(&shape).set_f(header.fortran_order), values)
        .map_err(|error| Mismatch::new("a usable shape", format!("{shape:?} ({error})")))
}

/// Reads `count` entries, growing the vector as they arrive: the size of an archive's entry is
/// itself a claim.
fn read_values(header: &Header, count: usize, mut entry: impl Read) -> Result<Vec<f64>, Mismatch> {
    const CHUNK: usize = 1 << 13;
    let damaged = |error: io::Error| Mismatch::new("readable entries", error.to_string());
    let mut values: Vec<f64> = Vec::new();
    let mut bytes = vec![0; CHUNK * header.item_size()];
    while values.len() < count {
        let missing = count - values.len();
        let chunk = missing.min(CHUNK);
        make_room(&mut values, chunk, count)?;
        let bytes = &mut bytes[..chunk * header.item_size()];
        entry.read_exact(bytes).map_err(damaged)?;
        header.decode(bytes, &mut values);
    }
    // The checksum is compared at the end of the entry.
    match entry.read(&mut [0]).map_err(damaged)? {
        0 => Ok(values),
        _ => Err(damaged(io::Error::other("bytes after the last entry"))),
    }
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
