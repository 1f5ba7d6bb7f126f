//! A data set of two classes in a NumPy archive.

use std::path::Path;

use crate::{Choice, ClassRule, DataError, DataFile, Dataset, LabelEncoding, write_npz_arrays};

impl Dataset {
    /// Reads all samples of a NumPy archive (`.npz`) with arrays `X` (`[n, d]`) and `y` (`[n]`): a
    /// [`DataFile`] without a choice.
    ///
    /// # Errors
    ///
    /// Those of [`DataFile::read`].
    pub fn from_npz(path: impl AsRef<Path>, labels: LabelEncoding) -> Result<Self, DataError> {
        let choice = Choice {
            rule: ClassRule::Encoded(labels),
            per_class: None,
        };
        DataFile::npz(path.as_ref()).read(&choice, 0)
    }

    /// Writes `X` and `y` (`±1`) as float64 to an uncompressed NumPy archive, replacing the file
    /// at once.
    ///
    /// # Errors
    ///
    /// [`DataError::Io`] if the file cannot be written.
    pub fn write_npz(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        write_npz_arrays(
            path,
            &[
                ("X", self.x().view().into_dyn()),
                ("y", self.y().view().into_dyn()),
            ],
        )
    }
}
