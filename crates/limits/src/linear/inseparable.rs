//! Proofs that no weights separate.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::dense::{Decomposition, Rank};
use super::outcome::Inseparable;

/// How many times larger a possible correction must be than the one that may be needed.
const SAFETY: f64 = 16.0;

/// Weights of a combination are tried as multiples of this power of two, so that products are
/// exact.
const GRID: f64 = (1u64 << 20) as f64;

/// Entries smaller than this, relative to their sample, might underflow in exact sums.
const TINY: f64 = 1e-250;

/// Samples with a weight times length below this share of the largest are left out.
const NEGLIGIBLE: f64 = 1e-7;

/// What a combination `p` of the rows `z_i`, `n × d`, proves; `None` if it does not vanish within
/// rounding.
pub(super) fn prove(
    rows: ArrayView2<'_, f64>,
    combination: ArrayView1<'_, f64>,
) -> Option<Inseparable> {
    let length = |row: ArrayView1<'_, f64>| row.iter().map(|z| z.abs()).sum::<f64>();
    // Powers of two, so that samples over them are exact.
    let lengths = rows.map_axis(Axis(1), |row| length(row).log2().floor().exp2());
    let pulls = &combination * &lengths;
    let largest = pulls.iter().copied().fold(0.0, f64::max);
    let support: Vec<usize> = (0..rows.nrows())
        .filter(|&i| pulls[i] > NEGLIGIBLE * largest)
        .collect();
    let lengths = lengths.select(Axis(0), &support);
    let chosen = rows.select(Axis(0), &support) / lengths.view().insert_axis(Axis(1));
    let inverse = Decomposition::of(chosen.view())?;
    let weights = vanishing(chosen.view(), &inverse, pulls.select(Axis(0), &support))?;
    // Of samples as they are, and the sum by which they were divided.
    let spread = |weights: &Array1<f64>| {
        let shares = weights / &lengths;
        let mut all = vec![0.0; rows.nrows()];
        for (&i, &share) in support.iter().zip(&shares) {
            all[i] = share / shares.sum();
        }
        (all, shares.sum())
    };
    if let Some(weights) = on_grid(chosen.view(), &weights) {
        return Some(Inseparable {
            combination: spread(&weights).0,
            margin_bound: 0.0,
            exact: true,
        });
    }
    let (rest, rounding) = rest(chosen.view(), &weights);
    if rest > rounding {
        return None;
    }
    let spans = inverse.column_rank() == Rank::Full;
    let [smallest, longest] = inverse.extremes();
    let entries = (chosen.nrows() + chosen.ncols()) as f64;
    let surely = smallest - SAFETY * entries * f64::EPSILON * longest;
    let least = weights.iter().copied().fold(f64::INFINITY, f64::min);
    let (combination, total) = spread(&weights);
    Some(Inseparable {
        combination,
        margin_bound: (rest + rounding) / total,
        exact: spans && surely > 0.0 && SAFETY * (rest + rounding) <= least * surely,
    })
}

/// The combination nearest to `weights` that vanishes as far as rounding allows, with sum 1; `None`
/// if it has a negative weight.
fn vanishing(
    rows: ArrayView2<'_, f64>,
    inverse: &Decomposition,
    mut weights: Array1<f64>,
) -> Option<Array1<f64>> {
    for _ in 0..3 {
        weights /= weights.sum();
        let rest = rows.t().dot(&weights);
        weights -= &inverse.solve_transposed(rest.view());
    }
    weights /= weights.sum();
    weights
        .iter()
        .all(|&weight| weight > 0.0)
        .then_some(weights)
}

/// `‖Σ_i p_i z_i‖_1` as computed, and a bound of its rounding.
fn rest(rows: ArrayView2<'_, f64>, weights: &Array1<f64>) -> (f64, f64) {
    let sum = |values: Array1<f64>| values.iter().map(|value| value.abs()).sum::<f64>();
    let sizes: Array2<f64> = rows.mapv(f64::abs);
    let terms = rows.nrows() as f64 + 2.0;
    let rounding = 2.0 * terms * f64::EPSILON * sum(sizes.t().dot(weights));
    (sum(rows.t().dot(weights)), rounding)
}

