//! Products over all neurons, at the two ends of a block.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use pulp::Simd;

use super::state::State;
use crate::inner_products::InnerProducts;
use crate::kernel::{LANES, Lanes, Vectorized, padded, vectors, vectors_mut};
use crate::threads::of_products;

/// Samples times vectors of neurons from which faer multiplies.
const LARGE: usize = 1 << 14;

/// Samples from which it does whatever the width: our own loops read all of `G` for every vector of
/// neurons, which no near cache holds there.
const MANY_SAMPLES: usize = 1 << 9;

/// Whether products over all neurons at the ends of a block are left to faer, on all cores.
pub(super) fn is_large(samples: usize, lanes: usize) -> bool {
    samples * lanes >= LARGE || samples >= MANY_SAMPLES
}

/// `Σ_k L_ki L_kj` of an array laid out as the state, `n × n`, each row padded to whole lanes.
pub(super) struct Products<'a> {
    pub of: &'a [Lanes],
    pub out: &'a mut [Lanes],
    pub lanes: usize,
    pub samples: usize,
}

impl Products<'_> {
    /// The same for a large problem, by faer.
    pub fn by_faer(self) {
        let (samples, width) = (self.samples, self.lanes * LANES);
        let of = MatRef::from_row_major_slice(self.of.as_flattened(), samples, width);
        let (out, stride) = (self.out.as_flattened_mut(), padded(samples));
        // By columns: it is symmetric, and in faer 0.24 the constructor by rows takes its stride for columns.
        matmul(
            MatMut::from_column_major_slice_with_stride_mut(out, samples, samples, stride),
            Accum::Replace,
            of,
            of.transpose(),
            1.0,
            of_products(),
        );
    }
}

impl Vectorized for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let per_row = self.lanes * (LANES / S::F64_LANES);
        let left = vectors::<S>(self.of).chunks_exact(per_row);
        let rows = self.out.chunks_exact_mut(padded(self.samples) / LANES);
        for (left, row) in left.zip(rows) {
            let right = vectors::<S>(self.of).chunks_exact(per_row);
            for (out, right) in row.as_flattened_mut().iter_mut().zip(right) {
                let mut sum = simd.splat_f64s(0.0);
                for (&a, &b) in left.iter().zip(right) {
                    sum = simd.mul_add_e_f64s(a, b, sum);
                }
                *out = simd.reduce_sum_f64s(sum);
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
