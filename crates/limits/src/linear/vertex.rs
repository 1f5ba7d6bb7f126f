//! The solution of the linear program that satisfies its active constraints with equality.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::dense::Decomposition;
use super::interior_point::InteriorPoint;

/// The most sets of active constraints that are tried.
const MAX_ROUNDS: usize = 40;

/// Rounds of refinement of each solve.
const REFINEMENTS: usize = 3;

/// A pair of weights `‖w‖_∞ ≤ 1` and multipliers `p ≥ 0`, `Σ p_i = 1`, of rows `z_i`, `n × d`.
#[derive(Clone)]
pub(super) struct Pair {
    pub weights: Array1<f64>,
    pub multipliers: Array1<f64>,
}

impl Pair {
    /// The pair, made feasible; `None` if it is zero or not finite.
    pub fn feasible(mut weights: Array1<f64>, multipliers: Array1<f64>) -> Option<Self> {
        let size = weights.iter().fold(0.0, |size: f64, w| size.max(w.abs()));
        let mut multipliers = multipliers.mapv_into(|p| p.max(0.0));
        let total = multipliers.sum();
        // A maximum skips NaN, a sum does not.
        if !(weights.sum().is_finite() && total > 0.0 && total.is_finite()) {
            return None;
        }
        if size > 0.0 {
            weights.mapv_inplace(|w| (w / size).clamp(-1.0, 1.0));
        }
        multipliers /= total;
        Some(Self {
            weights,
            multipliers,
        })
    }

    /// `min_i ⟨z_i, w⟩`, a lower bound of the maximum margin.
    pub fn primal(&self, rows: ArrayView2<'_, f64>) -> f64 {
        rows.dot(&self.weights)
            .fold(f64::INFINITY, |a, &b| a.min(b))
    }

    /// `‖Σ_i p_i z_i‖_1`, an upper bound of the maximum margin.
    pub fn dual(&self, rows: ArrayView2<'_, f64>) -> f64 {
        rows.t()
            .dot(&self.multipliers)
            .iter()
            .map(|u| u.abs())
            .sum()
    }

    /// The duality gap, `dual − primal`, which bounds the errors of both.
    pub fn gap(&self, rows: ArrayView2<'_, f64>) -> f64 {
        self.dual(rows) - self.primal(rows)
    }
}

/// Which constraints hold with equality: margins of active samples are `γ`, coordinates that are
/// not free have `w_k = sign_k`.
#[derive(Clone, PartialEq)]
struct ActiveSet {
    active: Vec<bool>,
    free: Vec<bool>,
    signs: Vec<f64>,
}

/// The pair of smallest duality gap among the given one and those that satisfy with equality what
/// seems active in it, revised where signs are violated.
pub(super) fn polish(rows: ArrayView2<'_, f64>, point: &InteriorPoint) -> Option<Pair> {
    let mut best = Pair::feasible(point.weights.clone(), point.multipliers.clone())?;
    let (samples, margin) = (rows.nrows() as f64, best.primal(rows).max(1e-10));
    let mut set = ActiveSet {
        active: (point.multipliers.iter().zip(&point.slacks))
            .map(|(p, slack)| p * samples * margin > *slack)
            .collect(),
        free: point.bound.iter().map(|bound| !bound).collect(),
        signs: point.weights.iter().map(|w| w.signum()).collect(),
    };
    let mut near = best.clone();
    for _ in 0..MAX_ROUNDS {
        let Some((weights, multipliers)) = solve(rows, &set, &near) else {
            break;
        };
        let next = set.revised(rows, weights.view(), multipliers.view());
        let Some(found) = Pair::feasible(weights, multipliers) else {
            break;
        };
        if found.gap(rows) < best.gap(rows) {
            best = found.clone();
        }
        if next == set {
            break;
        }
        (set, near) = (next, found);
    }
    Some(best)
}

/// The weights and multipliers nearest to `near` for which a set is active.
///
/// With `M = [Z_AF, −1]` these are `M (w_F, γ) = −Z_AC sign_C` and `Mᵀ p_A = (0, …, 0, −1)`.
fn solve(
    rows: ArrayView2<'_, f64>,
    set: &ActiveSet,
    near: &Pair,
) -> Option<(Array1<f64>, Array1<f64>)> {
    let active = indices(&set.active);
    let free = indices(&set.free);
    let width = free.len() + 1;
    let system = Array2::from_shape_fn((active.len(), width), |(row, column)| {
        free.get(column).map_or(-1.0, |&k| rows[[active[row], k]])
    });
    let inverse = Decomposition::of(system.view())?;
    let mut weights = near.weights.clone();
    for (k, weight) in weights.iter_mut().enumerate() {
        if !set.free[k] {
            *weight = set.signs[k];
        }
    }
    let mut margin = near.primal(rows);
    let mut multipliers = Array1::from_iter(active.iter().map(|&i| near.multipliers[i]));
    let mut target = Array1::zeros(width);
    target[width - 1] = -1.0;
    for _ in 0..REFINEMENTS {
        let margins = rows.dot(&weights);
        let missing = Array1::from_iter(active.iter().map(|&i| margin - margins[i]));
        let change = inverse.solve(missing.view());
        for (&k, change) in free.iter().zip(&change) {
            weights[k] += change;
        }
        margin += change[width - 1];
        let missing = &target - &system.t().dot(&multipliers);
        multipliers += &inverse.solve_transposed(missing.view());
    }
    let mut all = Array1::zeros(rows.nrows());
    for (&i, multiplier) in active.iter().zip(multipliers) {
        all[i] = multiplier;
    }
    Some((weights, all))
}

impl ActiveSet {
    /// The set after every violated sign has been put right.
    fn revised(
        &self,
        rows: ArrayView2<'_, f64>,
        weights: ArrayView1<'_, f64>,
        multipliers: ArrayView1<'_, f64>,
    ) -> Self {
        let margins = rows.dot(&weights);
        let pulls = rows.t().dot(&multipliers);
        let of_active = || indices(&self.active).into_iter().map(|i| margins[i]);
        let margin = of_active().sum::<f64>() / of_active().count().max(1) as f64;
        let rounding = 1e-13 * margin.abs();
        let mut next = self.clone();
        for (i, active) in next.active.iter_mut().enumerate() {
            *active = if *active {
                multipliers[i] > 0.0
            } else {
                margins[i] < margin - rounding
            };
        }
        for k in 0..weights.len() {
            if self.free[k] {
                next.free[k] = weights[k].abs() < 1.0;
                next.signs[k] = weights[k].signum();
            } else {
                next.free[k] = self.signs[k] * pulls[k] < -rounding;
            }
        }
        next
    }
}

/// Where a mask is `true`.
pub(super) fn indices(mask: &[bool]) -> Vec<usize> {
    (0..mask.len()).filter(|&i| mask[i]).collect()
}