/// The weights rounded to multiples of a power of two, if their combination vanishes exactly.
///
/// These are found where weights are simple fractions: a sample with both labels, say.
fn on_grid(rows: ArrayView2<'_, f64>, weights: &Array1<f64>) -> Option<Array1<f64>> {
    let largest = weights.iter().copied().fold(0.0, f64::max);
    // Multiples of the largest as well: weights 1/3, 1/3, 1/3 are 1, 1, 1.
    [1.0, largest].into_iter().find_map(|unit| {
        let rounded = weights.mapv(|weight| (weight / unit * GRID).round() / GRID);
        let positive = rounded.iter().all(|&weight| weight > 0.0);
        let vanishes = || (rows.columns().into_iter()).all(|z| is_zero(z, rounded.view()));
        (positive && vanishes()).then(|| {
            let total = rounded.sum();
            &rounded / total
        })
    })
}

/// Whether `Σ_i p_i z_i` is zero in exact arithmetic.
///
/// Products are split into two parts without error, and their sum is kept as an expansion of
/// numbers that do not overlap (Shewchuk 1997), which is zero only if all of them are.
fn is_zero(entries: ArrayView1<'_, f64>, weights: ArrayView1<'_, f64>) -> bool {
    let mut expansion: Vec<f64> = Vec::new();
    for (&entry, &weight) in entries.iter().zip(weights) {
        if entry == 0.0 {
            continue;
        }
        if entry.abs() < TINY {
            return false;
        }
        let product = entry * weight;
        for mut part in [entry.mul_add(weight, -product), product] {
            for term in &mut expansion {
                let sum = part + *term;
                let of_term = sum - part;
                *term = (part - (sum - of_term)) + (*term - of_term);
                part = sum;
            }
            expansion.push(part);
            expansion.retain(|&term| term != 0.0);
        }
    }
    expansion.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn sums_are_exact() {
        let zero =
            |entries: Array1<f64>, weights: Array1<f64>| is_zero(entries.view(), weights.view());
        assert!(zero(array![0.1, -0.1], array![0.5, 0.5]));
        // 0.3 is not three times 0.1 in double precision.
        assert!(!zero(array![0.1, -0.3], array![0.75, 0.25]));
        assert!(zero(array![0.25, -0.75], array![0.75, 0.25]));
        assert!(zero(array![1e20, 1.0, -1e20, -1.0], Array1::ones(4)));
        assert!(!zero(array![1e20, 1.0, -1e20], Array1::ones(3)));
        assert!(!zero(array![1.0, 1e-20, -1.0], Array1::ones(3)));
    }

    #[test]
    fn a_combination_that_does_not_vanish_proves_nothing() {
        let rows = array![[1.0, 0.0], [-1.0, 1e-9]];
        assert_eq!(prove(rows.view(), array![0.5, 0.5].view()), None);
        let rows = array![[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]];
        let proof = prove(rows.view(), array![0.49, 0.51, 0.0].view()).unwrap();
        assert_eq!(proof.combination, [0.5, 0.5, 0.0]);
        assert!(proof.exact && proof.margin_bound == 0.0);
        // Shares in inverse proportion to lengths that differ by 10⁹.
        let rows = array![[-3e-9], [3.0]];
        let proof = prove(rows.view(), array![1.0, 1.1e-9].view()).unwrap();
        assert!(proof.exact && (proof.combination[1] / 1e-9 - 1.0).abs() < 1e-8);
    }

    /// Three directions of the plane, whose combination is not a simple fraction.
    #[test]
    fn samples_that_span_all_coordinates_prove_it_exactly() {
        let rows = array![[1.0, 0.1], [-0.3, 0.7], [-0.2, -0.9]];
        let proof = prove(rows.view(), array![0.3, 0.3, 0.4].view()).unwrap();
        assert!(proof.exact && proof.margin_bound < 1e-14);
        let rest = rows.t().dot(&Array1::from(proof.combination));
        assert!(rest.iter().all(|rest| rest.abs() < 1e-15));
        // The same in a plane of space leaves a direction in which rounding decides.
        let rows = array![[1.0, 0.1, 0.3], [-0.3, 0.7, -0.09], [-0.2, -0.9, -0.06]];
        let proof = prove(rows.view(), array![0.3, 0.3, 0.4].view()).unwrap();
        assert!(!proof.exact && proof.margin_bound > 0.0);
    }
}
