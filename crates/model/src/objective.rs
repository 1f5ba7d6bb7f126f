//! The mean loss of scores, of two classes, of several, or of real targets.

use burn::tensor::{Bool, Device, Tensor, TensorData};
use implicit_bias_record::StopRule;

use implicit_bias_scalar::log_sum_of_exponentials;
use implicit_bias_scalar::vector::exponentials;

use crate::{Loss, ModelError, SQUARED, TensorLoss};

/// The targets of the samples: signs, classes, or real numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Two classes: labels `y_i = ±1`, `[n]`, for one score a sample.
    Signs(Vec<f64>),
    /// Several classes: the class `c_i` of each sample, for one score a class.
    Classes {
        /// The classes `c_i`, each below `count`, `[n]`.
        class: Vec<usize>,
        /// The number of classes `C ≥ 2`.
        count: usize,
    },
    /// Real numbers `y_i`, `[n]`, for one score a sample.
    Reals(Vec<f64>),
}

/// The mean loss `L = (1/n) Σ_i ℓ(q̃_i)` of the soft margins of all samples.
///
/// | targets | scores | soft margin `q̃_i` | with the logistic `ℓ` |
/// |---|---|---|---|
/// | signs | `f`, `[n, 1]` | `y_i f(x_i)` | the paper's loss |
/// | classes | `s`, `[n, C]` | `s_{c_i} − log Σ_{j≠c_i} e^{s_j}` | cross-entropy |
///
/// For real targets the loss is the squared one, `½ (f(x_i) − y_i)²`, and `1 + f(x_i) − y_i` stands in
/// for a soft margin, of which it is `½ (1 − q̃_i)²`. Samples may have [weights](Self::weighted)
/// `π_i`: the loss is then `Σ_i π_i ℓ(q̃_i)`.
///
/// Several classes: Lyu and Li's reduction (2020) of several classes to two: cross-entropy,
/// `−log softmax(s)_{c_i}`, is the logistic loss of the soft margin, which differs by at most
/// `log(C − 1)` from the margin `s_{c_i} − max_{j≠c_i} s_j` and equals it for two classes. So
/// every [`Loss`] serves both kinds of targets, its logarithm past underflow and its slope
/// included.
///
/// ```
/// use implicit_bias_model::{Loss, Objective};
/// let cross_entropy = Objective::multi_class(Loss::Logistic, vec![2, 0], 3)?;
/// let scores = [0.0, 0.0, 0.0, 2000.0, 0.0, 0.0]; // [2, 3]
/// assert!((cross_entropy.losses(&scores)[0] - 3f64.ln()).abs() < 1e-15);
/// assert!((cross_entropy.soft_margins(&scores)[1] - (2000.0 - 2f64.ln())).abs() < 1e-12);
/// # Ok::<(), implicit_bias_model::ModelError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    loss: Loss,
    targets: Targets,
    /// `n π_i`, `[n]`; all 1 without.
    weights: Option<Vec<f64>>,
}

impl Objective {
    /// The mean loss for labels `y_i = ±1`, `[n]`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Target`] if a label is not ±1.
    pub fn binary(loss: Loss, labels: Vec<f64>) -> Result<Self, ModelError> {
        if let Some(sample) = labels.iter().position(|label| label.abs() != 1.0) {
            return Err(ModelError::Target {
                sample,
                expected: "-1 or 1".into(),
                found: labels[sample],
            });
        }
        Ok(Self::of(loss, Targets::Signs(labels)))
    }

    /// The mean of `½ (f(x_i) − y_i)²` for real targets `y_i`, `[n]`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Target`] if a target is not finite.
    pub fn regression(targets: Vec<f64>) -> Result<Self, ModelError> {
        if let Some(sample) = targets.iter().position(|target| !target.is_finite()) {
            return Err(ModelError::Target {
                sample,
                expected: "a finite number".into(),
                found: targets[sample],
            });
        }
        Ok(Self::of(SQUARED, Targets::Reals(targets)))
    }

