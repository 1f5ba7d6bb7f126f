//! The files of a run directory, each written whole or not at all.

use std::path::{Path, PathBuf};

use implicit_bias_output::{
    is_temporary, remove_temporaries, replace, replace_keeping, replace_unsynced,
};

use super::lock::{self, Lock};
use crate::LabError;

/// The newest checkpoint of a run.
pub(super) const CHECKPOINT: &str = "checkpoint";

/// A run directory that this process writes.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
}

/// A run directory out of which other processes are kept until it is dropped.
#[derive(Debug)]
pub(crate) struct HeldDirectory {
    pub directory: RunDirectory,
    _lock: Lock,
}

impl RunDirectory {
    /// A new directory. It appears with its first file, so that bad input leaves none.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] if something is already there (nothing written is ever overwritten by
    /// another run), [`LabError::Write`] if it cannot be looked at.
    pub fn create(path: &Path) -> Result<Self, LabError> {
        Self::create_unless(path, |_| true)
    }

    /// The same for a run of this configuration, which may begin where one was killed before it
    /// began, and beside the `files` that it reads.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub(super) fn begin(path: &Path, config: &str, files: &[PathBuf]) -> Result<Self, LabError> {
        let is_read = |name: &str| {
            let file = std::path::absolute(path.join(name));
            file.is_ok_and(|file| files.contains(&file))
        };
        Self::create_unless(path, |name| match name {
            lock::FILE | CHECKPOINT => false,
            name if is_read(name) => false,
            "config.toml" => {
                !std::fs::read(path.join(name)).is_ok_and(|found| found == config.as_bytes())
            }
            name => !is_temporary(name),
        })
    }

    /// A new directory, in which there may be files that are not `is_used`.
    fn create_unless(path: &Path, is_used: impl Fn(&str) -> bool) -> Result<Self, LabError> {
        let io = |source| LabError::Write {
            path: path.to_owned(),
            source,
        };
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        if path.exists() && !path.is_dir() {
            return Err(in_use(path));
        }
        if path.exists() {
            for entry in path.read_dir().map_err(io)? {
                if is_used(&entry.map_err(io)?.file_name().to_string_lossy()) {
                    return Err(in_use(path));
                }
            }
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Makes a new directory `parent/name`, or `parent/name-2`, … if that is in use; of several
    /// processes that ask at once, each gets its own.
    pub(crate) fn create_numbered(parent: &Path, name: &str) -> Result<Self, LabError> {
        let io = |path: &Path, source| LabError::Write {
            path: path.to_owned(),
            source,
        };
        std::fs::create_dir_all(parent).map_err(|source| io(parent, source))?;
        let mut path = parent.join(name);
        for number in 2_u64.. {
            match std::fs::create_dir(&path) {
                Ok(()) => break,
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    path = parent.join(format!("{name}-{number}"));
                }
                Err(error) => return Err(io(&path, error)),
            }
        }
        Ok(Self { path })
    }

    /// The directory that was asked for, or else a new `parent/name`, numbered if that is in use.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn choose(asked: Option<&Path>, parent: &Path, name: &str) -> Result<Self, LabError> {
        match asked {
            Some(path) => Self::create(path),
            None => Self::create_numbered(parent, name),
        }
    }

    /// A directory that a finished run left, to write figures and the report again.
    pub fn open(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Makes the directory, if it is not there, and keeps other processes out of it; `warn` is told
    /// where the file system cannot.
    ///
    /// # Errors
    ///
    /// [`LabError::Locked`] names the process that is in it.
    pub(crate) fn hold(self, warn: &mut dyn FnMut(&str)) -> Result<HeldDirectory, LabError> {
        std::fs::create_dir_all(&self.path).map_err(|source| LabError::Write {
            path: self.path.clone(),
            source,
        })?;
        let lock = Lock::take(&self.path)?;
        if let Some(notice) = lock.notice() {
            warn(&notice);
        }
        Ok(HeldDirectory {
            directory: self,
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file by way of a temporary one beside it, on the disk before it takes its name, so
    /// that a reader sees the old content or the new one and never a part.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] names the file.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), LabError> {
        write_atomically(&self.place(name)?, content)
    }

    /// The same for a file that is soon to be replaced: a power cut may cost it.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] names the file.
    pub(super) fn write_for_now(&self, name: &str, content: &[u8]) -> Result<(), LabError> {
        let path = self.place(name)?;
        replace_unsynced(&path, content).map_err(|source| LabError::Write { path, source })
    }

    /// The path of a file, in a folder that is there.
    fn place(&self, name: &str) -> Result<PathBuf, LabError> {
        let path = self.path.join(name);
        let folder = path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder).map_err(|source| LabError::Write {
            path: folder.to_owned(),
            source,
        })?;
        Ok(path)
    }

    /// As [`write`](Self::write), its name on the disk too when it returns; the file that was there
    /// until now is kept as `previous`. At any moment one of the two is whole.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] names the file.
    pub(super) fn write_durably(
        &self,
        name: &str,
        previous: &str,
        content: &[u8],
    ) -> Result<(), LabError> {
        let [path, previous] = [name, previous].map(|name| self.path.join(name));
        replace_keeping(&path, &previous, content)
            .map_err(|source| LabError::Write { path, source })
    }

    /// Removes what a process that was killed was writing at that moment.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] names the folder or the file.
    pub(super) fn remove_unfinished(&self) -> Result<(), LabError> {
        for folder in [self.path.clone(), self.path.join("figures")] {
            remove_temporaries(&folder).map_err(|source| LabError::Write {
                path: folder,
                source,
            })?;
        }
        Ok(())
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] names the file.
    pub(crate) fn remove(&self, name: &str) -> Result<(), LabError> {
        let path = self.path.join(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(LabError::Write { path, source })
            }
            _ => Ok(()),
        }
    }

    /// Writes the first file of a run into a directory that is still as [`begin`](Self::begin)
    /// wants it: of two processes that were told the same one, one gets it.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] if it is in use by now, [`LabError::Write`] if the file cannot be
    /// written.
    pub(super) fn write_first(
        &self,
        name: &str,
        content: &str,
        files: &[PathBuf],
    ) -> Result<(), LabError> {
        Self::begin(&self.path, content, files)?;
        self.remove_unfinished()?;
        self.write(name, content.as_bytes())
    }
}

