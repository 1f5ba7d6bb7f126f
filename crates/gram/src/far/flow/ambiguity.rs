//! The error of events.
//!
//! Gradient descent changes slopes at whole steps, and the flow puts its events on whole steps; it
//! may be another one. The error of each neuron is estimated as a norm of its weights,
//! `e_k ≥ ‖δw_k‖`, that of a margin as `(‖x_i‖/m) Σ_k e_k`. (derived; an estimate, not
//! a bound)

use super::super::linear::absolute_times;
use super::super::transition::Continuation;
use super::epoch::Change;
use super::state::Flow;
use crate::piece::Piece;

/// Kinks at most this many steps apart count as one.
const MEETING: f64 = 4.0;

impl Flow {
    /// Adds the error of an event: `steps` from [`ambiguity`](Self::ambiguity), and `before`, the
    /// velocities of the neurons, both from before the event.
    pub(super) fn add_event_errors(
        &mut self,
        changes: &[Change],
        steps: &[f64],
        before: &[Vec<f64>],
    ) {
        let v = self.rates(&self.here);
        let inverse = (-self.here.tau).exp();
        for ((change, steps), before) in changes.iter().zip(steps).zip(before) {
            let mut jump = self.weight_velocity(change.neuron, &v);
            for (after, before) in jump.iter_mut().zip(before) {
                *after = (*after - before) * inverse;
            }
            let late = steps * self.length(&jump);
            let open = match change.continuation {
                Continuation::Determined => 0.0,
                // The side is not known, so that no margin is.
                Continuation::Ambiguous => self.unbounded_error(),
            };
            let doubt = &mut self.weight_errors[change.neuron];
            *doubt = doubt.max(change.moved) + late + open;
        }
    }

    /// The estimated error of the margins from events, `max_i ‖x_i‖/m Σ_k e_k`.
    pub(super) fn event_error(&self) -> f64 {
        self.largest_norm() / self.coupling.width * self.weight_errors.iter().sum::<f64>()
    }

    /// An error of one neuron that is as large as every margin.
    fn unbounded_error(&self) -> f64 {
        let most = self
            .base
            .margins
            .iter()
            .fold(1.0_f64, |most, q| most.max(q.abs()));
        most.max(self.here.tau) * self.coupling.width / self.largest_norm().max(f64::MIN_POSITIVE)
    }

    /// `max_i ‖x_i‖`.
    fn largest_norm(&self) -> f64 {
        (0..self.coupling.samples())
            .map(|i| self.coupling.gram.row(i)[i])
            .fold(0.0, f64::max)
            .sqrt()
    }

    /// The velocity of a neuron in `τ` at rates `v`, as coefficients of the samples.
    pub(super) fn weight_velocity(&self, neuron: usize, v: &[f64]) -> Vec<f64> {
        let group = self.coupling.group(neuron);
        let mut z = vec![0.0; v.len()];
        self.coupling.apply_slopes(group, v, &mut z);
        let factor = group.sign * self.coupling.rate;
        z.iter_mut().for_each(|z| *z *= factor);
        z
    }

    /// `‖c X‖` of a neuron's coefficients.
    fn length(&self, coefficients: &[f64]) -> f64 {
        let squared: f64 = coefficients
            .iter()
            .zip(self.coupling.gram.iter())
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

    /// For each of these neurons, all past a kink, the number of steps by which gradient descent
    /// may change its slope earlier or later than the flow does here, at most the number of steps
    /// so far.
    ///
    /// The flow changes a slope at the first step at which a pair is past its kink. So does
    /// gradient descent, unless the pre-activation there, or one step before, is smaller than its
    /// error: `‖x_i‖` times the error of the neuron and its part of the error of the margins,
    /// plus its chatter. At opposite-sign kinks, which a neuron approaches from both sides, the
    /// number is then 1; at same-sign kinks, from which it moves away on both sides, it is the
    /// error over the speed.
    pub(super) fn ambiguity(&self, neurons: &[usize], v: &[f64]) -> Vec<f64> {
        let mut q = vec![0.0; v.len()];
        self.field().margins(&self.here.sums, &mut q);
        let longest = self.largest_norm();
        let common = if longest > 0.0 {
            (self.estimate.absolute(&q) + self.event_error()) / longest
        } else {
            0.0
        };
        neurons
            .iter()
            .map(|&k| self.uncertain_steps(k, v, self.weight_errors[k] + common))
            .collect()
    }

    /// Whether kinks of a neuron that is past one of them meet here: a same-sign pair of another
    /// direction is within a few steps of its own kink, so that single steps decide which is
    /// crossed.
    pub(super) fn kinks_meet(&self, neuron: usize, v: &[f64]) -> bool {
        let n = v.len();
        let group = self.coupling.group(neuron);
        let h = &self.h[neuron * n..(neuron + 1) * n];
        let past = |i: &usize| match group.pieces[*i] {
            Piece::Active => h[*i] < 0.0,
            Piece::Inactive => h[*i] > 0.0,
            Piece::Sliding => false,
        };
        let crossed: Vec<usize> = (0..n).filter(past).collect();
        let mut sloped_rates = vec![0.0; n];
        let (mut z, mut reach) = (vec![0.0; n], vec![0.0; n]);
        // The largest move in a step: with slope 1 on every sample of slope above 0, or as it is
        // now.
        self.coupling.apply_slopes(group, v, &mut z);
        for (sloped_rate, (z, v)) in sloped_rates.iter_mut().zip(z.iter().zip(v)) {
            *sloped_rate = if *z == 0.0 { 0.0 } else { v.max(z.abs()) };
        }
        absolute_times(self.coupling.gram.iter(), &sloped_rates, &mut reach);
        let scale = MEETING * self.coupling.rate * (-self.here.tau).exp();
        let parallel = |i: usize, j: usize| {
            let row = self.coupling.gram.row(i);
            let lengths = (row[i] * self.coupling.gram.row(j)[j]).sqrt();
            row[j] >= (1.0 - 1e-9) * lengths
        };
        (0..n).any(|i| {
            !self.coupling.opposite(group.sign, i)
                && self.coupling.gram.row(i)[i] > 0.0
                && h[i].abs() <= scale * reach[i]
                && crossed.iter().any(|&j| !parallel(i, j))
        })
    }

    fn uncertain_steps(&self, neuron: usize, v: &[f64], error: f64) -> f64 {
        let n = v.len();
        let inverse = (-self.here.tau).exp();
        let group = self.coupling.group(neuron);
        let (mut z, mut moved) = (vec![0.0; n], vec![0.0; n]);
        self.coupling.apply_slopes(group, v, &mut z);
        self.coupling.moved(group, &z, &mut moved);
        let (mut gaps, mut chatter) = (vec![0.0; n], vec![0.0; n]);
        for &j in &group.sliding {
            gaps[j] = (1.0 - self.coupling.slope) * self.coupling.rate * v[j] * inverse;
        }
        absolute_times(self.coupling.gram.iter(), &gaps, &mut chatter);
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
            let error = self.coupling.gram.row(i)[i].sqrt() * error + chatter[i];
            if error >= past.min((speed - past).abs()) {
                let steps = if self.coupling.opposite(group.sign, i) {
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
