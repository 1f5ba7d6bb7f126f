//! Errors of the Gram crate.

/// An error of a problem in Gram coordinates, or of its limit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GramError {
    /// A step size that is not a positive finite number.
    #[error("step size: expected a positive finite number, found {0}")]
    StepSize(f64),
    /// A loss other than the logistic and the exponential one.
    #[error("loss: expected logistic or exponential in Gram coordinates, found another one")]
    Loss,
    /// A width of zero.
    #[error("width: expected at least 1, found 0")]
    Width,
    /// An array of the wrong shape.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The array.
        what: &'static str,
        /// Rows and columns it must have.
        expected: [usize; 2],
        /// Rows and columns it has.
        found: [usize; 2],
    },
    /// An entry that is not finite, or a Gram matrix that overflows.
    #[error("{what}: entry [{row}, {column}] is {value}, expected a finite number")]
    NonFinite {
        /// The array.
        what: &'static str,
        /// Zero-based row.
        row: usize,
        /// Zero-based column.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// A far horizon that does not begin at a step.
    #[error("far horizon: expected a finite step, 1 or more, to start from, found {0}")]
    FarStep(f64),
    /// A state from which gradient descent does not yet follow its modified equation.
    #[error(
        "far horizon: rates change by {ratio:e} of themselves in a step, expected at most \
         {limit:e}: take more exact steps first"
    )]
    FarRegime {
        /// How much the rates change in a step.
        ratio: f64,
        /// What it may be at most.
        limit: f64,
    },
    /// A checkpoint that is not of this problem, or damaged.
    #[error("checkpoint: expected {expected}, found {found}")]
    Checkpoint {
        /// What it must hold.
        expected: String,
        /// What it holds.
        found: String,
    },
    /// The limit program has no answer, and why.
    #[error("limit program: {0}")]
    Program(String),
}

/// Refuses an array of another length than the problem has.
pub(crate) fn require_len(what: &str, expected: usize, found: usize) -> Result<(), GramError> {
    if expected == found {
        Ok(())
    } else {
        Err(GramError::Checkpoint {
            expected: format!("{expected} numbers in {what}"),
            found: found.to_string(),
        })
    }
}