    fn of(loss: Loss, targets: Targets) -> Self {
        let weights = None;
        Self {
            loss,
            targets,
            weights,
        }
    }

    /// This objective with the weights `π_i ≥ 0`, `[n]`, of the samples: `L = Σ_i π_i ℓ(q̃_i)`.
    ///
    /// # Errors
    ///
    /// [`ModelError::Target`] for a weight that is negative or not finite, and where all are 0;
    /// [`ModelError::Shape`] unless there is one a sample.
    pub fn weighted(self, weights: Vec<f64>) -> Result<Self, ModelError> {
        let samples = self.samples();
        if weights.len() != samples {
            return Err(ModelError::Shape {
                block: "weights of the samples".into(),
                expected: [1, samples],
                found: [1, weights.len()],
            });
        }
        let is_weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let wrong = weights.iter().position(|weight| !is_weight(weight));
        let none = || weights.iter().all(|&weight| weight == 0.0).then_some(0);
        if let Some(sample) = wrong.or_else(none) {
            return Err(ModelError::Target {
                sample,
                expected: "a weight that is finite and not negative, and one that is not 0".into(),
                found: weights[sample],
            });
        }
        let count = samples as f64;
        let weights = Some(weights.into_iter().map(|weight| count * weight).collect());
        Ok(Self { weights, ..self })
    }

    /// `n π_i` of the samples, where they have weights of their own.
    pub fn relative_weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The mean loss for samples of the given classes, `[n]`, out of `count`; cross-entropy if
    /// `loss` is logistic.
    ///
    /// # Errors
    ///
    /// [`ModelError::Classes`] unless there are two classes at least, [`ModelError::Target`] if a
    /// class is not below `count`.
    pub fn multi_class(loss: Loss, class: Vec<usize>, count: usize) -> Result<Self, ModelError> {
        if count < 2 {
            return Err(ModelError::Classes { found: count });
        }
        if let Some(sample) = class.iter().position(|&class| class >= count) {
            return Err(ModelError::Target {
                sample,
                expected: format!("a class below {count}"),
                found: class[sample] as f64,
            });
        }
        Ok(Self::of(loss, Targets::Classes { class, count }))
    }

    /// The loss of a soft margin.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The labels or classes of the samples.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// The number of samples `n`.
    pub fn samples(&self) -> usize {
        match &self.targets {
            Targets::Signs(labels) => labels.len(),
            Targets::Classes { class, .. } => class.len(),
            Targets::Reals(targets) => targets.len(),
        }
    }

    /// The number of scores a sample: 1 for signs, the number of classes otherwise.
    pub fn outputs(&self) -> usize {
        match &self.targets {
            Targets::Signs(_) | Targets::Reals(_) => 1,
            Targets::Classes { count, .. } => *count,
        }
    }

    /// The soft margins `q̃_i`, `[n]`, of scores `[n, outputs]`, row by row.
    ///
    /// # Panics
    ///
    /// If there are not `n · outputs` scores: an internal error of the caller.
    pub fn soft_margins(&self, scores: &[f64]) -> Vec<f64> {
        assert_eq!(
            scores.len(),
            self.samples() * self.outputs(),
            "scores are [n, outputs]"
        );
        self.soft_margins_of(scores, None)
    }

    /// Whether a rule by which runs stop holds of the soft margins of all samples; of labels ±1.
    pub fn stops(&self, rule: StopRule, margins: &[f64]) -> bool {
        margins.iter().all(|&margin| match rule {
            StopRule::ZeroErrors => margin > 0.0,
            StopRule::ZeroLoss => self.loss.value(margin) == 0.0,
        })
    }

    /// The loss `ℓ(q̃_i)` of each sample, `[n]`, for scores `[n, outputs]`.
    ///
    /// # Panics
    ///
    /// As [`soft_margins`](Self::soft_margins).
    pub fn losses(&self, scores: &[f64]) -> Vec<f64> {
        let margins = self.soft_margins(scores);
        margins.iter().map(|&q| self.loss.value(q)).collect()
    }

