use std::path::PathBuf;

use crate::error::FetchError;

/// What happens while files are fetched.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A file in place is not the published one, and will be replaced.
    Replacing {
        /// The name of the file.
        file: &'a str,
        /// What is wrong with it.
        error: &'a FetchError,
    },
    /// A file is asked for.
    Started {
        /// The name of the file.
        file: &'a str,
        /// Where.
        url: &'a str,
    },
    /// Bytes have arrived; after a restart there may be fewer than before.
    Progress {
        /// The name of the file.
        file: &'a str,
        /// The bytes so far, those of earlier transfers included.
        done: u64,
        /// The bytes in all, where the server says so.
        total: Option<u64>,
    },
    /// A mirror did not serve a file, and the next one is tried.
    Failed {
        /// The name of the file.
        file: &'a str,
        /// What went wrong.
        error: &'a FetchError,
    },
    /// A file is in place and verified.
    Ready(&'a FetchedFile),
}

/// The files of a data set, all in place and verified.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The folder.
    pub dir: PathBuf,
    /// One entry for each file of the data set, in its order.
    pub files: Vec<FetchedFile>,
}

impl Fetched {
    /// The number of files that were not there before.
    pub fn downloaded(&self) -> usize {
        let downloaded = |file: &&FetchedFile| matches!(file.origin, Origin::Downloaded { .. });
        self.files.iter().filter(downloaded).count()
    }
}

/// A file in place and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedFile {
    /// Its name in the data set.
    pub name: String,
    /// Where it is, gzipped or not.
    pub path: PathBuf,
    /// How it came there.
    pub origin: Origin,
}

/// How a file came into its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// It was there.
    AlreadyThere,
    /// It was downloaded.
    Downloaded {
        /// From where.
        url: String,
        /// Its bytes as downloaded, gzipped.
        bytes: u64,
        /// How many of them an earlier transfer had left.
        resumed_from: u64,
        /// Where the file went that was in its place and was not the published one.
        replaced: Option<PathBuf>,
    },
}
