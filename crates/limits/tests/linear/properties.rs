//! Properties of random problems, many of them degenerate.

use implicit_bias_limits::linear::{
    MarginOutcome, SignedSamples, Uniqueness, max_margin_l2, max_margin_linf,
};
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use super::{brute_force, samples};

/// Small integers: equal margins, repeated samples and singular systems are common.
fn integers() -> impl Strategy<Value = Array2<f64>> {
    (1usize..=6, 1usize..=3).prop_flat_map(|(n, d)| {
        let entries = prop::collection::vec(-3i32..=3, n * d);
        entries.prop_map(move |entries| {
            let entries = entries.into_iter().map(f64::from).collect();
            Array2::from_shape_vec((n, d), entries).unwrap()
        })
    })
}

/// Those, a little off: margins are small, and constraints nearly active.
fn nearly_integers() -> impl Strategy<Value = Array2<f64>> {
    (integers(), prop::collection::vec(-5e-5..5e-5f64, 18)).prop_map(|(rows, off)| {
        let off = Array1::from_iter(off.into_iter().take(rows.len()));
        let off = off.into_shape_with_order(rows.dim()).unwrap();
        rows + off
    })
}

/// Samples with positive margins under some weights, of sizes that differ a hundredfold.
fn separable() -> impl Strategy<Value = Array2<f64>> {
    (2usize..=12, 1usize..=12).prop_flat_map(|(n, d)| {
        let entries = prop::collection::vec(-1.0..1.0f64, n * d);
        let weights = prop::collection::vec(0.5..1.0f64, d);
        let sizes = prop::collection::vec(-2.3..2.3f64, n);
        (entries, weights, sizes).prop_map(move |(entries, weights, sizes)| {
            let mut rows = Array2::from_shape_vec((n, d), entries).unwrap();
            let weights = Array1::from(weights);
            for (mut row, size) in rows.rows_mut().into_iter().zip(sizes) {
                let sign = row.dot(&weights).signum();
                row.zip_mut_with(&weights, |z, w| *z = size.exp() * (sign * *z + 0.05 * w));
            }
            rows
        })
    })
}

fn smallest(values: Array1<f64>) -> f64 {
    values.fold(f64::INFINITY, |a, &b| a.min(b))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_is_as_brute_force_finds_it(rows in integers()) {
        let (margin, vertices) = brute_force::linf(&rows);
        match max_margin_linf(&samples(rows.clone())) {
            MarginOutcome::Separable(linf) => {
                prop_assert!((linf.gamma_linf - margin).abs() < 1e-12);
                match linf.unique {
                    Uniqueness::Unique => prop_assert_eq!(vertices.len(), 1),
                    Uniqueness::NotUnique => prop_assert!(vertices.len() > 1),
                    Uniqueness::CannotTell => prop_assert!(false, "cannot tell of small integers"),
                }
                if linf.unique == Uniqueness::Unique {
                    for (found, expected) in linf.weights.iter().zip(&vertices[0]) {
                        prop_assert!((found - expected).abs() < 1e-12);
                    }
                }
            }
            MarginOutcome::Inseparable(_) => prop_assert_eq!(margin, 0.0),
            other => prop_assert!(false, "{:?}", other),
        }
        match max_margin_l2(&samples(rows.clone())) {
            MarginOutcome::Separable(l2) => {
                // Brute force solves with Gram matrices, which square the condition.
                prop_assert!((l2.gamma_l2 / brute_force::l2(&rows) - 1.0).abs() < 1e-7);
            }
            MarginOutcome::Inseparable(_) => prop_assert_eq!(margin, 0.0),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    /// Whatever is said of them is exact; some are left unsolved.
    #[test]
    fn nearly_degenerate_problems_are_solved_exactly_or_not(rows in nearly_integers()) {
        match max_margin_linf(&samples(rows)) {
            MarginOutcome::Separable(linf) => {
                // Margins have terms of some 9 in all, and gaps a few roundings of them.
                prop_assert!(linf.duality_gap <= 1e-12 * linf.gamma_linf + 5e-14);
            }
            MarginOutcome::Inseparable(proof) => prop_assert!(proof.margin_bound < 1e-13),
            other => prop_assert!(matches!(other, MarginOutcome::NotSolved(_))),
        }
    }

    /// Weak duality is the whole proof: feasible weights and multipliers of equal value.
    #[test]
    fn weights_and_multipliers_prove_each_other(rows in separable()) {
        let of = samples(rows.clone());
        let linf = max_margin_linf(&of).separable().expect("separable");
        prop_assert_eq!(linf.weights.iter().fold(0.0, |a: f64, w| a.max(w.abs())), 1.0);
        let lower = smallest(rows.dot(&linf.weights));
        let upper = rows.t().dot(&linf.multipliers).mapv(f64::abs).sum();
        prop_assert!(upper - lower < 1e-12 * upper, "{} < {}", lower, upper);
        prop_assert!((linf.gamma_linf - lower).abs() < 1e-14 * upper);

        let l2 = max_margin_l2(&of).separable().expect("separable");
        prop_assert!((l2.weights.dot(&l2.weights) - 1.0).abs() < 1e-14);
        let lower = smallest(rows.dot(&l2.weights));
        let total = rows.t().dot(&l2.multipliers);
        let upper = total.dot(&total).sqrt();
        prop_assert!(upper - lower < 1e-12 * upper, "{} < {}", lower, upper);
        for multipliers in [&linf.multipliers, &l2.multipliers] {
            prop_assert!(multipliers.iter().all(|&p| p >= 0.0));
            prop_assert!((multipliers.sum() - 1.0).abs() < 1e-14);
        }
        // Each is best in its own norm.
        prop_assert!(linf.gamma_linf >= l2.gamma_linf_of_w_l2 * (1.0 - 1e-13));
        prop_assert!(l2.gamma_l2 >= linf.gamma_l2_of_w_linf * (1.0 - 1e-13));
    }

    /// Turning a coordinate round or naming samples anew changes nothing but that.
    #[test]
    fn signs_and_order_do_not_matter(rows in separable(), turned in 0usize..12) {
        let turned = turned % rows.ncols();
        let mut other = Array2::from_shape_fn(rows.dim(), |(i, k)| rows[[rows.nrows() - 1 - i, k]]);
        other.column_mut(turned).mapv_inplace(|z| -z);
        let [here, there] = [rows, other].map(|rows| {
            let of = SignedSamples::new(rows).unwrap();
            max_margin_linf(&of).separable().expect("separable")
        });
        prop_assert!((here.gamma_linf / there.gamma_linf - 1.0).abs() < 1e-13);
        prop_assert_eq!(here.unique, there.unique);
        if here.unique == Uniqueness::Unique {
            let weight = there.weights[turned] + here.weights[turned];
            prop_assert!(weight.abs() < 1e-9);
        }
    }
}
