//! Sums of multiples of vectors, by the vector instructions of the machine.

use std::ops::Range;

use implicit_bias_scalar::aligned::AlignedLanes;
use implicit_bias_scalar::vector::LANES;
use ndarray::iter::Lanes;

/// Vectors of one length one after another, each padded by zeros to whole machine vectors.
pub(crate) struct PaddedVectors {
    entries: AlignedLanes,
    /// The length of a vector with its zeros.
    stride: usize,
    out: AlignedLanes,
}

impl PaddedVectors {
    /// These vectors, all of one length.
    pub fn of(vectors: Lanes<'_, f64, ndarray::Ix1>) -> Self {
        let vectors = vectors.into_iter();
        let length = vectors.clone().next().map_or(0, |vector| vector.len());
        let lanes = length.div_ceil(LANES);
        let mut entries = AlignedLanes::zeros(vectors.len() * lanes);
        for (own, vector) in entries.chunks_exact_mut(lanes.max(1)).zip(vectors) {
            let own = own.as_flattened_mut();
            own.iter_mut().zip(vector).for_each(|(own, x)| *own = *x);
        }
        Self {
            entries,
            stride: lanes * LANES,
            out: AlignedLanes::zeros(lanes),
        }
    }

    /// The length of a vector with its zeros.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All vectors, one after another with their zeros.
    pub fn entries(&self) -> &[f64] {
        self.entries.as_flattened()
    }

    /// One of the vectors, with its zeros.
    pub fn vector(&self, index: usize) -> &[f64] {
        &self.entries.as_flattened()[index * self.stride..][..self.stride]
    }

    /// How many vectors one after another stay in a near cache, whole [`STREAMS`] and at least that.
    pub fn group(&self) -> usize {
        (NEAR / self.stride.max(1) / STREAMS * STREAMS).max(STREAMS)
    }

    /// Some vectors that follow one another.
    pub fn vectors(&self, range: Range<usize>) -> &[f64] {
        &self.entries()[range.start * self.stride..range.end * self.stride]
    }

    /// Begins a sum of multiples.
    pub fn begin_sum(&mut self) {
        self.out.fill([0.0; LANES]);
    }

    /// Multiplies the sum by a factor.
    pub fn scale_sum(&mut self, factor: f64) {
        let out = self.out.as_flattened_mut().iter_mut();
        out.for_each(|entry| *entry *= factor);
    }

    /// Adds `Σ_k factor_k vector_k` of vectors that follow one another, as many as there are factors.
    pub fn add_to_sum(&mut self, first: usize, factors: &[f64]) {
        let vectors = first * self.stride..(first + factors.len()) * self.stride;
        pulp::Arch::new().dispatch(Combination {
            vectors: &self.entries.as_flattened()[vectors],
            factors,
            out: self.out.as_flattened_mut(),
        });
    }

    /// The sum.
    pub fn sum(&self) -> &[f64] {
        self.out.as_flattened()
    }

    /// `out = Σ_k factor_k vector_k`.
    pub fn combine(&mut self, factors: &[f64], out: &mut [f64]) {
        self.begin_sum();
        self.add_to_sum(0, factors);
        out.copy_from_slice(&self.sum()[..out.len()]);
    }
}

/// Up to so many numbers the vectors stay in a near cache, and a part of the result is summed over all of
/// them while it is in registers.
const NEAR: usize = 1 << 12;

/// How many of more vectors are read beside each other from their beginning to their end: as many
/// streams as processors fetch ahead.
const STREAMS: usize = 8;

/// A sum of multiples of padded vectors, some machine vectors of the result at a time.
struct Combination<'a> {
    vectors: &'a [f64],
    factors: &'a [f64],
    out: &'a mut [f64],
}

impl Combination<'_> {
    /// Adds to `COUNT` machine vectors of the result, from number `first` on.
    #[inline(always)]
    fn part<S: pulp::Simd, const COUNT: usize>(&mut self, simd: S, first: usize) {
        let stride = self.out.len();
        let mut sums = [simd.splat_f64s(0.0); COUNT];
        sums.copy_from_slice(&S::as_simd_f64s(self.out).0[first..first + COUNT]);
        for (factor, vector) in self.factors.iter().zip(self.vectors.chunks_exact(stride)) {
            let factor = simd.splat_f64s(*factor);
            let terms = &S::as_simd_f64s(vector).0[first..first + COUNT];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum = simd.mul_add_f64s(factor, *term, *sum);
            }
        }
        S::as_mut_simd_f64s(self.out).0[first..first + COUNT].copy_from_slice(&sums);
    }

    /// Adds all terms.
    #[inline(always)]
    fn add<S: pulp::Simd>(&mut self, simd: S) {
        let all = self.out.len() / S::F64_LANES;
        let mut first = 0;
        while all - first >= 8 {
            self.part::<S, 8>(simd, first);
            first += 8;
        }
        if all - first >= 4 {
            self.part::<S, 4>(simd, first);
            first += 4;
        }
        match all - first {
            3 => self.part::<S, 3>(simd, first),
            2 => self.part::<S, 2>(simd, first),
            1 => self.part::<S, 1>(simd, first),
            _ => {}
        }
    }
}

impl pulp::WithSimd for Combination<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let Self {
            vectors,
            factors,
            out,
        } = self;
        // The order of the terms is the same, and so is every bit.
        let group = if vectors.len() <= NEAR {
            factors.len().max(1)
        } else {
            STREAMS
        };
        let vectors = vectors.chunks(group * out.len());
        for (factors, vectors) in factors.chunks(group).zip(vectors) {
            let mut terms = Combination {
                vectors,
                factors,
                out: &mut *out,
            };
            terms.add(simd);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2};

    /// Few numbers, and many in whole groups of vectors and not.
    #[test]
    fn combinations_are_sums_of_multiples() {
        for (count, length) in [(1, 1), (3, 5), (10, 64), (7, 900), (16, 300), (29, 1000)] {
            let entry = |(i, j): (usize, usize)| ((31 * i + 7 * j) as f64).sin();
            let rows = Array2::from_shape_fn((count, length), entry);
            let factors = Array1::from_shape_fn(count, |k| (k as f64).cos());
            let mut out = vec![f64::NAN; length];
            let mut vectors = PaddedVectors::of(rows.rows());
            for _ in 0..2 {
                vectors.combine(factors.as_slice().unwrap(), &mut out);
                for (found, exact) in out.iter().zip(factors.dot(&rows)) {
                    assert!((found - exact).abs() < 1e-14 * count as f64);
                }
            }
            assert_eq!(
                vectors.vector(count - 1)[..length],
                *rows.row(count - 1).as_slice().unwrap()
            );
        }
    }
}
