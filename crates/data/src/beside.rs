//! What belongs to samples besides their coordinates and labels.

use std::collections::BTreeMap;

use implicit_bias_output::Hasher;
use ndarray::Array2;

use crate::DataError;
use crate::checks::check_finite;

/// Matrices by name; an array of one axis is a row, `[1, k]`.
pub type NamedArrays = BTreeMap<String, Array2<f64>>;

/// What belongs to samples besides their coordinates and labels: nothing for most networks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Beside {
    /// The number `P` of parts of equal length that the row of a sample has, such as patches or
    /// tokens, where the data say so.
    pub parts: Option<usize>,
    /// Arrays that a network asks for by name.
    pub arrays: NamedArrays,
}

impl Beside {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses an entry that is not finite.
    ///
    /// # Errors
    ///
    /// [`DataError::NotFinite`].
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let mut arrays = self.arrays.values();
        arrays.try_for_each(|array| check_finite("an array beside X", array))
    }

    /// Adds to a hash each array with its name and shape, where there are such. The number of parts
    /// is not in it: where it matters, the shapes of the weights tell it.
    pub(crate) fn add_to(&self, hash: &mut Hasher) {
        for (name, array) in &self.arrays {
            hash.update(name.as_bytes());
            for size in array.shape() {
                hash.update(&(*size as u64).to_le_bytes());
            }
            let entries = array.iter().flat_map(|entry| entry.to_le_bytes());
            hash.update(&entries.collect::<Vec<u8>>());
        }
    }
}
