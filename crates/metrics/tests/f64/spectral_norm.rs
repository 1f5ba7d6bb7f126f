//! The largest singular value, and the stable rank it gives, against numbers known otherwise.

use implicit_bias_metrics::{frobenius_norm, spectral_norm, stable_rank};

use crate::dense::Dense;
use crate::{assert_close, matrix};

#[test]
fn of_a_diagonal_matrix_is_its_largest_entry() {
    let diagonal = [2.0, -7.0, 0.5, 3.0];
    let dense = Dense::from_fn(
        4,
        6,
        |row, column| if row == column { diagonal[row] } else { 0.0 },
    );
    assert_close(spectral_norm(&matrix(&dense)).unwrap(), 7.0, 1e-14);
    assert_close(stable_rank(&matrix(&dense)).unwrap(), 62.25 / 49.0, 1e-14);
    assert_close(
        frobenius_norm(&matrix(&dense)).unwrap(),
        62.25_f64.sqrt(),
        1e-15,
    );
}

#[test]
fn of_an_outer_product_is_the_product_of_the_norms() {
    let (left, right) = (Dense::gaussian(30, 1, 1), Dense::gaussian(200, 1, 2));
    let dense = Dense::from_fn(30, 200, |row, column| {
        left.values[row] * right.values[column]
    });
    let expected = left.frobenius_norm() * right.frobenius_norm();
    assert_close(spectral_norm(&matrix(&dense)).unwrap(), expected, 1e-13);
    assert_close(stable_rank(&matrix(&dense)).unwrap(), 1.0, 1e-13);
}

#[test]
fn of_the_hilbert_matrix_has_the_published_value() {
    // ‖H_5‖_2 and ‖H_10‖_2, as tabulated (and by 50-digit arithmetic).
    for (size, expected) in [(5, 1.567_050_691_098_230_8), (10, 1.751_919_670_265_177_5)] {
        let hilbert = Dense::from_fn(size, size, |row, column| 1.0 / (row + column + 1) as f64);
        assert_close(spectral_norm(&matrix(&hilbert)).unwrap(), expected, 1e-13);
    }
}

#[test]
fn of_prescribed_singular_values_down_to_1e_minus_8() {
    let singular: Vec<f64> = (0..9).map(|power| 3.0 * 10_f64.powi(-power)).collect();
    let squares: f64 = singular.iter().map(|value| value * value).sum();
    for (rows, columns) in [(9, 9), (12, 40), (40, 12), (9, 300)] {
        let dense = Dense::with_singular_values(rows, columns, &singular, 7);
        assert_close(spectral_norm(&matrix(&dense)).unwrap(), 3.0, 1e-13);
        assert_close(stable_rank(&matrix(&dense)).unwrap(), squares / 9.0, 1e-13);
    }
}

#[test]
fn of_a_nearly_double_largest_value_is_still_exact() {
    // Where a power iteration stalls: the gap is 1e-9.
    let dense = Dense::with_singular_values(20, 50, &[1.0, 1.0 - 1e-9, 0.5, 1e-3], 3);
    assert_close(spectral_norm(&matrix(&dense)).unwrap(), 1.0, 1e-13);
}

#[test]
fn agrees_with_jacobi_on_random_matrices() {
    for (seed, (rows, columns)) in [(1, 1), (1, 9), (9, 1), (5, 8), (20, 20), (50, 30), (30, 90)]
        .into_iter()
        .enumerate()
    {
        let dense = Dense::gaussian(rows, columns, seed as u64);
        let expected = dense.singular_values()[0];
        assert_close(spectral_norm(&matrix(&dense)).unwrap(), expected, 1e-13);
        assert_close(
            stable_rank(&matrix(&dense)).unwrap(),
            dense.stable_rank(),
            1e-12,
        );
        assert_close(
            frobenius_norm(&matrix(&dense)).unwrap(),
            dense.frobenius_norm(),
            1e-14,
        );
    }
}

#[test]
fn of_a_large_matrix_of_low_rank() {
    let singular = [5.0, 4.0, 1e-4];
    let dense = Dense::with_singular_values(300, 280, &singular, 11);
    assert_close(spectral_norm(&matrix(&dense)).unwrap(), 5.0, 1e-12);
    assert_close(
        stable_rank(&matrix(&dense)).unwrap(),
        (41.0 + 1e-8) / 25.0,
        1e-12,
    );
}

#[test]
fn stable_rank_of_orthogonal_rows_of_equal_norm_is_their_number() {
    for rows in [1, 2, 7, 20] {
        let identity = Dense::from_fn(rows, 40, |row, column| f64::from(row == column) * 3.0);
        let rotated = identity.transposed().rotated(5).transposed();
        assert_close(stable_rank(&matrix(&rotated)).unwrap(), rows as f64, 1e-13);
    }
}

#[test]
fn stable_rank_of_a_gaussian_matrix_is_near_its_limit() {
    // ‖A‖_F² ≈ m d and ‖A‖_2 ≈ √m + √d, with fluctuations of a few percent.
    let (m, d) = (50.0_f64, 784.0_f64);
    let expected = m * d / (m.sqrt() + d.sqrt()).powi(2);
    assert_close(
        stable_rank(&matrix(&Dense::gaussian(50, 784, 4))).unwrap(),
        expected,
        0.05,
    );
}

#[test]
fn extreme_scales_change_nothing_but_the_scale() {
    let dense = Dense::gaussian(6, 11, 8);
    let norm = spectral_norm(&matrix(&dense)).unwrap();
    let rank = stable_rank(&matrix(&dense)).unwrap();
    for exponent in [-300, -150, -20, 20, 150, 300] {
        let factor = 10_f64.powi(exponent);
        let scaled = matrix(&dense.scaled(factor));
        assert_close(spectral_norm(&scaled).unwrap(), factor * norm, 1e-13);
        assert_close(stable_rank(&scaled).unwrap(), rank, 1e-13);
        let expected = factor * dense.frobenius_norm();
        assert_close(frobenius_norm(&scaled).unwrap(), expected, 1e-13);
    }
    // Powers of two are exact.
    let scaled = matrix(&dense.scaled(2_f64.powi(-500)));
    assert_eq!(stable_rank(&scaled).unwrap(), rank);
    assert_eq!(spectral_norm(&scaled).unwrap(), norm * 2_f64.powi(-500));
}
