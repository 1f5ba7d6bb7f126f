//! Small data sets, and folders to fetch them into.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use implicit_bias_fetch::{
    DataSet, Event, FetchError, Fetched, FetchedFile, Hashed, Options, Origin, RemoteFile, fetch,
};
use implicit_bias_output::sha256;
use tempfile::TempDir;

/// The name of the only file of most samples.
pub const NAME: &str = "sample-ubyte.gz";

/// A file: what it is, and what the data set says that it is.
#[derive(Debug, Clone)]
pub struct Sample {
    pub name: &'static str,
    pub raw: Vec<u8>,
    pub gz: Vec<u8>,
    sha256: String,
}

impl Sample {
    pub fn new(name: &'static str, raw: Vec<u8>) -> Self {
        Self {
            name,
            gz: gzip(&raw),
            sha256: sha256(&raw),
            raw,
        }
    }

    /// 200 000 bytes that pack to not much less, so that a transfer takes several reads.
    pub fn random(name: &'static str) -> Self {
        let mut state = name.len() as u64 + 1;
        let raw = (0..200_000).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        });
        Self::new(name, raw.collect())
    }

    pub fn remote(&self) -> RemoteFile<'_> {
        RemoteFile {
            name: self.name,
            sha256: &self.sha256,
            size: self.raw.len() as u64,
            hashed: Hashed::Contents,
        }
    }
}

pub fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// The same bytes packed otherwise, with a file name in the header.
pub fn gzip_with_header(raw: &[u8]) -> Vec<u8> {
    let mut encoder = GzBuilder::new()
        .filename(vec![b'n'; 100])
        .write(Vec::new(), Compression::default());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// A folder.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn part(&self) -> PathBuf {
        self.at(&format!("{NAME}.part"))
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.at(name), bytes).unwrap();
    }

    pub fn write_part(&self, bytes: &[u8]) {
        fs::write(self.part(), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.at(name)).unwrap()
    }

    /// The names in it, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }

    /// Asserts that `sample` is in place as `gz`, and nothing else but the lock.
    pub fn assert_only(&self, gz: &[u8]) {
        assert!(self.read(NAME) == gz, "other bytes in place");
        assert_eq!(self.names(), [".fetch.lock", NAME]);
    }

    /// Fetches `samples` from `mirrors`.
    pub fn fetch(&self, samples: &[&Sample], mirrors: &[&str]) -> Result<Fetched, FetchError> {
        self.fetch_watched(samples, mirrors, &mut |_| {})
    }

    pub fn fetch_watched(
        &self,
        samples: &[&Sample],
        mirrors: &[&str],
        watcher: &mut dyn FnMut(Event<'_>),
    ) -> Result<Fetched, FetchError> {
        self.fetch_with(samples, mirrors, &Options::default(), watcher)
    }

    /// Fetches `samples` from `mirrors`, and gives up a server that is silent for a second.
    pub fn fetch_impatiently(
        &self,
        samples: &[&Sample],
        mirrors: &[&str],
    ) -> Result<Fetched, FetchError> {
        let options = Options {
            stall_timeout: Duration::from_secs(1),
            ..Options::default()
        };
        self.fetch_with(samples, mirrors, &options, &mut |_| {})
    }

    pub fn fetch_with(
        &self,
        samples: &[&Sample],
        mirrors: &[&str],
        options: &Options,
        watcher: &mut dyn FnMut(Event<'_>),
    ) -> Result<Fetched, FetchError> {
        let files: Vec<_> = samples.iter().map(|sample| sample.remote()).collect();
        let set = DataSet {
            name: "samples",
            mirrors,
            files: &files,
        };
        fetch(&set, self.path(), options, watcher)
    }
}

/// How many of the bytes of a downloaded file an earlier transfer had left.
pub fn resumed_from(file: &FetchedFile) -> u64 {
    match &file.origin {
        Origin::Downloaded { resumed_from, .. } => *resumed_from,
        other => panic!("{other:?}"),
    }
}

/// What went wrong at each mirror.
pub fn failures(result: Result<Fetched, FetchError>) -> Vec<FetchError> {
    match result.unwrap_err() {
        FetchError::Mirrors { failures, .. } => failures,
        other => panic!("{other}"),
    }
}

/// What went wrong at the only mirror.
pub fn failure(result: Result<Fetched, FetchError>) -> FetchError {
    let mut failures = failures(result);
    assert_eq!(failures.len(), 1, "{failures:?}");
    failures.remove(0)
}
