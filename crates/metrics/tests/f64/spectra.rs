//! Blocks and their stack: shared work, separate answers.

use implicit_bias_metrics::{BlockSpectrum, frobenius_norm, spectra, spectral_norm, stable_rank};

use crate::dense::Dense;
use crate::{assert_close, matrix};

fn assert_spectrum(found: &BlockSpectrum, dense: &Dense, tolerance: f64) {
    assert_close(found.frobenius_norm, dense.frobenius_norm(), tolerance);
    assert_close(found.spectral_norm, dense.singular_values()[0], tolerance);
    assert_close(found.stable_rank, dense.stable_rank(), tolerance);
}

/// The leaky limit of theory §3. On orthogonal samples of equal norm with balanced classes, a
/// neuron of sign s is active exactly on the samples of its class, so one gradient step moves it by
/// a multiple of `s Σ_i D_ki y_i x_i`: with `v±` the sum over a class, `v₊ − γ v₋` for
/// sign +1 and `v₋ − γ v₊` for sign −1. The two have squared norm `1 + γ²` and product
/// `−2γ` (in units of `‖v±‖²`), so m copies of each have squared Frobenius norm
/// `2m (1 + γ²)` and squared spectral norm `m (1 + γ² + 2γ)`.
fn leaky_limit(slope: f64, neurons: usize) -> [Dense; 2] {
    let (samples, dimensions) = (10, 24);
    let identity = Dense::from_fn(dimensions, samples, |row, column| f64::from(row == column));
    let x = identity.rotated(17).transposed();
    let label = |sample: usize| if sample.is_multiple_of(2) { 1.0 } else { -1.0 };
    [1.0, -1.0].map(|sign| {
        // Neurons of one block differ in length only, and both blocks have the same lengths.
        Dense::from_fn(neurons, dimensions, |neuron, dimension| {
            let length = 1.0 + neuron as f64;
            let slopes = |sample| if label(sample) == sign { 1.0 } else { slope };
            let term = |sample| slopes(sample) * label(sample) * x[(sample, dimension)];
            length * sign * (0..samples).map(term).sum::<f64>()
        })
    })
}

#[test]
fn leaky_limit_has_rank_one_blocks_and_the_stack_of_theory() {
    for slope in [0.01, 0.1, 0.5, 0.9] {
        // By rows, by columns with thin blocks, by columns with tall blocks.
        for neurons in [3, 12, 20, 40] {
            let blocks = leaky_limit(slope, neurons);
            let spectra = spectra(&blocks.each_ref().map(matrix)).unwrap();
            for block in &spectra.blocks {
                assert_close(block.stable_rank, 1.0, 1e-13);
            }
            let expected = 2.0 * (1.0 + slope * slope) / (1.0 + slope).powi(2);
            assert_close(spectra.stacked.unwrap().stable_rank, expected, 1e-13);
        }
    }
}

#[test]
fn of_blocks_on_either_side_agree_with_each_matrix_alone() {
    // Rows of the blocks against 12 columns: the stack thin; the stack tall and its blocks thin;
    // one block tall; all tall; one row each; more than two blocks.
    let cases: [&[usize]; 7] = [
        &[5, 5],
        &[6, 6],
        &[10, 11],
        &[3, 30],
        &[20, 13],
        &[1, 1],
        &[2, 7, 4, 5],
    ];
    for (seed, rows) in cases.into_iter().enumerate() {
        let blocks: Vec<Dense> = rows
            .iter()
            .zip(100 * seed as u64..)
            .map(|(&rows, seed)| Dense::gaussian(rows, 12, seed).scaled(1.0 + seed as f64))
            .collect();
        let tensors: Vec<_> = blocks.iter().map(matrix).collect();
        let spectra = spectra(&tensors).unwrap();
        assert_eq!(spectra.blocks.len(), blocks.len());
        for ((found, dense), tensor) in spectra.blocks.iter().zip(&blocks).zip(&tensors) {
            assert_spectrum(found, dense, 1e-12);
            assert_close(found.frobenius_norm, frobenius_norm(tensor).unwrap(), 1e-14);
            assert_close(found.spectral_norm, spectral_norm(tensor).unwrap(), 1e-14);
            assert_close(found.stable_rank, stable_rank(tensor).unwrap(), 1e-14);
        }
        assert_spectrum(&spectra.stacked.unwrap(), &Dense::stacked(&blocks), 1e-12);
    }
}

#[test]
fn of_blocks_of_very_different_scale_keep_the_digits_of_the_small_one() {
    for rows in [4, 8, 20] {
        let (large, small) = (Dense::gaussian(rows, 12, 1), Dense::gaussian(rows, 12, 2));
        let blocks = [large.scaled(1e120), small.scaled(1e-120)];
        let spectra = spectra(&blocks.each_ref().map(matrix)).unwrap();
        assert_close(spectra.blocks[0].stable_rank, large.stable_rank(), 1e-12);
        assert_close(spectra.blocks[1].stable_rank, small.stable_rank(), 1e-12);
        let expected = small.singular_values()[0] * 1e-120;
        assert_close(spectra.blocks[1].spectral_norm, expected, 1e-12);
        // The small block is invisible in the stack.
        let stacked = spectra.stacked.unwrap();
        assert_close(stacked.stable_rank, large.stable_rank(), 1e-12);
        assert_close(
            stacked.frobenius_norm,
            large.frobenius_norm() * 1e120,
            1e-12,
        );
    }
}

#[test]
fn of_one_block_the_stack_is_the_block() {
    let spectra = spectra(&[matrix(&Dense::gaussian(4, 9, 5))]).unwrap();
    assert_eq!(spectra.stacked, Some(spectra.blocks[0]));
}

#[test]
fn of_blocks_of_different_width_there_is_no_stack() {
    // Two layers of one network.
    let layers = [Dense::gaussian(4, 9, 5), Dense::gaussian(1, 4, 6)];
    let spectra = spectra(&layers.each_ref().map(matrix)).unwrap();
    assert_eq!(spectra.stacked, None);
    for (found, dense) in spectra.blocks.iter().zip(&layers) {
        assert_spectrum(found, dense, 1e-12);
    }
}
