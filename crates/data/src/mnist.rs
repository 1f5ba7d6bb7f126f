//! The MNIST files: their names, and where they are kept.

use std::path::{Path, PathBuf};

/// The name by which commands and configurations ask for MNIST.
pub const NAME: &str = "mnist";

/// The files as they are published, gzipped IDX: images and labels of the training set, then of the
/// test set.
pub const FILES: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];

/// The folder for MNIST in the user's data directory: `$XDG_DATA_HOME/implicit-bias/mnist`, by
/// default `~/.local/share/implicit-bias/mnist`, and the usual place on other systems; `None` where
/// there is no home directory.
pub fn default_dir() -> Option<PathBuf> {
    Some(dirs::data_dir()?.join("implicit-bias").join(NAME))
}

/// The path of one of the [`FILES`] in `dir`, gzipped or not; `None` if it is there in neither
/// form.
pub fn find(dir: &Path, file: &str) -> Option<PathBuf> {
    let raw = file.strip_suffix(".gz").unwrap_or(file);
    [file, raw]
        .map(|name| dir.join(name))
        .into_iter()
        .find(|path| path.is_file())
}