    /// The loss `L` of scores, `[rows, outputs]`, of the samples that `rows` names, of all without
    /// it, and `log L`.
    pub fn value(&self, scores: &[f64], rows: Option<&[usize]>) -> [f64; 2] {
        let count = rows.map_or(self.samples(), <[usize]>::len) as f64;
        let sample = |place: usize| rows.map_or(place, |rows| rows[place]);
        if let Targets::Reals(targets) = &self.targets {
            let residual = |(place, f): (usize, &f64)| f - targets[sample(place)];
            let squares = scores.iter().enumerate().map(residual).enumerate();
            let squares = squares.map(|(place, r)| self.weight(sample(place)) * r * r);
            let loss = 0.5 * squares.sum::<f64>() / count;
            return [loss, loss.ln()];
        }
        let margins = self.soft_margins_of(scores, rows);
        let Some(weights) = &self.weights else {
            return [self.loss.mean(&margins), self.loss.log_mean(&margins)];
        };
        let each = margins.iter().enumerate();
        let log = |(place, &q): (usize, &f64)| {
            self.loss.log_value(q) + weights[sample(place)].ln() - count.ln()
        };
        let logs: Vec<f64> = each.map(log).collect();
        let log_loss = log_sum_of_exponentials(&logs);
        [log_loss.exp(), log_loss]
    }

