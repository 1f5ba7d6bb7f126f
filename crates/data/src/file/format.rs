//! Which format a file has.

use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::foreign::{self, Foreign};
use super::libsvm;
use super::packed::{GZIP, ZIP, files_of, list, open_zip, start_of_only_entry};
use super::reading::{io_error, open};
use crate::DataError;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Npz,
    Npy,
    Table,
    Libsvm,
    Idx,
}

/// Bytes of a file that are looked at.
const LOOK: u64 = 1 << 13;

impl Format {
    /// The format of the file at `path`, by what is in it; by its extension where it is not there,
    /// so that a configuration can be read without its data.
    pub fn of(path: &Path) -> Result<Self, DataError> {
        let extension = extension(path);
        let mut file = match open(path) {
            Ok((file, _)) => file,
            Err(DataError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Self::named(&extension).ok_or_else(|| io_error(path, source));
            }
            Err(DataError::Io { source, .. }) if source.kind() == ErrorKind::IsADirectory => {
                return Err(folder(path));
            }
            Err(error) => return Err(error),
        };
        let mut start = Vec::new();
        let read = file.by_ref().take(LOOK).read_to_end(&mut start);
        read.map_err(|source| io_error(path, source))?;
        if start.starts_with(GZIP) {
            return Self::in_gzip(path, &start, &extension);
        }
        if start.starts_with(ZIP) {
            return Self::in_zip(path, &extension);
        }
        Self::told(path, &start, "")?
            .or_else(|| Self::named(&extension))
            .ok_or_else(|| unknown(path, &start, &extension))
    }

    /// The format that an extension names.
    fn named(extension: &str) -> Option<Self> {
        match extension {
            "npz" => Some(Self::Npz),
            "npy" => Some(Self::Npy),
            "csv" | "tsv" => Some(Self::Table),
            "svm" | "libsvm" | "svmlight" => Some(Self::Libsvm),
            _ => None,
        }
    }

    /// The format of contents that begin with `start`, as far as they tell; `around` says what is
    /// around them.
    fn told(path: &Path, start: &[u8], around: &str) -> Result<Option<Self>, DataError> {
        match start {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return Ok(Some(Self::Npy)),
            [0, 0, 0x08..=0x0e, _, ..] => return Ok(Some(Self::Idx)),
            _ => {}
        }
        if let Some(format) = foreign::by_bytes(start) {
            return Err(format.refuse(path, around));
        }
        let Some(text) = text(start) else {
            return Ok(None);
        };
        if let Some(format) = foreign::by_text(&text) {
            return Err(format.refuse(path, around));
        }
        if libsvm::looks_like(&text) {
            return Ok(Some(Self::Libsvm));
        }
        let extension = extension(path);
        // The oldest pickles are text.
        if let Some(format) = foreign::by_extension(&extension).filter(Foreign::may_be_text) {
            return Err(format.refuse(path, " by its name"));
        }
        let wrong_name = matches!(Self::named(&extension), Some(Self::Npz | Self::Npy));
        Ok((!wrong_name).then_some(Self::Table))
    }

    fn in_gzip(path: &Path, start: &[u8], extension: &str) -> Result<Self, DataError> {
        let mut inner = Vec::new();
        let decoded = MultiGzDecoder::new(start)
            .take(LOOK)
            .read_to_end(&mut inner);
        if inner.is_empty() && decoded.is_err() {
            // Too damaged to tell: the reader says what is wrong.
            return Ok(Self::Idx);
        }
        if inner.starts_with(ZIP) {
            return Err(foreign::GZIPPED_ZIP.refuse(path, ""));
        }
        if inner.starts_with(GZIP) {
            return Err(foreign::GZIPPED_TWICE.refuse(path, ""));
        }
        let stem = path.with_extension("");
        let stem = if extension == "gz" {
            stem.as_path()
        } else {
            path
        };
        Self::told(path, &inner, ", gzipped")?
            .or_else(|| Self::named(&self::extension(stem)))
            .filter(|format| *format != Self::Npz)
            .ok_or_else(|| unknown(path, &inner, &self::extension(stem)))
    }

