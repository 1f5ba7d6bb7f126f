//! Products over all neurons, at the two ends of a block.

use ndarray::ArrayView2;
use pulp::Simd;

use super::state::State;
use crate::kernel::{LANES, Lanes, Vectorized, vectors, vectors_mut};

/// `Σ_k L_ki R_kj` of two arrays laid out as the state, by lanes of `i`, then `j`.
pub(super) struct Counts<'a> {
    pub left: &'a [Lanes],
    pub right: &'a [Lanes],
    pub columns: &'a mut [Lanes],
    pub lanes: usize,
    pub samples: usize,
}

impl Vectorized for Counts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let per_row = self.lanes * (LANES / S::F64_LANES);
        let left = vectors::<S>(self.left).chunks_exact(per_row);
        for (i, left) in left.enumerate() {
            let right = vectors::<S>(self.right).chunks_exact(per_row);
            for (j, right) in right.enumerate() {
                let mut sum = simd.splat_f64s(0.0);
                for (&a, &b) in left.iter().zip(right) {
                    sum = simd.mul_add_e_f64s(a, b, sum);
                }
                self.columns[(i / LANES) * self.samples + j][i % LANES] = simd.reduce_sum_f64s(sum);
            }
        }
    }
}

/// `C += ΔC`, `H += ΔC G`.
pub(super) struct Settle<'a> {
    pub gram: ArrayView2<'a, f64>,
    pub changes: &'a [Lanes],
    pub state: &'a mut State,
    pub samples: usize,
}

impl Vectorized for Settle<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let per_row = self.state.lanes * (LANES / S::F64_LANES);
        let changes = vectors::<S>(self.changes);
        let coefficients = vectors_mut::<S>(&mut self.state.coefficients);
        for (c, &change) in coefficients.iter_mut().zip(changes) {
            *c = simd.add_f64s(*c, change);
        }
        let rows = vectors_mut::<S>(&mut self.state.pre_activations).chunks_exact_mut(per_row);
        for (i, row) in rows.enumerate().take(self.samples) {
            for (tile, h) in row.iter_mut().enumerate() {
                let mut sum = simd.splat_f64s(0.0);
                for j in 0..self.samples {
                    let g = simd.splat_f64s(self.gram[[i, j]]);
                    sum = simd.mul_add_e_f64s(g, changes[j * per_row + tile], sum);
                }
                *h = simd.add_f64s(*h, sum);
            }
        }
    }
}
