//! Gradient descent one step at a time in Gram coordinates, for every neuron.
//!
//! A step is one product of `n × n` by `n × 2m`, done by tables (`tables`) tile by tile: [`TILE`] samples, whose
//! pre-activations lie side by side for each neuron. What a tile becomes does not depend on the others, so that large
//! problems are spread over threads, whose number changes no bit.
//!
//! Steps come in runs. What a run has changed is kept apart from what it began with, and added at its end: a step rounds
//! a small change, not a pre-activation, as a step of a block does.

use implicit_bias_scalar::aligned::AlignedLanes;
use pulp::Simd;
use serde::{Deserialize, Serialize};

use super::state::{self, State};
use super::tables::{Active, Layout, Move, TILE, Work, read_tile};
use super::transfer::is_large;
use crate::error::require_len;
use crate::kernel::{LANES, Lanes, MaskBits, VectorizedBits, fill_slopes, vectorized_bits};
use crate::threads::of_steps;
use crate::{GramError, Problem};

/// Memory of plain stepping.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    layout: Layout,
    /// `H` at the start of the run, 0 on samples that are multiples of others; and how `H` and `C` have changed since, by
    /// tile, then neuron.
    base: AlignedLanes,
    moved: AlignedLanes,
    coefficients: AlignedLanes,
    /// Where neurons are active before a step and after it, by tile, then neuron.
    active: Vec<Active>,
    next: Vec<Active>,
    /// `s_k`.
    signs: Vec<f64>,
    /// `−ℓ'(q_j)`.
    slopes: Vec<Lanes>,
    /// `c_j = (η/(nm)) y_j g_j`.
    rates: Vec<Lanes>,
    /// `Σ_k s_k φ(h_ki)`.
    scores: Vec<Lanes>,
    /// Of each thread.
    works: Vec<Work>,
}

/// What a run of plain steps changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PlainCheckpoint {
    moved: Vec<Lanes>,
    coefficients: Vec<Lanes>,
}

impl Plain {
    pub fn new(problem: &Problem) -> Self {
        let layout = Layout {
            samples: problem.samples(),
            neurons: problem.neurons(),
        };
        let entries = layout.tiles() * layout.neurons;
        Self {
            layout,
            base: AlignedLanes::zeros(entries * (TILE / LANES)),
            moved: AlignedLanes::zeros(entries * (TILE / LANES)),
            coefficients: AlignedLanes::zeros(entries * (TILE / LANES)),
            active: vec![Active::default(); entries],
            next: vec![Active::default(); entries],
            signs: (0..layout.neurons)
                .map(|neuron| problem.sign(neuron))
                .collect(),
            slopes: vec![[0.0; LANES]; layout.samples.div_ceil(LANES)],
            rates: vec![[0.0; LANES]; layout.tiles() * (TILE / LANES)],
            scores: vec![[0.0; LANES]; layout.tiles() * (TILE / LANES)],
            works: Vec::new(),
        }
    }

    /// Begins a run at a state.
    pub fn begin(&mut self, problem: &Problem, state: &State) {
        self.moved.fill([0.0; LANES]);
        self.coefficients.fill([0.0; LANES]);
        let base = self.base.as_flattened_mut();
        self.layout.for_entries(|at, sample, neuron| {
            base[at] = state::entry(&state.pre_activations, state.lanes, neuron, sample);
        });
        for link in problem.links() {
            for neuron in 0..self.layout.neurons {
                let at = self.layout.at(link.sample, neuron);
                self.moved.as_flattened_mut()[at] = base[at];
                base[at] = 0.0;
            }
        }
        self.dispatch(problem, &mut [], 0);
    }

    /// Takes up to `steps` steps of a run; returns those taken, fewer if a margin stopped being finite.
    pub fn run(&mut self, problem: &Problem, margins: &mut [Lanes], steps: u64) -> u64 {
        self.dispatch(problem, margins, steps)
    }

    /// Adds the changes of a run to the state that it began at.
    pub fn apply_to(&self, state: &mut State) {
        let [base, moved, coefficients] =
            [&self.base, &self.moved, &self.coefficients].map(|array| array.as_flattened());
        let lanes = state.lanes;
        self.layout.for_entries(|at, sample, neuron| {
            *state::entry_mut(&mut state.pre_activations, lanes, neuron, sample) =
                base[at] + moved[at];
            *state::entry_mut(&mut state.coefficients, lanes, neuron, sample) += coefficients[at];
        });
    }

