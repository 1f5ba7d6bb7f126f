//! How long a block of steps may be, and which pairs it has to watch.
//!
//! Let `S_j` be the running sum of `g_j = −ℓ'(q_j)`. While neuron `k` keeps its slopes `D_kj`,
//! a block in which `S_j` grows by at most `λ g_j` moves `h_ki` towards zero by at most `λ r_ki`,
//! where
//!
//! ```text
//! r_ki = (η/(nm)) Σ_j [∓ s_k y_j G_ij]₊ D_kj g_j     (− where h_ki > 0, + elsewhere)
//! ```
//!
//! is the part of the linear form of docs/theory.md §5 that points that way; the other part moves
//! `h_ki` away from zero, because `S` only grows. So `λ < |h_ki| / r_ki` proves that the pair
//! keeps its sign. Pairs for which that is too short are *watched*: their signs are computed in
//! every step, and `r` counts them with their larger slope, 1. (derived)

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use pulp::Simd;

use super::cost::Cost;
use super::state::{State, entry, entry_mut};
use super::transfer::is_large;
use crate::Problem;
use crate::kernel::{LANES, Lanes, Vectorized, derivative, vectorized, vectors, vectors_mut};
use crate::threads::of_products;

/// Budgets are kept this much below the proven bound, far more than rounding errors.
const SLACK: f64 = 1e-6;

/// Rows of `|G|` that are formed at once.
const PANEL: usize = 128;

/// Ratios are counted by powers of two from `2⁰` to `2^(BUCKETS − 1)`.
const BUCKETS: usize = 41;

/// The watched pairs of a block and its budget.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// Watched pairs (neuron, sample), ordered by sample, then neuron.
    pub watched: Vec<(usize, usize)>,
    /// `λ`: the block may run until some `S_j` has grown by `λ g_j`.
    pub budget: f64,
}

/// Memory for planning.
#[derive(Clone, Debug)]
pub(crate) struct Planner {
    /// `r_ki`, laid out as the state.
    toward: Vec<Lanes>,
    /// `(η/(nm)) y_j g_j`.
    rates: Vec<f64>,
    /// `(η/(nm)) y_j g_j G_ij`, `n × n`, by rows; empty for a large problem.
    contributions: Vec<f64>,
    /// `D_kj` of the neurons of one vector, for every sample; those of all for a large problem.
    derivatives: Vec<Lanes>,
    /// The absolute values of some rows of `G`, for a large problem.
    absolute: Vec<f64>,
    /// Products with these rows.
    panel: Vec<Lanes>,
}

impl Planner {
    pub fn new(problem: &Problem, state: &State) -> Self {
        let samples = problem.samples();
        let large = is_large(samples, state.lanes);
        let [by_pair, by_row] = if large { [0, PANEL] } else { [samples, 0] };
        Self {
            toward: vec![[0.0; LANES]; samples * state.lanes],
            rates: vec![0.0; samples],
            contributions: vec![0.0; by_pair * samples],
            derivatives: vec![[0.0; LANES]; samples * if large { state.lanes } else { 1 }],
            absolute: vec![0.0; by_row * samples],
            panel: vec![[0.0; LANES]; by_row * state.lanes],
        }
    }

    /// The cheapest plan, or `None` where plain steps are cheaper than any block.
    pub fn plan(&mut self, problem: &Problem, state: &State, cost: &Cost) -> Option<Plan> {
        let samples = problem.samples();
        let margins = &state.margins.as_flattened()[..samples];
        for ((rate, label), &q) in self.rates.iter_mut().zip(problem.labels()).zip(margins) {
            *rate = problem.rate() * label * problem.loss().slope(q);
        }
        if is_large(samples, state.lanes) {
            self.bound_large(problem, state);
        } else {
            let rows = self.contributions.chunks_exact_mut(samples);
            for (contributions, gram) in rows.zip(problem.inner_products().iter()) {
                for ((contribution, g), rate) in contributions.iter_mut().zip(gram).zip(&self.rates)
                {
                    *contribution = rate * g;
                }
            }
            vectorized(Toward {
                planner: self,
                state,
                slope: problem.activation().slope(),
                samples,
            });
        }
        let mut counts = [0usize; BUCKETS];
        for (ratio, _, _) in self.ratios(problem, state) {
            // Bucket b holds the ratios in [2^(b−1), 2^b), the last one all that is larger.
            let exponent = ((ratio.to_bits() >> 52) as i64 - 1022).clamp(0, BUCKETS as i64 - 1);
            counts[exponent as usize] += 1;
        }
        let (length, watched) = cost.best_block(&counts)?;
        self.find_watched(problem, state, cost, length, watched)
    }