/// The error of a directory that holds something.
fn in_use(path: &Path) -> LabError {
    LabError::Content {
        path: path.to_owned(),
        reason: "expected a new or empty directory for the run, found one in use; choose another \
                 with --out"
            .to_owned(),
    }
}

/// Writes `content` to a temporary file beside `path`, waits until it is on the disk and renames it
/// into place.
///
/// # Errors
///
/// [`LabError::Write`] names the file.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), LabError> {
    replace(path, content).map_err(|source| LabError::Write {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_in_use_is_refused_and_an_unused_name_is_numbered() {
        let parent = tempfile::tempdir().unwrap();
        let choose = || RunDirectory::choose(None, parent.path(), "run").unwrap();
        let first = choose();
        let begin = |config| RunDirectory::begin(&parent.path().join("asked"), config, &[]);
        let asked = begin("a = 1").unwrap();
        assert!(!asked.path().exists(), "bad input leaves no directory");
        asked.write_first("config.toml", "a = 1", &[]).unwrap();
        // As a kill at this moment leaves it: a run of the same configuration may begin there.
        std::fs::write(asked.path().join(".writing-abc"), "half").unwrap();
        std::fs::write(asked.path().join("lock"), "1").unwrap();
        begin("a = 1")
            .unwrap()
            .write_first("config.toml", "a = 1", &[])
            .unwrap();
        assert!(!asked.path().join(".writing-abc").exists());
        for late in [
            begin("a = 2").unwrap_err(),
            asked.write_first("config.toml", "", &[]).unwrap_err(),
        ] {
            assert!(late.to_string().contains("found one in use"), "{late}");
        }
        asked.write("manifest.json", b"").unwrap();
        assert!(begin("a = 1").is_err());
        first.write("figures/a.svg", b"old").unwrap();
        let second = choose();
        assert!(second.path().ends_with("run-2"));
        let error = RunDirectory::choose(Some(first.path()), parent.path(), "").unwrap_err();
        assert!(error.to_string().contains("found one in use"), "{error}");
        assert!(error.is_input());
    }

    #[test]
    fn a_run_begins_beside_the_files_that_it_reads_and_no_others() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data.npz");
        std::fs::write(&data, "samples").unwrap();
        let begin = |files: &[PathBuf]| RunDirectory::begin(parent.path(), "a = 1", files);
        assert!(begin(&[]).is_err());
        assert!(begin(&[PathBuf::from("/elsewhere/data.npz")]).is_err());
        let directory = begin(std::slice::from_ref(&data)).unwrap();
        directory
            .write_first("config.toml", "a = 1", std::slice::from_ref(&data))
            .unwrap();
        assert_eq!(std::fs::read(&data).unwrap(), b"samples");
    }

    #[test]
    fn writing_replaces_a_file_whole_and_leaves_nothing_beside_it() {
        let parent = tempfile::tempdir().unwrap();
        let directory = RunDirectory::create(parent.path()).unwrap();
        directory
            .write("series.csv", b"a long old content")
            .unwrap();
        directory.write("series.csv", b"new").unwrap();
        assert_eq!(
            std::fs::read(parent.path().join("series.csv")).unwrap(),
            b"new"
        );
        assert_eq!(parent.path().read_dir().unwrap().count(), 1);
    }
}
