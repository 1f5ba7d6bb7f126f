//! The scores of the linear network in host memory.

use implicit_bias_scalar::power_of_two;
use ndarray::Array2;

use crate::combination::PaddedVectors;
use crate::matrix_kernels::inner_products;
use crate::span::basis_of_samples;
use crate::{HostScores, NoSlopes, SlopesOf, Span};

/// `X w` and `Xᵀ c`: `4 n d` operations. `Xᵀ c` is a sum of multiples of rows, each entry in the order of the
/// terms; `X w` one of columns where there are few numbers, inner products with rows elsewhere, so that
/// the samples are held once, and both are done of some samples after another, so that each is read once.
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

    fn set_weights(&mut self, weights: &[f64]) {
        self.weights.resize(self.rows.stride(), 0.0);
        self.weights[..weights.len()].copy_from_slice(weights);
    }
}

impl HostScores for LinearScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(<[usize]>::to_vec);
        match (rows, &mut self.columns) {
            (None, Some(columns)) => columns.combine(weights, scores),
            (None, None) => {
                self.set_weights(weights);
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

    fn scores_and_pull_back(
        &mut self,
        weights: &[f64],
        scores: &mut [f64],
        slopes: &mut SlopesOf<'_>,
        gradient: &mut [f64],
    ) -> Result<i64, NoSlopes> {
        if self.columns.is_some() {
            return Err(NoSlopes::Apart);
        }
        self.chosen = None;
        self.set_weights(weights);
        self.rows.begin_sum();
        let mut exponent = None;
        let mut cotangent = Vec::new();
        let size = self.rows.group();
        for (group, scores) in scores.chunks_mut(size).enumerate() {
            let first = group * size;
            let samples = first..first + scores.len();
            inner_products(self.rows.vectors(samples.clone()), &self.weights, scores);
            cotangent.clear();
            cotangent.extend_from_slice(scores);
            let own = slopes(samples, &mut cotangent).ok_or(NoSlopes::NotFinite)?;
            let all = *exponent.get_or_insert(own);
            // All of one exponent, the largest.
            if own > all {
                self.rows.scale_sum(power_of_two(all - own));
                exponent = Some(own);
            } else if own < all {
                let factor = power_of_two(own - all);
                cotangent.iter_mut().for_each(|c| *c *= factor);
            }
            self.rows.add_to_sum(first, &cotangent);
        }
        gradient.copy_from_slice(&self.rows.sum()[..gradient.len()]);
        Ok(exponent.unwrap_or(0))
    }

    fn span(&self) -> Option<Span> {
        let entry = |(i, j): (usize, usize)| self.rows.vector(i)[j];
        let [basis, coordinates] = basis_of_samples(&Array2::from_shape_fn(self.shape, entry), 1)?;
        Some(Span::new(basis, Box::new(Self::new(&coordinates))))
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    /// In one reading and in two, with parts of the gradient that have exponents of their own; not of few numbers.
    #[test]
    fn one_reading_of_the_samples_is_both_passes() {
        let x = Array2::from_shape_fn((29, 700), |(i, j)| ((31 * i + 7 * j) as f64).sin());
        let w: Vec<f64> = (0..700).map(|j| (j as f64).cos()).collect();
        let mut linear = LinearScores::new(&x);
        let mut scores = vec![0.0; 29];
        linear.scores(&w, None, &mut scores);
        for exponents in [[0; 4], [-5, 0, -900, 3], [7, 7, -2000, 7]] {
            let slope = |sample: usize, score: f64| 0.01 * (sample as f64 - score);
            let exact: Vec<f64> = (scores.iter().enumerate())
                .map(|(i, &f)| slope(i, f) * power_of_two(exponents[i / 8]))
                .collect();
            let mut expected = vec![0.0; 700];
            linear.scores(&w, None, &mut vec![0.0; 29]);
            linear.pull_back(&exact, &mut expected);
            let mut slopes = |samples: Range<usize>, cotangents: &mut [f64]| {
                let exponent = exponents[samples.start / 8];
                for (sample, c) in samples.zip(cotangents) {
                    *c = slope(sample, *c);
                }
                Some(exponent)
            };
            let (mut found, mut gradient) = (vec![f64::NAN; 29], vec![f64::NAN; 700]);
            let exponent = linear
                .scores_and_pull_back(&w, &mut found, &mut slopes, &mut gradient)
                .expect("finite slopes");
            assert_eq!(exponent, *exponents.iter().max().unwrap());
            assert_eq!(found, scores);
            let largest = expected.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            for (found, expected) in gradient.iter().zip(&expected) {
                let found = found * power_of_two(exponent);
                assert!((found - expected).abs() <= 1e-14 * largest);
            }
        }
        let mut none = |_: Range<usize>, _: &mut [f64]| None;
        let found = linear.scores_and_pull_back(&w, &mut scores, &mut none, &mut vec![0.0; 700]);
        assert_eq!(found, Err(NoSlopes::NotFinite));
        let few = Array2::from_elem((4, 5), 1.0);
        let found = LinearScores::new(&few).scores_and_pull_back(
            &[0.0; 5],
            &mut [0.0; 4],
            &mut none,
            &mut [0.0; 5],
        );
        assert_eq!(found, Err(NoSlopes::Apart));
    }
}
