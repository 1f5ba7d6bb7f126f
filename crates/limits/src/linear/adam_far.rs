//! The far horizon of Adam without `ε`, and of sign descent, on a linear network.

use implicit_bias_scalar::Loss;
use ndarray::{Array1, Array2, ArrayView1};

use super::dense::{Decomposition, Rank};
use super::margin_linf::MarginLinf;
use super::outcome::Uniqueness;
use super::samples::SignedSamples;
use super::step_law::SignLikeDescent;
use super::step_sum::{Growth, StepSizes};
use super::why_not::WhyNot;

/// The largest [`AdamFar::slip`] of a state that is far enough (a setting of ours).
const LARGEST_SLIP: f64 = 0.05;

/// The largest relative change of the pace within the memory of `v` (a setting of ours).
const LARGEST_LAG: f64 = 0.05;

/// A descent with a sign-like step, full batch, on a linear network without bias.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FarDescent {
    /// The rule of a step.
    pub rule: SignLikeDescent,
    /// The step sizes.
    pub step_sizes: StepSizes,
    /// The loss of which the mean is descended.
    pub loss: Loss,
}

/// The law by which a state of Adam without `ε`, or of sign descent, goes on.
///
/// Let `A` be the active samples, `F` the free coordinates and `p*` the multipliers of the maximum
/// margin `γ*` in the maximum norm, `S = ‖w‖_∞`, and `sign_k = w*_k` outside `F`. In coordinates
/// outside `F` the gradient keeps its sign and all grow alike, so that the offsets
/// `c_k = |w_k| − S ≤ 0` are frozen. In coordinates of `F` it vanishes in the mean, so that samples
/// of `A` pull in proportion to `p*`: `q_A = γ* S − log p*_A + β`. With `w_F = S w*_F + v` these
/// are `|A| = |F| + 1` linear equations for `(v, β)`,
///
/// ```text
/// Σ_{k∈F} z_ik v_k − β = −log p*_i − Σ_{k∉F} z_ik sign_k c_k,    i ∈ A,
/// ```
///
/// whose combination by `p*` is `β = Σ_k |u_k| c_k − H(p*)` with `u = Σ_i p*_i z_i` and the entropy
/// `H`. The smallest margin is that of the largest `p*`, so that
///
/// ```text
/// (γ* − γ∞(t)) ‖w‖_∞ = K = max_A log p* − β ≥ 0,    γ∞(t) = min_i ⟨z_i, w⟩ / ‖w‖_∞.
/// ```
///
/// The norm grows by `η_t ρ_t` a step, with `ρ` of [`SignLikeDescent::pace`] and the first-order
/// effect of falling step sizes on the moments.
///
/// All of this is derived, not proven, and measured on Gaussian samples by the tests. Free
/// coordinates go to and fro, and `q_A` with them, by less the smaller the step size is; at a
/// constant step size `K` stays off by that. Offsets of Adam freeze only as fast as the samples'
/// shares of the gradient do, which takes long where step sizes fall like `1/t`.
#[derive(Clone, Debug)]
pub struct AdamFar {
    growth: Growth,
    step: f64,
    norm: f64,
    samples: usize,
    limit: Array1<f64>,
    /// `w − S w*`, with the solved `v` in free coordinates.
    offsets: Array1<f64>,
    shift: f64,
    gap_times_norm: f64,
    slip: f64,
}

