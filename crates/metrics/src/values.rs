//! The metrics of numbers in host memory, without a tensor.
//!
//! Burn fixes the float type of a device at its first tensor; numbers that come from elsewhere,
//! as from NumPy, need none.

#[cfg(feature = "spectrum")]
use crate::gram::Scaled;
use crate::{MetricError, host, margins as of_margins, norm};

/// As [`stable_rank`](crate::stable_rank), of a matrix `[rows, columns]` row by row.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::ZeroMatrix`];
/// [`MetricError::Shape`] for another number of values.
///
/// ```
/// use implicit_bias_metrics::values::stable_rank;
///
/// assert!((stable_rank(vec![2.0, 0.0, 0.0, 1.0], [2, 2])? - 1.25).abs() < 1e-14);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
#[cfg(feature = "spectrum")]
pub fn stable_rank(values: Vec<f64>, shape: [usize; 2]) -> Result<f64, MetricError> {
    let values = checked(values, "weight")?;
    host::length(values.len(), shape[0] * shape[1], "weight")?;
    Ok(Scaled::of(values, shape, "weight")?.spectrum().stable_rank)
}

/// As [`weight_norm`](crate::weight_norm), of blocks of any shapes.
///
/// # Errors
///
/// [`MetricError::Empty`] when there is no block or one is empty, [`MetricError::NonFinite`],
/// [`MetricError::Overflow`].
pub fn weight_norm(blocks: Vec<Vec<f64>>) -> Result<f64, MetricError> {
    let check = |(index, block)| checked(block, &format!("block {index}"));
    norm::of_blocks(blocks.into_iter().enumerate().map(check))
}

/// As [`margins`](fn@crate::margins), of scores `[samples]` and labels ±1 `[samples]`.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::Shape`],
/// [`MetricError::Sign`].
pub fn margins(scores: Vec<f64>, labels: Vec<f64>) -> Result<Vec<f64>, MetricError> {
    of_margins::of_signs(checked(scores, "scores")?, checked(labels, "labels")?)
}

/// As [`class_margins`](crate::class_margins), of scores `[samples, classes]` row by row.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::Shape`],
/// [`MetricError::OutOfRange`].
pub fn class_margins(
    scores: Vec<f64>,
    shape: [usize; 2],
    classes: &[usize],
) -> Result<Vec<f64>, MetricError> {
    let scores = checked(scores, "scores")?;
    host::length(scores.len(), shape[0] * shape[1], "scores")?;
    of_margins::of_classes(&scores, shape, classes)
}

/// The values, if there are some and all are finite.
fn checked(values: Vec<f64>, what: &str) -> Result<Vec<f64>, MetricError> {
    if values.is_empty() {
        return Err(MetricError::Empty { what: what.into() });
    }
    host::finite(&values, what)?;
    Ok(values)
}
