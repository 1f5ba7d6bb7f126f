//! What all readers share: opening, and bounds on what a file may claim.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use crate::DataError;

/// The most that compressed data may expand, as a multiple of their compressed size, where they
/// have more than `MODEST_ENTRIES` entries. Images and floating-point numbers compress five- to
/// thirtyfold, honest one-hot data up to a thousandfold, and so do zip bombs.
pub const MAX_EXPANSION: u64 = 100;

/// Compressed data of at most so many entries, 512 MiB of `f64`, may expand by any multiple.
pub(super) const MODEST_ENTRIES: u64 = 1 << 26;

/// Compressed text of at most so many bytes may expand by any multiple.
const MODEST_TEXT: u64 = 512 << 20;

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

/// Refuses `entries` of `item_size` bytes that are compressed to `compressed` bytes, if there are
/// more than [`MODEST_ENTRIES`] and they expand more than [`MAX_EXPANSION`] times.
pub(super) fn check_expansion(
    entries: u64,
    item_size: u64,
    compressed: u64,
) -> Result<(), Mismatch> {
    let claimed = entries.saturating_mul(item_size);
    if entries <= MODEST_ENTRIES || claimed <= compressed.saturating_mul(MAX_EXPANSION) {
        return Ok(());
    }
    Err(Mismatch::new(
        format!(
            "at most {MODEST_ENTRIES} entries, or at most {MAX_EXPANSION} times the compressed \
             size, {compressed} bytes"
        ),
        format!(
            "{entries} entries, {claimed} bytes; if that is right, store the file uncompressed \
             (np.savez)"
        ),
    ))
}

/// The most bytes of text that a compressed file of `compressed` bytes may hold.
pub(super) fn most_text(compressed: u64) -> u64 {
    compressed.saturating_mul(MAX_EXPANSION).max(MODEST_TEXT)
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
