//! Run directories that a plan no longer has.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use implicit_bias_output::sha256;

use super::plan::{NAME_DIGITS, Sweep};
use crate::LabError;
use crate::run::RunDirectory;

/// A run directory, or the note of a failure, of a run that the plan does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// The directory or the note.
    pub path: PathBuf,
    /// Bytes of its files.
    pub bytes: u64,
}

impl Sweep {
    /// What is in the folder of a sweep of runs that the plan does not have. What is no run
    /// directory, such as files of a user's own, is none of it.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] for a folder that cannot be looked at.
    pub fn leftovers(&self, directory: &Path) -> Result<Vec<Leftover>, LabError> {
        let planned: HashSet<&str> = self.runs().iter().map(|run| run.name()).collect();
        let mut found = Vec::new();
        for (folder, is_own) in [
            ("runs", is_run as fn(&Path, &str) -> bool),
            ("failed", is_note),
        ] {
            let folder = directory.join(folder);
            let read = |source| LabError::Read {
                path: folder.clone(),
                source,
            };
            let entries = match folder.read_dir() {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                entries => entries.map_err(read)?,
            };
            for entry in entries {
                let path = entry.map_err(read)?.path();
                let name = path.file_stem().and_then(|name| name.to_str());
                let name = name.filter(|name| !planned.contains(name) && is_own(&path, name));
                if name.is_some() {
                    let bytes = size(&path);
                    found.push(Leftover { path, bytes });
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }
}

impl Leftover {
    /// Removes it.
    ///
    /// # Errors
    ///
    /// [`LabError::Locked`] for a run that a process is at, [`LabError::Write`] for what cannot be
    /// removed.
    pub fn remove(&self) -> Result<(), LabError> {
        let write = |source| LabError::Write {
            path: self.path.clone(),
            source,
        };
        if self.path.is_file() {
            return std::fs::remove_file(&self.path).map_err(write);
        }
        let _held = RunDirectory::open(&self.path).hold(&mut |_| {})?;
        // The configuration last: without it the rest would no longer be known for a run.
        for entry in self.path.read_dir().map_err(write)? {
            let path = entry.map_err(write)?.path();
            let kept = path
                .file_name()
                .is_some_and(|name| name == CONFIG || name == LOCK);
            if path.is_dir() {
                std::fs::remove_dir_all(&path).map_err(write)?;
            } else if !kept {
                std::fs::remove_file(&path).map_err(write)?;
            }
        }
        std::fs::remove_dir_all(&self.path).map_err(write)
    }
}

const CONFIG: &str = "config.toml";
const LOCK: &str = "lock";

/// Whether this is the directory of a run of a sweep: its name is the beginning of the hash of its
/// configuration, or it is one that never began.
fn is_run(path: &Path, name: &str) -> bool {
    if !path.is_dir() || path.extension().is_some() || !is_name(name) {
        return false;
    }
    match std::fs::read(path.join(CONFIG)) {
        Ok(config) => sha256(config).starts_with(name),
        // Of a run that failed before it began, with a lock at most.
        Err(_) => path.read_dir().is_ok_and(|mut entries| {
            entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == LOCK))
        }),
    }
}

fn is_note(path: &Path, name: &str) -> bool {
    path.extension().is_some_and(|extension| extension == "txt") && is_name(name)
}

fn is_name(name: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.len() == NAME_DIGITS && name.bytes().all(is_digit)
}

/// Bytes of the files below a path.
fn size(path: &Path) -> u64 {
    let Ok(entries) = path.read_dir() else {
        return path.symlink_metadata().map_or(0, |data| data.len());
    };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_what_is_surely_a_run_that_the_plan_does_not_have_is_found() {
        let plan = |seeds: &str| Sweep::from_toml(&format!("seeds = {seeds}"), Path::new(""));
        let (small, large) = (plan("1").unwrap(), plan("3").unwrap());
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for run in large.runs() {
            let path = at("runs").join(run.name());
            fs::create_dir_all(path.join("figures")).unwrap();
            fs::write(path.join(CONFIG), run.config().to_toml()).unwrap();
            fs::write(path.join("figures/a.svg"), "12345").unwrap();
        }
        fs::create_dir_all(at("failed")).unwrap();
        fs::write(at("failed/0123456789abcdef.txt"), "why").unwrap();
        // A user's own: another name, another configuration, and files in no known place.
        for other in [
            "runs/mine",
            "runs/0123456789abcdef",
            "runs/0123456789abcde0",
        ] {
            fs::create_dir_all(at(other)).unwrap();
            fs::write(at(other).join("notes"), "x").unwrap();
        }
        fs::write(at("runs/0123456789abcde0").join(CONFIG), "seed = 1").unwrap();
        fs::write(at("failed/notes.txt"), "x").unwrap();

        assert_eq!(large.leftovers(folder.path()).unwrap().len(), 1);
        let found = small.leftovers(folder.path()).unwrap();
        assert_eq!(found.len(), 3);
        let config = large.runs()[1].config().to_toml();
        assert!(found.iter().any(|run| run.bytes == 5 + config.len() as u64));
        // One that a process is at stays whole.
        let run = found
            .iter()
            .find(|leftover| leftover.path.is_dir())
            .unwrap();
        let held = RunDirectory::open(&run.path).hold(&mut |_| {}).unwrap();
        let refused = run.remove();
        assert!(
            matches!(refused, Err(LabError::Locked { .. })),
            "{refused:?}"
        );
        assert!(run.path.join("figures/a.svg").exists());
        drop(held);
        for leftover in &found {
            leftover.remove().unwrap();
        }
        assert!(small.leftovers(folder.path()).unwrap().is_empty());
        assert!(
            at("runs")
                .join(small.runs()[0].name())
                .join("figures/a.svg")
                .exists()
        );
        for kept in [
            "runs/mine/notes",
            "runs/0123456789abcdef/notes",
            "failed/notes.txt",
        ] {
            assert!(at(kept).exists(), "{kept}");
        }
        let none = tempfile::tempdir().unwrap();
        assert!(small.leftovers(none.path()).unwrap().is_empty());
    }
}
