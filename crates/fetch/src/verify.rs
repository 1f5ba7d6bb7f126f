use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use implicit_bias_output::Hasher;

use crate::dataset::{Hashed, RemoteFile};
use crate::error::FetchError;
use crate::found::Found;

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
    if file.hashed == Hashed::File {
        if let Some(found) = Found::not_gzip(reader.fill_buf()?) {
            return Ok(Some(found));
        }
        let length = std::fs::metadata(path)?.len();
        if length < file.size {
            return Ok(Some(Found::EndsEarly { after: length }));
        }
        return contents(file, reader);
    }
    if !gzipped {
        return contents(file, reader);
    }
    match Found::not_gzip(reader.fill_buf()?) {
        Some(found) => Ok(Some(found)),
        None => contents(file, MultiGzDecoder::new(reader)),
    }
}

fn contents(file: &RemoteFile<'_>, mut unpacked: impl Read) -> io::Result<Option<Found>> {
    let mut hasher = Hasher::default();
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
    let sha256 = hasher.finish();
    let good = after == file.size && sha256.eq_ignore_ascii_case(file.sha256);
    Ok((!good).then_some(Found::Contents {
        sha256,
        size: after,
    }))
}
