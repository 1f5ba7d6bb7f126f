//! The effective rank of each block.

use implicit_bias_algebra::{Mat, singular_values};
use implicit_bias_record::Column;
use ndarray::Array2;

use super::probe::Probe;

/// `exp(−Σ p_i log p_i)` with `p_i = σ_i/Σ σ_j` of the singular values of a block: the effective rank
/// of Roy & Vetterli (2007), at least 1, and at most the rank.
pub const EFFECTIVE_RANK: Probe = Probe {
    name: "effective-rank",
    columns: &[Column::new(
        "effective_rank_<block>",
        "exp(−Σ p_i log p_i), p_i = σ_i/Σ σ_j of the singular values of a block (Roy & Vetterli \
         2007); empty where the block is zero (--probes effective-rank)",
    )],
    measure: |view| {
        let blocks = view.weights.blocks().iter();
        blocks
            .map(|(name, block)| (format!("effective_rank_{name}"), effective_rank(block)))
            .collect()
    },
};

/// `NaN` of a zero matrix, and where the singular values are not found.
fn effective_rank(block: &Array2<f64>) -> f64 {
    let largest = block.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return f64::NAN;
    }
    let [rows, columns] = [block.nrows(), block.ncols()];
    // Of entries of size 1 at most: neither products nor sums leave the range of numbers.
    let scaled = Mat::from_fn(rows, columns, |i, j| block[[i, j]] / largest);
    let Ok(values) = singular_values(scaled.as_ref()) else {
        return f64::NAN;
    };
    let sum: f64 = values.iter().sum();
    let entropy = values.iter().map(|value| value / sum);
    let entropy: f64 = entropy.filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    entropy.exp()
}