    /// `n π_i`, 1 without weights.
    fn weight(&self, sample: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[sample])
    }

    /// Replaces scores, `[outputs, n]`, by `−n ∂L/∂f_o(x_i)`. For objectives without weights.
    ///
    /// For signs `y_i |ℓ'(q_i)|`; for classes `|ℓ'(q̃_i)|` on the own class, and on each other
    /// one its share, among the others, of `−|ℓ'(q̃_i)|`.
    pub(crate) fn descend(&self, scores: &mut [f64]) {
        match &self.targets {
            Targets::Signs(labels) => {
                for (score, &label) in scores.iter_mut().zip(labels) {
                    *score = label * self.loss.slope(label * *score);
                }
            }
            Targets::Reals(targets) => {
                let each = scores.iter_mut().zip(targets);
                each.for_each(|(score, target)| *score = target - *score);
            }
            Targets::Classes { class, count } => {
                let samples = class.len();
                for (sample, &class) in class.iter().enumerate() {
                    let place = |j: usize| j * samples + sample;
                    let soft = soft_margin(|j| scores[place(j)], class, *count);
                    let slope = self.loss.slope(soft.margin);
                    for j in 0..*count {
                        let score = &mut scores[place(j)];
                        *score = if j == class {
                            slope
                        } else {
                            -slope * (*score - soft.largest).exp() / soft.sum
                        };
                    }
                }
            }
        }
    }

    /// The soft margins `q̃_i` of the samples that `rows` names, of all without it, for their scores
    /// `[rows, outputs]`, row by row.
    pub fn soft_margins_of(&self, scores: &[f64], rows: Option<&[usize]>) -> Vec<f64> {
        let sample = |place: usize| rows.map_or(place, |rows| rows[place]);
        match &self.targets {
            Targets::Signs(labels) => {
                let labelled = scores.iter().enumerate();
                labelled
                    .map(|(place, f)| f * labels[sample(place)])
                    .collect()
            }
            Targets::Reals(targets) => {
                let each = scores.iter().enumerate();
                each.map(|(place, f)| 1.0 + (f - targets[sample(place)]))
                    .collect()
            }
            Targets::Classes { class, count } => {
                let each = scores.chunks_exact(*count).enumerate();
                each.map(|(place, s)| soft_margin(|j| s[j], class[sample(place)], *count).margin)
                    .collect()
            }
        }
    }

    /// Replaces scores, `[rows, outputs]`, of the samples that `rows` names, by
    /// `2^{−e} (−∂/∂f_o(x_i) Σ_i n π_i ℓ(q̃_i))`, and returns the exponent `e`; `None` where a score is not
    /// finite.
    ///
    /// The exponent is 0 unless every slope is below `10⁻¹³⁰`; then it is a multiple of 256 and the
    /// largest slope is between 1 and 2²⁵⁶: what would underflow keeps its digits, and powers of two
    /// are exact.
    ///
    /// # Panics
    ///
    /// If there are not as many scores as samples and outputs: an internal error of the caller.
    pub fn descend_scaled(&self, scores: &mut [f64], rows: Option<&[usize]>) -> Option<i64> {
        let outputs = self.outputs();
        let count = rows.map_or(self.samples(), <[usize]>::len);
        assert_eq!(scores.len(), count * outputs, "scores are [rows, outputs]");
        // Without an early end: a loop that a machine takes several numbers of at a time.
        if scores
            .iter()
            .fold(false, |found, score| found | !score.is_finite())
        {
            return None;
        }
        let sample = |place: usize| rows.map_or(place, |rows| rows[place]);
        let exponent = match &self.targets {
            Targets::Signs(labels) => {
                let each = scores.iter_mut().enumerate();
                each.for_each(|(place, score)| *score *= labels[sample(place)]);
                let exponent = scaled_slopes(self.loss, scores);
                let each = scores.iter_mut().enumerate();
                each.for_each(|(place, score)| *score *= labels[sample(place)]);
                exponent
            }
            Targets::Reals(targets) => {
                let each = scores.iter_mut().enumerate();
                each.for_each(|(place, score)| *score = targets[sample(place)] - *score);
                0
            }
            Targets::Classes { class, count }
                if self.loss == Loss::Logistic
                    && descend_cross_entropy(scores, *count, |place| class[sample(place)]) =>
            {
                0
            }
            Targets::Classes { class, count } => {
                let mut slopes = self.soft_margins_of(scores, rows);
                let exponent = scaled_slopes(self.loss, &mut slopes);
                let each = scores.chunks_exact_mut(*count).zip(slopes);
                for (place, (scores, slope)) in each.enumerate() {
                    let own = class[sample(place)];
                    let soft = soft_margin(|j| scores[j], own, *count);
                    for (j, score) in scores.iter_mut().enumerate() {
                        *score = if j == own {
                            slope
                        } else {
                            -slope * (*score - soft.largest).exp() / soft.sum
                        };
                    }
                }
                exponent
            }
        };
        if self.weights.is_some() {
            let each = scores.chunks_exact_mut(self.outputs()).enumerate();
            for (place, of_sample) in each {
                let weight = self.weight(sample(place));
                of_sample.iter_mut().for_each(|slope| *slope *= weight);
            }
        }
        Some(exponent)
    }

    /// Replaces scores, `[rows, outputs]`, of the samples that `rows` names, by `∂q̃_i/∂f_o(x_i)`, and
    /// returns the soft margins `q̃_i`; `None` where a score is not finite.
    ///
    /// For signs `y_i`; for classes 1 on the own class, and on each other one its share, among the
    /// others, of −1.
    ///
    /// # Panics
    ///
    /// If there are not as many scores as samples and outputs: an internal error of the caller.
    pub fn pull_margins(&self, scores: &mut [f64], rows: Option<&[usize]>) -> Option<Vec<f64>> {
        let count = rows.map_or(self.samples(), <[usize]>::len);
        assert_eq!(
            scores.len(),
            count * self.outputs(),
            "scores are [rows, outputs]"
        );
        if !scores.iter().all(|score| score.is_finite()) {
            return None;
        }
        let margins = self.soft_margins_of(scores, rows);
        let sample = |place: usize| rows.map_or(place, |rows| rows[place]);
        match &self.targets {
            Targets::Signs(labels) => {
                let each = scores.iter_mut().enumerate();
                each.for_each(|(place, score)| *score = labels[sample(place)]);
            }
            Targets::Reals(_) => scores.fill(1.0),
            Targets::Classes { class, count } => {
                for (place, scores) in scores.chunks_exact_mut(*count).enumerate() {
                    let own = class[sample(place)];
                    let soft = soft_margin(|j| scores[j], own, *count);
                    for (j, score) in scores.iter_mut().enumerate() {
                        *score = if j == own {
                            1.0
                        } else {
                            -(*score - soft.largest).exp() / soft.sum
                        };
                    }
                }
            }
        }
        Some(margins)
    }

    /// This objective with its targets on a device, for autodiff.
    pub fn on(&self, device: &Device) -> TensorObjective {
        let samples = self.samples();
        let targets = match &self.targets {
            Targets::Signs(labels) => {
                let data = TensorData::new(labels.clone(), [samples]);
                TensorTargets::Signs(Tensor::from_data(data, device))
            }
            Targets::Classes { class, count } => {
                let own = class
                    .iter()
                    .flat_map(|&class| (0..*count).map(move |j| j == class));
                let own = TensorData::new(own.collect::<Vec<bool>>(), [samples, *count]);
                TensorTargets::Classes(Tensor::from_data(own, device))
            }
            Targets::Reals(targets) => {
                let data = TensorData::new(targets.clone(), [samples]);
                TensorTargets::Reals(Tensor::from_data(data, device))
            }
        };
        TensorObjective {
            loss: self.loss,
            targets,
            weights: self.weights.clone(),
        }
    }
}

