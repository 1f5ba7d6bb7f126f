//! Mixtures of values by attention, exact where one token has all but a vanishing share.
//!
//! With `s = softmax(a)` and values `v_t`, the mixture is `f = Σ_t s_t v_t`, and `∂f/∂a_t = s_t (v_t −
//! f)`. Once `1 − s_o` is below `10⁻¹⁶`, `v_o − f` cancels to nothing; written in differences to the
//! token of most attention it does not, and with an exponent of its own it does not underflow.

use implicit_bias_scalar::log_sum_of_exponentials;
use implicit_bias_scalar::vector::{LANES, Lanes, exponentials};

/// Numbers of the tokens of samples: token by token the samples, in whole lanes, so that all samples
/// are computed side by side.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByToken {
    lanes: Vec<Lanes>,
    /// Lanes of the samples of one token.
    width: usize,
    tokens: usize,
}

impl ByToken {
    /// Makes it one of so many tokens and samples; what it holds is then whatever it was.
    pub fn resize(&mut self, tokens: usize, samples: usize) {
        (self.width, self.tokens) = (samples.div_ceil(LANES), tokens);
        self.lanes.resize(tokens * self.width, [0.0; LANES]);
    }

    /// Sets all its numbers.
    pub fn fill(&mut self, value: f64) {
        self.lanes.fill([value; LANES]);
    }

    /// Where the number of a token of a sample is among all.
    pub fn place(&self, token: usize, sample: usize) -> usize {
        token * self.width * LANES + sample
    }

    /// All numbers.
    pub fn all(&self) -> &[f64] {
        self.lanes.as_flattened()
    }

    /// As [`all`](Self::all), to be changed.
    pub fn all_mut(&mut self) -> &mut [f64] {
        self.lanes.as_flattened_mut()
    }

    /// The numbers of one token, a sample each, zeros or others past the last.
    pub fn token(&self, token: usize) -> &[f64] {
        self.lanes[token * self.width..][..self.width].as_flattened()
    }

    /// As [`token`](Self::token), to be changed.
    pub fn token_mut(&mut self, token: usize) -> &mut [f64] {
        self.lanes[token * self.width..][..self.width].as_flattened_mut()
    }

    /// The numbers of a sample, token by token.
    pub fn sample(&self, sample: usize) -> impl Iterator<Item = f64> + Clone {
        let all = self.all();
        (0..self.tokens).map(move |token| all[self.place(token, sample)])
    }

    /// The vectors of all numbers, those of a token one after another.
    #[inline(always)]
    fn vectors<S: pulp::Simd>(&self) -> &[S::f64s] {
        S::as_simd_f64s(self.lanes.as_flattened()).0
    }

    #[inline(always)]
    fn vectors_mut<S: pulp::Simd>(&mut self) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(self.lanes.as_flattened_mut()).0
    }
}

/// The vectors of numbers a sample.
#[inline(always)]
fn vectors<S: pulp::Simd>(lanes: &[Lanes]) -> &[S::f64s] {
    S::as_simd_f64s(lanes.as_flattened()).0
}

#[inline(always)]
fn vectors_mut<S: pulp::Simd>(lanes: &mut [Lanes]) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(lanes.as_flattened_mut()).0
}

/// The attention `s = softmax(a)` of samples to their tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    samples: usize,
    /// The logits `a_t`, then `a_t − a_top`.
    logits: ByToken,
    /// `s_t`, 0 where that is below `e^{−708}`.
    shares: ByToken,
    /// The token of most attention of each sample, as a number.
    tops: Vec<Lanes>,
    /// `Σ_t e^{a_t − a_top}` over the other tokens of each sample.
    others: Vec<Lanes>,
    /// Room for a number a token, and some a sample.
    relative: ByToken,
    room: [Vec<Lanes>; 3],
}

