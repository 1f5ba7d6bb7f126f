//! The scores of the linear network in host memory.

use ndarray::Array2;

use crate::combination::PaddedVectors;
use crate::matrix_kernels::inner_products;
use crate::span::basis_of_samples;
use crate::{HostScores, Span};

/// `X w` and `Xᵀ c`: `4 n d` operations. `Xᵀ c` is a sum of multiples of rows, each entry in the order of the
/// terms; `X w` one of columns where there are few numbers, inner products with rows elsewhere, so that
/// the samples are held once.
pub(crate) struct LinearScores {
    rows: PaddedVectors,
    columns: Option<PaddedVectors>,
    /// `w` as long as a padded row.
    weights: Vec<f64>,
    chosen: Option<Vec<usize>>,
    /// `n` and `d`.
    shape: (usize, usize),
}

/// Up to so many numbers the samples are held twice.
const FEW: usize = 1 << 14;

impl LinearScores {
    /// Those of samples in the rows of `x`, `[n, d]`.
    pub fn new(x: &Array2<f64>) -> Self {
        Self {
            rows: PaddedVectors::of(x.rows()),
            columns: (x.len() <= FEW).then(|| PaddedVectors::of(x.columns())),
            weights: Vec::new(),
            chosen: None,
            shape: x.dim(),
        }
    }
}

impl HostScores for LinearScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(<[usize]>::to_vec);
        match (rows, &mut self.columns) {
            (None, Some(columns)) => columns.combine(weights, scores),
            (None, None) => {
                self.weights.resize(self.rows.stride(), 0.0);
                self.weights[..weights.len()].copy_from_slice(weights);
                inner_products(self.rows.entries(), &self.weights, scores);
            }
            (Some(rows), _) => {
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

    fn span(&self) -> Option<Span> {
        let entry = |(i, j): (usize, usize)| self.rows.vector(i)[j];
        let [basis, coordinates] = basis_of_samples(&Array2::from_shape_fn(self.shape, entry), 1)?;
        Some(Span::new(basis, Box::new(Self::new(&coordinates))))
    }
}
