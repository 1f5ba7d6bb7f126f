//! Norms and stable rank of one matrix.

/// Norms and stable rank of one matrix.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BlockSpectrum {
    /// `‖A‖_F`, the root of the sum of squares.
    pub frobenius_norm: f64,
    /// `‖A‖_2`, the largest singular value.
    pub spectral_norm: f64,
    /// `‖A‖_F² / ‖A‖_2²`, between 1 and the rank.
    pub stable_rank: f64,
}