impl Shares {
    /// Room for the logits of so many tokens and samples, 0 at first; what a sample lacks of tokens is
    /// `−∞`.
    pub fn logits(&mut self, tokens: usize, samples: usize) -> &mut ByToken {
        self.samples = samples;
        self.logits.resize(tokens, samples);
        self.logits.fill(0.0);
        &mut self.logits
    }

    /// Computes the shares from the logits.
    pub fn attend(&mut self) {
        let width = self.logits.width;
        for of_samples in [&mut self.tops, &mut self.others] {
            of_samples.clear();
            of_samples.resize(width, [0.0; LANES]);
        }
        pulp::Arch::new().dispatch(Below(self));
        self.shares.clone_from(&self.logits);
        exponentials(self.shares.lanes.as_flattened_mut());
        pulp::Arch::new().dispatch(Normalize(self));
    }

    /// The token of most attention of a sample.
    pub fn top(&self, sample: usize) -> usize {
        self.tops[sample / LANES][sample % LANES] as usize
    }

    /// `s_t`.
    pub fn shares(&self) -> &ByToken {
        &self.shares
    }

    /// `log s_t` of a sample.
    pub fn logs(&self, sample: usize) -> impl Iterator<Item = f64> + Clone {
        let log_sum = log_of_sum(self.others[sample / LANES][sample % LANES]);
        self.logits.sample(sample).map(move |below| below - log_sum)
    }

    /// `f = v_top + Σ_t s_t (v_t − v_top)` of each sample, and the differences `δ_t = v_t − v_top`.
    pub fn mix(&self, values: &ByToken, differences: &mut ByToken, mixtures: &mut [f64]) {
        differences.clone_from(values);
        let mut sums = vec![[0.0; LANES]; values.width];
        pulp::Arch::new().dispatch(Mix {
            shares: self,
            differences,
            mixtures: &mut sums,
        });
        mixtures.copy_from_slice(&sums.as_flattened()[..mixtures.len()]);
    }

    /// Replaces the differences `δ_t = v_t − v_top` of the values of all samples by
    /// `2^{−e} c ∂/∂a_t Σ_t s_t v_t`, for a factor `c` a sample, and returns the exponent `e` that they
    /// have in common: 0 unless all are below `10⁻¹³⁰`.
    pub fn pull_back(&mut self, factors: &[f64], differences: &mut ByToken) -> i64 {
        let mut own = std::mem::take(&mut self.room[0]);
        own.clear();
        own.resize(self.logits.width, [0.0; LANES]);
        own.as_flattened_mut()[..self.samples].copy_from_slice(&factors[..self.samples]);
        let largest = pulp::Arch::new().dispatch(Largest(self, &own, differences));
        let exponent = if largest > NEAR && largest.is_finite() {
            pulp::Arch::new().dispatch(PullBack {
                shares: &self.shares,
                terms: &self.shares,
                factors: &own,
                differences,
            });
            0
        } else {
            self.pull_back_far(&mut own, differences)
        };
        self.room[0] = own;
        exponent
    }

    /// As [`pull_back`](Self::pull_back), where all but the token of most attention have shares that a
    /// number may not hold: in shares of the next one.
    fn pull_back_far(&mut self, factors: &mut [Lanes], differences: &mut ByToken) -> i64 {
        let width = self.logits.width;
        let [_, next, size] = &mut self.room;
        for of_samples in [&mut *next, &mut *size] {
            of_samples.clear();
            of_samples.resize(width, [0.0; LANES]);
        }
        self.relative.clone_from(&self.logits);
        pulp::Arch::new().dispatch(Next {
            relative: &mut self.relative,
            differences,
            next,
            size,
        });
        let samples = || 0..self.samples;
        let (next, size) = (next.as_flattened(), size.as_flattened());
        let (factors_of, others) = (factors.as_flattened(), self.others.as_flattened());
        let scale = |sample: usize| next[sample] - log_of_sum(others[sample]);
        let has_slope = |&i: &usize| size[i] > 0.0 && factors_of[i] != 0.0 && scale(i) > LEAST_LOG;
        let powers = samples().filter(has_slope).map(|i| {
            let of_scale = (scale(i) * std::f64::consts::LOG2_E).floor() as i64;
            of_scale + magnitude(size[i]) + magnitude(factors_of[i])
        });
        let Some(exponent) = powers.max() else {
            differences.fill(0.0);
            return 0;
        };
        let exponent = match exponent {
            exponent if exponent > FAR => 0,
            exponent => exponent.div_euclid(STRIDE) * STRIDE,
        };
        let shift = exponent as f64 * std::f64::consts::LN_2;
        let scales = samples().map(|i| match has_slope(&i) {
            true => (scale(i) - shift).exp(),
            false => 0.0,
        });
        let scales: Vec<f64> = scales.collect();
        let each = factors.as_flattened_mut().iter_mut().zip(scales);
        each.for_each(|(factor, scale)| *factor *= scale);
        exponentials(self.relative.lanes.as_flattened_mut());
        pulp::Arch::new().dispatch(PullBack {
            shares: &self.shares,
            terms: &self.relative,
            factors,
            differences,
        });
        exponent
    }
}

