//! The MNIST files: their names, what is published under them, and where they are kept.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use flate2::bufread::MultiGzDecoder;
use implicit_bias_output::Hasher;

/// The name by which commands and configurations ask for MNIST.
pub const NAME: &str = "mnist";

/// A file as it is published, gzipped IDX, known by what it unpacks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// Its name, which ends in `.gz`.
    pub name: &'static str,
    /// The SHA-256 of the unpacked contents, as 64 hexadecimal digits.
    pub sha256: &'static str,
    /// The number of unpacked bytes.
    pub size: u64,
}

/// The published files: images and labels of the training set, then of the test set.
pub const PUBLISHED: [PublishedFile; 4] = [
    PublishedFile {
        name: "train-images-idx3-ubyte.gz",
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        size: 47_040_016,
    },
    PublishedFile {
        name: "train-labels-idx1-ubyte.gz",
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        size: 60_008,
    },
    PublishedFile {
        name: "t10k-images-idx3-ubyte.gz",
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        size: 7_840_016,
    },
    PublishedFile {
        name: "t10k-labels-idx1-ubyte.gz",
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        size: 10_008,
    },
];

/// The names of the [`PUBLISHED`] files.
pub const FILES: [&str; 4] = [
    PUBLISHED[0].name,
    PUBLISHED[1].name,
    PUBLISHED[2].name,
    PUBLISHED[3].name,
];

/// Where `torchvision` puts the files, in the folder that it was given.
const TORCHVISION: &str = "MNIST/raw";

/// The folder for MNIST in the user's data directory: `$XDG_DATA_HOME/implicit-bias/mnist`, by
/// default `~/.local/share/implicit-bias/mnist`, and the usual place on other systems; `None` where
/// there is no home directory.
pub fn default_dir() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("implicit-bias").join(NAME))
}

/// The path of one of the [`FILES`] in `dir` or in `MNIST/raw` below it, gzipped or not; `None` if
/// it is there in neither form.
pub fn find(dir: &Path, file: &str) -> Option<PathBuf> {
    let raw = file.strip_suffix(".gz").unwrap_or(file);
    let folders = [dir.to_owned(), dir.join(TORCHVISION)];
    let paths = folders
        .iter()
        .flat_map(|dir| [file, raw].map(|name| dir.join(name)));
    paths.into_iter().find(|path| path.is_file())
}

/// Whether the file at `path` is a published one, gzipped or not. What was found is remembered as
/// long as length and time of change of the file stay.
///
/// # Errors
///
/// Those of reading the file; contents that are damaged are just others.
pub fn is_published(path: &Path, file: &PublishedFile) -> io::Result<bool> {
    type Known = Mutex<Option<HashMap<(PathBuf, u64, SystemTime), String>>>;
    static KNOWN: Known = Mutex::new(None);
    let metadata = std::fs::metadata(path)?;
    let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let key = (path.to_owned(), metadata.len(), time);
    let known =
        |found: Option<&HashMap<_, String>>| found.and_then(|known| known.get(&key)).cloned();
    let lock = || {
        KNOWN
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    };
    let remembered = known(lock().as_ref());
    let sha256 = match remembered {
        Some(sha256) => sha256,
        None => {
            let sha256 = unpacked_sha256(path, file.size)?;
            lock()
                .get_or_insert_default()
                .insert(key.clone(), sha256.clone());
            sha256
        }
    };
    Ok(sha256 == file.sha256)
}

/// The SHA-256 of what a file unpacks to; of the first `size + 1` bytes where there are more.
fn unpacked_sha256(path: &Path, size: u64) -> io::Result<String> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let gzipped = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let contents: Box<dyn Read> = match gzipped {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    let mut contents = contents.take(size + 1);
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match contents.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if gzipped && error.raw_os_error().is_none() => return Ok(String::new()),
            Err(error) => return Err(error),
        }
    }
}
