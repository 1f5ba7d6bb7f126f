//! Steps under the hinge loss, whose slopes seldom change.

use burn::tensor::{Tensor, TensorData};
use implicit_bias_algebra::{Accum, MatMut, MatRef, Par, matmul};
use implicit_bias_record::StopRule;
use ndarray::Array2;

use super::block_sums::Output;
use super::problem::{Descent, DescentProblem};
use crate::{Activation, Objective, Targets};

/// After so many steps the velocities are computed anew, so that rounding does not add up in them.
const REFRESH: u64 = 512;

/// Most samples: the inner products take `8 n²` bytes.
const MOST_SAMPLES: usize = 4096;

/// Full-batch descent under the hinge loss in the coordinates `W = W(0) + C X`.
///
/// The slopes of the hinge loss and of `max(z, γ z)` are constants until a margin passes 1 or a
/// pre-activation passes 0. Between such events a step is `H += V`, `C += ΔC` with the same `ΔC` and
/// `V = ΔC G`: `K n` additions. An event changes one entry of `ΔC` and one row of `V`, a margin that
/// passes 1 one column of `ΔC`. The trajectory is that of
/// [`GramSpaceDescent`](super::GramSpaceDescent) up to rounding.
pub(crate) struct HingeDescent {
    /// Pre-activations `H`, `K×n`.
    h: Vec<f64>,
    /// `V`, `K×n`.
    velocity: Vec<f64>,
    /// `ΔC` of a step, `K×n`.
    change: Vec<f64>,
    /// `C` up to the step in `since`, `K×n`.
    c: Vec<f64>,
    /// The step up to which an entry of `C` is counted.
    since: Vec<f64>,
    /// Whether `h > 0`, `K×n`.
    active: Vec<bool>,
    /// Slope of the loss of each sample, 0 or 1.
    slopes: Vec<f64>,
    /// Scores of the present state.
    scores: Vec<f64>,
    /// Rows in which a sign changed.
    changed: Vec<bool>,
    /// Steps taken.
    steps: u64,
    gram: Vec<f64>,
    /// `W(0)`, `K×d`.
    initial: Vec<f64>,
    x: Vec<f64>,
    labels: Vec<f64>,
    objective: Objective,
    signs: Vec<f64>,
    activation: Activation,
    /// `η a/n`.
    rate: f64,
    /// `1/a`.
    divisor: f64,
    stop: Option<StopRule>,
    /// Rows and columns of a block.
    shape: [usize; 2],
}

impl HingeDescent {
    /// Whether a problem is one of these: the hinge loss of labels ±1, in double precision.
    pub fn is_of(problem: &DescentProblem<'_>) -> bool {
        let objective = problem.objective;
        objective.loss().name() == "hinge"
            && matches!(objective.targets(), Targets::Signs(_))
            && !(problem.single_precision || problem.compensated)
            && problem.x.nrows() <= MOST_SAMPLES
    }

    pub fn new(
        problem: &DescentProblem<'_>,
        activation: Activation,
        blocks: &[Array2<f64>],
        (outputs, divisor): (Vec<Output>, f64),
    ) -> Self {
        let (samples, dim) = problem.x.dim();
        let width = blocks[0].nrows();
        let neurons = width * blocks.len();
        let initial: Vec<f64> = blocks.iter().flatten().copied().collect();
        let x: Vec<f64> = problem.x.iter().copied().collect();
        let [mut gram, mut h] = [vec![0.0; samples * samples], vec![0.0; neurons * samples]];
        let in_rows = MatRef::from_row_major_slice(&x, samples, dim);
        for (product, left, rows) in [(&mut gram, &x, samples), (&mut h, &initial, neurons)] {
            matmul(
                MatMut::from_row_major_slice_mut(product, rows, samples),
                Accum::Replace,
                MatRef::from_row_major_slice(left, rows, dim),
                in_rows.transpose(),
                1.0,
                Par::Seq,
            );
        }
        let Targets::Signs(labels) = problem.objective.targets() else {
            unreachable!("labels ±1 were asked for")
        };
        let signs = outputs.iter().flat_map(|o| vec![o.sign; width]);
        let zeros = || vec![0.0; neurons * samples];
        let mut descent = Self {
            velocity: zeros(),
            change: zeros(),
            c: zeros(),
            since: zeros(),
            active: Vec::new(),
            slopes: vec![0.0; samples],
            scores: vec![0.0; samples],
            changed: vec![false; neurons],
            steps: 0,
            labels: labels.clone(),
            objective: problem.objective.clone(),
            signs: signs.collect(),
            activation,
            rate: problem.step_size / (samples as f64 * divisor),
            divisor,
            stop: problem.stop,
            shape: [width, dim],
            h,
            gram,
            initial,
            x,
        };
        descent.look();
        descent
    }

    fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Computes what follows from the pre-activations alone: their signs and the scores.
    fn look(&mut self) {
        self.active = self.h.iter().map(|&h| h > 0.0).collect();
        let still = vec![0.0; self.h.len()];
        self.advance_by(&still);
    }

    /// `H += V`, with the scores there and the rows in which a sign changed.
    fn advance_by(&mut self, velocity: &[f64]) {
        self.scores.fill(0.0);
        pulp::Arch::new().dispatch(Advance {
            h: &mut self.h,
            velocity,
            scores: &mut self.scores,
            changed: &mut self.changed,
            signs: &self.signs,
            slope: self.activation.slope(),
        });
        for score in &mut self.scores {
            *score /= self.divisor;
        }
    }

    /// Gives an entry of `ΔC` the value that it has from here on.
    fn set_change(&mut self, neuron: usize, sample: usize) {
        let samples = self.samples();
        let place = neuron * samples + sample;
        let slope = self.activation.derivative(self.h[place]);
        let sign = self.signs[neuron] * self.labels[sample];
        let value = self.rate * sign * slope * self.slopes[sample];
        let difference = value - self.change[place];
        if difference == 0.0 {
            return;
        }
        let now = self.steps as f64;
        self.c[place] += self.change[place] * (now - self.since[place]);
        self.since[place] = now;
        self.change[place] = value;
        let row = &mut self.velocity[neuron * samples..][..samples];
        let products = &self.gram[sample * samples..][..samples];
        pulp::Arch::new().dispatch(AddMultiple {
            row,
            factor: difference,
            products,
        });
    }

    /// `V = ΔC G` from its parts.
    fn refresh(&mut self) {
        let (samples, neurons) = (self.samples(), self.signs.len());
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.velocity, neurons, samples),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.change, neurons, samples),
            MatRef::from_row_major_slice(&self.gram, samples, samples),
            1.0,
            Par::Seq,
        );
    }

    fn is_at_stop(&self) -> bool {
        let rule = self.stop;
        rule.is_some_and(|rule| {
            let margins = self.objective.soft_margins(&self.scores);
            self.objective.stops(rule, &margins)
        })
    }

    /// One step; `false`, with nothing changed, if a score is not finite or the descent is to stop.
    fn step(&mut self) -> bool {
        if self.scores.iter().any(|score| !score.is_finite()) || self.is_at_stop() {
            return false;
        }
        let (samples, neurons) = (self.samples(), self.signs.len());
        for sample in 0..samples {
            let margin = self.labels[sample] * self.scores[sample];
            let slope = self.objective.loss().slope(margin);
            if slope != self.slopes[sample] {
                self.slopes[sample] = slope;
                (0..neurons).for_each(|neuron| self.set_change(neuron, sample));
            }
        }
        if self.steps.is_multiple_of(REFRESH) {
            self.refresh();
        }
        let velocity = std::mem::take(&mut self.velocity);
        self.advance_by(&velocity);
        self.velocity = velocity;
        self.steps += 1;
        for neuron in 0..neurons {
            if !self.changed[neuron] {
                continue;
            }
            for sample in 0..samples {
                let place = neuron * samples + sample;
                let is_active = self.h[place] > 0.0;
                if self.active[place] != is_active {
                    self.active[place] = is_active;
                    self.set_change(neuron, sample);
                }
            }
        }
        true
    }
}