/// From here on numbers have all their digits.
const NEAR: f64 = 1e-130;

/// Below this power of two, near `e^{−300}`, slopes are carried with an exponent.
const FAR: i64 = -433;

/// Exponents are multiples of this: they seldom change.
const STRIDE: i64 = 256;

/// Logarithms below this have no exponent among whole numbers that are added up: such slopes are 0.
const LEAST_LOG: f64 = -1e18;

/// `log(1 + x)` for `x ≥ 0`.
fn log_of_sum(others: f64) -> f64 {
    // Below, both are equal to rounding.
    if others < 1e-17 {
        others
    } else {
        others.ln_1p()
    }
}

/// `⌊log₂ |x|⌋` of a number that is not 0, nor below `2⁻¹⁰²²`.
fn magnitude(x: f64) -> i64 {
    ((x.to_bits() >> 52) & 0x7ff) as i64 - 1023
}

/// Finds the tokens of most attention, and subtracts their logits.
struct Below<'a>(&'a mut Shares);

impl pulp::WithSimd for Below<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let tops = vectors_mut::<S>(&mut self.0.tops);
        let (tokens, width) = (self.0.logits.tokens, tops.len());
        let logits = self.0.logits.vectors_mut::<S>();
        for (sample, top) in tops.iter_mut().enumerate() {
            let mut largest = logits[sample];
            for token in 1..tokens {
                let own = logits[token * width + sample];
                let is_larger = simd.greater_than_f64s(own, largest);
                largest = simd.select_f64s(is_larger, own, largest);
                *top = simd.select_f64s(is_larger, simd.splat_f64s(token as f64), *top);
            }
            for token in 0..tokens {
                let own = &mut logits[token * width + sample];
                *own = simd.sub_f64s(*own, largest);
            }
        }
    }
}

/// Divides exponentials by their sums.
struct Normalize<'a>(&'a mut Shares);

impl pulp::WithSimd for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let others = vectors_mut::<S>(&mut self.0.others);
        let tops = vectors::<S>(&self.0.tops);
        let (tokens, width) = (self.0.shares.tokens, tops.len());
        let shares = self.0.shares.vectors_mut::<S>();
        let (zero, one) = (simd.splat_f64s(0.0), simd.splat_f64s(1.0));
        for (sample, (others, top)) in others.iter_mut().zip(tops).enumerate() {
            // Beside 1: what is far below it keeps its digits.
            let mut sum = zero;
            for token in 0..tokens {
                let is_top = simd.equal_f64s(*top, simd.splat_f64s(token as f64));
                let own = shares[token * width + sample];
                sum = simd.add_f64s(sum, simd.select_f64s(is_top, zero, own));
            }
            *others = sum;
            let inverse = simd.div_f64s(one, simd.add_f64s(one, sum));
            for token in 0..tokens {
                let own = &mut shares[token * width + sample];
                *own = simd.mul_f64s(*own, inverse);
            }
        }
    }
}

