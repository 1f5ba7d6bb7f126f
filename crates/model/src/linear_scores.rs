//! The scores of the linear network in host memory.

use ndarray::Array2;

use crate::HostScores;
use crate::combination::PaddedVectors;

/// `X w` and `Xᵀ c` by sums of columns and of rows, each entry in the order of the terms: `4 n d`
/// operations.
pub(crate) struct LinearScores {
    rows: PaddedVectors,
    columns: PaddedVectors,
    chosen: Option<Vec<usize>>,
}

impl LinearScores {
    /// Those of samples in the rows of `x`, `[n, d]`.
    pub fn new(x: &Array2<f64>) -> Self {
        Self {
            rows: PaddedVectors::of(x.rows()),
            columns: PaddedVectors::of(x.columns()),
            chosen: None,
        }
    }
}

impl HostScores for LinearScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(<[usize]>::to_vec);
        match rows {
            None => self.columns.combine(weights, scores),
            Some(rows) => {
                for (score, &row) in scores.iter_mut().zip(rows) {
                    let x = self.rows.vector(row);
                    *score = x.iter().zip(weights).map(|(x, w)| x * w).sum();
                }
            }
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        match &self.chosen {
            None => self.rows.combine(cotangent, gradient),
            Some(rows) => {
                gradient.fill(0.0);
                for (c, &row) in cotangent.iter().zip(rows) {
                    let x = self.rows.vector(row);
                    gradient.iter_mut().zip(x).for_each(|(g, x)| *g += c * x);
                }
            }
        }
    }
}
