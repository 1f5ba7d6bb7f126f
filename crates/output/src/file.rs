//! Files that are replaced atomically: a reader sees the old content or the new one, never a part.
//!
//! Content goes to a temporary file in the same folder, so that renaming never crosses file
//! systems, and takes its name when it is complete.

use std::fs;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// What the names of files begin with while they are written.
const TEMPORARY: &str = ".writing-";

/// Writes `content` beside `path`, waits until it is on the disk and renames it into place.
///
/// # Errors
///
/// Those of the file system; `path` then has its old content.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with(path, |file| file.write_all(content))
}

/// As [`replace`], with the content written by `write`.
///
/// # Errors
///
/// Those of the file system and of `write`; `path` then has its old content.
pub fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut fs::File>) -> io::Result<()>,
) -> io::Result<()> {
    let file = temporary(path, write)?;
    file.as_file().sync_all()?;
    persist(file, path)
}

/// As [`replace`], for a file that is soon to be replaced again: a power cut may cost its content.
///
/// # Errors
///
/// As [`replace`].
pub fn replace_unsynced(path: &Path, content: &[u8]) -> io::Result<()> {
    persist(temporary(path, |file| file.write_all(content))?, path)
}

/// As [`replace`], keeping what was at `path` until now at `previous`, in the same folder, and with
/// the names on the disk too when it returns. At any moment one of the two files is whole.
///
/// # Errors
///
/// As [`replace`].
pub fn replace_keeping(path: &Path, previous: &Path, content: &[u8]) -> io::Result<()> {
    let file = temporary(path, |file| file.write_all(content))?;
    file.as_file().sync_all()?;
    match fs::rename(path, previous) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    persist(file, path)?;
    sync_folder(path)
}

/// Gives the complete file `part` the name `path`, in the same folder: its content is on the disk
/// before, and its name when this returns.
///
/// # Errors
///
/// Those of the file system.
pub fn put_in_place(part: &Path, path: &Path) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(part)?.sync_all()?;
    fs::rename(part, path)?;
    sync_folder(path)
}

/// Waits until the name of a file is on the disk: names are the content of the folder, and
/// elsewhere than on Unix a folder cannot be opened.
#[cfg_attr(not(unix), expect(unused_variables, clippy::unnecessary_wraps))]
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder(path))?.sync_all()?;
    Ok(())
}

/// Whether a file of this name is one that a process was writing, or is.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// Removes from a folder what a process that was killed was writing at that moment; a folder that
/// is not there holds none.
///
/// # Errors
///
/// Those of the file system.
pub fn remove_temporaries(folder: &Path) -> io::Result<()> {
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        if is_temporary(&name.to_string_lossy()) {
            fs::remove_file(folder.join(name))?;
        }
    }
    Ok(())
}

/// The folder of a file.
fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Gives a temporary file its name.
fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// A temporary file beside `path` with what `write` writes, removed again unless it is renamed.
fn temporary(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut fs::File>) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(folder(path))?;
    let mut writer = BufWriter::new(file.as_file_mut());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private; what is left for a user is as readable as any other file.
        let readable = fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable)?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"a long old content").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let error = replace_with(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("full"))
        });
        assert_eq!(error.unwrap_err().to_string(), "full");
        replace_unsynced(&path, b"newer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn the_previous_content_is_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let [path, previous] = ["a", "before"].map(|name| folder.path().join(name));
        for content in ["1", "2", "3"] {
            replace_keeping(&path, &previous, content.as_bytes()).unwrap();
        }
        let read = |path| fs::read_to_string(path).unwrap();
        assert_eq!([read(&path), read(&previous)], ["3", "2"]);
    }

    #[test]
    fn what_a_killed_process_was_writing_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".writing-abc", "kept"] {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        remove_temporaries(folder.path()).unwrap();
        remove_temporaries(&folder.path().join("absent")).unwrap();
        assert!(folder.path().join("kept").exists());
        assert!(!folder.path().join(".writing-abc").exists());
    }
}
