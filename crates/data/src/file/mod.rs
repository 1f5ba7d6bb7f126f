//! Files of labelled samples: which formats there are, and what they have in common.
//!
//! No file is trusted. What a header claims is held against the size of the file and against
//! [`MAX_ENTRIES`](crate::MAX_ENTRIES) before anything is allocated, memory grows as entries
//! arrive, and compressed data may be at most [`MAX_EXPANSION`] times as long as what is
//! compressed.

mod csv;
mod data_file;
mod format;
mod idx;
mod labels;
mod npy;
mod npz;
mod reading;

pub use self::data_file::{DataFile, Split};
pub use self::labels::Labels;
pub use self::npz::{read_matrix_npz, read_npz_arrays, read_weights_npz, write_npz_arrays};
pub use self::reading::MAX_EXPANSION;

#[cfg(test)]
mod tests;
