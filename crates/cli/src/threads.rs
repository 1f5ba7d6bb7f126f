//! How many threads a command computes on.

use implicit_bias_lab::{LabError, compute_on, share};

/// Sets how many threads a command that does one thing at a time computes on, where that is asked
/// for.
///
/// # Errors
///
/// [`LabError::Config`] for a number that no machine has.
pub fn compute_alone_on(threads: Option<u64>) -> Result<(), LabError> {
    compute_on(threads)?;
    threads.map_or(Ok(()), |_| share(1).map(|_| ()))
}
