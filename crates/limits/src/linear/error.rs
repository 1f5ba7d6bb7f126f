//! Input that no maximum margin is computed of.

/// Why samples have no maximum margin to compute.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LinearError {
    /// There is no sample, or samples have no coordinates.
    #[error(
        "samples: expected at least 1 sample of at least 1 coordinate, found {samples} of {dim}"
    )]
    Empty {
        /// The number of samples `n`.
        samples: usize,
        /// The number of coordinates `d`.
        dim: usize,
    },
    /// The number of labels is not the number of samples.
    #[error("labels: expected {expected}, one a sample, found {found}")]
    Labels {
        /// The number of samples.
        expected: usize,
        /// The number of labels.
        found: usize,
    },
    /// A label is neither `1` nor `−1`.
    #[error("label of sample {sample}: expected 1 or -1, found {value}")]
    Label {
        /// The sample, counted from 0.
        sample: usize,
        /// Its label.
        value: f64,
    },
    /// An entry of a sample is NaN, infinite or larger than [`MAX_ENTRY`](super::MAX_ENTRY).
    #[error(
        "sample {sample}, coordinate {coordinate}: expected at most 1e150 in size, found {value}"
    )]
    Entry {
        /// The sample, counted from 0.
        sample: usize,
        /// The coordinate, counted from 0.
        coordinate: usize,
        /// The entry.
        value: f64,
    },
    /// The program would take more memory or time than is sensible.
    #[error(
        "too large: {samples} samples of {dim} coordinates; at most 1048576 entries n d, and \
         n d min(n, d) at most 1e9, are accepted"
    )]
    TooLarge {
        /// The number of samples `n`.
        samples: usize,
        /// The number of coordinates `d`.
        dim: usize,
    },
}
