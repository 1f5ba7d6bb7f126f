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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    /// Whatever seems active at first, the solution `w = (1/4, 1)` of margin 7/4 is found.
    #[test]
    fn wrong_active_sets_are_put_right() {
        let rows = array![[3.0, 1.0], [-1.0, 2.0], [4.0, 5.0]];
        for mask in 1..8 {
            for bounds in 0..4 {
                let active = [0, 1, 2].map(|i| f64::from(mask >> i & 1));
                let multipliers = Array1::from(active.to_vec());
                let point = InteriorPoint {
                    weights: array![0.5, 0.9],
                    slacks: 1.0 - &multipliers,
                    multipliers,
                    bound: [0, 1].map(|k| bounds >> k & 1 == 1).to_vec(),
                };
                let pair = polish(rows.view(), &point).unwrap();
                assert!(pair.gap(rows.view()) < 1e-14, "{active:?}, {bounds}");
                assert!((pair.weights[0] - 0.25).abs() < 1e-14);
            }
        }
    }
}
