//! What all readers share: opening, and bounds on what a file may claim.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use crate::{DataError, MAX_ENTRIES};

/// The most that compressed data may expand, as a multiple of their compressed size. Images and
/// floating-point numbers compress five- to thirtyfold, zip bombs a thousandfold.
pub const MAX_EXPANSION: u64 = 100;

/// Compressed data that expand to less than this are no danger whatever the multiple is.
const SMALL: u64 = 16 << 20;

/// Why a part of a file is not what it must be.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub expected: String,
    pub found: String,
}

impl Mismatch {
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// The error of a file that cannot be opened or read.
pub(super) fn io_error(path: &Path, source: io::Error) -> DataError {
    DataError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Opens a regular file, with its length. Directories have no bytes, pipes and devices no end.
pub(super) fn open(path: &Path) -> Result<(BufReader<File>, u64), DataError> {
    let io = |source| io_error(path, source);
    // Looked at first: opening a pipe waits for its other end.
    let metadata = std::fs::metadata(path).map_err(io)?;
    if metadata.is_dir() {
        return Err(io(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        return Err(DataError::Format {
            path: path.to_owned(),
            expected: "a regular file".to_owned(),
            found: "a pipe or a device".to_owned(),
        });
    }
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    Ok((BufReader::new(file), length))
}

/// Refuses contents of `claimed` bytes that are compressed to `compressed` bytes, if that is more
/// than [`MAX_EXPANSION`] times as many.
pub(super) fn check_expansion(claimed: u64, compressed: u64) -> Result<(), Mismatch> {
    let most = compressed.saturating_mul(MAX_EXPANSION).max(SMALL);
    if claimed <= most {
        return Ok(());
    }
    Err(Mismatch::new(
        format!("at most {MAX_EXPANSION} times the compressed size, {compressed} bytes"),
        format!("{claimed} bytes; if that is right, store the file uncompressed"),
    ))
}

/// Refuses more or fewer samples than there are labels.
pub(super) fn check_count(samples: usize, labels: usize) -> Result<(), DataError> {
    if samples == labels {
        Ok(())
    } else {
        Err(DataError::Length { samples, labels })
    }
}

/// Makes room for `more` values, doubling the vector but never beyond the `total` that it will
/// hold.
///
/// Room grows as values arrive, because the total is a claim of the file.
pub(super) fn make_room(values: &mut Vec<f64>, more: usize, total: usize) -> Result<(), Mismatch> {
    if values.capacity() - values.len() >= more {
        return Ok(());
    }
    let missing = total.saturating_sub(values.len());
    values
        .try_reserve_exact(values.len().min(missing).max(more))
        .map_err(|error| Mismatch::new("entries that fit into memory", error.to_string()))
}

/// The number of entries of `rows × columns`, refused above [`MAX_ENTRIES`].
pub(super) fn check_size(rows: usize, columns: usize) -> Result<usize, DataError> {
    match rows.checked_mul(columns) {
        Some(entries) if entries as u64 <= MAX_ENTRIES => Ok(entries),
        _ => Err(DataError::TooLarge { rows, columns }),
    }
}