    fn in_zip(path: &Path, extension: &str) -> Result<Self, DataError> {
        let mut archive = match open_zip(path) {
            Ok(archive) => archive,
            // The reader of arrays says the same.
            Err(_) if extension == "npz" => return Ok(Self::Npz),
            Err(error) => return Err(error),
        };
        let names = files_of(&archive);
        let is_array = |name: &String| name.to_ascii_lowercase().ends_with(".npy");
        let is_model = names.iter().any(|name| name == "data.pkl");
        if extension == "npz" || (names.iter().any(is_array) && !is_model) {
            return match foreign::by_entries(&names) {
                Some(format) if !names.iter().any(is_array) => Err(format.refuse(path, "")),
                _ => Ok(Self::Npz),
            };
        }
        if let Some(format) = foreign::by_entries(&names) {
            return Err(format.refuse(path, ""));
        }
        let [name] = &names[..] else {
            return Err(DataError::Format {
                path: path.to_owned(),
                expected: "a zip archive of one table; unpack it and name the file to read"
                    .to_owned(),
                found: list(&names),
            });
        };
        let start = start_of_only_entry(&mut archive, name, LOOK);
        let format = Self::told(path, &start, ", zipped")?;
        match format {
            Some(format @ (Self::Table | Self::Libsvm)) => Ok(format),
            None if start.is_empty() => Ok(Self::Table),
            _ => Err(DataError::Format {
                path: path.to_owned(),
                expected: "a table in the zip archive; unpack it and name the file in it"
                    .to_owned(),
                found: list(&names),
            }),
        }
    }

    /// The format in a message.
    pub fn words(self) -> &'static str {
        match self {
            Self::Npz => "an .npz file",
            Self::Npy => "an .npy file",
            Self::Table => "a table",
            Self::Libsvm => "LIBSVM text",
            Self::Idx => "an IDX file",
        }
    }
}

/// The extension of a path in small letters.
fn extension(path: &Path) -> String {
    let extension = path.extension().unwrap_or_default();
    extension.to_string_lossy().to_ascii_lowercase()
}

/// The beginning of a file as text, if it is text: no zero bytes, hardly any control characters.
fn text(start: &[u8]) -> Option<String> {
    let controls = start
        .iter()
        .filter(|&&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c))
        .count();
    if start.is_empty() || start.contains(&0) || controls * 50 > start.len() {
        return None;
    }
    // Other encodings than UTF-8 are text too, as long as they are mostly readable.
    let text = String::from_utf8_lossy(start);
    let strange = text.matches(char::REPLACEMENT_CHARACTER).count();
    let text = text.trim_start_matches('\u{feff}');
    (strange * 10 <= start.len()).then(|| text.to_owned())
}

/// The error of a folder in place of a file.
fn folder(path: &Path) -> DataError {
    let has = |inner: &str| path.join(inner).is_dir();
    let raw = ["MNIST/raw", "raw"].into_iter().find(|inner| has(inner));
    let images = || {
        let entries = std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .flatten()
            .take(100);
        let mut paths = entries.map(|entry| entry.path());
        paths.any(|path| {
            let inner = std::fs::read_dir(&path).into_iter().flatten().flatten();
            foreign::is_image(&path) || inner.take(20).any(|e| foreign::is_image(&e.path()))
        })
    };
    let has_digits = raw.is_some() || path.join("train-images-idx3-ubyte").is_file();
    if !has_digits && images() {
        return foreign::IMAGES.refuse(path, " in a folder, which is a directory");
    }
    let hint = match has_digits {
        true => "; for MNIST: `mnist --data-dir` and this folder",
        false => "",
    };
    DataError::Format {
        path: path.to_owned(),
        expected: "a file".to_owned(),
        found: format!("a folder, which is a directory{hint}"),
    }
}

/// The error of contents that are of no known format.
fn unknown(path: &Path, start: &[u8], extension: &str) -> DataError {
    if let Some(format) = foreign::by_extension(extension) {
        return format.refuse(path, " by its name");
    }
    DataError::Format {
        path: path.to_owned(),
        expected: "an .npz or .npy file, a table, LIBSVM text or an IDX file, gzipped or not"
            .to_owned(),
        found: match start {
            [] => "an empty file".to_owned(),
            _ => "another one".to_owned(),
        },
    }
}
