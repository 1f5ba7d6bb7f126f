//! Arithmetic of the inner loops.
//!
//! The loops are generic over `S: Simd`, the vector instructions of the machine at hand, which
//! [`vectorized`] finds at run time (AVX-512, AVX2 with FMA, NEON, or plain scalar code). Arrays
//! are kept in [`Lanes`] of eight, a whole number of vectors of any of them.

use implicit_bias_scalar::Loss;
use implicit_bias_scalar::vector::slopes;
use pulp::{Simd, bytemuck};

/// Doubles that arrays are padded to a multiple of.
pub(crate) const LANES: usize = 8;

/// Eight doubles.
pub(crate) type Lanes = [f64; LANES];

/// `len` rounded up to a multiple of [`LANES`].
pub(crate) fn padded(len: usize) -> usize {
    len.next_multiple_of(LANES)
}

/// A loop to be compiled for the vector instructions of the machine it runs on.
pub(crate) trait Vectorized {
    /// What the loop returns.
    type Output;

    /// Runs it. Everything it calls has to be `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// [`Vectorized`] as pulp takes it.
pub(crate) struct Dispatched<T>(pub T);

impl<T: Vectorized> pulp::WithSimd for Dispatched<T> {
    type Output = T::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> T::Output {
        self.0.run(simd)
    }
}

/// Runs a loop with the widest vector instructions that this machine has.
pub(crate) fn vectorized<T: Vectorized>(work: T) -> T::Output {
    pulp::Arch::new().dispatch(Dispatched(work))
}

/// An array as vectors.
#[inline(always)]
pub(crate) fn vectors<S: Simd>(values: &[Lanes]) -> &[S::f64s] {
    S::as_simd_f64s(values.as_flattened()).0
}

/// An array as vectors that can be written.
#[inline(always)]
pub(crate) fn vectors_mut<S: Simd>(values: &mut [Lanes]) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(values.as_flattened_mut()).0
}

/// `φ'(h)`: 1 where `h > 0`, `slope` elsewhere.
#[inline(always)]
pub(crate) fn derivative<S: Simd>(simd: S, h: S::f64s, slope: S::f64s) -> S::f64s {
    let active = simd.less_than_f64s(simd.splat_f64s(0.0), h);
    simd.select_f64s(active, simd.splat_f64s(1.0), slope)
}

/// How the lanes of a mask become bits; `Simd` has no operation for it.
pub(crate) trait MaskBits: Copy + Send + Sync {
    /// Which lanes are set, the first in the lowest bit.
    fn of<S: Simd>(self, simd: S, mask: S::m64s) -> u8;
}

/// By the instruction that AVX2 has for it, and otherwise as [`AnyBits`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct Avx2Bits(pub pulp::x86::V3);

#[cfg(target_arch = "x86_64")]
impl MaskBits for Avx2Bits {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, mask: S::m64s) -> u8 {
        if S::F64_LANES == 4 {
            self.0.avx._mm256_movemask_pd(bytemuck::cast(mask)) as u8
        } else {
            AnyBits.of(simd, mask)
        }
    }
}

/// A mask of eight lanes in one byte is its bits; others lane by lane.
#[derive(Clone, Copy)]
pub(crate) struct AnyBits;

impl MaskBits for AnyBits {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, mask: S::m64s) -> u8 {
        if S::F64_LANES == 8 && size_of::<S::m64s>() == 1 {
            return bytemuck::cast(mask);
        }
        let ones = simd.select_f64s(mask, simd.splat_f64s(1.0), simd.splat_f64s(0.0));
        let lanes: &[f64] = bytemuck::cast_slice(std::slice::from_ref(&ones));
        let mut bits = 0;
        for (lane, &one) in lanes.iter().enumerate() {
            bits |= u8::from(one == 1.0) << lane;
        }
        bits
    }
}

/// A loop that reads masks, to be compiled for the vector instructions of the machine it runs on.
pub(crate) trait VectorizedBits {
    /// What the loop returns.
    type Output;

    /// Runs it. Everything it calls has to be `#[inline(always)]`.
    fn run<S: Simd, B: MaskBits>(self, simd: S, bits: B) -> Self::Output;
}

/// A loop that reads masks, with a way to read them.
pub(crate) struct WithBits<T, B>(pub T, pub B);

impl<T: VectorizedBits, B: MaskBits> Vectorized for WithBits<T, B> {
    type Output = T::Output;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> T::Output {
        self.0.run(simd, self.1)
    }
}

/// Runs a loop that reads masks with the widest vector instructions that this machine has.
pub(crate) fn vectorized_bits<T: VectorizedBits>(work: T) -> T::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return vectorized(WithBits(work, Avx2Bits(avx2)));
    }
    vectorized(WithBits(work, AnyBits))
}

/// [`slopes`] of a padded array of margins.
#[inline(always)]
pub(crate) fn fill_slopes<S: Simd>(loss: Loss, margins: &[Lanes], out: &mut [Lanes]) {
    let pairs = out.iter_mut().zip(margins);
    match (loss, S::F64_LANES > 1) {
        (Loss::Logistic, true) => pairs.for_each(|(out, q)| *out = slopes::<true, true>(q)),
        (Loss::Logistic, false) => pairs.for_each(|(out, q)| *out = slopes::<false, true>(q)),
        (Loss::Exponential, true) => pairs.for_each(|(out, q)| *out = slopes::<true, false>(q)),
        (Loss::Exponential, false) => pairs.for_each(|(out, q)| *out = slopes::<false, false>(q)),
        (Loss::Other(..), _) => unreachable!("refused by Problem::new"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Slopes<'a>(Loss, &'a [Lanes], &'a mut [Lanes]);

    impl Vectorized for Slopes<'_> {
        type Output = ();

        #[inline(always)]
        fn run<S: Simd>(self, _: S) {
            fill_slopes::<S>(self.0, self.1, self.2);
        }
    }

    #[test]
    fn slopes_are_those_of_the_loss_to_the_last_places() {
        let margins: Vec<Lanes> = (0..40_000)
            .map(|chunk| std::array::from_fn(|lane| (chunk * LANES + lane) as f64 * 2.2e-3 - 350.0))
            .collect();
        for loss in [Loss::Logistic, Loss::Exponential] {
            let mut fused = vec![[0.0; LANES]; margins.len()];
            vectorized(Slopes(loss, &margins, &mut fused));
            let mut scalar = vec![[0.0; LANES]; margins.len()];
            Slopes(loss, &margins, &mut scalar).run(pulp::Scalar);
            for (values, bound) in [(&fused, 2.5), (&scalar, 3.5)] {
                let worst = margins
                    .as_flattened()
                    .iter()
                    .zip(values.as_flattened())
                    .map(|(&q, &value)| {
                        let exact = loss.slope(q);
                        (value - exact).abs() / (exact * f64::EPSILON)
                    })
                    .fold(0.0, f64::max);
                assert!(worst < bound, "{loss:?}: {worst} units in the last place");
            }
        }
    }

    #[test]
    fn slopes_stay_finite_and_ordered_at_any_margin() {
        let q = [
            -1e308,
            -800.0,
            -708.0,
            0.0,
            708.0,
            800.0,
            1e308,
            f64::INFINITY,
        ];
        let g = slopes::<false, true>(&q);
        assert_eq!(g[3], 0.5);
        assert!(g.windows(2).all(|pair| pair[0] >= pair[1]), "{g:?}");
        assert!(g[0] == 1.0 && g[7] < 1e-300);
    }
}