    /// `r` by two products of faer: with `E_kj = D_kj (η/(nm)) y_j g_j`, the positive and the
    /// negative part of the change of `h` are half of `|E| |G| ± E G`. A little more than that, so
    /// that rounding only lengthens `r`.
    fn bound_large(&mut self, problem: &Problem, state: &State) {
        let (samples, columns) = (problem.samples(), state.lanes * LANES);
        let slope = problem.activation().slope();
        let gram = problem.inner_products();
        let sloped_rates = |derivatives: &mut [Lanes], rates: &mut dyn Iterator<Item = f64>| {
            let rows = derivatives.chunks_exact_mut(state.lanes);
            let h = state.pre_activations.chunks_exact(state.lanes);
            for ((row, h), rate) in rows.zip(h).zip(rates) {
                for (out, h) in row.iter_mut().zip(h) {
                    *out = h.map(|h| rate * if h > 0.0 { 1.0 } else { slope });
                }
            }
        };
        sloped_rates(&mut self.derivatives, &mut self.rates.iter().copied());
        multiply(
            gram.matrix(),
            &self.derivatives,
            &mut self.toward,
            [samples, samples, columns],
        );
        sloped_rates(
            &mut self.derivatives,
            &mut self.rates.iter().map(|rate| rate.abs()),
        );
        let slack = 1.0 + 4.0 * samples as f64 * f64::EPSILON;
        for first in (0..samples).step_by(PANEL) {
            let rows = PANEL.min(samples - first);
            for (out, i) in self
                .absolute
                .chunks_exact_mut(samples)
                .zip(first..first + rows)
            {
                for (out, g) in out.iter_mut().zip(gram.row(i)) {
                    *out = g.abs();
                }
            }
            let absolute =
                MatRef::from_row_major_slice(&self.absolute[..rows * samples], rows, samples);
            let panel = &mut self.panel[..rows * state.lanes];
            multiply(absolute, &self.derivatives, panel, [rows, samples, columns]);
            let range = first * state.lanes..(first + rows) * state.lanes;
            let toward = self.toward[range.clone()].iter_mut();
            let h = &state.pre_activations[range];
            for (index, ((r, all), h)) in toward.zip(panel.iter()).zip(h).enumerate() {
                let signs = &state.signs[index % state.lanes];
                for lane in 0..LANES {
                    // A negative contribution moves a positive pre-activation to the kink, a
                    // positive one others.
                    let side = if h[lane] > 0.0 {
                        -signs[lane]
                    } else {
                        signs[lane]
                    };
                    r[lane] = 0.5 * (slack * all[lane] + side * r[lane]).max(0.0);
                }
            }
        }
    }

