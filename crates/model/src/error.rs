//! Errors of the model crate.

use std::path::PathBuf;

use implicit_bias_scalar::SlopeError;

/// An error of a network, its configuration or its weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A slope outside `[0, 1)`.
    #[error(transparent)]
    Slope(#[from] SlopeError),
    /// A setting that cannot be.
    #[error(transparent)]
    Settings(#[from] implicit_bias_settings::Invalid),
    /// A step size that is not a positive finite number.
    #[error("step size: expected a positive finite number, found {0}")]
    StepSize(f64),
    /// Weight blocks of the wrong shape.
    #[error("weight block {block}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The block's name.
        block: String,
        /// Rows and columns it must have.
        expected: [usize; 2],
        /// Rows and columns it has.
        found: [usize; 2],
    },
    /// A width or dimension of zero.
    #[error("{what}: expected at least 1, found 0")]
    Zero {
        /// `width` or `dim`.
        what: &'static str,
    },
    /// A label or a class that is none of those that there are.
    #[error("target of sample {sample}: expected {expected}, found {found}")]
    Target {
        /// Zero-based sample.
        sample: usize,
        /// What it may be.
        expected: String,
        /// What it is.
        found: f64,
    },
    /// Fewer than two classes.
    #[error("classes: expected at least 2, found {found}")]
    Classes {
        /// The number of classes.
        found: usize,
    },
    /// A weight that is not finite.
    #[error("weight block {block}: entry [{row}, {column}] is {value}, expected a finite number")]
    NonFinite {
        /// The block's name.
        block: String,
        /// Zero-based row.
        row: usize,
        /// Zero-based column.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// A weight file that cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A weight file whose content is not what it must be.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        reason: String,
    },
}
