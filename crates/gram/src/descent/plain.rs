//! Gradient descent one step at a time in Gram coordinates, for every neuron.
//!
//! A step is one product of `n × n` by `n × 2m`. Where it fits the caches our own loop does it
//! together with all the rest, a vector of neurons at a time; larger ones are left to faer, on all
//! cores.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use implicit_bias_data::Multiple;
use implicit_bias_scalar::Loss;
use pulp::Simd;

use super::state::State;
use crate::Problem;
use crate::kernel::{
    LANES, Lanes, Vectorized, derivative, fill_slopes, vectorized, vectors, vectors_mut,
};
use crate::threads::of_products;

/// Rows of `G` that one pass over the samples multiplies: sums that registers hold, and enough of
/// them that one multiply-add need not wait for another.
const ROWS: usize = 6;

/// Samples times vectors of neurons from which faer multiplies.
const LARGE: usize = 1 << 14;

/// Samples from which it does whatever the width: two copies of `G`, 2 MiB each there, leave the
/// nearer caches, and our own loop falls behind (3.3 ms a step at n = 700, m = 50, where faer takes
/// 1.2).
const MANY_SAMPLES: usize = 1 << 9;

/// Whether products over all neurons are left to faer, on all cores and straight from `G`: the
/// loops for small problems keep copies of it in an order of their own.
pub(super) fn is_large(samples: usize, lanes: usize) -> bool {
    samples * lanes >= LARGE || samples >= MANY_SAMPLES
}

/// Memory of plain stepping: for a small problem two arrays of the size of `G`, for a large one
/// none.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    /// `G_ij`, rows padded to a multiple of [`ROWS`]; empty for a large problem.
    gram: Vec<f64>,
    /// `G_ij c_j` in groups of [`ROWS`] rows: group, then `j`, then row; empty for a large problem.
    scaled: Vec<[f64; ROWS]>,
    /// `c_j = (η/(nm)) y_j g_j`.
    rates: Vec<f64>,
    /// `−ℓ'(q_j)`.
    slopes: Vec<Lanes>,
    /// `s_k D_kj` for every sample, of the neurons of one vector or of all.
    derivatives: Vec<Lanes>,
    /// Sums `Σ_k s_k φ(h_ki)`, kept apart by lane.
    scores: Vec<Lanes>,
}

impl Plain {
    pub fn new(problem: &Problem, state: &State) -> Self {
        let samples = problem.samples();
        let large = is_large(samples, state.lanes);
        let (mut gram, mut scaled) = (Vec::new(), Vec::new());
        if !large {
            let groups = samples.div_ceil(ROWS);
            problem
                .inner_products()
                .iter()
                .for_each(|row| gram.extend_from_slice(row));
            gram.resize(groups * ROWS * samples, 0.0);
            scaled.resize(groups * samples, [0.0; ROWS]);
        }
        Self {
            gram,
            scaled,
            rates: vec![0.0; samples],
            slopes: vec![[0.0; LANES]; samples.div_ceil(LANES)],
            derivatives: vec![[0.0; LANES]; samples * if large { state.lanes } else { 1 }],
            scores: vec![[0.0; LANES]; samples],
        }
    }

    /// Takes up to `steps` steps; returns those taken, fewer if a margin stopped being finite.
    pub fn run(&mut self, problem: &Problem, state: &mut State, steps: u64) -> u64 {
        if is_large(problem.samples(), state.lanes) {
            return self.run_large(problem, state, steps);
        }
        if problem.links().is_empty() {
            vectorized(self.steps(problem, state, steps, NoLinks))
        } else {
            vectorized(self.steps(problem, state, steps, problem.links()))
        }
    }

    fn steps<'a, L: Links>(
        &'a mut self,
        problem: &'a Problem,
        state: &'a mut State,
        steps: u64,
        links: L,
    ) -> PlainSteps<'a, L> {
        PlainSteps {
            plain: self,
            state,
            steps,
            labels: problem.labels(),
            links,
            loss: problem.loss(),
            rate: problem.rate(),
            slope: problem.activation().slope(),
            inverse_width: 1.0 / problem.divisor(),
        }
    }
}

impl Plain {
    /// [`run`](Self::run) with faer's product.
    fn run_large(&mut self, problem: &Problem, state: &mut State, steps: u64) -> u64 {
        let samples = problem.samples();
        let slope = problem.activation().slope();
        let columns = state.lanes * LANES;
        for taken in 1..=steps {
            for (j, &q) in state.margins.as_flattened()[..samples].iter().enumerate() {
                self.rates[j] = problem.rate() * problem.labels()[j] * problem.loss().slope(q);
            }
            let rows = self.derivatives.chunks_exact_mut(state.lanes);
            let c = state.coefficients.chunks_exact_mut(state.lanes);
            let h = state.pre_activations.chunks_exact(state.lanes);
            for (((row, c), h), &rate) in rows.zip(c).zip(h).zip(&self.rates) {
                let lanes = row.iter_mut().zip(c).zip(h).zip(&state.signs);
                for (((out, c), h), signs) in lanes {
                    for lane in 0..LANES {
                        let d = if h[lane] > 0.0 { 1.0 } else { slope };
                        out[lane] = rate * signs[lane] * d;
                        c[lane] += out[lane];
                    }
                }
            }
            let changes = self.derivatives.as_flattened();
            let h = state.pre_activations.as_flattened_mut();
            matmul(
                MatMut::from_row_major_slice_mut(h, samples, columns),
                Accum::Add,
                problem.inner_products().matrix(),
                MatRef::from_row_major_slice(changes, samples, columns),
                1.0,
                of_products(),
            );
            state.link(problem);
            state.refresh_margins(problem);
            if !state.margins.as_flattened().iter().all(|q| q.is_finite()) {
                return taken;
            }
        }
        steps
    }
}