/// Slopes below `e^{−FAR}` are carried with an exponent of their own.
const FAR: f64 = 300.0;

/// An exponent of slopes is a multiple of this: it seldom changes.
const STRIDE: f64 = 256.0;

/// Replaces margins by `−ℓ'(q_i)` times `2^{−e}`, and returns `e`.
fn scaled_slopes(loss: Loss, margins: &mut [f64]) -> i64 {
    let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
    // Such losses are steepest at the least margin, and none is steep where its tail is e^{−q/T} past
    // many T.
    let steepest = loss.log_slope(least);
    let far = loss.is_exponentially_tailed() && steepest < -FAR;
    if !far {
        loss.fill_slopes(margins);
        return 0;
    }
    let exponent = STRIDE * (steepest / std::f64::consts::LN_2 / STRIDE).floor();
    let shift = exponent * std::f64::consts::LN_2;
    let log_slope = |q: f64| match loss {
        // Past 37, the slope of either loss is e^{−q} to rounding.
        Loss::Logistic | Loss::Exponential => -q,
        Loss::Other(..) => loss.log_slope(q),
    };
    margins.iter_mut().for_each(|q| *q = log_slope(*q) - shift);
    exponentials(margins);
    exponent as i64
}

/// Replaces scores by `1[j = c] − softmax(s)_j`, the descent direction of the cross-entropy, by one
/// exponential a score; `false`, with the scores as they were, where a sample's other classes are too
/// far below its own, or those of all samples so far that slopes have an exponent.
fn descend_cross_entropy(scores: &mut [f64], count: usize, class: impl Fn(usize) -> usize) -> bool {
    let mut shares = scores.to_vec();
    for shares in shares.chunks_exact_mut(count) {
        pulp::Arch::new().dispatch(SubtractLargest(shares));
    }
    exponentials(&mut shares);
    let (mut is_far, mut are_far) = (false, true);
    for (place, shares) in shares.chunks_exact_mut(count).enumerate() {
        let class = class(place);
        let own = std::mem::take(&mut shares[class]);
        let others = pulp::Arch::new().dispatch(Negate { shares, own });
        is_far |= others < NEAR[1] * own;
        are_far &= others < NEAR[0] * own;
        shares[class] = others / (own + others);
    }
    let is_done = !(is_far || are_far);
    if is_done {
        scores.copy_from_slice(&shares);
    }
    is_done
}

/// Subtracts the largest of numbers from all.
struct SubtractLargest<'a>(&'a mut [f64]);

