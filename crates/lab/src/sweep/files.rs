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
        let mut former: BTreeMap<&Path, &Path> = BTreeMap::new();
        for (path, hash) in &found {
            match known.get(path) {
                Some(own) if own == hash => {}
                Some(own) => return Err(changed(path, directory, [own, hash])),
                None => {
                    let mut moved = known.iter().filter(|(before, own)| {
                        let taken = former.values().any(|taken| *taken == before.as_path());
                        *own == hash && !found.contains_key(*before) && !taken
                    });
                    if let Some((before, _)) = moved.next() {
                        former.insert(path, before);
                    }
                }
            }
        }
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
        let mut all = known.clone();
        for (path, hash) in self.hashes()? {
            let is_moved = known.values().any(|own| *own == hash);
            if !is_moved {
                all.insert(path, hash);
            }
        }
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