/// Mixtures, and values less that of the token of most attention.
struct Mix<'a> {
    shares: &'a Shares,
    /// The values, then the differences.
    differences: &'a mut ByToken,
    mixtures: &'a mut [Lanes],
}

impl pulp::WithSimd for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let tops = vectors::<S>(&self.shares.tops);
        let (tokens, width) = (self.differences.tokens, tops.len());
        let shares = self.shares.shares.vectors::<S>();
        let differences = self.differences.vectors_mut::<S>();
        let mixtures = vectors_mut::<S>(self.mixtures);
        for (sample, (mixture, top)) in mixtures.iter_mut().zip(tops).enumerate() {
            let mut of_top = simd.splat_f64s(0.0);
            for token in 0..tokens {
                let is_top = simd.equal_f64s(*top, simd.splat_f64s(token as f64));
                let value = differences[token * width + sample];
                of_top = simd.select_f64s(is_top, value, of_top);
            }
            let mut sum = simd.splat_f64s(0.0);
            for token in 0..tokens {
                let place = token * width + sample;
                differences[place] = simd.sub_f64s(differences[place], of_top);
                sum = simd.mul_add_e_f64s(shares[place], differences[place], sum);
            }
            *mixture = simd.add_f64s(of_top, sum);
        }
    }
}

/// The largest `|c s_t δ_t|`.
struct Largest<'a>(&'a Shares, &'a [Lanes], &'a ByToken);

impl pulp::WithSimd for Largest<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> f64 {
        let factors = vectors::<S>(self.1);
        let (shares, width) = (self.0.shares.vectors::<S>(), factors.len());
        let differences = self.2.vectors::<S>().chunks_exact(width);
        let mut largest = simd.splat_f64s(0.0);
        for (differences, shares) in differences.zip(shares.chunks_exact(width)) {
            for ((difference, share), factor) in differences.iter().zip(shares).zip(factors) {
                let term = simd.mul_f64s(simd.mul_f64s(*difference, *share), *factor);
                largest = simd.max_f64s(simd.abs_f64s(term), largest);
            }
        }
        simd.reduce_max_f64s(largest)
    }
}

/// `c (p_t − s_t Σ_r p_r)` for terms `p_t = w_t δ_t`, in place of `δ_t`.
struct PullBack<'a> {
    shares: &'a ByToken,
    /// `w_t`.
    terms: &'a ByToken,
    factors: &'a [Lanes],
    differences: &'a mut ByToken,
}

impl pulp::WithSimd for PullBack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let factors = vectors::<S>(self.factors);
        let (tokens, width) = (self.shares.tokens, factors.len());
        let shares = self.shares.vectors::<S>();
        let terms = self.terms.vectors::<S>();
        let differences = self.differences.vectors_mut::<S>();
        for (sample, factor) in factors.iter().enumerate() {
            let mut mean = simd.splat_f64s(0.0);
            for token in 0..tokens {
                let place = token * width + sample;
                differences[place] = simd.mul_f64s(differences[place], terms[place]);
                mean = simd.add_f64s(mean, differences[place]);
            }
            for token in 0..tokens {
                let place = token * width + sample;
                let other = simd.mul_f64s(shares[place], mean);
                let apart = simd.sub_f64s(differences[place], other);
                differences[place] = simd.mul_f64s(*factor, apart);
            }
        }
    }
}

/// Of each sample the largest of `a_t − a_top` over the tokens with another value, which is
/// subtracted from all, and the size of that token's difference; 0 where there is none.
struct Next<'a> {
    relative: &'a mut ByToken,
    differences: &'a ByToken,
    next: &'a mut [Lanes],
    size: &'a mut [Lanes],
}

