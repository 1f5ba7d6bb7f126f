//! The files that the runs of a sweep read, known by their content.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use implicit_bias_output::{Hasher, sha256, to_json};

use super::plan::{NAME_DIGITS, Sweep};
use crate::LabError;
use crate::config::{RunConfig, file_keys};
use crate::run::write_atomically;

/// The file of a sweep's folder that has the SHA-256 of each file that its runs read, by path.
const FILES: &str = "files.json";

/// The SHA-256 of files, by path.
type Hashes = BTreeMap<PathBuf, String>;

impl Sweep {
    /// The sweep in a folder, whose runs are known by the content of their files: a run has the
    /// directory that it had when its files lay elsewhere.
    ///
    /// # Errors
    ///
    /// [`LabError::Content`] for a file that is there and no longer what the runs of the folder were
    /// made with, [`LabError::Read`] for one that cannot be read to its end.
    pub fn bound_to(mut self, directory: &Path) -> Result<Self, LabError> {
        let known = read(directory)?;
        let found = self.hashes()?;
        for (path, hash) in &found {
            if let Some(own) = known.get(path).filter(|own| *own != hash) {
                return Err(changed(path, directory, [own, hash]));
            }
        }
        let former = moved(&known, &found);
        if !former.is_empty() {
            for run in self.runs_mut() {
                if let Some(config) = with_paths(run.config(), &former)? {
                    let mut name = sha256(config.to_toml());
                    name.truncate(NAME_DIGITS);
                    run.set_name(name);
                }
            }
        }
        Ok(self)
    }

    /// Notes the content of the files that the runs read, before any run begins.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`], and those of [`bound_to`](Self::bound_to).
    pub(super) fn note_files(&self, directory: &Path) -> Result<(), LabError> {
        let known = read(directory)?;
        let found = self.hashes()?;
        let former = moved(&known, &found);
        let new = found
            .iter()
            .filter(|(path, _)| !former.contains_key(path.as_path()));
        let mut all = known.clone();
        all.extend(new.map(|(path, hash)| (path.clone(), hash.clone())));
        if all == known {
            return Ok(());
        }
        std::fs::create_dir_all(directory).map_err(|source| LabError::Write {
            path: directory.to_owned(),
            source,
        })?;
        write_atomically(&directory.join(FILES), &to_json(&all))
    }

    /// The SHA-256 of each file that is there; of one that is not, a run says so itself.
    fn hashes(&self) -> Result<Hashes, LabError> {
        let mut hashes = Hashes::new();
        for run in self.runs() {
            for (_, path) in files_of(run.config()) {
                if !hashes.contains_key(&path) && path.is_file() {
                    let hash = hash_of(&path)?;
                    hashes.insert(path, hash);
                }
            }
        }
        Ok(hashes)
    }
}

/// Where files that are found were before: of each that is not known by its path, a known one of its
/// content that is no longer there. A copy beside the original is a file of its own.
fn moved<'a>(known: &'a Hashes, found: &'a Hashes) -> BTreeMap<&'a Path, &'a Path> {
    let mut former: BTreeMap<&Path, &Path> = BTreeMap::new();
    for (path, hash) in found.iter().filter(|(path, _)| !known.contains_key(*path)) {
        let mut before = known.iter().filter(|(before, own)| {
            let taken = former.values().any(|taken| *taken == before.as_path());
            *own == hash && !found.contains_key(*before) && !taken
        });
        if let Some((before, _)) = before.next() {
            former.insert(path, before);
        }
    }
    former
}

/// The files that a run reads, with their keys; not those of a data set that `fetch` brings, which is
/// known by its hashes everywhere.
fn files_of(config: &RunConfig) -> impl Iterator<Item = (&'static str, PathBuf)> {
    let settings = config.to_settings();
    file_keys().filter_map(move |key| Some((key, settings.path(key)?)))
}

/// The configuration with some of its files where they were before; `None` where it has none of them.
fn with_paths(
    config: &RunConfig,
    former: &BTreeMap<&Path, &Path>,
) -> Result<Option<RunConfig>, LabError> {
    let mut settings = config.to_settings();
    let mut any = false;
    for (key, path) in files_of(config) {
        if let Some(before) = former.get(path.as_path()) {
            settings.set(key, before.to_path_buf());
            any = true;
        }
    }
    any.then(|| RunConfig::resolve(&settings)).transpose()
}

fn read(directory: &Path) -> Result<Hashes, LabError> {
    let path = directory.join(FILES);
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| LabError::Content {
            path,
            reason: format!("expected the hashes of the files of a sweep, found none ({error})"),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Hashes::new()),
        Err(source) => Err(LabError::Read { path, source }),
    }
}

fn hash_of(path: &Path) -> Result<String, LabError> {
    let failed = |source| LabError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let (mut hasher, mut buffer) = (Hasher::default(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(hasher.finish()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn changed(path: &Path, directory: &Path, hashes: [&str; 2]) -> LabError {
    let [own, found] = hashes.map(|hash| &hash[..hash.len().min(16)]);
    LabError::Content {
        path: path.to_owned(),
        reason: format!(
            "expected the file that the runs of {} were made with (SHA-256 {own}…), found another of \
             that name ({found}…); put the old one back, or do the sweep of the new one in another \
             folder (--out)",
            directory.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sweep: &Sweep) -> Vec<String> {
        sweep.runs().iter().map(|run| run.name().into()).collect()
    }

    #[test]
    fn a_copy_is_known_by_its_own_name_and_a_moved_file_by_its_former_one() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
        let plan = |files: &str| {
            Sweep::from_toml(&format!("[grid]\ndata = [{files}]"), folder.path()).unwrap()
        };
        let bound = |files: &str| plan(files).bound_to(folder.path());
        write("a.csv", "1").unwrap();
        plan("'a.csv'").note_files(folder.path()).unwrap();
        write("b.csv", "1").unwrap();
        let both = bound("'a.csv', 'b.csv'").unwrap();
        assert_eq!(names(&both), names(&plan("'a.csv', 'b.csv'")));
        both.note_files(folder.path()).unwrap();
        // The copy changes, and the runs that were made with it would be taken for those of now.
        write("b.csv", "2").unwrap();
        let error = bound("'a.csv', 'b.csv'").unwrap_err();
        assert!(
            error.is_input() && error.to_string().contains("b.csv"),
            "{error}"
        );
        write("b.csv", "1").unwrap();
        // Both move, each to a place of its own.
        for (from, to) in [("a.csv", "c.csv"), ("b.csv", "d.csv")] {
            std::fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
        }
        let moved = bound("'c.csv', 'd.csv'").unwrap();
        assert_eq!(names(&moved), names(&both));
        moved.note_files(folder.path()).unwrap();
        assert_eq!(names(&bound("'c.csv', 'd.csv'").unwrap()), names(&both));
    }
}
