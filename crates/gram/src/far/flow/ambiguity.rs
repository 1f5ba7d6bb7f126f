//! What events may be off by.
//!
//! Gradient descent changes slopes at whole steps, and the flow lands on them. What may be wrong about that is
//! kept for each neuron, as a length of its weights, `e_k ≥ ‖δw_k‖`; together `‖x_i‖/m Σ_k e_k` of a margin.
//! (derived; an estimate, not a bound)

use super::super::linear::absolute_times;
use super::super::pattern::Piece;
use super::super::settle::Decision;
use super::epoch::Change;
use super::state::Flow;

/// So many steps from one kink to another count as none.
const MEETING: f64 = 4.0;

impl Flow {
    /// Adds what an event at rates `v` may be off by: `steps` as [`ambiguity`](Self::ambiguity) has them before
    /// it, and the neurons' velocities before it.
    pub(super) fn doubt(&mut self, changes: &[Change], steps: &[f64], before: &[Vec<f64>]) {
        let v = self.rates(&self.here);
        let inverse = (-self.here.tau).exp();
        for ((change, steps), before) in changes.iter().zip(steps).zip(before) {
            let mut jump = self.weight_speed(change.neuron, &v);
            for (after, before) in jump.iter_mut().zip(before) {
                *after = (*after - before) * inverse;
            }
            let late = steps * self.length(&jump);
            let open = match change.decision {
                Decision::Clear => 0.0,
                // It may go either way, with all that it weighs: no margin is known.
                Decision::Open => self.everything(),
            };
            let doubt = &mut self.doubts[change.neuron];
            *doubt = doubt.max(change.moved) + late + open;
        }
    }

    /// The estimated error of the margins from events, `max_i ‖x_i‖/m Σ_k e_k`.
    pub(super) fn event_error(&self) -> f64 {
        self.longest() / self.pattern.width * self.doubts.iter().sum::<f64>()
    }

    /// An error of one neuron that makes every margin unknown.
    fn everything(&self) -> f64 {
        let most = self
            .base
            .margins
            .iter()
            .fold(1.0_f64, |most, q| most.max(q.abs()));
        most.max(self.here.tau) * self.pattern.width / self.longest().max(f64::MIN_POSITIVE)
    }

    /// `max_i ‖x_i‖`.
    fn longest(&self) -> f64 {
        (0..self.pattern.samples())
            .map(|i| self.pattern.gram.row(i)[i])
            .fold(0.0, f64::max)
            .sqrt()
    }

    /// The velocity of a neuron in `τ` at rates `v`, as coefficients of the samples.
    pub(super) fn weight_speed(&self, neuron: usize, v: &[f64]) -> Vec<f64> {
        let group = self.pattern.group(neuron);
        let mut z = vec![0.0; v.len()];
        self.pattern.drive(group, v, &mut z);
        let factor = group.sign * self.pattern.rate;
        z.iter_mut().for_each(|z| *z *= factor);
        z
    }

    /// `‖c X‖` of a neuron's coefficients.
    fn length(&self, coefficients: &[f64]) -> f64 {
        let squared: f64 = coefficients
            .iter()
            .zip(self.pattern.gram.iter())
            .map(|(c, row)| {
                c * row
                    .iter()
                    .zip(coefficients)
                    .map(|(g, c)| g * c)
                    .sum::<f64>()
            })
            .sum();
        squared.max(0.0).sqrt()
    }