impl pulp::WithSimd for Next<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        let (next, sizes) = (vectors_mut::<S>(self.next), vectors_mut::<S>(self.size));
        let (tokens, width) = (self.relative.tokens, next.len());
        let relative = self.relative.vectors_mut::<S>();
        let differences = self.differences.vectors::<S>();
        let (zero, none) = (simd.splat_f64s(0.0), simd.splat_f64s(f64::NEG_INFINITY));
        for (sample, (next, size)) in next.iter_mut().zip(sizes).enumerate() {
            let mut largest = none;
            for token in 0..tokens {
                let place = token * width + sample;
                let apart = simd.abs_f64s(differences[place]);
                let is_other = simd.greater_than_f64s(apart, zero);
                let below = simd.select_f64s(is_other, relative[place], none);
                let is_next = simd.greater_than_f64s(below, largest);
                largest = simd.select_f64s(is_next, below, largest);
                *size = simd.select_f64s(is_next, apart, *size);
            }
            let is_none = simd.equal_f64s(largest, none);
            *next = simd.select_f64s(is_none, zero, largest);
            for token in 0..tokens {
                let own = &mut relative[token * width + sample];
                *own = simd.sub_f64s(*own, *next);
            }
        }
    }
}

/// `log Σ_t s_t w_t` for weights `w_t ≥ 0`, from `log s_t`; `−∞` where all weights are 0.
pub(crate) fn log_mean(
    log_shares: impl Iterator<Item = f64>,
    weights: impl Fn(usize) -> f64,
) -> f64 {
    let log = |(token, log_share): (usize, f64)| log_share + weights(token).ln();
    let logs: Vec<f64> = log_shares.enumerate().map(log).collect();
    log_sum_of_exponentials(&logs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_token(samples: &[&[f64]]) -> ByToken {
        let mut numbers = ByToken::default();
        numbers.resize(samples[0].len(), samples.len());
        for (sample, own) in samples.iter().enumerate() {
            for (token, number) in own.iter().enumerate() {
                numbers.token_mut(token)[sample] = *number;
            }
        }
        numbers
    }

    fn shares(logits: &[&[f64]]) -> Shares {
        let mut shares = Shares::default();
        let own = by_token(logits);
        *shares.logits(logits[0].len(), logits.len()) = own;
        shares.attend();
        shares
    }

    /// Two samples, one of them with a token less.
    #[test]
    fn mixtures_and_slopes_are_those_of_the_formulas() {
        let logits: [&[f64]; 2] = [&[0.3, -1.2, 2.0, 0.1], &[1.0, 0.5, -3.0, f64::NEG_INFINITY]];
        let values: [&[f64]; 2] = [&[1.0, -2.0, 0.5, 0.25], &[2.0, 3.0, -1.0, 0.0]];
        let factors = [-3.0, 0.5];
        let mut attention = shares(&logits);
        let (mut mixtures, mut slopes) = ([0.0; 2], ByToken::default());
        attention.mix(&by_token(&values), &mut slopes, &mut mixtures);
        let mut far = slopes.clone();
        assert_eq!(attention.pull_back(&factors, &mut slopes), 0);
        let mut lanes = vec![[0.0; LANES]];
        lanes.as_flattened_mut()[..2].copy_from_slice(&factors);
        assert_eq!(attention.pull_back_far(&mut lanes, &mut far), 0);
        for sample in 0..2 {
            let sum: f64 = logits[sample].iter().map(|a| a.exp()).sum();
            let share = |t: usize| logits[sample][t].exp() / sum;
            let mixture: f64 = (0..4).map(|t| share(t) * values[sample][t]).sum();
            assert!((mixtures[sample] - mixture).abs() < 1e-15);
            assert_eq!(attention.top(sample), [2, 0][sample]);
            let found = slopes.sample(sample).zip(far.sample(sample));
            for (t, (slope, far)) in found.enumerate() {
                let exact = factors[sample] * share(t) * (values[sample][t] - mixture);
                assert!((slope - exact).abs() < 1e-15, "{t}: {slope} {exact}");
                assert!((far - exact).abs() < 1e-15, "{t}: {far} {exact}");
            }
        }
    }

    /// With two tokens `∂f/∂a_o = s_o (1 − s_o) (v_o − v_t)`, whose logarithm is known however small
    /// the other share is; `v_o − f` computed naively is 0 there.
    #[test]
    fn slopes_keep_their_digits_where_the_naive_ones_vanish() {
        for gap in [1.0, 40.0, 290.0, 310.0, 700.0, 1e4, 1e12] {
            let mut attention = shares(&[&[0.0, gap]]);
            let own: Vec<f64> = attention.shares().sample(0).collect();
            let naive = own[1] * (0.0 - own[0] * -3.0);
            assert_eq!(naive == 0.0, gap > 708.0);
            let mut pulled = by_token(&[&[-3.0, 0.0]]);
            let exponent = attention.pull_back(&[0.5], &mut pulled);
            assert_eq!(exponent == 0, gap < 300.0, "{gap}");
            let pulled: Vec<f64> = pulled.sample(0).collect();
            let log = pulled[1].ln() + exponent as f64 * std::f64::consts::LN_2;
            let exact = 1.5f64.ln() - gap - 2.0 * (-gap).exp().ln_1p();
            assert!((log - exact).abs() <= 1e-14 * exact.abs().max(1.0), "{gap}");
            let sum = pulled[0] + pulled[1];
            assert!(sum.abs() <= 1e-15 * pulled[1], "slopes sum to 0");
        }
        // Past any exponent.
        let mut pulled = by_token(&[&[-3.0, 0.0]]);
        assert_eq!(shares(&[&[0.0, 1e300]]).pull_back(&[0.5], &mut pulled), 0);
        assert_eq!(pulled.sample(0).collect::<Vec<_>>(), [0.0, 0.0]);
    }

    /// Samples share one exponent: the largest decides.
    #[test]
    fn samples_share_an_exponent() {
        for (gaps, is_far) in [([5.0, 500.0], false), ([900.0, 500.0], true)] {
            let logits = gaps.map(|gap| [gap, 0.0]);
            let mut attention = shares(&[&logits[0], &logits[1]]);
            let mut pulled = by_token(&[&[0.0, 1.0], &[0.0, 1.0]]);
            let exponent = attention.pull_back(&[1.0, 2.0], &mut pulled);
            assert_eq!(exponent != 0, is_far);
            for (sample, gap) in gaps.into_iter().enumerate() {
                let slope = pulled.sample(sample).nth(1).unwrap();
                let exact = -gap + ((1 + sample) as f64).ln() - 2.0 * f64::exp(-gap).ln_1p();
                let found = slope.ln() + exponent as f64 * std::f64::consts::LN_2;
                assert!((found - exact).abs() < 1e-13 * exact.abs(), "{gap}");
            }
        }
    }

    /// `log s_o = −log(1 + e^{−gap})`, where `log` of the rounded sum is 0.
    #[test]
    fn the_share_of_the_top_token_keeps_its_distance_from_one() {
        for gap in [1.0, 40.0, 700.0] {
            let attention = shares(&[&[0.0, gap]]);
            let exact = -f64::exp(-gap).ln_1p();
            let log = attention.logs(0).nth(1).unwrap();
            assert!((log / exact - 1.0).abs() < 1e-14, "{gap}");
        }
    }

    #[test]
    fn equal_values_have_no_slope_and_broken_logits_no_mixture() {
        let mut attention = shares(&[&[1.0, 2.0]]);
        let mut slopes = by_token(&[&[0.0, 0.0]]);
        assert_eq!(attention.pull_back(&[1.0], &mut slopes), 0);
        assert_eq!(slopes.sample(0).collect::<Vec<_>>(), [0.0, 0.0]);
        for logits in [[f64::NAN, 1.0], [1.0, f64::NAN], [f64::INFINITY, 0.0]] {
            let mut mixtures = [0.0];
            let values = by_token(&[&[1.0, 2.0]]);
            let mut differences = ByToken::default();
            shares(&[&logits]).mix(&values, &mut differences, &mut mixtures);
            assert!(mixtures[0].is_nan(), "{logits:?}");
        }
    }
}
