//! A block of steps in `n` dimensions, with a few watched pairs.
//!
//! Over the block every pair that is not watched keeps its slope, so that (docs/theory.md §5)
//!
//! ```text
//! q_i  = b_i + (y_i/m) Σ_{watched (k,i)} s_k φ(h_ki)
//! b   += A g + Σ_{watched (k,j), h_kj > 0} E_kj g_j
//! h_ki += V_ki · g + Σ_{watched (k,j), h_kj > 0} e_kij g_j          for watched (k,i)
//! ```
//!
//! where `A` and `V` have the slope `γ` on watched pairs, and `E`, `e` have the slope `1 − γ`
//! on one of them. It is the same map as a plain step, at a cost that does not depend on `m`.
//!
//! A watched pair has a *place*: a lane of a *lane group*, which holds up to eight neurons of one
//! sample side by side.

use super::budget::Plan;
use super::state::{State, entry, entry_mut};
use super::transfer::{ApplyChanges, Counts, is_large};
use crate::Problem;
use crate::aligned::AlignedLanes;
use crate::kernel::{LANES, Lanes, padded, vectorized};

/// The pre-activation of a place without a pair: inactive, and its weight 0 keeps it so.
const EMPTY_PLACE: f64 = -1.0;

/// A watched pair in the list of its neuron.
#[derive(Clone, Copy, Debug)]
pub(super) struct NeuronPair {
    pub place: u32,
    pub sample: u32,
}

/// A sample on which some neurons of a lane group have slope 1, watched pairs left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnitSlopes {
    pub sample: u32,
    /// The neurons, by lane.
    pub bits: u8,
}

/// A block of steps: its matrices, what its steps change, and working memory reused by the next
/// block.
#[derive(Clone, Debug, Default)]
pub(crate) struct StepBlock {
    /// The neuron of each place, `None` where there is no pair; lane group after lane group.
    pub(super) neurons: Vec<Option<usize>>,
    /// The neuron of each place, 0 where there is no pair.
    pub(super) neuron_of: Vec<usize>,
    /// The sample of each lane group.
    pub(super) samples: Vec<usize>,
    /// `h_ki` of each place.
    pub(super) watched_h: Vec<Lanes>,
    /// `y_i s_k / m`, the weight of `φ(h_ki)` in the margin; 0 where there is no pair.
    pub(super) weights: Vec<Lanes>,
    /// The samples on which some neurons of a lane group have slope 1; lane group after lane group.
    pub(super) unit_slopes: Vec<UnitSlopes>,
    /// The end of each lane group's part of `unit_slopes`.
    pub(super) unit_slope_ends: Vec<usize>,
    /// `(η/n) (1 − γ)`.
    pub(super) gain: f64,
    /// `γ/(1 − γ)`.
    pub(super) slope_ratio: f64,
    /// `y_j`, `n`.
    pub(super) labels: Vec<Lanes>,
    /// `(η/n) (1 − γ) y_j g_j`, `n`.
    pub(super) signed_rates: Vec<Lanes>,
    /// `(η/n) (1 − γ) y_i G_ij y_j g_j` for one `i`, `n`.
    pub(super) contributions: Vec<Lanes>,
    /// `y_i D_ki`, 0 on watched pairs, `2m × n`, each row padded to whole lanes:
    /// `E_kj,i = (η/(nm²)) (1 − γ) y_j G_ij (y_i D_ki)`.
    pub(super) unwatched: Vec<Lanes>,
    /// Rows of `unwatched`, summed over the neurons that are active on one sample.
    pub(super) unwatched_sum: Vec<Lanes>,
    /// Watched pairs ordered by neuron.
    pub(super) neuron_pairs: Vec<NeuronPair>,
    /// The end of each neuron's part of `neuron_pairs`.
    pub(super) neuron_pair_ends: Vec<usize>,
    /// Watched pairs of one neuron with samples that are multiples of one another: place, earlier
    /// place, factor.
    pub(super) links: Vec<(u32, u32, f64)>,
    /// `b` at the start of the block, and its change.
    pub(super) base: Vec<Lanes>,
    pub(super) changes: Vec<Lanes>,
    /// `A`, by lanes of rows, then columns.
    pub(super) columns: AlignedLanes,
    /// `g`.
    pub(super) slopes: Vec<Lanes>,
    /// `Σ g` over the block, and its bound.
    pub(super) sums: Vec<Lanes>,
    pub(super) bounds: Vec<Lanes>,
    /// Places that are active in this step, with memory for one lane group more.
    pub(super) active: Vec<u32>,
    /// Sums of `g_j` over the steps in which the pair was active, by place.
    pub(super) on_sums: Vec<f64>,
    /// `D` of the unwatched pairs, 0 on watched ones; and with `γ` on them.
    fixed: Vec<Lanes>,
    lower: Vec<Lanes>,
}

