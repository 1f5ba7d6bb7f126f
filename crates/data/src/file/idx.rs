//! The IDX format of MNIST: a magic number, the sizes, then the entries, big endian.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use ndarray::Array2;

use super::labels::{LABEL_EXPECTED, Labels};
use super::reading::{Mismatch, check_count, check_expansion, io_error, make_room, open};
use crate::room::require_room;
use crate::{DataError, MAX_ENTRIES};

/// The most axes of an array: images of several channels in a series have five.
const MAX_AXES: usize = 8;

/// Most entries that are decoded at a time.
const CHUNK: usize = 1 << 13;

/// Where the labels of `…images-idx3-ubyte` are by convention: `…labels-idx1-ubyte`, and of QMNIST
/// `…labels-idx2-int`.
pub(super) fn labels_beside(samples: &Path) -> Option<PathBuf> {
    let name = samples.file_name()?.to_str()?;
    let names = [
        ("images-idx3", "labels-idx1"),
        ("images.idx3", "labels.idx1"),
        ("images-idx3-ubyte", "labels-idx2-int"),
    ]
    .into_iter()
    .filter(|(images, _)| name.contains(images))
    .map(|(images, labels)| name.replace(images, labels));
    let names: Vec<String> = names.collect();
    // One of a pair may be unpacked and the other not.
    let forms = names.iter().flat_map(|labels| {
        let raw = labels.strip_suffix(".gz").unwrap_or(labels);
        [labels.clone(), raw.to_owned(), format!("{raw}.gz")]
    });
    let mut found = forms.map(|name| samples.with_file_name(name));
    let found = found.find(|path| path.is_file());
    found.or_else(|| Some(samples.with_file_name(names.first()?)))
}

/// Whether a file begins as an IDX array, gzipped or not.
pub(super) fn is_idx(path: &Path) -> Result<bool, DataError> {
    let (file, _) = open(path)?;
    let mut magic = [0; 4];
    let read = unpacked(path, file)?.0.read_exact(&mut magic);
    Ok(read.is_ok() && matches!(magic, [0, 0, 0x08..=0x0e, _]))
}

