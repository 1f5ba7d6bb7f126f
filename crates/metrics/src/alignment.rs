//! Which way the neurons point.

use burn::tensor::{Tensor, TensorData};

use crate::{MetricError, host, sums};

/// Cosine of the angle between each neuron and a direction: `⟨w_k, v⟩ / (‖w_k‖ ‖v‖)`.
///
/// `weight` is `[neurons, dimensions]`, `direction` is `v`, `[dimensions]`, of any length but
/// zero. One value a neuron, in `[-1, 1]`; `None` for a neuron whose weights are all zero, which
/// has no direction. With [`class_direction`] the first block, of neurons with sign +1, aligns
/// with `+v` and the second block with `−v`: its cosines go to the negative end.
///
/// # Errors
///
/// [`MetricError::Shape`] when the columns of `weight` and the length of `direction` differ,
/// [`MetricError::ZeroMatrix`] when the direction is zero, [`MetricError::Empty`],
/// [`MetricError::NonFinite`], [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::alignment;
///
/// let device = Device::default();
/// let weight = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 0.0], [0.0, -3.0]], &device);
/// let direction = Tensor::<1>::from_floats([5.0, 0.0], &device);
/// assert_eq!(alignment(&weight, &direction)?, [Some(1.0), None, Some(0.0)]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn alignment(
    weight: &Tensor<2>,
    direction: &Tensor<1>,
) -> Result<Vec<Option<f64>>, MetricError> {
    let mut neurons = host::read(weight, "weight")?;
    let mut direction = host::read(direction, "direction")?;
    host::length(direction.len(), weight.dims()[1], "direction")?;
    if sums::normalize(&mut direction).is_none() {
        return Err(MetricError::ZeroMatrix {
            what: "direction".into(),
        });
    }
    let length = sums::dot(&direction, &direction).sqrt();
    Ok(neurons
        // Row by row: a neuron much smaller than the others keeps its digits.
        .chunks_exact_mut(direction.len())
        .map(|neuron| {
            sums::normalize(neuron)?;
            let product = sums::dot(neuron, &direction);
            // Rounding can put a cosine an ulp outside of its range.
            Some((product / (sums::dot(neuron, neuron).sqrt() * length)).clamp(-1.0, 1.0))
        })
        .collect())
}

/// The signed sum of the samples, `v = Σ_i y_i x_i`, not normalized.
///
/// `x` is `[samples, dimensions]`, `labels` are `y_i = ±1`, `[samples]`; the result is
/// `[dimensions]`, on the device of `x` and without autodiff. It is, up to a positive factor, the
/// negative loss gradient of a neuron with sign +1 when all samples are active and weigh the
/// same, so such neurons align with `+v` and neurons with sign −1 with `−v`.
///
/// On a leaky network with slope γ alignment with `±v` is not perfect: on exactly orthogonal data
/// a block tends to `Σ_{y_i=+1} x_i − γ Σ_{y_i=−1} x_i` or its mirror image, whose cosine
/// with `±v` is `(1 + γ) / sqrt(2 (1 + γ²))` for balanced classes of equal norms (derived for
/// this project).
///
/// # Errors
///
/// [`MetricError::Shape`] when the number of samples differs, [`MetricError::Sign`] when a label
/// is not ±1, [`MetricError::NonFinite`] when the result is not finite, [`MetricError::Empty`],
/// [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::class_direction;
///
/// let device = Device::default();
/// let x = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 2.0]], &device);
/// let labels = Tensor::<1>::from_floats([1.0, -1.0], &device);
/// let direction = class_direction(&x, &labels)?;
/// assert_eq!(direction.to_data_as::<f64>().try_to_vec::<f64>().unwrap(), [1.0, -2.0]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn class_direction(x: &Tensor<2>, labels: &Tensor<1>) -> Result<Tensor<1>, MetricError> {
    let [samples, dimensions] = x.dims();
    if samples == 0 || dimensions == 0 {
        return Err(MetricError::Empty { what: "x".into() });
    }
    let labels = host::read(labels, "labels")?;
    host::length(labels.len(), samples, "labels")?;
    host::signs(&labels, "labels")?;
    let x = x.clone().without_autodiff();
    // Uploaded again rather than used as passed: the labels may be on another device, of another
    // type.
    let options = (&x.device(), x.dtype());
    let labels = Tensor::<2>::from_data(TensorData::new(labels, [samples, 1]), options);
    // Not a matrix product: some devices round the factors of those to ten bits.
    let direction = (x * labels).sum_dim(0).reshape([dimensions]);
    // An entry that is NaN or infinite leaves its mark on the sum.
    host::read(&direction, "class direction")?;
    Ok(direction)
}