impl AdamFar {
    /// The law for the weights (`d`) after `step` steps, where `limit` is the maximum margin of the
    /// same `samples`.
    ///
    /// # Errors
    ///
    /// Every [`WhyNot`].
    pub fn new(
        samples: &SignedSamples,
        limit: &MarginLinf,
        descent: FarDescent,
        weights: ArrayView1<'_, f64>,
        step: f64,
    ) -> Result<Self, WhyNot> {
        let growth = Growth {
            descent: descent.rule,
            sizes: descent.step_sizes,
            margin: limit.gamma_linf,
        };
        check(samples, limit, descent, weights, step)?;
        applies(&growth, step)?;
        let vertex = Vertex::of(samples, limit)?;
        let norm = weights.fold(0.0, |norm: f64, w| norm.max(w.abs()));
        let frozen = vertex
            .frozen(limit, weights, norm)
            .ok_or(WhyNot::NotIdentified {
                slip: f64::INFINITY,
            })?;
        let (offsets, shift) = vertex.solve(samples, limit, frozen);
        let level = limit.gamma_linf * norm + shift;
        // log |ℓ'(q)| is −q wherever the law holds.
        let margins = samples.margins(weights);
        let pull = |q: f64| (descent.loss.log_slope(q) + level).exp();
        let slip = (margins.iter().zip(&limit.multipliers))
            .map(|(&q, multiplier)| (pull(q) - multiplier).abs())
            .sum::<f64>();
        if slip.is_nan() || slip > LARGEST_SLIP {
            return Err(WhyNot::NotIdentified { slip });
        }
        let largest = limit.multipliers.iter().copied().fold(0.0, f64::max);
        Ok(Self {
            growth,
            step,
            norm,
            samples: samples.samples(),
            limit: limit.weights.clone(),
            offsets,
            shift,
            gap_times_norm: largest.ln() - shift,
            slip,
        })
    }

    /// The constant `K = (γ* − γ∞(t)) ‖w‖_∞`.
    pub fn gap_times_norm(&self) -> f64 {
        self.gap_times_norm
    }

    /// The offset `β` of `q_A = γ* S − log p*_A + β`.
    pub fn margin_shift(&self) -> f64 {
        self.shift
    }

    /// How far samples pull otherwise in the state than by the law, `Σ_i |p_i − p*_i|` over all
    /// samples, with `p_i = |ℓ'(q_i)| e^{γ* S + β}`.
    pub fn slip(&self) -> f64 {
        self.slip
    }

    /// The norm `‖w‖_∞` after `step` steps, rounded down to whole ones; `None` before the state,
    /// or past all numbers.
    pub fn norm_linf_at(&self, step: f64) -> Option<f64> {
        if !(step >= self.step && step.is_finite()) {
            return None;
        }
        let grown = self.growth.between(self.step, step.floor())?;
        Some(self.norm + grown).filter(|norm| norm.is_finite())
    }

    /// The normalized margin `γ∞ = γ* − K/‖w‖_∞` after `step` steps.
    pub fn margin_linf_at(&self, step: f64) -> Option<f64> {
        let norm = self.norm_linf_at(step)?;
        Some(self.growth.margin - self.gap_times_norm / norm)
    }

    /// The weights, `d`, after `step` steps: `S w* + (w − S w*)`, the latter constant.
    pub fn weights_at(&self, step: f64) -> Option<Array1<f64>> {
        let norm = self.norm_linf_at(step)?;
        Some(&self.limit * norm + &self.offsets)
    }

    /// The logarithm of the mean loss after `step` steps, `−γ* S − β − log n`.
    pub fn log_loss_at(&self, step: f64) -> Option<f64> {
        let norm = self.norm_linf_at(step)?;
        Some(-self.growth.margin * norm - self.shift - (self.samples as f64).ln())
    }
}