    /// How large the changes of a run are beside what they lead to: of sums over neurons, the largest over samples.
    pub fn relative_change(&self) -> f64 {
        let mut sums = vec![[0.0; 2]; self.layout.samples];
        let (base, moved) = (self.base.as_flattened(), self.moved.as_flattened());
        self.layout.for_entries(|at, sample, _| {
            sums[sample][0] += moved[at].abs();
            sums[sample][1] += (base[at] + moved[at]).abs();
        });
        let largest = |which: usize| sums.iter().fold(0.0_f64, |most, sum| most.max(sum[which]));
        let (change, whole) = (largest(0), largest(1));
        if whole > 0.0 { change / whole } else { 1.0 }
    }

    /// What a run has changed so far.
    pub fn checkpoint(&self) -> PlainCheckpoint {
        PlainCheckpoint {
            moved: self.moved.to_vec(),
            coefficients: self.coefficients.to_vec(),
        }
    }

    /// Puts a run that was begun anew where the checkpoint was taken.
    ///
    /// # Errors
    ///
    /// [`GramError::Checkpoint`] if an array has another length.
    pub fn restore(
        &mut self,
        problem: &Problem,
        checkpoint: &PlainCheckpoint,
    ) -> Result<(), GramError> {
        for (what, array, stored) in [
            ("the changes of a run", &mut self.moved, &checkpoint.moved),
            (
                "the run's coefficients",
                &mut self.coefficients,
                &checkpoint.coefficients,
            ),
        ] {
            require_len(what, array.len(), stored.len())?;
            array.copy_from_slice(stored);
        }
        self.dispatch(problem, &mut [], 0);
        Ok(())
    }

    /// Memory for as many threads as the steps of this problem are worth.
    fn set_threads(&mut self) {
        let lanes = self.layout.neurons.div_ceil(LANES);
        let threads = if is_large(self.layout.samples, lanes) {
            of_steps().min(self.layout.tiles())
        } else {
            1
        };
        if self.works.len() != threads {
            let each = self.layout.tiles().div_ceil(threads);
            self.works = vec![Work::new(self.layout, each); threads];
        }
    }

    /// Reads where neurons are active at the beginning, and takes steps, by the instructions of this machine.
    fn dispatch(&mut self, problem: &Problem, margins: &mut [Lanes], steps: u64) -> u64 {
        self.set_threads();
        vectorized_bits(Steps {
            plain: self,
            problem,
            margins,
            steps,
        })
    }

    /// Makes pre-activations on samples that are multiples of others those multiples.
    #[cold]
    #[inline(never)]
    fn link(&mut self, problem: &Problem) {
        let (base, moved) = (self.base.as_flattened(), self.moved.as_flattened_mut());
        for link in problem.links() {
            for neuron in 0..self.layout.neurons {
                let of = self.layout.at(link.of, neuron);
                moved[self.layout.at(link.sample, neuron)] = link.factor * (base[of] + moved[of]);
            }
        }
    }

    /// One step of `H` and `C`, and what is read from `H`.
    #[inline(always)]
    fn move_all<S: Simd, B: MaskBits>(&mut self, simd: S, problem: &Problem, bits: B) {
        let (tiles, neurons) = (self.layout.tiles(), self.layout.neurons);
        let each = tiles.div_ceil(self.works.len());
        let lanes = each * neurons * (TILE / LANES);
        let arrays = (self.base.chunks(lanes))
            .zip(self.moved.chunks_mut(lanes))
            .zip(self.coefficients.chunks_mut(lanes))
            .zip(self.next.chunks_mut(each * neurons))
            .zip(self.scores.chunks_mut(each * (TILE / LANES)))
            .zip(&mut self.works);
        let (rates, active, signs) = (&*self.rates, &*self.active, &*self.signs);
        let layout = self.layout;
        let parts = arrays.enumerate().map(
            |(part, (((((base, moved), c), next), scores), work))| Move {
                layout,
                gram: problem.inner_products(),
                slope: problem.activation().slope(),
                bits,
                rates,
                active,
                signs,
                tiles: [part * each, ((part + 1) * each).min(tiles)],
                base,
                moved,
                c,
                next,
                scores,
                work,
            },
        );
        if each == tiles {
            parts.for_each(|part| part.run(simd));
        } else {
            rayon::scope(|scope| {
                parts.for_each(|part| scope.spawn(move |_| part.run(simd)));
            });
        }
    }

