//! A block of steps in `n` dimensions, with a few watched pairs.
//!
//! Over the block every pair that is not watched keeps its slope. Let `L` be the slopes with `γ` on
//! watched pairs, and let `(k, j)` be *on* where it is watched and `h_kj > 0`. Then (docs/theory.md §5)
//!
//! ```text
//! q_i  = b_i + (y_i (1 − γ)/m) Σ_{k: (k,i) on} s_k h_ki
//! b_i  += (η/(nm²)) y_i Σ_j y_j G_ij (Σ_k L_ki L_kj + (1 − γ) N_ji) g_j
//! h_ki += s_k (η/(nm)) Σ_j y_j G_ij (L_kj + (1 − γ) [(k,j) on]) g_j          for watched (k,i)
//! N_ji = Σ_{k: (k,j) on} L_ki
//! ```
//!
//! It is the same map as a plain step, at a cost that does not depend on `m`, with three savings.
//!
//! - *What is on* moves the watched pairs of its own neuron only. These lie side by side, and what one of
//!   them adds to the others is a row that is prepared.
//! - *The slopes `L`* never change in a block, and `g` turns slowly. What they add to a watched pair is
//!   therefore followed by one number a pair: `α F_ki`, where `F` is what the slopes of some earlier step added and
//!   `α` is the mean of `g_j` beside those. What is left, `r = Σ (g − α g')`, is known, and so is how far it
//!   can move a pair: only a pair that is nearer to its kink than that needs a sum over all samples to tell
//!   whether it is on. (derived)
//! - *The margins* need the pairs that are on to the last bit. What `r` adds to all of them takes the same counts
//!   `N` as `b` does: `Σ_{k: (k,i) on} s_k h_ki` has the part `(η/(nm)) Σ_j y_j G_ij N_ij r_j`. (derived)

use implicit_bias_scalar::aligned::AlignedLanes;

use super::budget::Plan;
use super::fields::{Fields, OfSample};
use super::places::Places;
use super::state::{State, entry, entry_mut};
use super::transfer::{ApplyChanges, Products, is_large};
use crate::Problem;
use crate::kernel::{LANES, Lanes, padded, vectorized};

/// Places of a lane group, as bits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct GroupBits {
    /// Those that are on.
    pub on: u8,
    /// Those so near to the kink that a sum over all samples has to tell.
    pub unknown: u8,
}

/// A block of steps: its matrices, what its steps change, and working memory reused by the next
/// block.
#[derive(Clone, Debug, Default)]
pub(crate) struct StepBlock {
    pub(super) places: Places,
    /// `h_ki` of each place, but for what `residuals` add.
    pub(super) h: AlignedLanes,
    /// `F_ki`, what a step adds to each place with the slopes `references`.
    pub(super) drift: AlignedLanes,
    pub(super) bits: Vec<GroupBits>,
    /// The places that are on, with memory for one lane group more.
    pub(super) on: Vec<u32>,
    /// How many these are.
    pub(super) on_count: usize,
    /// How many of them, the first ones, are of neurons of one lane group.
    pub(super) narrow_on: usize,
    /// `g_j` of the others.
    pub(super) on_slopes: Vec<f64>,
    /// `L_kj`, `2m × n`, each row padded to whole lanes.
    pub(super) derivatives: AlignedLanes,
    pub(super) fields: Fields,
    /// `[L_kj = 1]`, `2m × n`, each row padded to whole chunks.
    pub(super) units: AlignedLanes<u64>,
    /// `Σ_{k: (k,i) on} [L_kj = 1]`, `n × n`, each row padded to whole chunks.
    pub(super) counts: AlignedLanes<u64>,
    pub(super) of_samples: Vec<OfSample>,
    /// `y_j`.
    pub(super) labels: Vec<Lanes>,
    /// `y_j g'_j` of the step that `drift` is of, and `1/g'_j`, or less where that is far below the others.
    pub(super) references: Vec<Lanes>,
    pub(super) scales: Vec<Lanes>,
    /// `y_j r_j`.
    pub(super) residuals: Vec<Lanes>,
    /// How far residuals as large as all slopes of reference can move a pair.
    pub(super) reach: f64,
    /// Steps since `drift` was set, and pairs that needed a sum over all samples in them.
    pub(super) since: u64,
    pub(super) summed: u64,
    /// Watched pairs of one neuron with samples that are multiples of one another: place, earlier
    /// place, factor.
    pub(super) links: Vec<(u32, u32, f64)>,
    /// `b` at the start of the block, and its change.
    pub(super) base: Vec<Lanes>,
    pub(super) changes: Vec<Lanes>,
    /// `L_kj` of one neuron times `residuals`, and times `references`.
    pub(super) sloped: [Vec<Lanes>; 2],
    /// `(η/(nm²)) y_i y_j G_ij Σ_k L_ki L_kj`, each row `j` padded to whole lanes, with what the pairs that are on at
    /// `j` add to it.
    pub(super) matrix: AlignedLanes,
    /// Its rows of samples with watched pairs, without that.
    pub(super) unlifted: AlignedLanes,
    /// `(η (1 − γ)/(nm²)) y_i`, and its negative.
    pub(super) gains: Vec<Lanes>,
    /// `g`.
    pub(super) slopes: Vec<Lanes>,
    /// `Σ g` over the block, and its bound.
    pub(super) sums: Vec<Lanes>,
    pub(super) bounds: Vec<Lanes>,
    /// `L`, laid out as the state.
    lower: Vec<Lanes>,
}

