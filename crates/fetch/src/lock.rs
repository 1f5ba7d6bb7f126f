use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use crate::error::FetchError;

const NAME: &str = ".fetch.lock";

/// The right to write into a folder, given back on drop or when the process ends in whatever way.
///
/// The locked file is one of its own, and it stays. Were it a `.part`, which is renamed, or were it
/// deleted, then a second process that opened it just before would lock a file that has another
/// name or none, and a third one would lock its successor.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Lock {
    /// Locks `dir`.
    ///
    /// Some network file systems have no locks; there it is left to the user to run one at a time.
    pub(crate) fn of(dir: &Path) -> Result<Self, FetchError> {
        let path = dir.join(NAME);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(FetchError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(FetchError::Busy {
                dir: dir.to_owned(),
                lock: path,
            }),
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Self(file))
            }
            Err(TryLockError::Error(error)) => Err(FetchError::io("lock", &path)(error)),
        }
    }
}
