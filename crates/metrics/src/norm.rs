//! Frobenius norms, of one matrix and of a network's weights together.

use burn::tensor::Tensor;

use crate::{MetricError, host, sums};

/// Frobenius norm of a matrix: `‖A‖_F = sqrt(Σ_ij a_ij²)`.
///
/// `weight` is `[rows, columns]`. Squares are formed after scaling, in `f64`, so a norm that
/// `f64` can hold neither overflows nor underflows on the way. The norm of zero is zero.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::Overflow`] when the norm
/// itself is beyond `f64`, [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::frobenius_norm;
///
/// let weight = Tensor::<2>::from_floats([[1.0, 2.0], [2.0, 4.0]], &Device::default());
/// assert_eq!(frobenius_norm(&weight)?, 5.0);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn frobenius_norm(weight: &Tensor<2>) -> Result<f64, MetricError> {
    host::in_range(sums::norm(host::read(weight, "weight")?), "Frobenius norm")
}

/// Norm of all weights of a network: `‖W‖_F = sqrt(Σ_j ‖W_j‖_F²)` over its blocks `W_j`.
///
/// `blocks` are `[rows, columns]` each, of any sizes. This is the `‖W‖_F` of the paper's
/// normalized margin, and its claim is `‖W(t)‖_F = Θ(log t)`. Pass a gradient's blocks and it
/// is the gradient norm.
///
/// # Errors
///
/// [`MetricError::Empty`] when there is no block or one is empty, [`MetricError::NonFinite`],
/// [`MetricError::Overflow`], [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::weight_norm;
///
/// let device = Device::default();
/// let w_pos = Tensor::<2>::from_floats([[3.0, 0.0]], &device);
/// let w_neg = Tensor::<2>::from_floats([[0.0, 4.0]], &device);
/// assert_eq!(weight_norm(&[w_pos, w_neg])?, 5.0);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn weight_norm(blocks: &[Tensor<2>]) -> Result<f64, MetricError> {
    let read = |(index, block)| host::read(block, &format!("block {index}"));
    of_blocks(blocks.iter().enumerate().map(read))
}

/// The norm of blocks of finite values.
pub(crate) fn of_blocks(
    blocks: impl Iterator<Item = Result<Vec<f64>, MetricError>>,
) -> Result<f64, MetricError> {
    let norms: Vec<f64> = blocks
        .map(|block| block.map(sums::norm))
        .collect::<Result<_, _>>()?;
    if norms.is_empty() {
        return Err(MetricError::Empty {
            what: "blocks".into(),
        });
    }
    host::in_range(sums::norm(norms), "weight norm")
}