impl StepBlock {
    /// Prepares the block of `plan` at the present state.
    pub fn set_up(&mut self, problem: &Problem, state: &State, plan: &Plan) {
        let samples = problem.samples();
        let sample_lanes = padded(samples) / LANES;
        self.set_slopes(problem, state, plan);
        self.matrix.reset(sample_lanes * samples);
        let products = Products {
            of: &self.lower,
            out: &mut self.matrix,
            lanes: state.lanes,
            samples,
        };
        if is_large(samples, state.lanes) {
            products.by_faer();
        } else {
            vectorized(products);
        }
        let factor = problem.rate() / problem.divisor();
        scale_by_pairs(&mut self.matrix, problem, factor);
        self.places.set_up(problem, plan);
        self.set_units(problem, state);
        self.set_links(problem);
        self.base.clone_from(&state.margins);
        let gap = 1.0 - problem.activation().slope();
        for &(neuron, sample) in &plan.watched {
            let h = entry(&state.pre_activations, state.lanes, neuron, sample);
            let weight = gap * problem.labels()[sample] * problem.sign(neuron) / problem.divisor();
            self.base.as_flattened_mut()[sample] -= weight * h.max(0.0);
        }
        let groups = self.places.groups();
        self.drift.reset(groups);
        self.h.reset(groups);
        // Far below the kink where there is no pair.
        self.h.fill([f64::MIN; LANES]);
        let h = self.h.as_flattened_mut();
        for (h, pair) in h.iter_mut().zip(&self.places.pairs) {
            if let &Some((neuron, sample)) = pair {
                *h = entry(&state.pre_activations, state.lanes, neuron, sample);
            }
        }
        let [of_residuals, of_references] = &mut self.sloped;
        for (array, len) in [
            (of_residuals, sample_lanes),
            (of_references, sample_lanes),
            (&mut self.changes, sample_lanes),
            (&mut self.gains, 2 * sample_lanes),
            (&mut self.slopes, sample_lanes),
            (&mut self.sums, sample_lanes),
            (&mut self.labels, sample_lanes),
            (&mut self.references, sample_lanes),
            (&mut self.scales, sample_lanes),
            (&mut self.residuals, sample_lanes),
        ] {
            array.clear();
            array.resize(len, [0.0; LANES]);
        }
        self.of_samples.clear();
        self.of_samples.resize(samples, OfSample::default());
        for &(_, sample) in &plan.watched {
            self.of_samples[sample].is_watched = true;
        }
        self.bits.clear();
        self.bits.resize(groups, GroupBits::default());
        self.on.clear();
        self.on.resize((groups + 1) * LANES, 0);
        self.on_slopes.clear();
        self.on_slopes.resize(groups * LANES, 0.0);
        self.counts.reset(samples * self.fields.chunks);
        self.keep_rows(sample_lanes);
        let gain = factor * (1.0 - problem.activation().slope());
        let (positive, negative) = self.gains.split_at_mut(sample_lanes);
        for (gains, gain) in [(positive, gain), (negative, -gain)] {
            for (out, label) in gains.as_flattened_mut().iter_mut().zip(problem.labels()) {
                *out = gain * label;
            }
        }
        (self.reach, self.since, self.summed) = (0.0, 0, 0);
        self.labels.as_flattened_mut()[..samples].copy_from_slice(problem.labels());
        self.bounds.clear();
        self.bounds.resize(sample_lanes, [f64::INFINITY; LANES]);
        let margins = &state.margins.as_flattened()[..samples];
        for (bound, &q) in self.bounds.as_flattened_mut().iter_mut().zip(margins) {
            *bound = plan.budget * problem.loss().slope(q);
        }
    }

    /// Copies the rows of the matrix that are going to be lifted.
    fn keep_rows(&mut self, lanes: usize) {
        let is_watched = |of_sample: &&OfSample| of_sample.is_watched;
        let kept = self.of_samples.iter().filter(is_watched).count();
        self.unlifted.reset(kept * lanes);
        let rows = self.matrix.chunks_exact(lanes).zip(&self.of_samples);
        let rows = rows.filter(|(_, of_sample)| of_sample.is_watched);
        for (out, (row, _)) in self.unlifted.chunks_exact_mut(lanes).zip(rows) {
            out.copy_from_slice(row);
        }
    }

    /// `L`.
    fn set_slopes(&mut self, problem: &Problem, state: &State, plan: &Plan) {
        let slope = problem.activation().slope();
        let derivatives = |(index, h): (usize, &Lanes)| {
            let signs = &state.signs[index % state.lanes];
            std::array::from_fn(|lane| match (signs[lane] == 0.0, h[lane] > 0.0) {
                (true, _) => 0.0,
                (_, true) => 1.0,
                (_, false) => slope,
            })
        };
        self.lower.clear();
        self.lower
            .extend(state.pre_activations.iter().enumerate().map(derivatives));
        for &(neuron, sample) in &plan.watched {
            *entry_mut(&mut self.lower, state.lanes, neuron, sample) = slope;
        }
    }

