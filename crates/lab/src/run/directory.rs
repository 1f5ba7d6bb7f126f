//! The files of a run directory, each written whole or not at all.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::LabError;

/// A run directory that this process writes.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    /// A new directory for a run. It appears with its first file, so that bad input leaves none.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] if something is already there (nothing written is ever overwritten by
    /// another run), [`LabError::Write`] if it cannot be looked at.
    pub fn create(path: &Path) -> Result<Self, LabError> {
        let io = |source| LabError::Write {
            path: path.to_owned(),
            source,
        };
        if path.exists() && (!path.is_dir() || path.read_dir().map_err(io)?.next().is_some()) {
            let reason = "expected a new or empty directory for the run, found one in use; \
                          choose another with --out"
                .to_owned();
            return Err(LabError::Content {
                path: path.to_owned(),
                reason,
            });
        }
        Ok(Self {
            path: path.to_owned(),
        })
    }

    /// Makes a new directory `parent/name`, or `parent/name-2`, … if that is in use.
    fn create_numbered(parent: &Path, name: &str) -> Result<Self, LabError> {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !parent.join(name).exists());
        Self::create(&parent.join(free.expect("numbers do not run out")))
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

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file by way of a temporary one beside it, so that a reader sees the old content or
    /// the new one and never a part.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] names the file.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), LabError> {
        let path = self.path.join(name);
        let folder = path.parent().unwrap_or(&self.path);
        std::fs::create_dir_all(folder).map_err(|source| LabError::Write {
            path: folder.to_owned(),
            source,
        })?;
        write_atomically(&path, content)
    }
}

/// Writes `content` to a temporary file beside `path` and renames it into place.
///
/// # Errors
///
/// [`LabError::Write`] names the file.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), LabError> {
    let io = |source| LabError::Write {
        path: path.to_owned(),
        source,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(io)?;
    file.write_all(content).map_err(io)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private; what a run leaves is as readable as any other file.
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable).map_err(io)?;
    }
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_in_use_is_refused_and_an_unused_name_is_numbered() {
        let parent = tempfile::tempdir().unwrap();
        let choose = || RunDirectory::choose(None, parent.path(), "run").unwrap();
        let first = choose();
        assert!(
            !first.path().exists(),
            "a directory appears with its first file"
        );
        first.write("figures/a.svg", b"old").unwrap();
        let second = choose();
        assert!(second.path().ends_with("run-2"));
        let error = RunDirectory::choose(Some(first.path()), parent.path(), "").unwrap_err();
        assert!(error.to_string().contains("found one in use"), "{error}");
        assert!(error.is_input());
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
