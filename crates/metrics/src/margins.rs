//! Margins, normalized margins and accuracy.

use burn::tensor::{Int, Tensor};

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
    of_signs(host::read(scores, "scores")?, host::read(labels, "labels")?)
}

/// The margins of finite scores and labels.
pub(crate) fn of_signs(mut margins: Vec<f64>, labels: Vec<f64>) -> Result<Vec<f64>, MetricError> {
    host::length(labels.len(), margins.len(), "labels")?;
    host::signs(&labels, "labels")?;
    for (margin, label) in margins.iter_mut().zip(labels) {
        *margin *= label;
    }
    Ok(margins)
}

/// Margins of a batch of several classes: `q_i = s_{i,c_i} − max_{j≠c_i} s_ij`, the score of
/// the own class minus the best other.
///
/// `scores` are the network's outputs `s_ij`, one a class, `[samples, classes]`; `classes` are the
/// `c_i`, `[samples]`, counted from 0. A sample is classified correctly, with no tie, exactly when
/// its margin is positive, so [`accuracy`] and [`normalized_margins`] take these margins too. For
/// two classes it is the margin of `f = s_0 − s_1` with `y = +1` for class 0.
///
/// # Errors
///
/// [`MetricError::Shape`] when the numbers of samples differ or there is one class only,
/// [`MetricError::OutOfRange`] for a class that has no score, [`MetricError::Empty`],
/// [`MetricError::NonFinite`], [`MetricError::Overflow`] when a difference leaves the range of
/// `f64`, [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_metrics::class_margins;
///
/// let device = Device::default();
/// let scores = Tensor::<2>::from_floats([[3.0, 1.0, 2.0], [0.0, 0.5, -4.0]], &device);
/// assert_eq!(class_margins(&scores, &[0, 2])?, [1.0, -4.5]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn class_margins(scores: &Tensor<2>, classes: &[usize]) -> Result<Vec<f64>, MetricError> {
    of_classes(&host::read(scores, "scores")?, scores.dims(), classes)
}

/// The margins of finite scores, row by row.
pub(crate) fn of_classes(
    values: &[f64],
    [samples, count]: [usize; 2],
    classes: &[usize],
) -> Result<Vec<f64>, MetricError> {
    host::length(classes.len(), samples, "classes")?;
    if count < 2 {
        return Err(MetricError::Shape {
            what: "scores".into(),
            expected: vec![samples, 2],
            found: vec![samples, count],
        });
    }
    values
        .chunks_exact(count)
        .zip(classes)
        .enumerate()
        .map(|(sample, (scores, &class))| {
            let own = scores.get(class).ok_or_else(|| MetricError::OutOfRange {
                what: format!("classes[{sample}]"),
                expected: "a class that has a score",
                found: class as f64,
            })?;
            let others = scores.iter().enumerate().filter(|(j, _)| *j != class);
            let best = others.fold(f64::NEG_INFINITY, |best, (_, &score)| best.max(score));
            host::in_range(own - best, "margin")
        })
        .collect()
}

/// The classes of a batch as [`class_margins`] takes them, from the integer labels that Burn's
/// data sets and losses have, `[samples]`.
///
/// # Errors
///
/// [`MetricError::OutOfRange`] for a negative label, [`MetricError::Empty`],
/// [`MetricError::Read`].
///
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use implicit_bias_metrics::class_indices;
///
/// let labels = Tensor::<1, Int>::from_ints([2, 0, 1], &Device::default());
/// assert_eq!(class_indices(&labels)?, [2, 0, 1]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn class_indices(labels: &Tensor<1, Int>) -> Result<Vec<usize>, MetricError> {
    if labels.dims() == [0] {
        return Err(MetricError::Empty {
            what: "labels".into(),
        });
    }
    let read = labels.clone().try_into_data();
    let data = read.map_err(|source| MetricError::Read {
        what: "labels".into(),
        source: source.into(),
    })?;
    let index = |(sample, label): (usize, i64)| {
        usize::try_from(label).map_err(|_| MetricError::OutOfRange {
            what: format!("labels[{sample}]"),
            expected: "the number of a class, 0 or more",
            found: label as f64,
        })
    };
    data.iter::<i64>().enumerate().map(index).collect()
}

/// Smallest and largest margin of each class: `min` and `max` of `q_i` over the samples with
/// `c_i = c`.
///
/// `margins` are the `q_i` of [`class_margins`], normalized or not, `[samples]`, `classes` the
/// `c_i`, `[samples]`; the result is `[count]`, `[min, max]` for each of `count` classes, `None`
/// for a class without samples.
///
/// # Errors
///
/// [`MetricError::Empty`], [`MetricError::NonFinite`], [`MetricError::Shape`] when the lengths
/// differ, [`MetricError::OutOfRange`] for a class that is not below `count`.
///
/// ```
/// use implicit_bias_metrics::margin_ranges;
///
/// let ranges = margin_ranges(&[0.5, 0.2, -1.0], &[0, 0, 2], 3)?;
/// assert_eq!(ranges, [Some([0.2, 0.5]), None, Some([-1.0, -1.0])]);
/// # Ok::<(), implicit_bias_metrics::MetricError>(())
/// ```
pub fn margin_ranges(
    margins: &[f64],
    classes: &[usize],
    count: usize,
) -> Result<Vec<Option<[f64; 2]>>, MetricError> {
    checked(margins)?;
    host::length(classes.len(), margins.len(), "classes")?;
    let mut ranges: Vec<Option<[f64; 2]>> = vec![None; count];
    for (sample, (&margin, &class)) in margins.iter().zip(classes).enumerate() {
        let range = ranges
            .get_mut(class)
            .ok_or_else(|| MetricError::OutOfRange {
                what: format!("classes[{sample}]"),
                expected: "a class below their number",
                found: class as f64,
            })?;
        *range = Some(match *range {
            None => [margin; 2],
            Some([low, high]) => [low.min(margin), high.max(margin)],
        });
    }
    Ok(ranges)
}

/// Normalized margins: `q_i / ‖W‖_F^L`.
///
/// `margins` are the `q_i` of [`margins`](fn@margins) or [`class_margins`], `weight_norm` is the
/// `‖W‖_F` of [`weight_norm`](crate::weight_norm), and `homogeneity` is the degree `L` of the
/// network: `f(cW; x) = c^L f(W; x)` for `c > 0`. `L = 1` for the paper's network, whose second
/// layer is fixed; `L = 2` when both layers of such a network are trained. The paper's claim is
/// that all normalized margins become equal, with a gap of `O(1/log t)`.
///
/// # Errors
///
/// [`MetricError::Empty`]; [`MetricError::ZeroMatrix`] when `weight_norm` is zero,
/// [`MetricError::OutOfRange`] when it is negative; [`MetricError::NonFinite`] when an argument is;
/// [`MetricError::Overflow`] when `‖W‖_F^L` leaves the range of `f64`.
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
