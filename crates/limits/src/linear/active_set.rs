//! Weights and multipliers of the linear program, and those for which given constraints are active.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::dense::Decomposition;

/// A duality gap below this share of the margin is rounding.
const EXACT: f64 = 1e-12;

/// So is one below this many roundings of the terms of a margin.
const TERMS: f64 = 8.0;

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

    /// Whether the duality gap is rounding: that of the margin, or of the terms of the smallest
    /// margin and of the multipliers' combination.
    pub fn is_exact(&self, rows: ArrayView2<'_, f64>) -> bool {
        let margins = rows.dot(&self.weights);
        let smallest = (0..margins.len()).min_by(|&a, &b| margins[a].total_cmp(&margins[b]));
        let length = |i: usize| rows.row(i).iter().map(|z| z.abs()).sum::<f64>();
        let terms = self.terms(rows) + smallest.map_or(0.0, length);
        self.gap(rows) <= EXACT * self.primal(rows) + TERMS * f64::EPSILON * terms
    }

    /// `Σ_i p_i ‖z_i‖_1`, at least the maximum margin.
    pub fn terms(&self, rows: ArrayView2<'_, f64>) -> f64 {
        let lengths = rows.mapv(f64::abs).sum_axis(Axis(1));
        self.multipliers.dot(&lengths)
    }
}

/// Which constraints hold with equality: margins of active samples are `γ`, coordinates that are
/// not free have `w_k = sign_k`.
#[derive(Clone)]
pub(super) struct ActiveSet {
    pub active: Vec<bool>,
    pub free: Vec<bool>,
    pub signs: Vec<f64>,
}

/// `M = [Z_AF, −margin]`.
pub(super) fn system(
    rows: ArrayView2<'_, f64>,
    active: &[usize],
    free: &[usize],
    margin: f64,
) -> Array2<f64> {
    Array2::from_shape_fn((active.len(), free.len() + 1), |(row, column)| {
        free.get(column)
            .map_or(-margin, |&k| rows[[active[row], k]])
    })
}

/// The weights and multipliers nearest to `near` for which a set is active.
///
/// With `M = [Z_AF, −1]` these are `M (w_F, γ) = −Z_AC sign_C` and `Mᵀ p_A = (0, …, 0, −1)`.
pub(super) fn solve(
    rows: ArrayView2<'_, f64>,
    set: &ActiveSet,
    near: &Pair,
) -> Option<(Array1<f64>, Array1<f64>)> {
    let active = indices(&set.active);
    let free = indices(&set.free);
    let width = free.len() + 1;
    let system = system(rows, &active, &free, 1.0);
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

/// Where a mask is `true`.
pub(super) fn indices(mask: &[bool]) -> Vec<usize> {
    (0..mask.len()).filter(|&i| mask[i]).collect()
}
