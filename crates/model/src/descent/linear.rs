//! Steps of the linear network in its weights themselves, in single precision.

use implicit_bias_algebra::Accum;
use implicit_bias_scalar::aligned::AlignedLanes;
use implicit_bias_scalar::vector::LANES;
use ndarray::Array2;

use super::host_weights::{HostSteps, HostWeights};
use super::problem::DescentProblem;
use crate::Objective;

/// `f = X w`, then `w += Xᵀ c`, of eight samples after another: every sample is read from memory once a
/// step, as its slope depends on its own score alone.
pub(crate) struct LinearDescent {
    weights: HostWeights<f32>,
    /// The samples one after another, each padded by zeros to whole machine vectors.
    x: AlignedLanes<f32>,
    /// `w` and its update with such zeros.
    padded: [AlignedLanes<f32>; 2],
    dim: usize,
    objective: Objective,
    step_size: f64,
    /// The numbers of the samples.
    rows: Vec<usize>,
    /// Those of some samples.
    scores: [f64; STREAMS],
}

/// Numbers of single precision in the largest machine vector.
const WIDEST: usize = 2 * LANES;

/// How many samples are read beside each other.
const STREAMS: usize = 8;

impl LinearDescent {
    /// Of weights `[1, d]`.
    pub fn new(problem: &DescentProblem<'_>, weight: &Array2<f64>) -> Self {
        let (samples, dim) = problem.x.dim();
        let lanes = dim.next_multiple_of(WIDEST) / LANES;
        let mut x = AlignedLanes::zeros(samples * lanes);
        for (own, row) in x.chunks_exact_mut(lanes).zip(problem.x.rows()) {
            let own = own.as_flattened_mut().iter_mut();
            own.zip(row).for_each(|(own, &x)| *own = x as f32);
        }
        let entries = weight.iter().copied();
        Self {
            weights: HostWeights::new(entries, vec![[1, dim]], problem.compensated),
            x,
            padded: [AlignedLanes::zeros(lanes), AlignedLanes::zeros(lanes)],
            dim,
            objective: problem.objective.clone(),
            step_size: problem.step_size,
            rows: (0..samples).collect(),
            scores: [0.0; STREAMS],
        }
    }
}

impl HostSteps for LinearDescent {
    type Entry = f32;

    fn host_weights(&self) -> &HostWeights<f32> {
        &self.weights
    }

    fn host_weights_mut(&mut self) -> &mut HostWeights<f32> {
        &mut self.weights
    }

    fn step(&mut self) -> bool {
        let x = self.x.as_flattened();
        let [w, update] = self.padded.each_mut().map(|lanes| lanes.as_flattened_mut());
        w[..self.dim].copy_from_slice(self.weights.all());
        update.fill(0.0);
        let (arch, stride) = (pulp::Arch::new(), w.len());
        let scale = self.step_size / self.rows.len() as f64;
        for (x, rows) in x.chunks(STREAMS * stride).zip(self.rows.chunks(STREAMS)) {
            let scores = &mut self.scores[..rows.len()];
            arch.dispatch(Scores { x, w, scores });
            let Some(exponent) = self.objective.descend_scaled(scores, Some(rows)) else {
                return false;
            };
            let scale = scale * 2.0_f64.powi(exponent as i32);
            let mut factors = [0.0; STREAMS];
            for (factor, slope) in factors.iter_mut().zip(&*scores) {
                *factor = (scale * slope) as f32;
            }
            let factors = &factors[..rows.len()];
            arch.dispatch(Multiples {
                x,
                factors,
                out: update,
            });
        }
        let (out, accum) = self.weights.update(0..self.dim);
        for (out, update) in out.iter_mut().zip(update) {
            *out = match accum {
                Accum::Add => *out + *update,
                Accum::Replace => *update,
            };
        }
        self.weights.finish();
        true
    }
}

/// `f = X w` of eight samples at most.
struct Scores<'a> {
    x: &'a [f32],
    w: &'a [f32],
    scores: &'a mut [f64],
}

impl Scores<'_> {
    /// The scores of `COUNT` samples from number `first` on.
    #[inline(always)]
    fn part<S: pulp::Simd, const COUNT: usize>(&mut self, simd: S, first: usize) {
        let stride = self.w.len();
        let mut rows: [&[S::f32s]; COUNT] = [&[]; COUNT];
        for (k, row) in rows.iter_mut().enumerate() {
            *row = S::as_simd_f32s(&self.x[(first + k) * stride..][..stride]).0;
        }
        let w = S::as_simd_f32s(self.w).0;
        let mut sums = [simd.splat_f32s(0.0); COUNT];
        for (place, w) in w.iter().enumerate() {
            for (sum, row) in sums.iter_mut().zip(&rows) {
                *sum = simd.mul_add_f32s(*w, row[place], *sum);
            }
        }
        for (score, sum) in self.scores[first..][..COUNT].iter_mut().zip(sums) {
            *score = f64::from(simd.reduce_sum_f32s(sum));
        }
    }
}

impl pulp::WithSimd for Scores<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        match self.scores.len() {
            STREAMS => self.part::<S, STREAMS>(simd, 0),
            count => (0..count).for_each(|row| self.part::<S, 1>(simd, row)),
        }
    }
}

/// Adds `Xᵀ c` of eight samples at most.
struct Multiples<'a> {
    x: &'a [f32],
    factors: &'a [f32],
    out: &'a mut [f32],
}

impl Multiples<'_> {
    /// Adds the multiples of `COUNT` samples from number `first` on.
    #[inline(always)]
    fn part<S: pulp::Simd, const COUNT: usize>(&mut self, simd: S, first: usize) {
        let stride = self.out.len();
        let mut rows: [&[S::f32s]; COUNT] = [&[]; COUNT];
        let mut factors = [simd.splat_f32s(0.0); COUNT];
        for (k, (row, factor)) in rows.iter_mut().zip(&mut factors).enumerate() {
            *row = S::as_simd_f32s(&self.x[(first + k) * stride..][..stride]).0;
            *factor = simd.splat_f32s(self.factors[first + k]);
        }
        for (place, out) in S::as_mut_simd_f32s(self.out).0.iter_mut().enumerate() {
            let mut sum = *out;
            for (factor, row) in factors.iter().zip(&rows) {
                sum = simd.mul_add_f32s(*factor, row[place], sum);
            }
            *out = sum;
        }
    }
}

impl pulp::WithSimd for Multiples<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        match self.factors.len() {
            STREAMS => self.part::<S, STREAMS>(simd, 0),
            count => (0..count).for_each(|row| self.part::<S, 1>(simd, row)),
        }
    }
}