    /// Reads from `H` where neurons are active, and scores.
    #[inline(always)]
    fn read_all<S: Simd, B: MaskBits>(&mut self, simd: S, problem: &Problem, bits: B) {
        let slope = problem.activation().slope();
        let neurons = self.layout.neurons;
        let base = self.base.chunks_exact(TILE / LANES * neurons);
        let moved = self.moved.chunks_exact(TILE / LANES * neurons);
        let next = self.next.chunks_exact_mut(neurons);
        let scores = self.scores.chunks_exact_mut(TILE / LANES);
        for (((base, moved), next), scores) in base.zip(moved).zip(next).zip(scores) {
            read_tile(simd, slope, bits, &self.signs, [base, moved], next, scores);
        }
    }
}

struct Steps<'a> {
    plain: &'a mut Plain,
    problem: &'a Problem,
    margins: &'a mut [Lanes],
    steps: u64,
}

impl VectorizedBits for Steps<'_> {
    /// Steps taken.
    type Output = u64;

    #[inline(always)]
    fn run<S: Simd, B: MaskBits>(self, simd: S, bits: B) -> u64 {
        let (plain, problem) = (self.plain, self.problem);
        if self.steps == 0 {
            plain.read_all(simd, problem, bits);
        }
        for taken in 1..=self.steps {
            std::mem::swap(&mut plain.active, &mut plain.next);
            fill_slopes::<S>(problem.loss(), self.margins, &mut plain.slopes);
            let slopes = plain.slopes.as_flattened();
            let rates = plain.rates.as_flattened_mut();
            for ((rate, label), g) in rates.iter_mut().zip(problem.labels()).zip(slopes) {
                *rate = problem.rate() * label * g;
            }
            plain.move_all(simd, problem, bits);
            if !problem.links().is_empty() {
                plain.link(problem);
                plain.read_all(simd, problem, bits);
            }
            let mut total = 0.0;
            let margins = self.margins.as_flattened_mut().iter_mut();
            let scores = plain.scores.as_flattened();
            let inverse_width = 1.0 / problem.divisor();
            for ((margin, label), score) in margins.zip(problem.labels()).zip(scores) {
                *margin = score * label * inverse_width;
                total += *margin;
            }
            if !f64::is_finite(total) {
                return taken;
            }
        }
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use implicit_bias_data::{DataLaw, Mixture};
    use implicit_bias_scalar::{Activation, Loss};
    use ndarray::Array2;

    use super::*;
    use crate::kernel::{AnyBits, WithBits, vectorized};

    fn steps<'a>(
        plain: &'a mut Plain,
        problem: &'a Problem,
        margins: &'a mut [Lanes],
    ) -> Steps<'a> {
        Steps {
            plain,
            problem,
            margins,
            steps: 50,
        }
    }

    /// Any instruction set takes the same steps: vectors of one lane, and those of this machine with either way of
    /// reading masks.
    #[test]
    fn vectors_of_any_length_take_the_same_steps() {
        for samples in [2, 5, 10, 16, 37, 100] {
            let law = Mixture {
                samples,
                dim: 40,
                signal: 1.0,
                noise: 1.0,
            };
            let data = law.generate(1).unwrap();
            let activation = Activation::leaky_relu(0.2).unwrap();
            let problem = Problem::new(&data, 3, activation, Loss::Logistic, 0.5).unwrap();
            let start =
                Array2::from_shape_fn((6, samples), |(k, i)| ((7 * k + 3 * i) % 11) as f64 - 5.0);
            let run = |take: fn(&mut Plain, &Problem, &mut [Lanes]) -> u64| {
                let mut state = State::new(&problem, start.view());
                let mut plain = Plain::new(&problem);
                plain.begin(&problem, &state);
                assert_eq!(take(&mut plain, &problem, &mut state.margins), 50);
                plain.apply_to(&mut state);
                let arrays = [&state.pre_activations, &state.coefficients, &state.margins];
                arrays.map(|array| array.as_flattened().to_vec()).concat()
            };
            let usual = run(|plain, problem, margins| plain.run(problem, margins, 50));
            let any_bits = run(|plain, problem, margins| {
                vectorized(WithBits(steps(plain, problem, margins), AnyBits))
            });
            let scalar = run(|plain, problem, margins| {
                steps(plain, problem, margins).run(pulp::Scalar, AnyBits)
            });
            assert_eq!(any_bits, usual, "{samples} samples");
            let largest = usual
                .iter()
                .fold(0.0_f64, |most, value| most.max(value.abs()));
            for (found, expected) in scalar.iter().zip(&usual) {
                assert!(
                    (found - expected).abs() < 1e-13 * largest,
                    "{samples} samples"
                );
            }
        }
    }
}
