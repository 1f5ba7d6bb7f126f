//! CIFAR-10 in its binary version: its archive, where it is kept, and how its records are read.
//!
//! A record is a byte of the class, 0 to 9, and 3072 bytes of an image of 32 × 32 pixels: all red
//! values row by row, then the green and the blue ones. Five files of records are the training set,
//! one is the test set; the archive is a gzipped tar of them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use ndarray::Array2;

use crate::DataError;
use crate::split::Split;

/// The name by which commands and configurations ask for CIFAR-10.
pub const NAME: &str = "cifar10";

/// The archive as it is published.
pub const ARCHIVE: &str = "cifar-10-binary.tar.gz";

/// The SHA-256 of the archive itself.
pub const SHA256: &str = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd";

/// The bytes of the archive itself.
pub const SIZE: u64 = 170_052_171;

/// Values of an image.
pub const VALUES: usize = 3072;

/// Bytes of a record.
const RECORD: usize = 1 + VALUES;

/// Most records of a file, and most files of a set: what is published has 10,000 and 5.
const MOST_RECORDS: usize = 100_000;

/// Bytes of a block of a tar archive.
const BLOCK: usize = 512;

/// The folder for CIFAR-10 in the user's data directory: `$XDG_DATA_HOME/implicit-bias/cifar10` and
/// the usual place on other systems; `None` where there is no home directory.
pub fn default_dir() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("implicit-bias").join(NAME))
}

/// The files of records of a part, in their order.
fn files(split: Split) -> Vec<String> {
    match split {
        Split::Train => (1..=5)
            .map(|number| format!("data_batch_{number}.bin"))
            .collect(),
        Split::Test => vec!["test_batch.bin".to_owned()],
    }
}

/// The records of a part of the archive in `dir`, file by file.
fn records(dir: &Path, split: Split) -> Result<Vec<Vec<u8>>, DataError> {
    let path = dir.join(ARCHIVE);
    if !path.is_file() {
        return Err(DataError::Missing {
            set: NAME,
            file: ARCHIVE.to_owned(),
            dir: dir.to_owned(),
        });
    }
    let io = |source| DataError::Io {
        path: path.clone(),
        source,
    };
    let wanted = files(split);
    let mut found: Vec<Option<Vec<u8>>> = vec![None; wanted.len()];
    let file = File::open(&path).map_err(io)?;
    let mut archive = GzDecoder::new(BufReader::with_capacity(1 << 16, file));
    let mut header = [0_u8; BLOCK];
    while found.iter().any(Option::is_none) {
        archive.read_exact(&mut header).map_err(io)?;
        if header.iter().all(|&byte| byte == 0) {
            break;
        }
        let size = size_of_entry(&header).ok_or_else(|| format_error(&path, "no tar header"))?;
        let name = name_of_entry(&header);
        let place = wanted
            .iter()
            .position(|wanted| name.rsplit('/').next() == Some(wanted));
        let padded = size.div_ceil(BLOCK as u64) * BLOCK as u64;
        let mut entry = archive.by_ref().take(padded);
        match place {
            Some(place) => {
                if size % RECORD as u64 != 0 || size > (RECORD * MOST_RECORDS) as u64 {
                    let found = format!("{size} bytes in {name}");
                    return Err(format_error(&path, &found));
                }
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).map_err(io)?;
                bytes.truncate(size as usize);
                if bytes.len() as u64 != size {
                    return Err(format_error(&path, &format!("{name} cut off")));
                }
                found[place] = Some(bytes);
            }
            None => {
                std::io::copy(&mut entry, &mut std::io::sink()).map_err(io)?;
            }
        }
    }
    let named = found.into_iter().zip(&wanted);
    let all = named
        .map(|(bytes, name)| bytes.ok_or_else(|| format_error(&path, &format!("no {name} in it"))));
    all.collect()
}

fn format_error(path: &Path, found: &str) -> DataError {
    DataError::Format {
        path: path.to_owned(),
        expected: format!("the gzipped tar of CIFAR-10's files of records of {RECORD} bytes"),
        found: found.to_owned(),
    }
}

/// The size of the file behind a header: octal digits.
fn size_of_entry(header: &[u8; BLOCK]) -> Option<u64> {
    let field = std::str::from_utf8(&header[124..136]).ok()?;
    u64::from_str_radix(field.trim_matches(['\0', ' ']), 8).ok()
}

fn name_of_entry(header: &[u8; BLOCK]) -> String {
    let name = header[..100]
        .split(|&byte| byte == 0)
        .next()
        .unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// The classes of a part, one number from 0 to 9 a sample.
///
/// # Errors
///
/// [`DataError::Missing`] where the archive is not in the folder; [`DataError::Io`] and
/// [`DataError::Format`] for one that cannot be read.
pub fn labels(dir: &Path, split: Split) -> Result<Vec<f64>, DataError> {
    let files = records(dir, split)?;
    let records = files.iter().flat_map(|file| file.chunks_exact(RECORD));
    let labels: Vec<f64> = records.map(|record| f64::from(record[0])).collect();
    match labels.iter().find(|label| **label > 9.0) {
        None => Ok(labels),
        Some(label) => Err(format_error(
            &dir.join(ARCHIVE),
            &format!("a class {label}"),
        )),
    }
}

/// The samples with the given indices, which rise, of a part: values from 0 to 255, one image a row.
///
/// # Errors
///
/// As [`labels`]; [`DataError::Length`] where there are other than `expected` samples.
pub fn rows(
    dir: &Path,
    split: Split,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    let files = records(dir, split)?;
    let records: Vec<&[u8]> = files
        .iter()
        .flat_map(|file| file.chunks_exact(RECORD))
        .collect();
    if records.len() != expected {
        return Err(DataError::Length {
            samples: records.len(),
            labels: expected,
        });
    }
    let mut x = Array2::zeros((keep.len(), VALUES));
    for (mut row, &index) in x.outer_iter_mut().zip(keep) {
        for (value, &byte) in row.iter_mut().zip(&records[index][1..]) {
            *value = f64::from(byte);
        }
    }
    Ok(x)
}
