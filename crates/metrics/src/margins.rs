//! Margins, normalized margins and accuracy.

use burn::tensor::Tensor;

use crate::{MetricError, host};

/// Margins of a batch: `q_i = y_i f(x_i)`.
///
/// `scores` are the network's outputs `f(x_i)`, `[samples]`; `labels` are `y_i = ±1`,
/// `[samples]`. A sample is classified correctly exactly when its margin is positive.
///
/// # Errors
///
/// [`MetricError::Shape`] when the lengths differ, [`MetricError::Sign`] when a label is not ±1
/// (labels `{0, 1}` end here, not in wrong margins), [`MetricError::Empty`],
/// [`MetricError::NonFinite`], [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::margins;
///
/// let device = Device::default();
/// let scores = Tensor::<1>::from_floats([2.0, -0.5, 1.0], &device);
/// let labels = Tensor::<1>::from_floats([1.0, -1.0, -1.0], &device);
/// assert_eq!(margins(&scores, &labels)?, [2.0, 0.5, -1.0]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn margins(scores: &Tensor<1>, labels: &Tensor<1>) -> Result<Vec<f64>, MetricError> {
    // Multiplied on the host: the two tensors may differ in device and element type.
    let mut margins = host::read(scores, "scores")?;
    let labels = host::read(labels, "labels")?;
    host::length(labels.len(), margins.len(), "labels")?;
    host::signs(&labels, "labels")?;
    for (margin, label) in margins.iter_mut().zip(labels) {
        *margin *= label;
    }
    Ok(margins)
}

/// Normalized margins: `q_i / ‖W‖_F^L`.
///
/// `margins` are the `q_i` of [`margins`](fn@margins), `weight_norm` is the `‖W‖_F` of
/// [`weight_norm`](crate::weight_norm), and `homogeneity` is the degree `L` of the network:
/// `f(cW; x) = c^L f(W; x)` for `c > 0`. `L = 1` for the paper's network, whose second layer is
/// fixed; `L = 2` when both layers of such a network are trained. The paper's claim is that all
/// normalized margins become equal, with a gap of `O(1/log t)`.
///
/// # Errors
///
/// [`MetricError::Empty`]; [`MetricError::ZeroMatrix`] when `weight_norm` is zero,
/// [`MetricError::OutOfRange`] when it is negative; [`MetricError::NonFinite`] when an argument is; [`MetricError::Overflow`] when `‖W‖_F^L`
/// leaves the range of `f64`.
///
/// ```
/// use implicit_bias_metrics::normalized_margins;
///
/// assert_eq!(normalized_margins(&[6.0, 3.0], 2.0, 1.0)?, [3.0, 1.5]);
/// assert_eq!(normalized_margins(&[6.0, 3.0], 2.0, 2.0)?, [1.5, 0.75]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn normalized_margins(
    margins: &[f64],
    weight_norm: f64,
    homogeneity: f64,
) -> Result<Vec<f64>, MetricError> {
    checked(margins)?;
    host::finite(&[weight_norm], "weight norm")?;
    host::finite(&[homogeneity], "homogeneity")?;
    if weight_norm == 0.0 {
        return Err(MetricError::ZeroMatrix {
            what: "weights".into(),
        });
    }
    if weight_norm < 0.0 {
        let expected = "a norm, not negative";
        return Err(MetricError::OutOfRange {
            what: "weight norm".into(),
            expected,
            found: weight_norm,
        });
    }
    let divisor = weight_norm.powf(homogeneity);
    margins
        .iter()
        // An infinite divisor would turn every margin into a plausible zero.
        .map(|margin| {
            if divisor.is_finite() {
                margin / divisor
            } else {
                f64::INFINITY
            }
        })
        .map(|margin| host::in_range(margin, "normalized margin"))
        .collect()
}

/// Fraction of samples classified correctly: the share of margins with `q_i > 0`.
///
/// A tie, `q_i = 0`, counts as wrong: the network has not decided. A network whose weights are
/// all zero therefore has accuracy 0, not 1/2.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`].
///
/// ```
/// use implicit_bias_metrics::accuracy;
///
/// assert_eq!(accuracy(&[0.3, -0.1, 0.0, 2.0])?, 0.5);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn accuracy(margins: &[f64]) -> Result<f64, MetricError> {
    checked(margins)?;
    let correct = margins.iter().filter(|&&margin| margin > 0.0).count();
    Ok(correct as f64 / margins.len() as f64)
}

fn checked(margins: &[f64]) -> Result<(), MetricError> {
    if margins.is_empty() {
        return Err(MetricError::Empty {
            what: "margins".into(),
        });
    }
    host::finite(margins, "margins")
}
