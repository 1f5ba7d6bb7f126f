//! What a gzip file or a zip archive has in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::foreign;
use super::reading::{io_error, most_text, open};
use crate::DataError;

/// The first two bytes of a gzip file.
pub(super) const GZIP: &[u8] = &[0x1f, 0x8b];

/// The first two bytes of a zip archive.
pub(super) const ZIP: &[u8] = b"PK";

/// A reader that ends in an error where more than `left` bytes come.
struct Bounded<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(bytes)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::other("expands too far for a compressed file; unpack it first")
        })?;
        Ok(count)
    }
}

/// Opens a text file: as it is, gzipped, or alone in a zip archive.
///
/// # Errors
///
/// [`DataError::Io`], [`DataError::Archive`]; [`DataError::Format`] for an archive that has not one
/// file in it.
pub(super) fn open_text(path: &Path) -> Result<Box<dyn BufRead>, DataError> {
    let (mut file, length) = open(path)?;
    let start = file.fill_buf().map_err(|source| io_error(path, source))?;
    if start.starts_with(GZIP) {
        let text = Bounded {
            reader: MultiGzDecoder::new(file),
            left: most_text(length),
        };
        return Ok(Box::new(BufReader::new(text)));
    }
    if start.starts_with(ZIP) {
        return Ok(Box::new(Cursor::new(only_entry(path)?)));
    }
    Ok(Box::new(file))
}

/// Opens a zip archive.
pub(super) fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, DataError> {
    let (mut file, _) = open(path)?;
    let start = file.fill_buf().map_err(|source| io_error(path, source))?;
    let found = describe(start);
    ZipArchive::new(file).map_err(|error| DataError::Archive {
        path: path.to_owned(),
        found: found.map_or_else(
            || format!("one that is cut off or damaged ({error}); copy or save it again"),
            str::to_owned,
        ),
    })
}

/// What the beginning of a file is instead of a zip archive; `None` for one.
fn describe(start: &[u8]) -> Option<&'static str> {
    match start {
        [] => Some("an empty file"),
        [b'P', b'K', ..] => None,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            Some("an .npy file of one array, whatever its name is (np.savez writes .npz)")
        }
        _ => Some("other bytes"),
    }
}

/// The names of the files in a zip archive: no folders, nothing that macOS adds.
pub(super) fn files_of<R: Read + io::Seek>(archive: &ZipArchive<R>) -> Vec<String> {
    let names = archive.file_names().filter_map(Result::ok);
    let names = names.filter(|name| !name.ends_with('/') && !name.starts_with("__MACOSX/"));
    names.map(|name| name.to_string()).collect()
}

/// The bytes of the one file in a zip archive.
fn only_entry(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut archive = open_zip(path)?;
    let names = files_of(&archive);
    let [name] = &names[..] else {
        if let Some(format) = foreign::by_entries(&names) {
            return Err(format.refuse(path, ""));
        }
        return Err(DataError::Format {
            path: path.to_owned(),
            expected: "one table in the zip archive; unpack it and name the one to read".to_owned(),
            found: list(&names),
        });
    };
    let damaged = |found: String| DataError::Format {
        path: path.to_owned(),
        expected: format!("a readable `{}` in the zip archive", name.escape_debug()),
        found,
    };
    let index = archive
        .index_for_name(name)
        .expect("it is one of its names");
    let entry = archive
        .by_index(index)
        .map_err(|error| damaged(error.to_string()))?;
    check_method(entry.compression()).map_err(&damaged)?;
    let mut bytes = Vec::new();
    let left = most_text(entry.compressed_size());
    let mut text = Bounded {
        reader: entry,
        left,
    };
    text.read_to_end(&mut bytes)
        .map_err(|error| damaged(error.to_string()))?;
    Ok(bytes)
}

/// The first bytes of the one file in a zip archive, as far as they can be read.
pub(super) fn start_of_only_entry(
    archive: &mut ZipArchive<BufReader<File>>,
    name: &str,
    most: u64,
) -> Vec<u8> {
    let mut start = Vec::new();
    let index = archive.index_for_name(name);
    if let Some(entry) = index.and_then(|index| archive.by_index(index).ok()) {
        // What is damaged further on is for the reader to say.
        let _ = entry.take(most).read_to_end(&mut start);
    }
    start
}

/// Refuses methods of compression other than those that NumPy writes.
pub(super) fn check_method(method: CompressionMethod) -> Result<(), String> {
    if matches!(
        method,
        CompressionMethod::Stored | CompressionMethod::Deflated
    ) {
        return Ok(());
    }
    Err(format!(
        "the compression method {}, which is not supported; save it with np.savez or \
         np.savez_compressed",
        method.to_string().to_lowercase()
    ))
}

/// Names for a message, the first few of them.
pub(super) fn list(names: &[String]) -> String {
    const MOST: usize = 8;
    let shown = names.iter().take(MOST).map(|name| {
        let short: String = name.chars().take(60).flat_map(char::escape_debug).collect();
        format!("`{short}`")
    });
    let mut shown: Vec<String> = shown.collect();
    match names.len() {
        0 => return "none".to_owned(),
        count if count > MOST => shown.push(format!("… ({count} files)")),
        _ => {}
    }
    shown.join(", ")
}