    /// `|h_ki| / r_ki` of every pair, with its neuron and sample.
    pub(super) fn ratios<'a>(
        &'a self,
        problem: &'a Problem,
        state: &'a State,
    ) -> impl Iterator<Item = (f64, usize, usize)> + 'a {
        let neurons = problem.neurons();
        (0..problem.samples()).flat_map(move |sample| {
            let row = sample * state.lanes;
            let h = state.pre_activations[row..][..state.lanes].as_flattened();
            let r = self.toward[row..][..state.lanes].as_flattened();
            (0..neurons).map(move |neuron| {
                let (h, r) = (h[neuron].abs(), r[neuron]);
                let ratio = if r > 0.0 { h / r } else { f64::INFINITY };
                (ratio, neuron, sample)
            })
        })
    }

    /// Watches every pair with a ratio below `length`, and again those whose ratio falls below it
    /// as watched pairs count with slope 1.
    fn find_watched(
        &mut self,
        problem: &Problem,
        state: &State,
        cost: &Cost,
        length: f64,
        expected: usize,
    ) -> Option<Plan> {
        let gap = 1.0 - problem.activation().slope();
        let mut watched: Vec<(usize, usize)> = Vec::with_capacity(expected);
        loop {
            let mut budget = f64::INFINITY;
            let mut added = Vec::new();
            for (ratio, neuron, sample) in self.ratios(problem, state) {
                if ratio >= length {
                    budget = budget.min(ratio);
                } else {
                    added.push((neuron, sample));
                }
            }
            added.retain(|pair| {
                watched
                    .binary_search_by_key(&by_sample(pair), by_sample)
                    .is_err()
            });
            if added.is_empty() {
                let most = 2f64.powi(BUCKETS as i32 - 1);
                return cost.is_cheaper(watched.len(), length).then(|| Plan {
                    budget: budget.min(most) * (1.0 - SLACK),
                    watched,
                });
            }
            for &(neuron, sample) in &added {
                if entry(&state.pre_activations, state.lanes, neuron, sample) <= 0.0 {
                    self.widen(problem, state, neuron, sample, gap);
                }
            }
            watched.extend(added);
            watched.sort_unstable_by_key(by_sample);
            if !cost.is_cheaper(watched.len(), length) {
                return None;
            }
        }
    }

    /// Counts the slope of pair (neuron, source) as 1 instead of `γ` in all bounds of that neuron.
    fn widen(&mut self, problem: &Problem, state: &State, neuron: usize, source: usize, gap: f64) {
        let factor = problem.sign(neuron) * self.rates[source];
        for (sample, g) in problem.inner_products().row(source).iter().enumerate() {
            let contribution = factor * g;
            let active = entry(&state.pre_activations, state.lanes, neuron, sample) > 0.0;
            let toward = if active { -contribution } else { contribution };
            *entry_mut(&mut self.toward, state.lanes, neuron, sample) += gap * toward.max(0.0);
        }
    }
}

/// The order of watched pairs.
fn by_sample(&(neuron, sample): &(usize, usize)) -> (usize, usize) {
    (sample, neuron)
}

/// `out = A B` for `A` (`rows × inner`) and arrays laid out as the state.
fn multiply(
    a: MatRef<'_, f64>,
    b: &[Lanes],
    out: &mut [Lanes],
    [rows, inner, columns]: [usize; 3],
) {
    matmul(
        MatMut::from_row_major_slice_mut(out.as_flattened_mut(), rows, columns),
        Accum::Replace,
        a,
        MatRef::from_row_major_slice(b.as_flattened(), inner, columns),
        1.0,
        of_products(),
    );
}

struct Toward<'a> {
    planner: &'a mut Planner,
    state: &'a State,
    slope: f64,
    samples: usize,
}

impl Vectorized for Toward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let samples = self.samples;
        let per_row = self.state.lanes * (LANES / S::F64_LANES);
        let slope = simd.splat_f64s(self.slope);
        let zero = simd.splat_f64s(0.0);
        let pre_activations = vectors::<S>(&self.state.pre_activations);
        let toward = vectors_mut::<S>(&mut self.planner.toward);
        let derivatives = &mut vectors_mut::<S>(&mut self.planner.derivatives)[..samples];
        for (tile, &sign) in vectors::<S>(&self.state.signs).iter().enumerate() {
            for (j, out) in derivatives.iter_mut().enumerate() {
                *out = derivative(simd, pre_activations[j * per_row + tile], slope);
            }
            for (i, contributions) in self.planner.contributions.chunks_exact(samples).enumerate() {
                // With the signs that contributions have for a neuron of the positive block.
                let (mut up, mut down) = (zero, zero);
                for (&contribution, &d) in contributions.iter().zip(&*derivatives) {
                    up = simd.mul_add_e_f64s(simd.splat_f64s(contribution.max(0.0)), d, up);
                    down = simd.mul_add_e_f64s(simd.splat_f64s((-contribution).max(0.0)), d, down);
                }
                let h = pre_activations[i * per_row + tile];
                // `s h > 0`: a positive pre-activation of the block `+1`, a negative one of `−1`.
                let falls =
                    simd.less_than_f64s(zero, simd.mul_f64s(sign, derivative_sign(simd, h)));
                toward[i * per_row + tile] = simd.select_f64s(falls, down, up);
            }
        }
    }
}

/// 1 where `h > 0`, −1 elsewhere.
#[inline(always)]
fn derivative_sign<S: Simd>(simd: S, h: S::f64s) -> S::f64s {
    derivative(simd, h, simd.splat_f64s(-1.0))
}
