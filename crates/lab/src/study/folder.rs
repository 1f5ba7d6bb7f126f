//! The folder of some studies, which the same command goes on with where it was cut off.

use std::path::Path;

use implicit_bias_output::sha256;

use super::definition::Study;
use crate::LabError;
use crate::config::RunConfig;
use crate::run::{HeldDirectory, RunDirectory};

/// The file that a folder has until its studies are done: the command, and what tells it from
/// others.
const UNFINISHED: &str = "unfinished";

/// The file of a lock.
const LOCK: &str = "lock";

/// A folder that this process fills.
#[derive(Debug)]
pub struct StudyFolder {
    held: HeldDirectory,
    goes_on: bool,
}

/// What is filled into a folder.
#[derive(Clone, Copy, Debug)]
pub struct StudyCommand<'a> {
    /// The command, for a reader.
    pub words: &'a str,
    /// What tells it from other commands, of [`identity_of`].
    pub identity: &'a str,
}

/// What tells some studies from others: a hash of all their configurations and of the version of the
/// program.
///
/// # Errors
///
/// [`LabError::Config`] for a configuration that is invalid.
pub fn identity_of(studies: &[Study]) -> Result<String, LabError> {
    let mut all = env!("CARGO_PKG_VERSION").to_owned();
    for study in studies {
        all += &format!("\n# {}\n", study.name);
        for run in study.runs.iter().chain(&study.limits) {
            all += &RunConfig::resolve(&run.settings)?.to_toml();
            all.push('\n');
        }
    }
    Ok(sha256(all))
}

