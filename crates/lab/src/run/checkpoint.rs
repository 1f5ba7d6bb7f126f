//! The file from which an unfinished run goes on.
//!
//! A checkpoint takes its name only when it is whole on the disk: it is written to a temporary
//! file, flushed and renamed, and the one before it is kept under another name. Its first bytes say
//! what it is, its SHA-256 that it is undamaged.

use std::io::Read;
use std::path::Path;

use implicit_bias_output::sha256_bytes;
use serde::{Deserialize, Serialize};

use super::directory::{CHECKPOINT as FILE, RunDirectory};
use crate::LabError;
use implicit_bias_record::Series;

/// The one before it.
const PREVIOUS: &str = "checkpoint.previous";

/// What a checkpoint begins with; the number is raised when its layout changes, or the steps that go on from it do.
const MAGIC: &[u8; 24] = b"implicit-bias checkpoint";

/// See [`MAGIC`].
const VERSION: u32 = 5;

/// Bytes before the state: magic, version, SHA-256 of the state.
const HEADER: usize = MAGIC.len() + 4 + 32;

/// Why bytes are no checkpoint to go on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Whole, and of a layout that this program does not know.
    OtherVersion(u32),
    /// Damaged, or no checkpoint: what is wrong.
    Damaged(String),
}

/// A run at some step between two chunks of steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SavedRun {
    /// SHA-256 of data and initial weights.
    pub start: String,
    /// The engine's own bytes.
    pub engine: Vec<u8>,
    /// What was recorded so far.
    pub series: Series,
    pub margins: Series,
    /// What the limit's certificate will be tried on.
    pub snapshots: Vec<(f64, Vec<f64>)>,
}

impl SavedRun {
    fn to_bytes(&self) -> Vec<u8> {
        let state = postcard::to_stdvec(self);
        with_header(&state.expect("numbers, texts and lists of them always have bytes"))
    }

    /// The state, or what is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let (Some(header), Some(state)) = (bytes.get(..HEADER), bytes.get(HEADER..)) else {
            return Err(damaged(format!(
                "expected at least {HEADER} bytes, found {}",
                bytes.len()
            )));
        };
        let (magic, rest) = header.split_at(MAGIC.len());
        let (version, hash) = rest.split_at(4);
        if magic != MAGIC {
            return Err(damaged("expected a checkpoint, found another file"));
        }
        if version != VERSION.to_le_bytes() {
            // Also where its bytes are not those that were written: of another layout nothing is
            // known, and no run is begun again because of it.
            let found = u32::from_le_bytes(version.try_into().expect("four bytes"));
            return Err(Unreadable::OtherVersion(found));
        }
        if sha256_bytes(state) != hash {
            return Err(damaged(
                "expected the bytes that were written, found others: damaged or cut short",
            ));
        }
        let state: Self =
            postcard::from_bytes(state).map_err(|error| damaged(error.to_string()))?;
        if !state.series.is_table() || !state.margins.is_table() {
            return Err(damaged(
                "expected tables with as many numbers a row as columns",
            ));
        }
        Ok(state)
    }
}

fn damaged(reason: impl Into<String>) -> Unreadable {
    Unreadable::Damaged(reason.into())
}

/// The content of a file: a state's bytes after what tells that they are whole.
pub(super) fn with_header(state: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + state.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(sha256_bytes(state));
    bytes.extend(state);
    bytes
}

/// Writes a checkpoint and keeps the one before it.
///
/// # Errors
///
/// [`LabError::Write`] names the file; what was there is there still.
pub(super) fn write(directory: &RunDirectory, state: &SavedRun) -> Result<(), LabError> {
    directory.write_durably(FILE, PREVIOUS, &state.to_bytes())
}

/// Writes a checkpoint in place of the newest, which a power cut may cost.
///
/// # Errors
///
/// [`LabError::Write`] names the file.
pub(super) fn write_for_now(directory: &RunDirectory, state: &SavedRun) -> Result<(), LabError> {
    directory.write_for_now(FILE, &state.to_bytes())
}

/// Forgets the checkpoint before the newest, of a run that has ended.
pub(super) fn remove_previous(directory: &RunDirectory) -> Result<(), LabError> {
    directory.remove(PREVIOUS)
}

