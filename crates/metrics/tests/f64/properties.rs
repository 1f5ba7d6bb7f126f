//! What holds for every matrix.

use implicit_bias_metrics::{spectra, spectral_norm, stable_rank, weight_norm};
use proptest::prelude::*;

use crate::dense::{Dense, Random};
use crate::{assert_close, matrix};

/// A matrix of prescribed rank: the product of two Gaussian factors.
fn of_rank(rows: usize, columns: usize, rank: usize, seed: u64) -> Dense {
    let (left, right) = (
        Dense::gaussian(rows, rank, seed),
        Dense::gaussian(rank, columns, !seed),
    );
    Dense::from_fn(rows, columns, |row, column| {
        (0..rank)
            .map(|inner| left[(row, inner)] * right[(inner, column)])
            .sum()
    })
}

fn rank_of(dense: &Dense) -> f64 {
    stable_rank(&matrix(dense)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn stable_rank_lies_between_one_and_the_rank(
        rows in 1_usize..14, columns in 1_usize..14, rank in 1_usize..6, seed: u64,
    ) {
        let rank = rank.min(rows).min(columns);
        let found = rank_of(&of_rank(rows, columns, rank, seed));
        prop_assert!(found >= 1.0, "{found} < 1");
        prop_assert!(found <= rank as f64 * (1.0 + 1e-12), "{found} > {rank}");
    }

    #[test]
    fn stable_rank_is_invariant(
        rows in 1_usize..12, columns in 1_usize..12, seed: u64, exponent in -150_i32..150,
    ) {
        let dense = Dense::gaussian(rows, columns, seed);
        let expected = rank_of(&dense);
        assert_close(rank_of(&dense.transposed()), expected, 1e-13);
        assert_close(rank_of(&dense.scaled(10_f64.powi(exponent))), expected, 1e-13);
        assert_close(rank_of(&dense.scaled(-1.0)), expected, 1e-13);
        assert_close(rank_of(&dense.rotated(seed % 1000)), expected, 1e-12);
        let turned = dense.transposed().rotated(seed % 1000).transposed();
        assert_close(rank_of(&turned), expected, 1e-12);

        let mut order: Vec<usize> = (0..rows).collect();
        let mut random = Random(seed);
        order.sort_by_cached_key(|_| random.bits());
        let permuted = Dense::from_fn(rows, columns, |row, column| dense[(order[row], column)]);
        assert_close(rank_of(&permuted), expected, 1e-13);
    }

    #[test]
    fn spectral_norm_agrees_with_jacobi(
        rows in 1_usize..12, columns in 1_usize..12, rank in 1_usize..12, seed: u64,
    ) {
        let dense = of_rank(rows, columns, rank, seed);
        let expected = dense.singular_values()[0];
        assert_close(spectral_norm(&matrix(&dense)).unwrap(), expected, 1e-13);
    }

    #[test]
    fn stacking_adds_squares_and_bounds_the_spectral_norm(
        rows in prop::collection::vec(1_usize..9, 1..5), columns in 1_usize..16, seed: u64,
    ) {
        let blocks: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(index, &rows)| {
                let seed = seed.wrapping_add(index as u64);
                matrix(&Dense::gaussian(rows, columns, seed))
            })
            .collect();
        let spectra = spectra(&blocks).unwrap();
        let stacked = spectra.stacked.unwrap();
        assert_close(stacked.frobenius_norm, weight_norm(&blocks).unwrap(), 1e-13);
        let largest = spectra.blocks.iter().map(|block| block.spectral_norm).fold(0.0, f64::max);
        let squares = spectra.blocks.iter().map(|block| block.spectral_norm.powi(2));
        let root = squares.sum::<f64>().sqrt();
        prop_assert!(stacked.spectral_norm >= largest * (1.0 - 1e-13));
        prop_assert!(stacked.spectral_norm <= root * (1.0 + 1e-13));
    }
}
