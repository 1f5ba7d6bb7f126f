//! Scores and their gradients in host memory.

/// The scores of a network and the gradients of linear functions of them, in host memory.
///
/// `weights` are the entries of all blocks one after another, each block row after row. Scores are
/// `[rows, outputs]`, row after row, of the samples that `rows` names, of all samples without it.
pub trait HostScores: Send {
    /// The scores `f_o(W; x_i)`.
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]);

    /// `Σ_i Σ_o c_io ∇_W f_o(W; x_i)` at the weights and rows of the last call of
    /// [`scores`](Self::scores), with `cotangent` `c` in the shape of the scores; into `gradient`,
    /// in the shape of the weights.
    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]);
}
