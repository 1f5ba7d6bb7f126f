use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::found::Found;

/// Why a data set could not be fetched.
///
/// What goes wrong at one mirror is collected in [`FetchError::Mirrors`], after the others have
/// been tried; what goes wrong on this machine is returned at once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A file or folder on this machine cannot be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },

    /// Another process is fetching into the same folder.
    #[error(
        "{}: another process is fetching into this folder (it holds {}); wait for it to end, then \
         run the command again",
        dir.display(),
        lock.display()
    )]
    Busy {
        /// The folder.
        dir: PathBuf,
        /// The file that the other process has locked.
        lock: PathBuf,
    },

    /// A mirror is not the URL of a folder.
    #[error("mirror `{}`: expected {expected}, found {found}", mirror.escape_debug())]
    Mirror {
        /// The mirror as given.
        mirror: String,
        /// What a mirror is.
        expected: &'static str,
        /// What this one is.
        found: String,
    },

    /// No server answered, or not in proper HTTP.
    #[error("{url}: {source}")]
    Request {
        /// The file asked for.
        url: String,
        /// What the client said.
        source: Box<ureq::Error>,
    },

    /// A server answered, but not with the file.
    #[error("{url}: expected the file, found HTTP status {status}")]
    Status {
        /// The file asked for.
        url: String,
        /// The status and its usual reason, such as `404 Not Found`.
        status: String,
    },

    /// A transfer ended before the file did; what arrived is kept.
    #[error("{url}: expected {}, the transfer ended after {found} bytes", bytes(*expected))]
    Truncated {
        /// The file asked for.
        url: String,
        /// The bytes in all, where the server said so.
        expected: Option<u64>,
        /// The bytes that have arrived, those of earlier transfers included.
        found: u64,
    },

    /// A server fell silent; what arrived is kept.
    #[error("{url}: the server sent nothing for {} s", timeout.as_secs_f64())]
    Stalled {
        /// The file asked for.
        url: String,
        /// How long was waited.
        timeout: Duration,
    },

    /// A server has more than the file can be; nothing of it is kept.
    #[error("{url}: expected a file of at most {limit} bytes, found {found} or more")]
    TooLarge {
        /// The file asked for.
        url: String,
        /// The most that is accepted.
        limit: u64,
        /// The bytes announced, or received.
        found: u64,
    },

    /// A file is not the published one.
    #[error("{file}: expected SHA-256 {sha256} over {size} bytes unpacked, found {found}")]
    Corrupt {
        /// The URL of the file, or its path.
        file: String,
        /// The SHA-256 of the published contents.
        sha256: String,
        /// The size of the published contents.
        size: u64,
        /// What it is instead.
        found: Found,
    },

    /// No mirror served a file.
    #[error("{}", by_hand(dir, missing, kept.as_ref(), failures))]
    Mirrors {
        /// The folder that it belongs in.
        dir: PathBuf,
        /// The name of the file, and of those after it that are not in place either.
        missing: Vec<String>,
        /// The unfinished transfer that the next run resumes, and its bytes.
        kept: Option<(PathBuf, u64)>,
        /// What went wrong at each mirror, in the order in which they were tried.
        failures: Vec<FetchError>,
    },
}

impl FetchError {
    /// Turns an error of the operating system into one that says what was tried with which file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }

    /// Whether another mirror can help.
    pub(crate) fn is_of_mirror(&self) -> bool {
        matches!(
            self,
            Self::Request { .. }
                | Self::Status { .. }
                | Self::Truncated { .. }
                | Self::Stalled { .. }
                | Self::TooLarge { .. }
                | Self::Corrupt { .. }
        )
    }
}

fn bytes(count: Option<u64>) -> String {
    count.map_or_else(
        || "a whole gzip file".to_owned(),
        |count| format!("{count} bytes"),
    )
}

fn by_hand(
    dir: &Path,
    missing: &[String],
    kept: Option<&(PathBuf, u64)>,
    failures: &[FetchError],
) -> String {
    let file = missing.first().map_or("", String::as_str);
    let mut text = format!("{file}: no mirror served it");
    for failure in failures {
        let _ = write!(text, "\n  tried {failure}");
    }
    if failures.is_empty() {
        text.push_str("; there is no mirror to try");
    }
    if let Some((part, bytes)) = kept {
        let _ = write!(
            text,
            "\n{bytes} bytes are kept in {}: run the command again to resume",
            part.display()
        );
    }
    let _ = write!(
        text,
        "\nto do it by hand, put these files, gzipped or not, into {}: {}",
        dir.display(),
        missing.join(", ")
    );
    text
}
