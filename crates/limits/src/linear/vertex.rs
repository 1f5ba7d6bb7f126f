//! The solution of the linear program that satisfies its active constraints with equality.

use ndarray::ArrayView2;

use super::active_set::{ActiveSet, Pair, solve};
use super::ascent::ascend;
use super::interior_point::InteriorPoint;

/// A maximum margin below this share of its terms is left to proofs that there is none.
const VANISHING: f64 = 1e-10;

/// The pair of smallest duality gap among the given one, the one that satisfies with equality what
/// seems active in it, and, where neither is exact, the one to which the margin ascends from there.
pub(super) fn polish(rows: ArrayView2<'_, f64>, point: &InteriorPoint) -> Option<Pair> {
    let mut best = Pair::feasible(point.weights.clone(), point.multipliers.clone())?;
    let (samples, margin) = (rows.nrows() as f64, best.primal(rows).max(1e-10));
    let seems = ActiveSet {
        active: (point.multipliers.iter().zip(&point.slacks))
            .map(|(p, slack)| p * samples * margin > *slack)
            .collect(),
        free: point.bound.iter().map(|bound| !bound).collect(),
        signs: point.weights.iter().map(|w| w.signum()).collect(),
    };
    let mut better = |found: Option<Pair>| {
        if let Some(found) = found.filter(|found| found.gap(rows) < best.gap(rows)) {
            best = found;
        }
        best.clone()
    };
    let solved = solve(rows, &seems, &better(None));
    let solved =
        better(solved.and_then(|(weights, multipliers)| Pair::feasible(weights, multipliers)));
    if solved.is_exact(rows) || solved.dual(rows) <= VANISHING * solved.terms(rows) {
        return Some(solved);
    }
    Some(better(ascend(rows, &solved)))
}
