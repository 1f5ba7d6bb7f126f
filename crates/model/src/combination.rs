//! Sums of multiples of vectors, by the vector instructions of the machine.

use implicit_bias_scalar::vector::LANES;
use ndarray::iter::Lanes;

/// Vectors of one length one after another, each padded by zeros to whole machine vectors.
pub(crate) struct PaddedVectors {
    entries: Vec<f64>,
    /// The length of a vector with its zeros.
    stride: usize,
    out: Vec<f64>,
}

impl PaddedVectors {
    /// These vectors, all of one length.
    pub fn of(vectors: Lanes<'_, f64, ndarray::Ix1>) -> Self {
        let mut entries = Vec::new();
        let mut stride = 0;
        for vector in vectors {
            stride = vector.len().next_multiple_of(LANES);
            entries.extend(vector);
            entries.resize(entries.len().next_multiple_of(LANES), 0.0);
        }
        Self {
            entries,
            stride,
            out: vec![0.0; stride],
        }
    }

    /// One of the vectors, with its zeros.
    pub fn vector(&self, index: usize) -> &[f64] {
        &self.entries[index * self.stride..][..self.stride]
    }

    /// `out = Σ_k factor_k vector_k`.
    pub fn combine(&mut self, factors: &[f64], out: &mut [f64]) {
        pulp::Arch::new().dispatch(Combination {
            vectors: &self.entries,
            factors,
            out: &mut self.out,
        });
        out.copy_from_slice(&self.out[..out.len()]);
    }
}

/// A sum of multiples of padded vectors, some machine vectors of the result at a time.
struct Combination<'a> {
    vectors: &'a [f64],
    factors: &'a [f64],
    out: &'a mut [f64],
}

impl Combination<'_> {
    /// `COUNT` machine vectors of the result, from number `first` on.
    #[inline(always)]
    fn part<S: pulp::Simd, const COUNT: usize>(&mut self, simd: S, first: usize) {
        let stride = self.out.len();
        let mut sums = [simd.splat_f64s(0.0); COUNT];
        for (factor, vector) in self.factors.iter().zip(self.vectors.chunks_exact(stride)) {
            let factor = simd.splat_f64s(*factor);
            let terms = &S::as_simd_f64s(vector).0[first..first + COUNT];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum = simd.mul_add_f64s(factor, *term, *sum);
            }
        }
        S::as_mut_simd_f64s(self.out).0[first..first + COUNT].copy_from_slice(&sums);
    }
}

impl pulp::WithSimd for Combination<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
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
