//! Steps and events put together.

mod ambiguity;
mod checkpoint;
mod locate;
mod start;

use ambiguity::Change;
pub(super) use checkpoint::FlowCheckpoint;
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::estimate::{Estimate, chatter};
use super::events::{Base, broken, watch};
use super::field::{Field, Scratch};
use super::pattern::Pattern;
use super::runge_kutta::{Point, Stages, Trial, growth};
use super::settle::{Decision, Neuron};
use super::{FarOutcome, FarWork, Stall};
use crate::Problem;

/// Longest step in `τ`: half a factor of `e`, so that the parabolas of `events` see what happens inside.
const LONGEST: f64 = 0.5;

/// Runge–Kutta steps without an event that one unit of `τ` may take.
const STEPS: u64 = 5_000;

/// Below this, steps are told apart from the numbers between them.
const WHOLE_STEPS: f64 = 9_007_199_254_740_992.0;

/// Gradient descent in `τ`.
///
/// `here` is on a grid of natural steps, which does not depend on the steps asked for; `view` is a
/// partial step from there.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    problem: Problem,
    pattern: Pattern,
    base: Base,
    coefficients: Array2<f64>,
    here: Point,
    velocity: Vec<f64>,
    h: Vec<f64>,
    length: f64,
    ahead: Option<Ahead>,
    view: Point,
    pub(super) step: f64,
    failure: Option<FarOutcome>,
    estimate: Estimate,
    /// What events may have put each neuron off by, `‖δw_k‖`.
    doubts: Vec<f64>,
    work: FarWork,
    guard: Guard,
    stages: Stages,
}

/// The next natural step, not yet taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ahead {
    trial: Trial,
    /// Pre-activations at its end.
    h: Vec<f64>,
    length: f64,
    event: bool,
    estimate: Estimate,
}

/// Work since `τ` last passed a unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Guard {
    since: f64,
    steps: u64,
    events: u64,
    /// Events one after the other at one instant.
    stuck: u64,
}