/// Refuses what is no state of a descent.
fn check(
    samples: &SignedSamples,
    limit: &MarginLinf,
    descent: FarDescent,
    weights: ArrayView1<'_, f64>,
    step: f64,
) -> Result<(), WhyNot> {
    let StepSizes {
        first,
        offset,
        decay,
    } = descent.step_sizes;
    let fits = [limit.weights.len(), weights.len()] == [samples.dim(); 2];
    if !(fits && limit.multipliers.len() == samples.samples()) {
        return Err(WhyNot::Input(
            "weights, samples and limit do not fit each other",
        ));
    }
    if !weights.iter().all(|weight| weight.is_finite()) {
        return Err(WhyNot::Input("weights are not finite"));
    }
    if !(step >= 0.0 && step.is_finite() && step.fract() == 0.0) {
        return Err(WhyNot::Input("the step is not a whole number"));
    }
    let place = step + offset;
    let sizes = first > 0.0 && offset >= 0.0 && decay >= 0.0 && (place > 0.0 || decay == 0.0);
    if !(sizes
        && [first, offset, decay]
            .iter()
            .all(|number| number.is_finite()))
    {
        return Err(WhyNot::Input("step sizes are not positive and finite"));
    }
    if !descent.rule.is_regular() {
        return Err(WhyNot::Input("expected 0 <= beta1 <= beta2 < 1"));
    }
    if decay > 1.0 {
        return Err(WhyNot::BoundedNorm);
    }
    Ok(())
}

/// Refuses steps at which the pace is not that of a slowly changing step size.
fn applies(growth: &Growth, step: f64) -> Result<(), WhyNot> {
    let largest = growth.descent.largest_unthrottled() / growth.margin;
    if growth.sizes.at(step) > largest {
        let from = growth.sizes.first_at_most(largest);
        return Err(WhyNot::Throttled { from });
    }
    match growth.lag(step) {
        Some(lag) if lag.abs() <= LARGEST_LAG => Ok(()),
        _ => Err(WhyNot::Lag),
    }
}

/// The equations of a vertex.
struct Vertex {
    inverse: Decomposition,
    bound: Vec<usize>,
}

impl Vertex {
    fn of(samples: &SignedSamples, limit: &MarginLinf) -> Result<Self, WhyNot> {
        let (active, free) = (&limit.active, &limit.free);
        let only = [limit.unique, limit.multipliers_unique] == [Uniqueness::Unique; 2];
        let pull = active.iter().all(|&i| limit.multipliers[i] > 0.0);
        if !(only && pull && active.len() == free.len() + 1) {
            return Err(WhyNot::Degenerate);
        }
        let system = Array2::from_shape_fn((active.len(), active.len()), |(row, column)| {
            free.get(column)
                .map_or(-limit.gamma_linf, |&k| samples.rows()[[active[row], k]])
        });
        let inverse = Decomposition::of(system.view());
        let inverse = inverse.filter(|of| of.column_rank() == Rank::Full);
        Ok(Self {
            inverse: inverse.ok_or(WhyNot::Degenerate)?,
            bound: (0..samples.dim()).filter(|k| !free.contains(k)).collect(),
        })
    }

    /// `sign_k c_k` in bound coordinates and 0 in free ones; `None` if a bound coordinate has
    /// another sign than in the limit, or a free one is the largest.
    fn frozen(
        &self,
        limit: &MarginLinf,
        weights: ArrayView1<'_, f64>,
        norm: f64,
    ) -> Option<Array1<f64>> {
        let mut frozen = Array1::zeros(weights.len());
        for &k in &self.bound {
            if weights[k] * limit.weights[k] <= 0.0 {
                return None;
            }
            frozen[k] = weights[k] - norm * limit.weights[k].signum();
        }
        let free_is_smaller = limit.free.iter().all(|&k| weights[k].abs() < norm);
        free_is_smaller.then_some(frozen)
    }

    /// `w − S w*`, with `v` in free coordinates, and `β`.
    fn solve(
        &self,
        samples: &SignedSamples,
        limit: &MarginLinf,
        mut offsets: Array1<f64>,
    ) -> (Array1<f64>, f64) {
        let held = samples.margins(offsets.view());
        let right = (limit.active.iter()).map(|&i| -limit.multipliers[i].ln() - held[i]);
        let solution = self.inverse.solve(Array1::from_iter(right).view());
        for (&k, &offset) in limit.free.iter().zip(&solution) {
            offsets[k] = offset;
        }
        (offsets, limit.gamma_linf * solution[limit.free.len()])
    }
}