/// A file, gzipped or not, as what is in it, and whether it is.
fn unpacked(path: &Path, mut file: BufReader<File>) -> Result<(Box<dyn Read>, bool), DataError> {
    let mut magic = [0; 2];
    let gzipped = file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    file.rewind().map_err(|source| io_error(path, source))?;
    Ok((
        if gzipped {
            // A gzip file is a series of members, and some tools write many.
            Box::new(BufReader::new(MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        },
        gzipped,
    ))
}

/// The numbers that QMNIST has for each image; the first is its class.
const QMNIST_LABELS: usize = 8;

/// Whether an IDX file is one of labels as QMNIST has them, eight 32-bit integers a sample.
pub(super) fn is_qmnist(path: &Path) -> Result<bool, DataError> {
    let array = Array::open(path)?;
    Ok(array.kind == 0x0c && matches!(array.sizes[..], [_, QMNIST_LABELS]))
}

/// All labels of an IDX file of one axis, or of QMNIST's.
pub(super) fn labels(path: &Path) -> Result<Labels, DataError> {
    let mut array = Array::open(path)?;
    let mut numbers = Vec::new();
    match array.sizes[..] {
        [count] => array.read(count, &mut numbers, count)?,
        [count, QMNIST_LABELS] if array.kind == 0x0c => {
            for _ in 0..count {
                array.read(1, &mut numbers, count)?;
                array.skip(QMNIST_LABELS - 1)?;
            }
        }
        _ => {
            return Err(array.error(
                "labels of one axis, [n]; in Python: y = y[:, 0] if the first column is the class",
                format!("shape {:?}", array.sizes),
            ));
        }
    }
    if let Some(sample) = numbers.iter().position(|label: &f64| !label.is_finite()) {
        let found = format!("{} for sample {sample}", numbers[sample]);
        return Err(array.error(LABEL_EXPECTED, found));
    }
    array.end()?;
    Ok(Labels::Numbers(numbers))
}

/// The rows `keep`, which rise, of an IDX file of two axes or more, flattened.
pub(super) fn rows(path: &Path, keep: &[usize], expected: usize) -> Result<Array2<f64>, DataError> {
    let mut array = Array::open(path)?;
    let [samples, ref axes @ ..] = array.sizes[..] else {
        return Err(array.error("samples of two axes or more, [n, …]", "shape []"));
    };
    if axes.is_empty() {
        let found = format!("shape {:?}", array.sizes);
        return Err(array.error("samples of two axes or more, [n, …]", found));
    }
    let dim: usize = axes.iter().product();
    check_count(samples, expected)?;
    let entries = require_room(keep.len(), dim)?;
    let mut values = Vec::new();
    let mut next = 0;
    for &row in keep {
        array.skip((row - next) * dim)?;
        array.read(dim, &mut values, entries)?;
        next = row + 1;
    }
    array.skip((samples - next) * dim)?;
    array.end()?;
    Ok(Array2::from_shape_vec((keep.len(), dim), values).expect("every row was read whole"))
}

/// An opened IDX array, positioned at an entry.
struct Array<'a> {
    path: &'a Path,
    source: Box<dyn Read>,
    kind: u8,
    sizes: Vec<usize>,
    buffer: Vec<u8>,
}

impl<'a> Array<'a> {
    /// Reads the header and holds what it claims against the size of the file.
    fn open(path: &'a Path) -> Result<Self, DataError> {
        let (file, length) = open(path)?;
        let (source, gzipped) = unpacked(path, file)?;
        let mut array = Self {
            path,
            source,
            kind: 0,
            sizes: Vec::new(),
            buffer: Vec::new(),
        };
        let mut magic = [0; 4];
        array.exact(&mut magic)?;
        let [0, 0, kind @ (0x08 | 0x09 | 0x0b..=0x0e), axes] = magic else {
            let found = format!("the first bytes {magic:02x?}");
            return Err(array.error("an IDX file, which begins 00 00 TYPE AXES", found));
        };
        array.kind = kind;
        if !(1..=MAX_AXES).contains(&usize::from(axes)) {
            return Err(array.error(format!("1 to {MAX_AXES} axes"), axes.to_string()));
        }
        for _ in 0..axes {
            let mut size = [0; 4];
            array.exact(&mut size)?;
            array.sizes.push(u32::from_be_bytes(size) as usize);
        }
        // A zero size does not make the others small.
        let product = |sizes: &[usize]| {
            sizes.iter().try_fold(1_u64, |product, &size| {
                product.checked_mul(size.max(1) as u64)
            })
        };
        let entries = product(&array.sizes).filter(|&entries| entries <= MAX_ENTRIES);
        let Some(entries) = entries else {
            let found = format!("shape {:?}", array.sizes);
            return Err(array.error(format!("at most {MAX_ENTRIES} entries"), found));
        };
        let entries = if array.sizes.contains(&0) { 0 } else { entries };
        let header = 4 + 4 * u64::from(axes);
        let claimed = header + entries * array.item_size() as u64;
        if gzipped {
            check_expansion(entries, array.item_size() as u64, length)
                .map_err(|Mismatch { expected, found }| array.error(expected, found))?;
        } else if claimed != length {
            let expected = format!("{claimed} bytes for shape {:?}", array.sizes);
            return Err(array.error(expected, format!("{length} bytes")));
        }
        Ok(array)
    }

    /// Bytes per entry.
    fn item_size(&self) -> usize {
        match self.kind {
            0x08 | 0x09 => 1,
            0x0b => 2,
            0x0c | 0x0d => 4,
            _ => 8,
        }
    }

    fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> DataError {
        DataError::Format {
            path: self.path.to_owned(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    fn exact(&mut self, bytes: &mut [u8]) -> Result<(), DataError> {
        self.source.read_exact(bytes).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                self.error("as many entries as the header says", "an early end")
            } else {
                self.error("a readable IDX file", error.to_string())
            }
        })
    }

    /// Appends the next `count` entries, a chunk at a time, to `values`, which will be `total` in
    /// the end.
    fn read(&mut self, count: usize, values: &mut Vec<f64>, total: usize) -> Result<(), DataError> {
        let mut missing = count;
        while missing > 0 {
            let chunk = missing.min(CHUNK);
            make_room(values, chunk, total)
                .map_err(|Mismatch { expected, found }| self.error(expected, found))?;
            let mut bytes = std::mem::take(&mut self.buffer);
            bytes.resize(chunk * self.item_size(), 0);
            self.exact(&mut bytes)?;
            macro_rules! decode {
                ($number:ty) => {{
                    let (entries, _) = bytes.as_chunks::<{ size_of::<$number>() }>();
                    values.extend(entries.iter().map(|&b| <$number>::from_be_bytes(b) as f64))
                }};
            }
            match self.kind {
                0x08 => decode!(u8),
                0x09 => decode!(i8),
                0x0b => decode!(i16),
                0x0c => decode!(i32),
                0x0d => decode!(f32),
                _ => decode!(f64),
            }
            self.buffer = bytes;
            missing -= chunk;
        }
        Ok(())
    }

    /// Passes over the next `count` entries.
    fn skip(&mut self, count: usize) -> Result<(), DataError> {
        let bytes = (count * self.item_size()) as u64;
        let passed = io::copy(&mut (&mut self.source).take(bytes), &mut io::sink());
        match passed {
            Ok(passed) if passed == bytes => Ok(()),
            Ok(_) => Err(self.error("as many entries as the header says", "an early end")),
            Err(error) => Err(self.error("a readable IDX file", error.to_string())),
        }
    }

    /// Expects the end, where gzip compares its checksum.
    fn end(mut self) -> Result<(), DataError> {
        match self.source.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.error("the end after the last entry", "more bytes")),
            Err(error) => Err(self.error("a readable IDX file", error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests;
