use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::dataset::RemoteFile;
use crate::error::FetchError;

/// The two bytes with which every gzip file begins.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What a file is that is not the published one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// No gzip file.
    NotGzip {
        /// Its first bytes, escaped.
        begins: String,
    },
    /// Damaged gzip data, or something after the end of it.
    Damaged {
        /// The unpacked bytes before the damage was seen.
        after: u64,
    },
    /// Gzip data that breaks off.
    EndsEarly {
        /// The unpacked bytes before that.
        after: u64,
    },
    /// More unpacked bytes than the published file has; nobody has looked how many.
    TooLong,
    /// Other contents.
    Contents {
        /// Their SHA-256, as 64 hexadecimal digits.
        sha256: String,
        /// Their size.
        size: u64,
    },
}

impl Found {
    /// What the first bytes of a file say about it, if they are those of no gzip file.
    pub(crate) fn not_gzip(start: &[u8]) -> Option<Self> {
        let known = start.len().min(GZIP_MAGIC.len());
        (start[..known] != GZIP_MAGIC[..known]).then(|| Self::NotGzip {
            begins: start[..start.len().min(24)].escape_ascii().to_string(),
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip { begins } => write!(f, "no gzip file (it begins with `{begins}`)"),
            Self::Damaged { after } => write!(f, "damaged gzip data after {after} bytes unpacked"),
            Self::EndsEarly { after } => {
                write!(f, "gzip data that breaks off after {after} bytes unpacked")
            }
            Self::TooLong => f.write_str("more bytes than that"),
            Self::Contents { sha256, size } => write!(f, "SHA-256 {sha256} over {size} bytes"),
        }
    }
}

/// Checks that the file at `path` is the published `file`: gzipped if `path` ends in `.gz`, else
/// unpacked.
///
/// It is read as a stream and no further than one read beyond the published size.
///
/// # Errors
///
/// [`FetchError::Io`] if it cannot be read, and [`FetchError::Corrupt`] if it is another file.
pub fn verify(file: &RemoteFile<'_>, path: &Path) -> Result<(), FetchError> {
    let gzipped = path.extension().is_some_and(|extension| extension == "gz");
    match inspect(file, path, gzipped).map_err(FetchError::io("read", path))? {
        None => Ok(()),
        Some(found) => Err(corrupt(file, path.display().to_string(), found)),
    }
}

/// The error for a `file` that came from `place` and is something else.
pub(crate) fn corrupt(file: &RemoteFile<'_>, place: String, found: Found) -> FetchError {
    FetchError::Corrupt {
        file: place,
        sha256: file.sha256.to_owned(),
        size: file.size,
        found,
    }
}

/// What the file at `path` is instead of the published one; `None` if it is that.
pub(crate) fn inspect(
    file: &RemoteFile<'_>,
    path: &Path,
    gzipped: bool,
) -> io::Result<Option<Found>> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
    if !gzipped {
        return contents(file, reader);
    }
    match Found::not_gzip(reader.fill_buf()?) {
        Some(found) => Ok(Some(found)),
        None => contents(file, MultiGzDecoder::new(reader)),
    }
}

fn contents(file: &RemoteFile<'_>, mut unpacked: impl Read) -> io::Result<Option<Found>> {
    let mut hasher = Sha256::new();
    let mut after = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        // The decoder reports what is wrong with its input in these kinds; a disk that fails to
        // read has others.
        let count = match unpacked.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => continue,
                ErrorKind::UnexpectedEof => return Ok(Some(Found::EndsEarly { after })),
                ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                    return Ok(Some(Found::Damaged { after }));
                }
                _ => return Err(error),
            },
        };
        after += count as u64;
        if after > file.size {
            return Ok(Some(Found::TooLong));
        }
        hasher.update(&buffer[..count]);
    }
    let sha256: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let good = after == file.size && sha256.eq_ignore_ascii_case(file.sha256);
    Ok((!good).then_some(Found::Contents {
        sha256,
        size: after,
    }))
}
