//! Problems that are solved by hand.

use implicit_bias_limits::linear::{MarginOutcome, Uniqueness, max_margin_l2, max_margin_linf};
use ndarray::{Array2, array};

use super::samples;

fn close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= 1e-13 * expected.abs().max(1e-300),
        "{found} for {expected}"
    );
}

/// Orthogonal samples `c_i e_i`: all margins equal means `w_i ∝ 1/c_i`, in either norm.
#[test]
fn orthogonal_samples() {
    let sizes = [0.5, 2.0, -3.0, 1.0];
    let of = samples(Array2::from_diag(&ndarray::arr1(&sizes)));
    let l2 = max_margin_l2(&of).separable().unwrap();
    let inverse_squares: f64 = sizes.iter().map(|c| 1.0 / (c * c)).sum();
    close(l2.gamma_l2, 1.0 / inverse_squares.sqrt());
    for (i, c) in sizes.iter().enumerate() {
        close(l2.weights[i], l2.gamma_l2 / c);
        close(l2.multipliers[i], (l2.gamma_l2 / c).powi(2));
    }
    close(l2.gamma_linf_of_w_l2, 0.5);
    // In the maximum norm the smallest sample decides, and the others are loose.
    let linf = max_margin_linf(&of).separable().unwrap();
    close(linf.gamma_linf, 0.5);
    close(linf.multipliers[0], 1.0);
    assert_eq!(linf.unique, Uniqueness::NotUnique);
    assert_eq!(linf.multipliers_unique, Uniqueness::Unique);
}

/// One sample: the direction itself, and its signs.
#[test]
fn one_sample() {
    let of = samples(array![[3.0, -4.0]]);
    let l2 = max_margin_l2(&of).separable().unwrap();
    close(l2.gamma_l2, 5.0);
    close(l2.weights[1], -0.8);
    let linf = max_margin_linf(&of).separable().unwrap();
    close(linf.gamma_linf, 7.0);
    assert_eq!(linf.weights, array![1.0, -1.0]);
    assert_eq!((linf.unique, linf.free.len()), (Uniqueness::Unique, 0));
    // A coordinate that no sample has is free to be anything.
    let blind = max_margin_linf(&samples(array![[3.0, 0.0]]))
        .separable()
        .unwrap();
    assert_eq!(blind.unique, Uniqueness::NotUnique);
}

/// Repeated samples leave their shares open, and nothing else.
#[test]
fn repeated_samples() {
    let of = samples(array![[3.0, 1.0], [-1.0, 2.0], [3.0, 1.0]]);
    let linf = max_margin_linf(&of).separable().unwrap();
    close(linf.gamma_linf, 1.75);
    assert_eq!(linf.unique, Uniqueness::Unique);
    assert_eq!(linf.multipliers_unique, Uniqueness::NotUnique);
    let l2 = max_margin_l2(&of).separable().unwrap();
    close(l2.gamma_l2, 7.0 / 17f64.sqrt());
    assert_eq!(l2.multipliers_unique, Uniqueness::CannotTell);
    assert_eq!(l2.active, [0, 1, 2]);
}

/// Whatever the units: lengths that differ by 10¹⁰ between samples, and by any factor for all.
#[test]
fn scales() {
    for scale in [1e-140, 1e-8, 1.0, 1e100] {
        let of = samples(array![[3.0, 1.0], [-1.0, 2.0], [1e10, 2e10]] * scale);
        close(
            max_margin_linf(&of).separable().unwrap().gamma_linf,
            1.75 * scale,
        );
        let l2 = max_margin_l2(&of).separable().unwrap();
        close(l2.gamma_l2, 7.0 / 17f64.sqrt() * scale);
    }
}

#[test]
fn inseparable_samples() {
    let zero = array![[1.0, 2.0], [0.0, 0.0]];
    let both_labels = array![[0.3, 0.1, 0.7], [1.0, 2.0, 3.0], [-0.3, -0.1, -0.7]];
    let exclusive_or = array![[1.0, 1.0], [-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0]];
    let around = array![[0.31, 0.77], [-0.93, 0.12], [0.4, -0.83], [0.1, 0.2]];
    for rows in [zero, both_labels, exclusive_or, around] {
        let of = samples(rows.clone());
        let MarginOutcome::Inseparable(proof) = max_margin_linf(&of) else {
            panic!("{rows} is not proven inseparable");
        };
        assert!(proof.exact, "{rows}");
        let combination = ndarray::Array1::from(proof.combination.clone());
        assert!(combination.iter().all(|&p| p >= 0.0));
        close(combination.sum(), 1.0);
        let rest = rows.t().dot(&combination).mapv(f64::abs).sum();
        assert!(rest < 1e-15 && proof.margin_bound < 1e-14, "{rest}");
        assert_eq!(max_margin_l2(&of), MarginOutcome::Inseparable(proof));
    }
}

/// Two samples that are opposite up to `e`: the margin is `e`, unless rounding hides it.
#[test]
fn nearly_inseparable_samples() {
    for e in [1e-3, 1e-6, 1e-9, 1e-12, 1e-15] {
        let of = samples(array![[1.0, e], [-1.0, e]]);
        match max_margin_linf(&of) {
            MarginOutcome::Separable(linf) => close(linf.gamma_linf, e),
            MarginOutcome::NotSolved(reason) => assert!(e < 1e-10, "{e}: {reason}"),
            MarginOutcome::Inseparable(proof) => {
                assert!(e < 1e-14 && !proof.exact && proof.margin_bound >= e);
            }
            other => panic!("{other:?}"),
        }
    }
}