/// `v += f g` of a row, compiled for the vector instructions of the machine.
struct AddMultiple<'a> {
    row: &'a mut [f64],
    factor: f64,
    products: &'a [f64],
}

impl pulp::WithSimd for AddMultiple<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        for (v, g) in self.row.iter_mut().zip(self.products) {
            *v += self.factor * g;
        }
    }
}

/// `h += v` of all pairs, compiled for the vector instructions of the machine.
struct Advance<'a> {
    h: &'a mut [f64],
    velocity: &'a [f64],
    /// Sums over the neurons of `s φ(h)` are added to these.
    scores: &'a mut [f64],
    changed: &'a mut [bool],
    signs: &'a [f64],
    slope: f64,
}

impl pulp::WithSimd for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let samples = self.scores.len();
        let rows = self.h.chunks_exact_mut(samples);
        let rows = rows.zip(self.velocity.chunks_exact(samples));
        let marks = self.changed.iter_mut().zip(self.signs);
        for ((h, velocity), (changed, &sign)) in rows.zip(marks) {
            // Counted instead of looked for, so that several numbers at a time are.
            let mut flips = 0_u64;
            for ((h, v), score) in h.iter_mut().zip(velocity).zip(&mut *self.scores) {
                let next = *h + v;
                flips += u64::from((*h > 0.0) != (next > 0.0));
                *h = next;
                let leaky = self.slope * next;
                *score += sign * if next > leaky { next } else { leaky };
            }
            *changed = flips > 0;
        }
    }
}

impl Descent for HingeDescent {
    fn state(&self) -> Vec<f64> {
        let arrays = [&self.h, &self.velocity, &self.change, &self.c, &self.since];
        let mut state: Vec<f64> = arrays.into_iter().flatten().copied().collect();
        state.extend(&self.slopes);
        state.push(self.steps as f64);
        state
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let pairs = self.h.len();
        if state.len() != 5 * pairs + self.samples() + 1 {
            return false;
        }
        let (arrays, rest) = state.split_at(5 * pairs);
        let own = [
            &mut self.h,
            &mut self.velocity,
            &mut self.change,
            &mut self.c,
            &mut self.since,
        ];
        for (own, saved) in own.into_iter().zip(arrays.chunks_exact(pairs)) {
            own.copy_from_slice(saved);
        }
        let (slopes, steps) = rest.split_at(self.labels.len());
        self.slopes.copy_from_slice(slopes);
        self.steps = steps[0] as u64;
        self.look();
        true
    }

    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn stops(&mut self) -> bool {
        self.is_at_stop()
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        let ([width, dim], samples) = (self.shape, self.samples());
        let neurons = self.signs.len();
        let now = self.steps as f64;
        let entries = self.c.iter().zip(self.change.iter().zip(&self.since));
        let c: Vec<f64> = entries
            .map(|(c, (change, since))| c + change * (now - since))
            .collect();
        let mut w = self.initial.clone();
        matmul(
            MatMut::from_row_major_slice_mut(&mut w, neurons, dim),
            Accum::Add,
            MatRef::from_row_major_slice(&c, neurons, samples),
            MatRef::from_row_major_slice(&self.x, samples, dim),
            1.0,
            Par::Seq,
        );
        w.chunks_exact(width * dim)
            .map(|block| {
                let data = TensorData::new(block.to_vec(), self.shape);
                Tensor::from_data(data, (&like.device(), like.dtype()))
            })
            .collect()
    }
}
