//! Files of labelled samples: which formats there are, and what they have in common.
//!
//! No file is trusted. What a header claims is held against the size of the file and against
//! [`MAX_ENTRIES`](crate::MAX_ENTRIES) before anything is allocated, memory grows as entries
//! arrive, and compressed data of more than 2²⁶ entries may be at most [`MAX_EXPANSION`] times
//! as long as what is compressed. What is not read is refused by its name.

mod arrays;
mod contents;
mod data_file;
mod foreign;
mod format;
mod idx;
mod labels;
mod libsvm;
mod npy;
mod npz;
mod options;
mod packed;
mod reading;
mod table;

pub use self::contents::{Contents, Features};
pub use self::data_file::DataFile;
pub use self::labels::Labels;
pub use self::npz::{
    npz_names, read_matrix_npz, read_npz_arrays, read_weights_npz, write_npz_arrays,
};
pub use self::options::{FileOptions, Separator, TableOptions};
pub use self::reading::MAX_EXPANSION;

#[cfg(test)]
mod tests;
