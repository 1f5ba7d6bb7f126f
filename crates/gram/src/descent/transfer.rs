//! Products over all neurons, at the two ends of a block.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use pulp::Simd;

use super::state::State;
use crate::inner_products::InnerProducts;
use crate::kernel::{LANES, Lanes, Vectorized, vectors, vectors_mut};
use crate::threads::of_products;

/// Rows of a large matrix that are formed at once, whole lanes.
const PANEL: usize = 128;

/// Samples times vectors of neurons from which faer multiplies.
const LARGE: usize = 1 << 14;

/// Samples from which it does whatever the width: our own loops read all of `G` for every vector of
/// neurons, which no near cache holds there.
const MANY_SAMPLES: usize = 1 << 9;

/// Whether products over all neurons at the ends of a block are left to faer, on all cores.
pub(super) fn is_large(samples: usize, lanes: usize) -> bool {
    samples * lanes >= LARGE || samples >= MANY_SAMPLES
}

/// `Σ_k L_ki L_kj` of an array laid out as the state, by lanes of `i`, then `j`.
pub(super) struct Products<'a> {
    pub of: &'a [Lanes],
    pub columns: &'a mut [Lanes],
    pub lanes: usize,
    pub samples: usize,
}

impl Products<'_> {
    /// The same for a large problem: by faer, and some rows at a time into their places.
    pub fn by_panels(self) {
        let (samples, width) = (self.samples, self.lanes * LANES);
        let left = self.of.as_flattened();
        let right = MatRef::from_row_major_slice(left, samples, width);
        let mut panel = vec![0.0; PANEL.min(samples) * samples];
        let places = self.columns.chunks_mut(PANEL / LANES * samples);
        for (left, places) in left.chunks(PANEL * width).zip(places) {
            let rows = left.len() / width;
            let panel = &mut panel[..rows * samples];
            matmul(
                MatMut::from_row_major_slice_mut(panel, rows, samples),
                Accum::Replace,
                MatRef::from_row_major_slice(left, rows, width),
                right.transpose(),
                1.0,
                of_products(),
            );
            for (i, row) in panel.chunks_exact(samples).enumerate() {
                let places = &mut places[(i / LANES) * samples..][..samples];
                for (place, &count) in places.iter_mut().zip(row) {
                    place[i % LANES] = count;
                }
            }
        }
    }
}

impl Vectorized for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let per_row = self.lanes * (LANES / S::F64_LANES);
        let left = vectors::<S>(self.of).chunks_exact(per_row);
        for (i, left) in left.enumerate() {
            let right = vectors::<S>(self.of).chunks_exact(per_row);
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
pub(super) struct ApplyChanges<'a> {
    pub gram: &'a InnerProducts,
    pub changes: &'a [Lanes],
    pub state: &'a mut State,
    pub samples: usize,
}

impl ApplyChanges<'_> {
    /// The same for a large problem, by faer.
    pub fn by_product(self) {
        let width = self.state.lanes * LANES;
        let coefficients = self.state.coefficients.as_flattened_mut().iter_mut();
        for (c, change) in coefficients.zip(self.changes.as_flattened()) {
            *c += change;
        }
        let h = self.state.pre_activations.as_flattened_mut();
        matmul(
            MatMut::from_row_major_slice_mut(h, self.samples, width),
            Accum::Add,
            self.gram.matrix(),
            MatRef::from_row_major_slice(self.changes.as_flattened(), self.samples, width),
            1.0,
            of_products(),
        );
    }
}

impl Vectorized for ApplyChanges<'_> {
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
        for (gram, row) in self.gram.iter().zip(rows) {
            for (tile, h) in row.iter_mut().enumerate() {
                let mut sum = simd.splat_f64s(0.0);
                for (j, &g) in gram.iter().enumerate() {
                    let g = simd.splat_f64s(g);
                    sum = simd.mul_add_e_f64s(g, changes[j * per_row + tile], sum);
                }
                *h = simd.add_f64s(*h, sum);
            }
        }
    }
}