impl StepBlock {
    /// Prepares the block of `plan` at the present state.
    pub fn set_up(&mut self, problem: &Problem, state: &State, plan: &Plan) {
        let samples = problem.samples();
        let sample_lanes = padded(samples) / LANES;
        self.set_slopes(problem, state, plan);
        self.columns.reset(sample_lanes * samples);
        let counts = Counts {
            left: &self.fixed,
            right: &self.lower,
            columns: &mut self.columns,
            lanes: state.lanes,
            samples,
        };
        if is_large(samples, state.lanes) {
            counts.by_panels();
        } else {
            vectorized(counts);
        }
        let factor = problem.rate() / problem.divisor();
        scale_by_pairs(&mut self.columns, problem, factor);
        self.set_places(problem, state, plan);
        self.set_unit_slopes(problem, state);
        self.set_effects(problem, state);
        self.set_links(problem);
        self.base.clone_from(&state.margins);
        for &(neuron, sample) in &plan.watched {
            let h = entry(&state.pre_activations, state.lanes, neuron, sample);
            let weight = problem.labels()[sample] * problem.sign(neuron) / problem.divisor();
            self.base.as_flattened_mut()[sample] -= weight * problem.activation().apply(h);
        }
        for array in [
            &mut self.changes,
            &mut self.slopes,
            &mut self.sums,
            &mut self.labels,
            &mut self.signed_rates,
            &mut self.contributions,
        ] {
            zeros(array, sample_lanes);
        }
        self.labels.as_flattened_mut()[..samples].copy_from_slice(problem.labels());
        self.bounds.clear();
        self.bounds.resize(sample_lanes, [f64::INFINITY; LANES]);
        let margins = &state.margins.as_flattened()[..samples];
        for (bound, &q) in self.bounds.as_flattened_mut().iter_mut().zip(margins) {
            *bound = plan.budget * problem.loss().slope(q);
        }
    }

