//! The sliding samples of a group, and projections off their span.

use implicit_bias_algebra::{Mat, product};
use ndarray::Array2;

use super::symmetric::PseudoInverse;

/// The sliding samples `Z` of one group; inner products of the others are taken off their span.
pub(crate) struct SlidingSamples {
    /// The samples, ascending.
    pub samples: Vec<usize>,
    /// `(G_ZZ)⁺`.
    pub inverse: PseudoInverse,
    /// `(G_ZZ)⁺ G_Z·`, `z × n`.
    pub projector: Mat<f64>,
}

impl SlidingSamples {
    /// Prepares `samples` of a Gram matrix `G` (`n × n`); `None` if it cannot be factored.
    pub fn of(gram: &Array2<f64>, samples: Vec<usize>) -> Option<Self> {
        let block = Mat::from_fn(samples.len(), samples.len(), |i, j| {
            gram[[samples[i], samples[j]]]
        });
        let rows = Mat::from_fn(samples.len(), gram.ncols(), |z, j| gram[[samples[z], j]]);
        let inverse = PseudoInverse::of(block)?;
        let projector = inverse.solve(&rows);
        Some(Self {
            samples,
            inverse,
            projector,
        })
    }

    /// The Gram matrix of the samples `among`, projected off the sliding ones.
    pub fn projected(&self, gram: &Array2<f64>, among: &[usize]) -> Mat<f64> {
        let size = among.len();
        let mut projected = Mat::from_fn(size, size, |i, j| gram[[among[i], among[j]]]);
        if !self.samples.is_empty() {
            let held = self.samples.len();
            let left = Mat::from_fn(size, held, |i, z| gram[[among[i], self.samples[z]]]);
            let right = Mat::from_fn(held, size, |z, j| self.projector[(z, among[j])]);
            projected -= product(left.as_ref(), right.as_ref());
        }
        projected
    }

    /// Coefficients on the sliding samples that project a combination of samples (`n`) off their
    /// span.
    pub fn projection_coefficients(&self, combination: &[f64]) -> Vec<f64> {
        (0..self.samples.len())
            .map(|z| {
                -combination
                    .iter()
                    .enumerate()
                    .map(|(j, x)| self.projector[(z, j)] * x)
                    .sum::<f64>()
            })
            .collect()
    }
}