impl StudyFolder {
    /// The folder that was asked for, new, empty or left by the same command; or else the first of
    /// `parent/name`, `parent/name-2`, … that the same command left or that is new.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] for a folder that holds something else, [`LabError::Locked`] for one that
    /// another process fills, [`LabError::Write`] for one that cannot be made.
    pub fn open(
        asked: Option<&Path>,
        (parent, name): (&Path, &str),
        command: StudyCommand<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Self, LabError> {
        let Some(path) = asked else {
            if let Some(own) = Self::left_in(parent, name, command, warn)? {
                return Ok(own);
            }
            let directory = RunDirectory::choose(None, parent, name)?;
            return Self::begin(directory, command, warn);
        };
        match std::fs::read_to_string(path.join(UNFINISHED)) {
            Ok(text) if is_of(&text, command) => Self::go_on(path, warn),
            Ok(text) => Err(LabError::Content {
                path: path.to_owned(),
                reason: format!(
                    "expected a folder that is new, empty or left by this command, found the one of \
                     `{}`, which was cut off; repeat that command, or choose another folder with \
                     --out",
                    text.lines().next().unwrap_or_default()
                ),
            }),
            Err(_) => Self::begin(RunDirectory::create(path)?, command, warn),
        }
    }

    /// A folder that the same command left and that no other process fills.
    fn left_in(
        parent: &Path,
        name: &str,
        command: StudyCommand<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Option<Self>, LabError> {
        let mut path = parent.join(name);
        for number in 2_u64.. {
            if !path.exists() {
                break;
            }
            let text = std::fs::read_to_string(path.join(UNFINISHED));
            if text.is_ok_and(|text| is_of(&text, command)) {
                match Self::go_on(&path, warn) {
                    Err(LabError::Locked { .. }) => {}
                    own => return own.map(Some),
                }
            }
            path = parent.join(format!("{name}-{number}"));
        }
        Ok(None)
    }

    fn go_on(path: &Path, warn: &mut dyn FnMut(&str)) -> Result<Self, LabError> {
        let held = RunDirectory::open(path).hold(warn)?;
        warn(&format!(
            "goes on in {}, where the same command was cut off",
            path.display()
        ));
        Ok(Self {
            held,
            goes_on: true,
        })
    }

    fn begin(
        directory: RunDirectory,
        command: StudyCommand<'_>,
        warn: &mut dyn FnMut(&str),
    ) -> Result<Self, LabError> {
        let held = directory.hold(warn)?;
        let text = content(command);
        held.directory.write(UNFINISHED, text.as_bytes())?;
        Ok(Self {
            held,
            goes_on: false,
        })
    }

    /// The folder itself, for a single system or study.
    pub fn directory(&self) -> RunDirectory {
        self.held.directory.clone()
    }

    /// A folder in it, for one system of several.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] where something is in it that the command did not leave.
    pub fn inside(&self, name: &str) -> Result<RunDirectory, LabError> {
        let path = self.held.directory.path().join(name);
        match self.goes_on {
            true => Ok(RunDirectory::open(&path)),
            false => RunDirectory::create(&path),
        }
    }

    /// Notes that all is done.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`].
    pub fn finish(self) -> Result<(), LabError> {
        self.held.directory.remove(UNFINISHED)
    }
}

impl Drop for StudyFolder {
    /// Of a command that ended before any run began, bad input say, nothing is left to go on with.
    fn drop(&mut self) {
        let path = self.held.directory.path();
        if !holds_work(path) {
            // What cannot be removed is told of by the next command.
            let _ = self.held.directory.remove(UNFINISHED);
            remove_empty(path);
        }
    }
}

/// Whether there is any file of a run in a folder.
fn holds_work(path: &Path) -> bool {
    let entries = path.read_dir().into_iter().flatten().flatten();
    entries.into_iter().any(|entry| {
        let own = [LOCK, UNFINISHED].map(Into::into);
        match entry.path().is_dir() {
            true => holds_work(&entry.path()),
            false => !own.contains(&entry.file_name()),
        }
    })
}

/// Removes the folders in a folder that hold nothing.
fn remove_empty(path: &Path) {
    for entry in path.read_dir().into_iter().flatten().flatten() {
        remove_empty(&entry.path());
        // One that holds something stays.
        let _ = std::fs::remove_dir(entry.path());
    }
}

/// Whether a command that was cut off is this one, however it was written.
fn is_of(text: &str, command: StudyCommand<'_>) -> bool {
    text.lines().nth(1) == Some(command.identity)
}

fn content(command: StudyCommand<'_>) -> String {
    format!("{}\n{}\n", command.words, command.identity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_did_nothing_leaves_nothing_to_go_on_with() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("out");
        let open = |identity| {
            let command = StudyCommand {
                words: "reproduce",
                identity,
            };
            StudyFolder::open(Some(&path), (parent.path(), ""), command, &mut |_| {})
        };
        let first = open("a").unwrap();
        std::fs::create_dir_all(path.join("runs/one")).unwrap();
        drop(first);
        assert_eq!(path.read_dir().unwrap().count(), 0);
        let second = open("b").unwrap();
        std::fs::create_dir_all(path.join("runs/one")).unwrap();
        std::fs::write(path.join("runs/one/manifest.json"), "").unwrap();
        drop(second);
        assert!(open("a").is_err() && open("b").is_ok());
    }

    #[test]
    fn the_same_command_goes_on_and_another_one_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let command = |identity| StudyCommand {
            words: "reproduce",
            identity,
        };
        let mut told = Vec::new();
        let mut open = |asked: Option<&Path>, identity| {
            let mut warn = |text: &str| told.push(text.to_owned());
            let place = (parent.path(), "night");
            let folder = StudyFolder::open(asked, place, command(identity), &mut warn)?;
            let path = folder.directory().path().to_owned();
            Ok::<_, LabError>((folder, path))
        };
        let (first, path) = open(None, "a").unwrap();
        assert!(path.ends_with("night"));
        // While one process is at it, the next one gets its own.
        let (second, other) = open(None, "a").unwrap();
        assert!(other.ends_with("night-2"));
        for own in [&path, &other] {
            std::fs::create_dir_all(own.join("runs/one")).unwrap();
            std::fs::write(own.join("runs/one/manifest.json"), "").unwrap();
        }
        drop((first, second));
        // Both were cut off.
        assert_eq!(open(None, "a").unwrap().1, path);
        assert!(open(None, "b").unwrap().1.ends_with("night-3"));
        let error = open(Some(&path), "b").unwrap_err();
        assert!(error.is_input());
        assert!(
            error.to_string().contains("the one of `reproduce`"),
            "{error}"
        );
        let (again, _) = open(Some(&path), "a").unwrap();
        again.finish().unwrap();
        // What is done is left alone.
        std::fs::write(path.join("report.html"), "").unwrap();
        assert_eq!(open(None, "a").unwrap().1, other);
        let error = open(Some(&path), "a").unwrap_err();
        assert!(error.to_string().contains("found one in use"), "{error}");
        assert_eq!(told.len(), 3);
    }
}