impl pulp::WithSimd for SubtractLargest<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let (numbers, rest) = S::as_mut_simd_f64s(self.0);
        let mut largest = simd.splat_f64s(f64::NEG_INFINITY);
        for number in &*numbers {
            largest = simd.max_f64s(*number, largest);
        }
        let largest = simd.reduce_max_f64s(largest);
        let largest = rest.iter().copied().fold(largest, f64::max);
        let all = simd.splat_f64s(largest);
        for number in numbers {
            *number = simd.sub_f64s(*number, all);
        }
        rest.iter_mut().for_each(|number| *number -= largest);
    }
}

/// Replaces exponentials by `−e/(own + Σ e)`, and returns `Σ e`.
struct Negate<'a> {
    shares: &'a mut [f64],
    own: f64,
}

impl pulp::WithSimd for Negate<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> f64 {
        let (shares, rest) = S::as_mut_simd_f64s(self.shares);
        let mut sum = simd.splat_f64s(0.0);
        for share in &*shares {
            sum = simd.add_f64s(sum, *share);
        }
        let others = simd.reduce_sum_f64s(sum) + rest.iter().sum::<f64>();
        let scale = -1.0 / (self.own + others);
        for share in shares {
            *share = simd.mul_f64s(*share, simd.splat_f64s(scale));
        }
        rest.iter_mut().for_each(|share| *share *= scale);
        others
    }
}

/// What the other classes are of the own one, above which slopes have no exponent, and above which
/// none underflows.
const NEAR: [f64; 2] = [1e-130, 1e-250];

/// A soft margin `s_c − log Σ_{j≠c} e^{s_j}` and the parts it is made of.
struct SoftMargin {
    margin: f64,
    /// `max_{j≠c} s_j`.
    largest: f64,
    /// `Σ_{j≠c} e^{s_j − largest}`, from 1 to `C − 1`.
    sum: f64,
}

fn soft_margin(score: impl Fn(usize) -> f64, class: usize, count: usize) -> SoftMargin {
    let others = || (0..count).filter(|&j| j != class).map(&score);
    let largest = others().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = others().map(|score| (score - largest).exp()).sum();
    SoftMargin {
        margin: score(class) - largest - sum.ln(),
        largest,
        sum,
    }
}

/// An [`Objective`] on a device: made by [`Objective::on`].
#[derive(Clone, Debug)]
pub struct TensorObjective {
    loss: Loss,
    targets: TensorTargets,
    weights: Option<Vec<f64>>,
}

#[derive(Clone, Debug)]
enum TensorTargets {
    /// `[n]`.
    Signs(Tensor<1>),
    /// `[n, C]`, true at the own class.
    Classes(Tensor<2, Bool>),
    /// `[n]`.
    Reals(Tensor<1>),
}

impl TensorObjective {
    /// The mean loss, `[1]`, of scores `[n, outputs]`, which autodiff can follow.
    pub fn forward(&self, scores: Tensor<2>) -> Tensor<1> {
        let margins = match &self.targets {
            TensorTargets::Signs(labels) => {
                let labels = if scores.is_autodiff() {
                    labels.clone().autodiff()
                } else {
                    labels.clone()
                };
                scores.squeeze_dim(1) * labels
            }
            TensorTargets::Classes(own) => {
                // The lowest f32 stands for −∞: finite on every device, and e to it is 0.
                let others = scores.clone().mask_fill(own.clone(), f32::MIN);
                let largest = others.clone().detach().max_dim(1);
                let rest = (others - largest.clone()).exp().sum_dim(1).log() + largest;
                let own = scores.mask_fill(own.clone().bool_not(), 0.0).sum_dim(1);
                (own - rest).squeeze_dim(1)
            }
            TensorTargets::Reals(targets) => {
                let targets = if scores.is_autodiff() {
                    targets.clone().autodiff()
                } else {
                    targets.clone()
                };
                let residuals = scores.squeeze_dim(1) - targets;
                if self.weights.is_none() {
                    // Not by way of a margin near 1, which would round small residuals.
                    return residuals.clone().mul(residuals).mean() * 0.5;
                }
                residuals.add_scalar(1.0)
            }
        };
        match &self.weights {
            None => self.loss.forward(margins),
            Some(weights) => self.loss.weighted(margins, weights),
        }
    }
}
