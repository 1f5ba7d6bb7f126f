//! Which format a file has.

use std::io::{BufRead, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::reading::{io_error, open};
use crate::DataError;

/// The formats that a name or the first bytes identify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Npz,
    Npy,
    Csv,
    Idx,
}

impl Format {
    /// The format of the file at `path`.
    pub fn of(path: &Path) -> Result<Self, DataError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("npz") => return Ok(Self::Npz),
            Some("npy") => return Ok(Self::Npy),
            Some("csv" | "tsv") => return Ok(Self::Csv),
            _ => {}
        }
        let (mut file, _) = open(path)?;
        let start = file.fill_buf().map_err(|source| io_error(path, source))?;
        match start {
            [b'P', b'K', ..] => Ok(Self::Npz),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Ok(Self::Npy),
            [0, 0, 0x08..=0x0e, _, ..] => Ok(Self::Idx),
            [0x1f, 0x8b, ..] if gzipped_idx(start) => Ok(Self::Idx),
            _ => Err(DataError::Format {
                path: path.to_owned(),
                expected: "an .npz, .npy, .csv or .tsv file, or an IDX file, gzipped or not"
                    .to_owned(),
                found: "another one".to_owned(),
            }),
        }
    }

    /// The format in a message.
    pub fn words(self) -> &'static str {
        match self {
            Self::Npz => "an .npz file",
            Self::Npy => "an .npy file",
            Self::Csv => "a table",
            Self::Idx => "an IDX file",
        }
    }
}

/// Whether the beginning of a gzip file is that of an IDX file, or too damaged to tell: then the
/// reader says what is wrong. A table, say, may be gzipped too.
fn gzipped_idx(start: &[u8]) -> bool {
    let mut magic = [0; 4];
    let read = MultiGzDecoder::new(start).read_exact(&mut magic);
    read.is_err() || matches!(magic, [0, 0, 0x08..=0x0e, _])
}