impl Flow {
    fn field(&self) -> Field<'_> {
        Field {
            loss: self.problem.loss(),
            coupling: &self.pattern.coupling,
            base: &self.base.margins,
        }
    }

    fn rates(&self, at: &Point) -> Vec<f64> {
        let mut v = vec![0.0; at.sums.len()];
        self.field().rates(at.tau, &at.sums, &mut v);
        v
    }

    pub(super) fn advance(&mut self, to: f64) -> FarOutcome {
        if let Some(failure) = self.failure {
            return failure;
        }
        // `NaN` first: `min` would drop it.
        if to.is_nan() || to <= self.step {
            return FarOutcome::Reached;
        }
        let to = to.min(f64::MAX);
        let target = to.ln();
        loop {
            let ahead = match self.ahead.take() {
                Some(ahead) => ahead,
                None => match self.look_ahead() {
                    Ok(ahead) => ahead,
                    Err(failure) => return self.fail(failure),
                },
            };
            if ahead.trial.end.tau > target {
                self.ahead = Some(ahead);
                break;
            }
            self.commit(ahead);
        }
        let length = target - self.here.tau;
        self.view = if length > 0.0 {
            self.try_step(length).end
        } else {
            self.here.clone()
        };
        self.step = to;
        FarOutcome::Reached
    }

    fn fail(&mut self, failure: Failure) -> FarOutcome {
        // A step of gradient descent, where steps are whole numbers: the grid of natural steps is not.
        let reached = self.here.tau.exp().min(f64::MAX);
        let whole = if reached < WHOLE_STEPS {
            reached.floor()
        } else {
            reached
        };
        let step = self.step.max(whole);
        let view = self.try_step(step.ln() - self.here.tau).end;
        if view.sums.iter().all(|sum| sum.is_finite()) {
            (self.view, self.step) = (view, step);
        } else {
            (self.view, self.step) = (self.here.clone(), self.step.max(reached));
        }
        let step = self.step;
        let outcome = match failure {
            Failure::Stall(why) => FarOutcome::Stalled { step, why },
            Failure::NonFinite => FarOutcome::NonFinite { step },
        };
        self.failure = Some(outcome);
        outcome
    }

    fn try_step(&mut self, length: f64) -> Trial {
        let field = Field {
            loss: self.problem.loss(),
            coupling: &self.pattern.coupling,
            base: &self.base.margins,
        };
        self.stages.step(field, &self.here, &self.velocity, length)
    }

    /// The next step of the grid, to an event if there is one before its end.
    fn look_ahead(&mut self) -> Result<Ahead, Failure> {
        if !self.velocity.iter().all(|v| v.is_finite()) {
            return Err(Failure::NonFinite);
        }
        self.guard.check(&self.problem)?;
        let start = self.rates(&self.here);
        if !broken(&self.pattern, &self.base, &self.h, &start).is_empty() {
            return Ok(Ahead {
                trial: Trial {
                    end: self.here.clone(),
                    error: 0.0,
                    velocity: self.velocity.clone(),
                },
                h: self.h.clone(),
                length: self.length,
                event: true,
                estimate: self.estimate.clone(),
            });
        }
        let mut length = self.length;
        let trial = loop {
            let trial = self.try_step(length);
            if trial.error <= 1.0 && trial.velocity.iter().all(|v| v.is_finite()) {
                break trial;
            }
            self.work.rejected += 1;
            self.guard.steps += 1;
            self.guard.check(&self.problem)?;
            length *= growth(trial.error).min(0.9);
            if length < 1e-12 {
                return Err(Failure::Stall(Stall::Stiff));
            }
        };
        let next = (length * growth(trial.error)).min(LONGEST);
        let middle = self.middle(&trial, length);
        let [h_middle, h_end] =
            [&middle, &trial.end].map(|at| self.base.pre_activations_at(&self.pattern, &at.sums));
        let [v_middle, v_end] = [&middle, &trial.end].map(|at| self.rates(at));
        let seen = watch(
            &self.pattern,
            &self.base,
            [&self.h, &h_middle, &h_end],
            [&start, &v_middle, &v_end],
        );
        let located = self.locate(&seen.suspects, &seen.fractions, length);
        let event = located.is_some();
        let (trial, h) = match located {
            Some(trial) => {
                let h = self.base.pre_activations_at(&self.pattern, &trial.end.sums);
                (trial, h)
            }
            None => (trial, h_end),
        };
        let mut estimate = self.estimate.clone();
        let mut scratch = Scratch::new(start.len());
        estimate.step(
            self.field()
                .neglected(self.here.tau, &self.here.sums, &mut scratch),
            trial.error * self.spread(),
            trial.end.tau - self.here.tau,
            start.len(),
        );
        Ok(Ahead {
            trial,
            h,
            length: next,
            event,
            estimate,
        })
    }

    /// `√(max_i Ã_ii / min_i Ã_ii)` over the samples that move: by how much an error of one margin may grow
    /// in another.
    ///
    /// Between events the distance of two flows falls in the norm `δqᵀ Ã⁺ δq`, in which samples of small norm
    /// weigh the most. (derived)
    fn spread(&self) -> f64 {
        let n = self.problem.samples();
        let diagonal = (0..n).map(|i| self.pattern.coupling[i * n + i]);
        let (least, most) = diagonal
            .filter(|&entry| entry > 0.0)
            .fold((f64::INFINITY, 0.0_f64), |(least, most), entry| {
                (least.min(entry), most.max(entry))
            });
        if most > 0.0 {
            (most / least).sqrt()
        } else {
            1.0
        }
    }

    /// Takes a natural step.
    fn commit(&mut self, ahead: Ahead) {
        let moved = ahead.trial.end.tau - self.here.tau;
        self.here = ahead.trial.end;
        self.velocity = ahead.trial.velocity;
        self.length = ahead.length;
        self.estimate = ahead.estimate;
        self.h = ahead.h;
        self.guard.moved(self.here.tau, moved);
        if moved > 0.0 {
            self.work.rk_steps += 1;
        }
        let v = self.rates(&self.here);
        let neurons = if ahead.event {
            broken(&self.pattern, &self.base, &self.h, &v)
        } else {
            Vec::new()
        };
        if !neurons.is_empty() {
            self.work.events += 1;
            self.guard.events += 1;
            self.guard.stuck += 1;
            self.settle(&neurons, &v);
        } else {
            self.guard.steps += 1;
            self.estimate
                .sliding(chatter(&self.pattern, &v, self.here.tau));
        }
    }

    /// Puts neurons past a kink on the pieces that they take, and adds what that may be off by.
    fn settle(&mut self, neurons: &[usize], v: &[f64]) {
        let steps = self.ambiguity(neurons, v);
        let before: Vec<Vec<f64>> = neurons.iter().map(|&k| self.weight_speed(k, v)).collect();
        let meets: Vec<bool> = neurons.iter().map(|&k| self.kinks_meet(k, v)).collect();
        let mut changes = self.change(neurons.iter().copied(), |neuron, pattern, slack| {
            neuron.settle(pattern, v, slack)
        });
        for (change, meets) in changes.iter_mut().zip(meets) {
            if meets {
                change.decision = Decision::Open;
            }
        }
        self.doubt(&changes, &steps, &before);
    }

    /// Begins an epoch here, after `how` has put some neurons on other pieces.
    fn change(
        &mut self,
        neurons: impl IntoIterator<Item = usize>,
        how: impl Fn(&mut Neuron<'_>, &mut Pattern, f64) -> Decision,
    ) -> Vec<Change> {
        let n = self.problem.samples();
        self.coefficients = self.coefficients_at(&self.here.sums);
        self.base.pre_activations.copy_from_slice(&self.h);
        self.here.sums.fill(0.0);
        let mut changes = Vec::new();
        for index in neurons {
            let range = index * n..(index + 1) * n;
            let slack = self.base.slack(&self.h[range.clone()]);
            let mut c = self.coefficients.row(index).to_vec();
            let mut neuron = Neuron {
                index,
                h: &mut self.base.pre_activations[range.clone()],
                c: &mut c,
            };
            let decision = how(&mut neuron, &mut self.pattern, slack);
            let old_h = &self.h[range.clone()];
            let new_h = &self.base.pre_activations[range];
            let mut squared = 0.0;
            let row = self.coefficients.row_mut(index).into_iter().zip(c);
            for ((old, new), (before, after)) in row.zip(old_h.iter().zip(new_h)) {
                squared += (new - *old) * (after - before);
                *old = new;
            }
            changes.push(Change {
                neuron: index,
                decision,
                moved: f64::max(squared, 0.0).sqrt(),
            });
        }
        self.h.copy_from_slice(&self.base.pre_activations);
        self.base.largest = self.h.iter().fold(0.0, |most, h| most.max(h.abs()));
        self.base.margins = self.problem.margins(self.shaped(&self.h));
        self.view = self.here.clone();
        let mut velocity = std::mem::take(&mut self.velocity);
        let mut scratch = Scratch::new(n);
        self.field()
            .velocity(self.here.tau, &self.here.sums, &mut scratch, &mut velocity);
        self.velocity = velocity;
        let v = self.rates(&self.here);
        self.estimate
            .sliding(chatter(&self.pattern, &v, self.here.tau));
        changes
    }

    fn shaped<'a>(&self, values: &'a [f64]) -> ArrayView2<'a, f64> {
        let shape = (self.problem.neurons(), self.problem.samples());
        ArrayView2::from_shape(shape, values)
            .expect("pre-activations are kept as 2m rows of n, so the shape always fits")
    }

    fn coefficients_at(&self, sums: &[f64]) -> Array2<f64> {
        let mut coefficients = self.coefficients.clone();
        let mut z = vec![0.0; sums.len()];
        for group in &self.pattern.groups {
            self.pattern.drive(group, sums, &mut z);
            let factor = group.sign * self.pattern.rate;
            for &k in &group.neurons {
                for (c, z) in coefficients.row_mut(k).iter_mut().zip(&z) {
                    *c += factor * z;
                }
            }
        }
        coefficients
    }

    pub(super) fn margins(&self) -> Vec<f64> {
        let mut q = vec![0.0; self.view.sums.len()];
        self.field().margins(&self.view.sums, &mut q);
        q
    }

    pub(super) fn pre_activations(&self) -> Array2<f64> {
        let h = self.base.pre_activations_at(&self.pattern, &self.view.sums);
        self.shaped(&h).to_owned()
    }

    pub(super) fn coefficients(&self) -> Array2<f64> {
        self.coefficients_at(&self.view.sums)
    }

    pub(super) fn add_start_error(&mut self, error: f64) {
        self.estimate.start(error);
    }

    pub(super) fn error_estimate(&self) -> f64 {
        let estimate = self
            .ahead
            .as_ref()
            .map_or(&self.estimate, |ahead| &ahead.estimate);
        estimate.total(&self.margins(), self.event_error())
    }

    pub(super) fn work(&self) -> FarWork {
        FarWork {
            sliding_pairs: self.pattern.sliding_pairs() as u64,
            ..self.work
        }
    }

    #[cfg(test)]
    pub(super) fn rates_now(&self) -> Vec<f64> {
        self.rates(&self.view)
    }

    #[cfg(test)]
    pub(super) fn coupling(&self) -> &[f64] {
        &self.pattern.coupling
    }
}

enum Failure {
    Stall(Stall),
    NonFinite,
}

impl Guard {
    fn moved(&mut self, tau: f64, by: f64) {
        if by > 4.0 * f64::EPSILON * tau {
            self.stuck = 0;
        }
        if tau >= self.since + 1.0 {
            *self = Self {
                since: tau,
                steps: 0,
                events: 0,
                stuck: self.stuck,
            };
        }
    }

    fn check(&self, problem: &Problem) -> Result<(), Failure> {
        let samples = problem.samples() as u64;
        let pairs = problem.neurons() as u64 * samples;
        if self.stuck > 50 + 4 * samples || self.events > 1_000 + 4 * pairs {
            return Err(Failure::Stall(Stall::Events));
        }
        if self.steps > STEPS {
            return Err(Failure::Stall(Stall::Stiff));
        }
        Ok(())
    }
}