/// Which samples are multiples of others, for a loop that data without any do not pay for.
trait Links: Copy {
    /// The earlier sample and the factor, if `sample` is such a multiple.
    fn of(self, sample: usize) -> Option<(usize, f64)>;
}

#[derive(Clone, Copy)]
struct NoLinks;

impl Links for NoLinks {
    #[inline(always)]
    fn of(self, _: usize) -> Option<(usize, f64)> {
        None
    }
}

impl Links for &[Multiple] {
    #[inline(always)]
    fn of(self, sample: usize) -> Option<(usize, f64)> {
        let place = self.binary_search_by_key(&sample, |link| link.sample);
        place.ok().map(|place| (self[place].of, self[place].factor))
    }
}

struct PlainSteps<'a, L> {
    plain: &'a mut Plain,
    state: &'a mut State,
    steps: u64,
    labels: &'a [f64],
    links: L,
    loss: Loss,
    rate: f64,
    slope: f64,
    inverse_width: f64,
}

impl<L: Links> Vectorized for PlainSteps<'_, L> {
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> u64 {
        for taken in 0..self.steps {
            if !self.step(simd) {
                return taken + 1;
            }
        }
        self.steps
    }
}

impl<L: Links> PlainSteps<'_, L> {
    /// One step; `false` if a margin is no longer finite after it.
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S) -> bool {
        let samples = self.labels.len();
        let plain = &mut *self.plain;
        let state = &mut *self.state;
        fill_slopes::<S>(self.loss, &state.margins, &mut plain.slopes);
        let slopes = plain.slopes.as_flattened();
        for ((rate, label), g) in plain.rates.iter_mut().zip(self.labels).zip(slopes) {
            *rate = self.rate * label * g;
        }
        let groups = plain.scaled.chunks_exact_mut(samples);
        for (rows, gram) in groups.zip(plain.gram.chunks_exact(ROWS * samples)) {
            for (j, (out, &rate)) in rows.iter_mut().zip(&plain.rates).enumerate() {
                for (row, out) in out.iter_mut().enumerate() {
                    *out = gram[row * samples + j] * rate;
                }
            }
        }
        let per_row = state.lanes * (LANES / S::F64_LANES);
        let slope = simd.splat_f64s(self.slope);
        let signs = vectors::<S>(&state.signs);
        let coefficients = vectors_mut::<S>(&mut state.coefficients);
        let pre_activations = vectors_mut::<S>(&mut state.pre_activations);
        let derivatives = &mut vectors_mut::<S>(&mut plain.derivatives)[..samples];
        plain.scores.fill([0.0; LANES]);
        let scores = &mut vectors_mut::<S>(&mut plain.scores)[..samples];
        for (tile, &sign) in signs.iter().enumerate() {
            for (j, (out, &rate)) in derivatives.iter_mut().zip(&plain.rates).enumerate() {
                let at = j * per_row + tile;
                let d = simd.mul_f64s(sign, derivative(simd, pre_activations[at], slope));
                coefficients[at] = simd.mul_add_e_f64s(simd.splat_f64s(rate), d, coefficients[at]);
                *out = d;
            }
            for (group, rows) in plain.scaled.chunks_exact(samples).enumerate() {
                let mut sums = [simd.splat_f64s(0.0); ROWS];
                for (factors, &d) in rows.iter().zip(&*derivatives) {
                    for (sum, &factor) in sums.iter_mut().zip(factors) {
                        *sum = simd.mul_add_e_f64s(simd.splat_f64s(factor), d, *sum);
                    }
                }
                let first = group * ROWS;
                for (i, &sum) in (first..samples).zip(&sums) {
                    let at = i * per_row + tile;
                    let h = match self.links.of(i) {
                        None => simd.add_f64s(pre_activations[at], sum),
                        Some((of, factor)) => {
                            let h = pre_activations[of * per_row + tile];
                            simd.mul_f64s(simd.splat_f64s(factor), h)
                        }
                    };
                    pre_activations[at] = h;
                    let d = simd.mul_f64s(sign, derivative(simd, h, slope));
                    scores[i] = simd.mul_add_e_f64s(d, h, scores[i]);
                }
            }
        }
        let mut total = 0.0;
        let margins = state.margins.as_flattened_mut().iter_mut();
        for ((margin, label), &score) in margins.zip(self.labels).zip(&*scores) {
            *margin = simd.reduce_sum_f64s(score) * label * self.inverse_width;
            total += *margin;
        }
        f64::is_finite(total)
    }
}
