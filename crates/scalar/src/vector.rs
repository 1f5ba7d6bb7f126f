//! Exponentials and slopes of losses for loops that are compiled for a machine's vector
//! instructions: each has to be called from a function that is.

use crate::Loss;

/// Doubles that are computed at a time.
pub const LANES: usize = 8;

/// Eight doubles.
pub type Lanes = [f64; LANES];

/// `a b + c`, rounded once where `FUSED`; elsewhere `mul_add` would call a slow routine.
#[inline(always)]
fn fma<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `e^x` to 1 unit in the last place for `|x| ≤ 708`; larger arguments are clamped to that, and a
/// NaN gives the upper end (callers look at the margins for NaN, not at this).
///
/// `x = k log 2 + r` with `|r| ≤ ½ log 2`, then the Taylor polynomial of degree 13 in `r`, whose
/// remainder is below `4·10⁻¹⁸`.
#[inline(always)]
pub fn exp<const FUSED: bool>(x: f64) -> f64 {
    // Adding 1.5·2⁵² leaves the nearest integer k in the low bits of the mantissa.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = if x < 708.0 { x } else { 708.0 };
    let x = if x > -708.0 { x } else { -708.0 };
    let shifted = fma::<FUSED>(x, std::f64::consts::LOG2_E, ROUND);
    let k = shifted - ROUND;
    let r = fma::<FUSED>(-k, LN_2_LOW, fma::<FUSED>(-k, LN_2_HIGH, x));
    // Estrin's scheme: short dependency chains.
    let r2 = r * r;
    let r4 = r2 * r2;
    let p01 = 1.0 + r;
    let p23 = fma::<FUSED>(r, 1.0 / 6.0, 1.0 / 2.0);
    let p45 = fma::<FUSED>(r, 1.0 / 120.0, 1.0 / 24.0);
    let p67 = fma::<FUSED>(r, 1.0 / 5_040.0, 1.0 / 720.0);
    let p89 = fma::<FUSED>(r, 1.0 / 362_880.0, 1.0 / 40_320.0);
    let p1011 = fma::<FUSED>(r, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0);
    let p1213 = fma::<FUSED>(r, 1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0);
    let low = fma::<FUSED>(r2, p23, p01);
    let middle = fma::<FUSED>(r2, p67, p45);
    let high = fma::<FUSED>(r4, p1213, fma::<FUSED>(r2, p1011, p89));
    let value = fma::<FUSED>(r4, fma::<FUSED>(r4, high, middle), low);
    f64::from_bits(value.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// `−ℓ'(q)` of eight margins, as `Loss::slope` to two units in the last place while
/// `|q| ≤ 708`.
#[inline(always)]
pub fn slopes<const FUSED: bool, const LOGISTIC: bool>(margins: &Lanes) -> Lanes {
    let mut out = [0.0; LANES];
    for (out, &q) in out.iter_mut().zip(margins) {
        *out = if LOGISTIC {
            1.0 / (1.0 + exp::<FUSED>(q))
        } else {
            exp::<FUSED>(-q)
        };
    }
    out
}

/// Arguments up to which [`exp`] is accurate.
const RANGE: f64 = 708.0;

impl Loss {
    /// Replaces margins by `−ℓ'(q)`: as [`slope`](Self::slope), to two units in the last place.
    pub fn fill_slopes(self, margins: &mut [f64]) {
        let in_range = margins.iter().fold(true, |all, q| all & (q.abs() <= RANGE));
        match self {
            Self::Logistic if in_range => pulp::Arch::new().dispatch(Slopes::<true>(margins)),
            Self::Exponential if in_range => pulp::Arch::new().dispatch(Slopes::<false>(margins)),
            _ => margins.iter_mut().for_each(|q| *q = self.slope(*q)),
        }
    }
}

/// Replaces numbers by their exponentials, 0 where that is below `e^{−708}`, NaN by itself: to 1 unit in the last
/// place for numbers up to 708.
pub fn exponentials(numbers: &mut [f64]) {
    pulp::Arch::new().dispatch(Exponentials(numbers));
}

/// Eight numbers at a time, the last ones padded.
#[inline(always)]
fn by_lanes(numbers: &mut [f64], apply: impl Fn(&Lanes) -> Lanes) {
    let mut chunks = numbers.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        let lanes: &mut Lanes = chunk.try_into().expect("eight of them");
        *lanes = apply(lanes);
    }
    let rest = chunks.into_remainder();
    let mut lanes = [0.0; LANES];
    lanes[..rest.len()].copy_from_slice(rest);
    rest.copy_from_slice(&apply(&lanes)[..rest.len()]);
}

struct Slopes<'a, const LOGISTIC: bool>(&'a mut [f64]);

impl<const LOGISTIC: bool> pulp::WithSimd for Slopes<'_, LOGISTIC> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        if S::F64_LANES > 1 {
            by_lanes(self.0, slopes::<true, LOGISTIC>);
        } else {
            by_lanes(self.0, slopes::<false, LOGISTIC>);
        }
    }
}

struct Exponentials<'a>(&'a mut [f64]);

impl pulp::WithSimd for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        if S::F64_LANES > 1 {
            by_lanes(self.0, exponentials_of::<true>);
        } else {
            by_lanes(self.0, exponentials_of::<false>);
        }
    }
}

#[inline(always)]
fn exponentials_of<const FUSED: bool>(numbers: &Lanes) -> Lanes {
    let mut out = [0.0; LANES];
    for (out, &x) in out.iter_mut().zip(numbers) {
        let value = exp::<FUSED>(x);
        *out = if x < -RANGE { 0.0 } else { value };
        *out = if x.is_nan() { x } else { *out };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_and_exponentials_are_those_of_one_number() {
        for &loss in crate::LOSSES {
            for scale in [0.01, 30.0, 2000.0] {
                let margins: Vec<f64> = (0..203).map(|k| ((7 * k) as f64).sin() * scale).collect();
                let mut slopes = margins.clone();
                loss.fill_slopes(&mut slopes);
                for (q, slope) in margins.iter().zip(slopes) {
                    let exact = loss.slope(*q);
                    let near = (slope - exact).abs() <= 4.0 * f64::EPSILON * exact.abs();
                    assert!(near || slope == exact, "{loss:?} at {q}: {slope}, {exact}");
                }
            }
        }
        let mut values = [0.0, -1.0, 1.5, -707.0, -709.0, -5000.0, 20.0, 300.0, -0.25];
        let exact = values.map(|x: f64| if x < -708.0 { 0.0 } else { x.exp() });
        exponentials(&mut values);
        for (value, exact) in values.into_iter().zip(exact) {
            assert!((value - exact).abs() <= 2.0 * f64::EPSILON * exact);
        }
        let mut broken = [f64::NAN, 0.0];
        exponentials(&mut broken);
        assert!(broken[0].is_nan() && broken[1] == 1.0);
    }
}