    /// `D` with the watched pairs left out, and with them at their smaller slope.
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
        self.fixed.clear();
        self.fixed
            .extend(state.pre_activations.iter().enumerate().map(derivatives));
        self.lower.clone_from(&self.fixed);
        for &(neuron, sample) in &plan.watched {
            *entry_mut(&mut self.fixed, state.lanes, neuron, sample) = 0.0;
            *entry_mut(&mut self.lower, state.lanes, neuron, sample) = slope;
        }
    }

    /// Gives every watched pair a place.
    fn set_places(&mut self, problem: &Problem, state: &State, plan: &Plan) {
        self.neurons.clear();
        self.samples.clear();
        self.watched_h.clear();
        self.weights.clear();
        for pairs in plan.watched.chunk_by(|a, b| a.1 == b.1) {
            for group in pairs.chunks(LANES) {
                let sample = group[0].1;
                let neuron = |lane: usize| group.get(lane).map(|pair| pair.0);
                self.neurons.extend((0..LANES).map(neuron));
                self.samples.push(sample);
                self.watched_h.push(std::array::from_fn(|lane| {
                    neuron(lane).map_or(EMPTY_PLACE, |neuron| {
                        entry(&state.pre_activations, state.lanes, neuron, sample)
                    })
                }));
                self.weights.push(std::array::from_fn(|lane| {
                    neuron(lane).map_or(0.0, |neuron| {
                        problem.labels()[sample] * problem.sign(neuron) / problem.divisor()
                    })
                }));
            }
        }
        self.active.clear();
        self.active.resize(self.neurons.len() + LANES, 0);
        self.on_sums.clear();
        self.on_sums.resize(self.neurons.len(), 0.0);
    }

    /// `V`: the samples on which some neuron of a lane group has slope 1.
    fn set_unit_slopes(&mut self, problem: &Problem, state: &State) {
        let samples = problem.samples();
        let slope = problem.activation().slope();
        self.unit_slopes.clear();
        self.unit_slope_ends.clear();
        for neurons in self.neurons.chunks_exact(LANES) {
            for sample in 0..samples {
                let mut bits = 0;
                for (lane, neuron) in neurons.iter().enumerate() {
                    let above =
                        neuron.is_some_and(|k| entry(&self.lower, state.lanes, k, sample) > slope);
                    bits |= u8::from(above) << lane;
                }
                if bits != 0 {
                    self.unit_slopes.push(UnitSlopes {
                        sample: sample as u32,
                        bits,
                    });
                }
            }
            self.unit_slope_ends.push(self.unit_slopes.len());
        }
        // Times `m`, as `weights`, with which these are multiplied, hold `1/m`.
        self.gain = problem.rate() * problem.divisor() * (1.0 - slope);
        self.slope_ratio = slope / (1.0 - slope);
    }

    /// `E` and `e`: what an active watched pair adds.
    fn set_effects(&mut self, problem: &Problem, state: &State) {
        let sample_lanes = padded(problem.samples()) / LANES;
        zeros(&mut self.unwatched_sum, sample_lanes);
        zeros(&mut self.unwatched, problem.neurons() * sample_lanes);
        for (k, row) in self.unwatched.chunks_exact_mut(sample_lanes).enumerate() {
            let row = &mut row.as_flattened_mut()[..problem.samples()];
            for (i, (d, label)) in row.iter_mut().zip(problem.labels()).enumerate() {
                *d = label * entry(&self.fixed, state.lanes, k, i);
            }
        }
        self.neuron_pair_ends.clear();
        self.neuron_pair_ends.resize(problem.neurons() + 1, 0);
        for &neuron in self.neurons.iter().flatten() {
            self.neuron_pair_ends[neuron + 1] += 1;
        }
        for neuron in 0..problem.neurons() {
            self.neuron_pair_ends[neuron + 1] += self.neuron_pair_ends[neuron];
        }
        // Now each neuron's end is the start of its part; every pair written moves it by one.
        self.neuron_pairs.clear();
        let empty = NeuronPair {
            place: 0,
            sample: 0,
        };
        self.neuron_pairs
            .resize(self.neuron_pair_ends[problem.neurons()], empty);
        for (place, &neuron) in self.neurons.iter().enumerate() {
            if let Some(neuron) = neuron {
                let pair = NeuronPair {
                    place: place as u32,
                    sample: self.samples[place / LANES] as u32,
                };
                self.neuron_pairs[self.neuron_pair_ends[neuron]] = pair;
                self.neuron_pair_ends[neuron] += 1;
            }
        }
        self.neuron_of.clear();
        self.neuron_of
            .extend(self.neurons.iter().map(|neuron| neuron.unwrap_or(0)));
    }

    /// Watched pairs whose pre-activations are multiples of one another.
    fn set_links(&mut self, problem: &Problem) {
        self.links.clear();
        if problem.links().is_empty() {
            return;
        }
        for (place, neuron) in self.neurons.iter().enumerate() {
            let sample = self.samples[place / LANES];
            let link = problem
                .links()
                .binary_search_by_key(&sample, |link| link.sample);
            let (Some(neuron), Ok(link)) = (*neuron, link) else {
                continue;
            };
            let link = problem.links()[link];
            let start = if neuron == 0 {
                0
            } else {
                self.neuron_pair_ends[neuron - 1]
            };
            let neuron_pairs = &self.neuron_pairs[start..self.neuron_pair_ends[neuron]];
            let of = |pair: &&NeuronPair| pair.sample as usize == link.of;
            // One that is not watched keeps its sign over the block, and so do its multiples.
            if let Some(of) = neuron_pairs.iter().find(of) {
                self.links.push((place as u32, of.place, link.factor));
            }
        }
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
        for (place, (neuron, on)) in self.neurons.iter().zip(&self.on_sums).enumerate() {
            if let &Some(neuron) = neuron {
                let sample = self.samples[place / LANES];
                *entry_mut(&mut changes, state.lanes, neuron, sample) +=
                    gap * problem.labels()[sample] * problem.sign(neuron) * on;
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
        for (place, neuron) in self.neurons.iter().enumerate() {
            if let &Some(neuron) = neuron {
                let sample = self.samples[place / LANES];
                *entry_mut(&mut state.pre_activations, state.lanes, neuron, sample) =
                    self.watched_h.as_flattened()[place];
            }
        }
        state.link(problem);
        state.refresh_margins(problem);
    }
}

/// Multiplies entry `(i, j)` of a matrix, by lanes of rows, then columns, with
/// `factor y_i y_j G_ij`.
fn scale_by_pairs(columns: &mut [Lanes], problem: &Problem, factor: f64) {
    let (samples, labels) = (problem.samples(), problem.labels());
    for (i, row) in problem.inner_products().iter().enumerate() {
        let columns = &mut columns[(i / LANES) * samples..][..samples];
        for ((column, g), label) in columns.iter_mut().zip(row).zip(labels) {
            column[i % LANES] *= factor * labels[i] * label * g;
        }
    }
}

fn zeros(lanes: &mut Vec<Lanes>, len: usize) {
    lanes.clear();
    lanes.resize(len, [0.0; LANES]);
}
