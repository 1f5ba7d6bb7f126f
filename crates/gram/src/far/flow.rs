//! Steps and events put together.

mod ambiguity;
mod checkpoint;
mod epoch;
mod guard;
mod locate;
mod start;
mod state;

pub(super) use self::checkpoint::FlowCheckpoint;
use self::guard::Failure;
pub(super) use self::start::REGIME;
pub(super) use self::state::Flow;
use self::state::PendingStep;
use super::estimate::chatter;
use super::events::{broken_neurons, find_broken};
use super::field::Scratch;
use super::outcome::{FarOutcome, Stall};
use super::runge_kutta::{Trial, growth};
use super::transition::Continuation;

/// The longest step in `τ`: short enough for the parabolas of `events`.
const LONGEST: f64 = 0.5;

/// `2⁵³`, below which whole steps are exact numbers of type `f64`.
const WHOLE_STEPS: f64 = 9_007_199_254_740_992.0;

impl Flow {
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
                None => match self.propose_step() {
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
        // Steps of gradient descent are whole numbers; points of the grid are not.
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

    /// The next step of the grid, to an event if there is one before its end.
    fn propose_step(&mut self) -> Result<PendingStep, Failure> {
        if !self.velocity.iter().all(|v| v.is_finite()) {
            return Err(Failure::NonFinite);
        }
        self.guard.check(&self.problem)?;
        let start = self.rates(&self.here);
        if !broken_neurons(&self.coupling, &self.base, &self.h, &start).is_empty() {
            return Ok(PendingStep {
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
        let (trial, length) = self.accepted_step()?;
        let next = (length * growth(trial.error)).min(LONGEST);
        let middle = self.middle(&trial, length);
        let [h_middle, h_end] =
            [&middle, &trial.end].map(|at| self.base.pre_activations_at(&self.coupling, &at.sums));
        let [v_middle, v_end] = [&middle, &trial.end].map(|at| self.rates(at));
        let seen = find_broken(
            &self.coupling,
            &self.base,
            [&self.h, &h_middle, &h_end],
            [&start, &v_middle, &v_end],
        );
        let located = self.locate(&seen.constraints, &seen.fractions, length);
        let event = located.is_some();
        let (trial, h) = match located {
            Some(trial) => {
                let h = self
                    .base
                    .pre_activations_at(&self.coupling, &trial.end.sums);
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
        Ok(PendingStep {
            trial,
            h,
            length: next,
            event,
            estimate,
        })
    }

    /// The first step within the tolerance, from the length proposed downwards, and its length.
    fn accepted_step(&mut self) -> Result<(Trial, f64), Failure> {
        let mut length = self.length;
        loop {
            let trial = self.try_step(length);
            if trial.error <= 1.0 && trial.velocity.iter().all(|v| v.is_finite()) {
                return Ok((trial, length));
            }
            self.work.rejected += 1;
            self.guard.steps += 1;
            self.guard.check(&self.problem)?;
            length *= growth(trial.error).min(0.9);
            if length < 1e-12 {
                return Err(Failure::Stall(Stall::Stiff));
            }
        }
    }

    /// `√(max_i Ã_ii / min_i Ã_ii)` over the samples that move: by how much an error of one
    /// margin may grow in another.
    ///
    /// Between events the distance of two flows falls in the norm `δqᵀ Ã⁺ δq`, in which
    /// samples of small norm weigh the most. (derived)
    fn spread(&self) -> f64 {
        let n = self.problem.samples();
        let diagonal = (0..n).map(|i| self.coupling.matrix[i * n + i]);
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

    /// Takes a step of the grid.
    fn commit(&mut self, ahead: PendingStep) {
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
            broken_neurons(&self.coupling, &self.base, &self.h, &v)
        } else {
            Vec::new()
        };
        if !neurons.is_empty() {
            self.work.events += 1;
            self.guard.events += 1;
            self.guard.stuck += 1;
            self.handle_event(&neurons, &v);
        } else {
            self.guard.steps += 1;
            self.estimate
                .sliding(chatter(&self.coupling, &v, self.here.tau));
        }
    }

    /// Puts neurons past a kink on the pieces that they take, and adds the error of that.
    fn handle_event(&mut self, neurons: &[usize], v: &[f64]) {
        let steps = self.ambiguity(neurons, v);
        let before: Vec<Vec<f64>> = neurons
            .iter()
            .map(|&k| self.weight_velocity(k, v))
            .collect();
        let meets: Vec<bool> = neurons.iter().map(|&k| self.kinks_meet(k, v)).collect();
        let mut changes = self.change(neurons.iter().copied(), |neuron, coupling, slack| {
            neuron.take_pieces(coupling, v, slack)
        });
        for (change, meets) in changes.iter_mut().zip(meets) {
            if meets {
                change.continuation = Continuation::Ambiguous;
            }
        }
        self.add_event_errors(&changes, &steps, &before);
    }

    pub(super) fn error_estimate(&self) -> f64 {
        let estimate = self
            .ahead
            .as_ref()
            .map_or(&self.estimate, |ahead| &ahead.estimate);
        estimate.total(&self.margins(), self.event_error())
    }
}