    /// For each of these neurons, past a kink each, the steps by which gradient descent may change its slope
    /// earlier or later than the flow does here, at most as many as there have been.
    ///
    /// The flow lands on the first step at which a pair is past its kink. It is the step of gradient descent
    /// unless the pre-activation there, or one step before, is nearer to zero than it may be off: by `‖x_i‖`
    /// times the neuron's own error and the part that it has in that of the margins, and by its chatter.
    /// Then it is one step, since kinks of the other sign attract: a neuron that is late there comes no
    /// further away. Same-sign kinks repel, and it is as many as the error takes to be travelled.
    pub(super) fn ambiguity(&self, neurons: &[usize], v: &[f64]) -> Vec<f64> {
        let mut q = vec![0.0; v.len()];
        self.field().margins(&self.here.sums, &mut q);
        let longest = self.longest();
        let common = if longest > 0.0 {
            (self.estimate.absolute(&q) + self.event_error()) / longest
        } else {
            0.0
        };
        neurons
            .iter()
            .map(|&k| self.steps_in_doubt(k, v, self.doubts[k] + common))
            .collect()
    }

    /// Whether kinks of a neuron that is past one of them meet here: a same-sign pair of another direction is
    /// within a few steps of its own, so that the size of the steps decides which is crossed.
    pub(super) fn kinks_meet(&self, neuron: usize, v: &[f64]) -> bool {
        let n = v.len();
        let group = self.pattern.group(neuron);
        let h = &self.h[neuron * n..(neuron + 1) * n];
        let past = |i: &usize| match group.pieces[*i] {
            Piece::Active => h[*i] < 0.0,
            Piece::Inactive => h[*i] > 0.0,
            Piece::Sliding => false,
        };
        let crossed: Vec<usize> = (0..n).filter(past).collect();
        let mut pulls = vec![0.0; n];
        let (mut z, mut reach) = (vec![0.0; n], vec![0.0; n]);
        // As far as it moves in a step where every sample pulls with slope 1, or as it does now.
        self.pattern.drive(group, v, &mut z);
        for (pull, (z, v)) in pulls.iter_mut().zip(z.iter().zip(v)) {
            *pull = if *z == 0.0 { 0.0 } else { v.max(z.abs()) };
        }
        absolute_times(self.pattern.gram.iter(), &pulls, &mut reach);
        let scale = MEETING * self.pattern.rate * (-self.here.tau).exp();
        let parallel = |i: usize, j: usize| {
            let row = self.pattern.gram.row(i);
            let lengths = (row[i] * self.pattern.gram.row(j)[j]).sqrt();
            row[j] >= (1.0 - 1e-9) * lengths
        };
        (0..n).any(|i| {
            !self.pattern.opposite(group.sign, i)
                && self.pattern.gram.row(i)[i] > 0.0
                && h[i].abs() <= scale * reach[i]
                && crossed.iter().any(|&j| !parallel(i, j))
        })
    }

    fn steps_in_doubt(&self, neuron: usize, v: &[f64], error: f64) -> f64 {
        let n = v.len();
        let inverse = (-self.here.tau).exp();
        let group = self.pattern.group(neuron);
        let (mut z, mut moved) = (vec![0.0; n], vec![0.0; n]);
        self.pattern.drive(group, v, &mut z);
        self.pattern.moved(group, &z, &mut moved);
        let (mut gaps, mut chatter) = (vec![0.0; n], vec![0.0; n]);
        for &j in &group.sliding {
            gaps[j] = (1.0 - self.pattern.slope) * self.pattern.rate * v[j] * inverse;
        }
        absolute_times(self.pattern.gram.iter(), &gaps, &mut chatter);
        let mut most: f64 = 0.0;
        for (i, &piece) in group.pieces.iter().enumerate() {
            let past = match piece {
                Piece::Active => -self.h[neuron * n + i],
                Piece::Inactive => self.h[neuron * n + i],
                Piece::Sliding => continue,
            };
            if past <= 0.0 {
                continue;
            }
            let speed = moved[i].abs() * inverse;
            let error = self.pattern.gram.row(i)[i].sqrt() * error + chatter[i];
            if error >= past.min((speed - past).abs()) {
                let steps = if self.pattern.opposite(group.sign, i) {
                    1.0
                } else {
                    (error / speed).ceil().max(1.0)
                };
                most = most.max(steps);
            }
        }
        most.min(self.here.tau.exp())
    }
}