    /// `L` by neuron, and where it is 1.
    fn set_units(&mut self, problem: &Problem, state: &State) {
        let sample_lanes = padded(problem.samples()) / LANES;
        let slope = problem.activation().slope();
        self.fields = Fields::of(problem);
        let Fields {
            bits,
            number,
            chunks,
            ..
        } = self.fields;
        self.derivatives.reset(problem.neurons() * sample_lanes);
        self.units.reset(problem.neurons() * chunks);
        let derivatives = self.derivatives.chunks_exact_mut(sample_lanes);
        let rows = derivatives.zip(self.units.chunks_exact_mut(chunks));
        for (neuron, (derivatives, units)) in rows.enumerate() {
            let derivatives = &mut derivatives.as_flattened_mut()[..problem.samples()];
            for (sample, d) in derivatives.iter_mut().enumerate() {
                *d = entry(&self.lower, state.lanes, neuron, sample);
                let (lane, word) = (sample / LANES, sample % LANES);
                let shift = (lane % number) as u32 * bits;
                units[lane / number][word] |= u64::from(*d > slope) << shift;
            }
        }
    }

    /// Watched pairs whose pre-activations are multiples of one another.
    fn set_links(&mut self, problem: &Problem) {
        self.links.clear();
        if problem.links().is_empty() {
            return;
        }
        for (place, pair) in self.places.pairs.iter().enumerate() {
            let &Some((neuron, sample)) = pair else {
                continue;
            };
            let link = problem
                .links()
                .binary_search_by_key(&sample, |link| link.sample);
            if let Ok(link) = link {
                let link = problem.links()[link];
                // One that is not watched keeps its sign over the block, and so do its multiples.
                if let Some(of) = self.places.find(neuron, link.of) {
                    self.links.push((place as u32, of as u32, link.factor));
                }
            }
        }
    }

    /// `h_ki` of each place, as it is.
    fn watched_h(&self, problem: &Problem) -> Vec<f64> {
        let lanes = self.labels.len();
        let mut exact = self.h.as_flattened().to_vec();
        for (h, row) in exact.iter_mut().zip(&self.places.rows) {
            let gram = problem.inner_products().row(row.sample as usize);
            let derivatives = &self.derivatives[row.neuron as usize * lanes..][..lanes];
            let terms = (gram.iter())
                .zip(derivatives.as_flattened())
                .zip(self.residuals.as_flattened());
            let shift: f64 = terms.map(|((g, d), residual)| g * d * residual).sum();
            *h += row.sign * problem.rate() * shift;
        }
        for &(place, of, factor) in &self.links {
            exact[place as usize] = factor * exact[of as usize];
        }
        exact
    }

    /// Adds the changes of the block's steps to `C` and `H` of `state`; the block is not changed.
    pub fn apply_to(&self, problem: &Problem, state: &mut State) {
        let samples = problem.samples();
        let rate = problem.rate();
        let mut changes = self.lower.clone();
        let rows = changes.chunks_exact_mut(state.lanes);
        for ((row, label), sum) in rows.zip(problem.labels()).zip(self.sums.as_flattened()) {
            for (d, s) in row.iter_mut().zip(&state.signs) {
                for (d, s) in d.iter_mut().zip(s) {
                    *d *= rate * label * sum * s;
                }
            }
        }
        let gap = rate * (1.0 - problem.activation().slope());
        for (pair, row) in self.places.pairs.iter().zip(&self.places.rows) {
            if let &Some((neuron, sample)) = pair {
                *entry_mut(&mut changes, state.lanes, neuron, sample) +=
                    gap * problem.labels()[sample] * row.sign * row.on_sum;
            }
        }
        let apply = ApplyChanges {
            gram: problem.inner_products(),
            changes: &changes,
            state,
            samples,
        };
        if is_large(samples, apply.state.lanes) {
            apply.by_product();
        } else {
            vectorized(apply);
        }
        for (pair, h) in self.places.pairs.iter().zip(self.watched_h(problem)) {
            if let &Some((neuron, sample)) = pair {
                *entry_mut(&mut state.pre_activations, state.lanes, neuron, sample) = h;
            }
        }
        state.link(problem);
        state.refresh_margins(problem);
    }
}

/// Multiplies entry `(i, j)` of a matrix, each row padded to whole lanes, with `factor y_i y_j G_ij`.
fn scale_by_pairs(matrix: &mut [Lanes], problem: &Problem, factor: f64) {
    let labels = problem.labels();
    let rows = matrix.chunks_exact_mut(padded(labels.len()) / LANES);
    let pairs = labels.iter().zip(problem.inner_products().iter());
    for (row, (label, gram)) in rows.zip(pairs) {
        for ((entry, g), other) in row.as_flattened_mut().iter_mut().zip(gram).zip(labels) {
            *entry *= factor * label * other * g;
        }
    }
}
