//! The residual of any direction against brute force over all sets of multipliers, and closed forms.

use implicit_bias_limits::KktResidual;
use ndarray::{Array1, Array2};
use proptest::prelude::*;

fn wave(seed: u64, size: usize) -> Vec<f64> {
    (0..size)
        .map(|k| (((seed * 7919 + k as u64 * 104_729 + 13) % 1009) as f64 * 0.618).sin())
        .collect()
}

/// Solves square equations by elimination; `None` where they are nearly singular.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs()))?;
        a.swap(k, pivot);
        b.swap(k, pivot);
        if a[k][k].abs() < 1e-9 {
            return None;
        }
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            let (above, below) = a.split_at_mut(i);
            let entries = below[0][k..].iter_mut().zip(&above[k][k..]);
            entries.for_each(|(entry, pivot)| *entry -= factor * pivot);
            b[i] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        for j in k + 1..n {
            b[k] -= a[k][j] * b[j];
        }
        b[k] /= a[k][k];
    }
    Some(b)
}

/// The least `‖W/‖W‖ − Σ λ_i g_i‖` over `λ ≥ 0`: the best of the least squares of all sets of rows
/// that come out nonnegative.
fn brute_force(weights: &[f64], gradients: &Array2<f64>) -> f64 {
    let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
    let target: Array1<f64> = weights.iter().map(|w| w / norm).collect();
    let n = gradients.nrows();
    let mut best: f64 = 1.0;
    for set in 1_u32..1 << n {
        let rows: Vec<usize> = (0..n).filter(|i| set >> i & 1 == 1).collect();
        let product = |i: usize, j: usize| gradients.row(i).dot(&gradients.row(j));
        let a = rows
            .iter()
            .map(|&i| rows.iter().map(|&j| product(i, j)).collect());
        let b = rows
            .iter()
            .map(|&i| gradients.row(i).dot(&target))
            .collect();
        let Some(factors) = solve(a.collect(), b) else {
            continue;
        };
        if factors.iter().any(|factor| *factor < 0.0) {
            continue;
        }
        let sum = rows
            .iter()
            .zip(&factors)
            .fold(target.clone(), |rest, (&i, &factor)| {
                rest - factor * &gradients.row(i)
            });
        best = best.min(sum.dot(&sum).sqrt());
    }
    best
}

proptest! {
    #[test]
    fn the_residual_is_the_least_one(seed in 0_u64..10_000, n in 1_usize..7, count in 1_usize..12) {
        let weights = wave(seed, count);
        let gradients = Array2::from_shape_vec([n, count], wave(seed + 1, n * count)).unwrap();
        prop_assume!(weights.iter().any(|w| w.abs() > 1e-3));
        let found = KktResidual::of(&weights, gradients.view(), &vec![1.0; n]).unwrap();
        let expected = brute_force(&weights, &gradients);
        prop_assert!((found.residual - expected).abs() < 1e-9, "{} {}", found.residual, expected);
        prop_assert!(found.multipliers.iter().all(|share| *share >= 0.0));
    }

    /// Samples and weights of any scale have one residual, and the multipliers are a distribution.
    #[test]
    fn scales_change_nothing(seed in 0_u64..10_000, scale in -200_i32..200) {
        let (n, count) = (5, 9);
        let weights = wave(seed, count);
        prop_assume!(weights.iter().any(|w| w.abs() > 1e-3));
        let gradients = Array2::from_shape_vec([n, count], wave(seed + 1, n * count)).unwrap();
        let margins: Vec<f64> = wave(seed + 2, n).iter().map(|q| 2.0 + q).collect();
        let one = KktResidual::of(&weights, gradients.view(), &margins).unwrap();
        let factor = 2_f64.powi(scale);
        let weights: Vec<f64> = weights.iter().map(|w| w * factor).collect();
        let gradients = gradients / factor;
        let margins: Vec<f64> = margins.iter().map(|q| q * factor).collect();
        let other = KktResidual::of(&weights, gradients.view(), &margins).unwrap();
        prop_assert!((one.residual - other.residual).abs() < 1e-12);
        prop_assert!((one.complementarity - other.complementarity).abs() < 1e-9
            || one.multipliers.iter().all(|share| *share == 0.0));
    }
}

#[test]
fn a_point_of_the_program_has_no_residual() {
    // W = ½ g_0 + 2 g_2, and sample 1 has a larger margin.
    let gradients = Array2::from_shape_vec([3, 40], wave(5, 120)).unwrap();
    let weights = 0.5 * &gradients.row(0) + 2.0 * &gradients.row(2);
    let found = KktResidual::of(
        weights.as_slice().unwrap(),
        gradients.view(),
        &[3.0, 4.5, 3.0],
    )
    .unwrap();
    assert!(found.residual < 1e-14, "{found:?}");
    assert!((found.multipliers[0] - 0.2).abs() < 1e-13, "{found:?}");
    assert_eq!(found.multipliers[1], 0.0);
    assert_eq!((found.support(), found.complementarity), (2, 0.0));
}

#[test]
fn a_multiplier_of_a_larger_margin_counts_by_its_share() {
    let gradients = Array2::eye(2);
    let found = KktResidual::of(&[3.0, 1.0], gradients.view(), &[2.0, 3.0]).unwrap();
    assert!(found.residual < 1e-15);
    assert!(
        (found.complementarity - 0.25 * 0.5).abs() < 1e-15,
        "{found:?}"
    );
}

#[test]
fn what_is_undefined_is_no_number() {
    let gradients = Array2::eye(2);
    // Away from all gradients.
    let away = KktResidual::of(&[-1.0, 0.0], gradients.view(), &[1.0, 1.0]).unwrap();
    assert_eq!((away.residual, away.support()), (1.0, 0));
    assert!(away.complementarity.is_nan());
    let negative = KktResidual::of(&[1.0, 0.0], gradients.view(), &[-1.0, 1.0]).unwrap();
    assert!(negative.complementarity.is_nan());
    assert_eq!(
        KktResidual::of(&[0.0, 0.0], gradients.view(), &[1.0, 1.0]),
        None
    );
    assert_eq!(
        KktResidual::of(&[f64::NAN, 0.0], gradients.view(), &[1.0, 1.0]),
        None
    );
}

/// Two samples of one gradient share what one of them would have.
#[test]
fn equal_gradients_are_no_obstacle() {
    let one = wave(3, 20);
    let gradients =
        Array2::from_shape_fn([4, 20], |(i, j)| if i < 2 { one[j] } else { one[19 - j] });
    let weights = 2.0 * &gradients.row(0) + gradients.row(3);
    let found = KktResidual::of(weights.as_slice().unwrap(), gradients.view(), &[1.0; 4]).unwrap();
    assert!(found.residual < 1e-13, "{found:?}");
}