/// Forgets all checkpoints, of a run that is not to go on.
pub(super) fn remove(directory: &RunDirectory) -> Result<(), LabError> {
    remove_previous(directory)?;
    directory.remove(FILE)
}

/// The newest sound checkpoint of a run directory, `None` if there is none at all; `announce` is
/// told of damaged ones.
///
/// # Errors
///
/// [`LabError::Read`] for a file that is there and cannot be read; [`LabError::Content`] for one of
/// another version, which is not passed over: from an older one, or from the start, a run would
/// repeat what may have taken a night.
pub(super) fn read(
    path: &Path,
    announce: &mut dyn FnMut(&str),
) -> Result<Option<SavedRun>, LabError> {
    for name in [FILE, PREVIOUS] {
        let path = path.join(name);
        let mut bytes = Vec::new();
        match std::fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(LabError::Read { path, source }),
        }
        match SavedRun::from_bytes(&bytes) {
            Ok(state) => return Ok(Some(state)),
            Err(Unreadable::Damaged(reason)) => {
                announce(&format!("{}: {reason}; left aside", path.display()));
            }
            Err(Unreadable::OtherVersion(found)) => {
                let reason = format!(
                    "expected checkpoint version {VERSION}, found {found}, which another version of \
                     this program wrote; go on with that one (manifest.json names it), or begin the \
                     run again with `train config.toml --out NEW`"
                );
                return Err(LabError::Content { path, reason });
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(step: f64) -> SavedRun {
        let mut series = Series::new(["step", "loss"]);
        series.push(vec![0.0, f64::NAN]);
        series.push(vec![step, f64::INFINITY]);
        let mut margins = Series::new(["step", "sample_0"]);
        margins.push(vec![0.0, -0.0]);
        SavedRun {
            start: "a".to_owned(),
            engine: vec![1, 2, 3],
            series,
            margins,
            snapshots: Vec::new(),
        }
    }

    fn in_folder(folder: &Path) -> RunDirectory {
        RunDirectory::open(folder)
    }

    #[test]
    fn the_newest_is_read_and_the_one_before_it_kept() {
        let folder = tempfile::tempdir().unwrap();
        let directory = in_folder(folder.path());
        let quiet = &mut |text: &str| panic!("{text}");
        assert_eq!(read(folder.path(), quiet).unwrap(), None);
        for step in [1.0, 2.0, 3.0] {
            write(&directory, &state(step)).unwrap();
            assert_eq!(read(folder.path(), quiet).unwrap(), Some(state(step)));
        }
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        assert_eq!(read(folder.path(), quiet).unwrap(), Some(state(2.0)));
        remove(&directory).unwrap();
        remove(&directory).unwrap();
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_seen_and_the_one_before_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let directory = in_folder(folder.path());
        write(&directory, &state(1.0)).unwrap();
        write(&directory, &state(2.0)).unwrap();
        let path = folder.path().join(FILE);
        let sound = std::fs::read(&path).unwrap();
        let cuts = (0..sound.len()).map(|len| sound[..len].to_vec());
        let flips = (0..8 * sound.len()).map(|bit| {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let mut longer = sound.clone();
        longer.push(0);
        let version = MAGIC.len()..MAGIC.len() + 4;
        let mut refused = 0;
        for damaged in cuts.chain(flips).chain([longer]) {
            std::fs::write(&path, &damaged).unwrap();
            let mut told = Vec::new();
            let found = read(folder.path(), &mut |text| told.push(text.to_owned()));
            let whole = damaged.len() == sound.len();
            if whole && damaged[version.clone()] != sound[version.clone()] {
                let error = found.unwrap_err();
                assert!(error.is_input());
                let said = format!("expected checkpoint version {VERSION}, found ");
                assert!(error.to_string().contains(&said), "{error}");
                refused += 1;
                continue;
            }
            assert_eq!(found.unwrap(), Some(state(1.0)));
            assert_eq!(told.len(), 1);
            assert!(told[0].contains(": expected "), "{}", told[0]);
        }
        assert_eq!(refused, 32);
    }
}
