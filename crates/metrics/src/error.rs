//! What can go wrong, as values.

use burn::tensor::TensorReadError;
use thiserror::Error;

/// Why a metric could not be computed.
///
/// Every function of this crate that reads a tensor returns it: an undefined metric is an error,
/// never a `NaN` and never a panic. Field `what` names the argument at fault ("weight",
/// "block 1", "labels").
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::{MetricError, alignment};
///
/// let device = Device::default();
/// let (weight, direction) = (Tensor::<2>::ones([3, 2], &device), Tensor::<1>::zeros([2], &device));
/// let undefined = alignment(&weight, &direction);
/// assert!(matches!(undefined, Err(MetricError::ZeroMatrix { .. })));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MetricError {
    /// An argument without elements, or an empty list of them.
    #[error("{what}: expected at least one element, found none")]
    Empty {
        /// The argument at fault.
        what: String,
    },

    /// An argument that is zero everywhere where the metric divides by its norm.
    #[error("{what}: every entry is zero, so its norm cannot be divided by")]
    ZeroMatrix {
        /// The argument at fault.
        what: String,
    },

    /// An argument with entries that are `NaN` or infinite.
    #[error("{what}: expected finite values, found {count} that are NaN or infinite")]
    NonFinite {
        /// The argument at fault.
        what: String,
        /// How many of its entries are not finite.
        count: usize,
    },

    /// A result, of finite arguments, that no finite `f64` can hold.
    #[error("{what}: the result is beyond the range of f64")]
    Overflow {
        /// The quantity that overflows.
        what: String,
    },

    /// A number that the metric is not defined for.
    #[error("{what}: expected {expected}, found {found}")]
    OutOfRange {
        /// The argument at fault.
        what: String,
        /// What it must be.
        expected: &'static str,
        /// The number that was passed.
        found: f64,
    },

    /// Two arguments whose sizes contradict each other.
    #[error("{what}: expected shape {expected:?}, found {found:?}")]
    Shape {
        /// The argument at fault.
        what: String,
        /// The shape that the other arguments ask for.
        expected: Vec<usize>,
        /// The shape that was passed.
        found: Vec<usize>,
    },

    /// A label or a neuron's sign other than −1 and +1.
    #[error("{what}[{index}]: expected -1 or +1, found {found}")]
    Sign {
        /// The argument at fault.
        what: String,
        /// Position of the first offending entry.
        index: usize,
        /// The entry.
        found: f64,
    },

    /// The backend failed to deliver a tensor's values, or they are of a type that does not
    /// convert to `f64`.
    #[error("{what}: cannot read the tensor")]
    Read {
        /// The argument at fault.
        what: String,
        /// What Burn reported.
        #[source]
        source: TensorReadError,
    },
}
