//! Where the steps of an engine go over to log time.

use serde::{Deserialize, Serialize};

use crate::EngineError;
use crate::log_time::{Clock, FlowOutcome, FlowStart, FlowState, LogTimeFlow, Pace};
use crate::optimizers::norm;
use crate::oracle::Oracle;
use implicit_bias_output::format_step;
use implicit_bias_record::{StopReason, UNCERTAIN};

/// How far past its exact steps an engine goes on exactly while log time is out of reach: this many
/// times as many steps, and at least [`MIN_EXACT_STEPS_BEFORE_STALL`].
const EXTRA_EXACT_FACTOR: f64 = 10.0;

/// See [`EXTRA_EXACT_FACTOR`].
const MIN_EXACT_STEPS_BEFORE_STALL: f64 = 1e6;

/// Log time takes over where a step changes margins by at most this: `η g Σ_i p_i ‖∇q̃_i‖²`, in units
/// of [`Oracle::margin_unit`].
const MOST_CHANGE: f64 = 0.1;

/// How the note begins that says that margins are not known.
const UNCERTAIN_NOTE: &str = "log time cannot tell where the descent goes";

/// How an engine goes on past its exact steps: in log time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogTimeOptions {
    /// Steps to take exactly before, a whole number of at most 2⁵³.
    pub exact_steps: f64,
    /// How steps are counted past them.
    pub clock: Clock,
    /// Whether a network that cannot go on in log time is refused; it takes all steps exactly
    /// otherwise.
    pub required: bool,
}

/// The way of an engine from exact steps to log time.
pub(crate) struct LogTimeStage {
    options: LogTimeOptions,
    /// Where log time is tried next.
    pub handover: f64,
    /// Past this the engine takes no exact steps.
    last_exact: f64,
    oracle: Oracle,
    flow: Option<LogTimeFlow>,
}

/// A [`LogTimeStage`] as data.
#[derive(Serialize, Deserialize)]
pub(crate) struct StageCheckpoint {
    handover: f64,
    flow: Option<FlowState>,
}

/// What came of the attempt to go over to log time.
pub(crate) enum Handover {
    /// The engine is in log time.
    Done,
    /// Exact steps go on.
    Later,
    /// Neither can go on.
    Never(StopReason),
}

impl LogTimeStage {
    pub fn new(options: LogTimeOptions, oracle: Oracle) -> Self {
        Self {
            handover: options.exact_steps,
            last_exact: (EXTRA_EXACT_FACTOR * options.exact_steps)
                .max(MIN_EXACT_STEPS_BEFORE_STALL),
            options,
            oracle,
            flow: None,
        }
    }

    /// Whether the engine is in log time.
    pub fn is_going(&self) -> bool {
        self.flow.is_some()
    }

    /// Goes over to log time from the weights of step `step`, or puts that off.
    pub fn hand_over(&mut self, step: f64, weights: Vec<f64>, notes: &mut Vec<String>) -> Handover {
        let clock = self.options.clock;
        let obstacle = match clock.pace() {
            // The flow is followed from its first moment on, whatever there is.
            Pace::Flow => Ok((0.0, Vec::new())),
            Pace::Gradient | Pace::Normalized => self.error_of_steps(step, &weights),
        };
        let (error, missed) = match obstacle {
            Ok(found) => found,
            Err(_) if step < self.last_exact => {
                // A tenth more: seldom enough not to cost, and soon enough after the first chance.
                self.handover = (1.1 * step).ceil().max(step + 1.0).min(self.last_exact);
                return Handover::Later;
            }
            Err(why) => {
                notes.push(format!(
                    "stopped after {} exact steps: log time cannot take over where {why}; \
                     --exact-steps sets how far exact steps go",
                    format_step(step)
                ));
                return Handover::Never(StopReason::Stalled { step });
            }
        };
        let start = FlowStart {
            weights,
            step,
            error,
            missed,
        };
        match LogTimeFlow::new(&mut self.oracle, clock, start) {
            Some(flow) => {
                self.flow = Some(flow);
                notes.push(match clock.pace() {
                    Pace::Flow => "gradient flow in log time, with an error estimate".to_owned(),
                    Pace::Gradient | Pace::Normalized => format!(
                        "exact to step {}, in log time from there, with an error estimate",
                        format_step(step)
                    ),
                });
                Handover::Done
            }
            None => Handover::Never(StopReason::NonFinite { step }),
        }
    }

    /// What following the flow instead of steps costs from step `step` on, as a distance of margins and
    /// as a change of the weights; why the flow is not what the descent does, if it is not.
    fn error_of_steps(&mut self, step: f64, weights: &[f64]) -> Result<(f64, Vec<f64>), String> {
        let mut velocity = vec![0.0; weights.len()];
        let not_finite = || "a score is not finite".to_owned();
        let oracle = &mut self.oracle;
        let point = oracle.flow(weights, &mut velocity).ok_or_else(not_finite)?;
        if point.margin_min <= 0.0 {
            return Err(format!(
                "not all samples are fitted (the smallest margin is {:.1e})",
                point.margin_min
            ));
        }
        let speed = norm(&velocity);
        let clock = &self.options.clock;
        let length_of = |log_slope: f64, speed: f64| match clock.pace() {
            Pace::Gradient | Pace::Flow => clock.step_size(step) * log_slope.exp(),
            Pace::Normalized => clock.step_size(step) / speed,
        };
        let length = length_of(point.log_slope, speed);
        let mut missed: Vec<f64> = velocity.iter().map(|v| -length * v).collect();
        let next: Vec<f64> = weights.iter().zip(&missed).map(|(w, m)| w - m).collect();
        let mut after = vec![0.0; weights.len()];
        let there = oracle.flow(&next, &mut after).ok_or_else(not_finite)?;
        let length_there = length_of(there.log_slope, norm(&after));
        let most = (0..oracle.samples()).try_fold(0.0, |most: f64, sample| {
            oracle.margin_gradient(weights, sample, &mut velocity)?;
            let size = norm(&velocity);
            Some(most.max(size * size))
        });
        let unit = oracle.margin_unit(point.log_slope, point.log_loss);
        let most = length * most.ok_or_else(not_finite)? / unit;
        if most.is_nan() || most > MOST_CHANGE {
            return Err(format!(
                "a step changes margins by {most:.1e} (at most {MOST_CHANGE})"
            ));
        }
        // The flow turns on the way: a step `Δ(W)` is away from it by half of `Δ(W) − Δ(W + Δ(W))`, which
        // falls like the square of the step's change of log L. That change falls like 1/t, so that the
        // misses of all later ones sum to this one over the change.
        let per_step = length * speed * speed;
        let change = per_step / unit;
        for (missed, v) in missed.iter_mut().zip(&after) {
            let turned = *missed + length_there * v;
            *missed = if turned == 0.0 {
                0.0
            } else {
                -0.5 * turned / change
            };
        }
        let moved: Vec<f64> = weights.iter().zip(&missed).map(|(w, m)| w + m).collect();
        oracle.flow(&moved, &mut after).ok_or_else(not_finite)?;
        // The sum over all later steps of what Euler's method misses, `½ Σ (Δ log L)²`, with
        // `Δ log L` that falls like 1/t: half of one step's change. All of it, to be safe.
        Ok((per_step, missed))
    }

    /// Goes on in log time to step `to`; why it ended before, if it did.
    pub fn advance(&mut self, to: f64, notes: &mut Vec<String>) -> Option<StopReason> {
        let flow = self.flow.as_mut()?;
        let from = flow.step();
        match flow.advance(&mut self.oracle, to) {
            FlowOutcome::Reached => None,
            FlowOutcome::NonFinite => Some(StopReason::NonFinite { step: from }),
            FlowOutcome::Stalled => {
                notes.push(format!(
                    "log time stalled between the steps {} and {}: the flow does not get on, as \
                     where samples cannot all be fitted, or differ in length by orders of magnitude",
                    format_step(from),
                    format_step(to)
                ));
                Some(StopReason::Stalled { step: from })
            }
        }
    }

    /// The weights in log time.
    pub fn weights(&self) -> Option<Vec<f64>> {
        self.flow.as_ref().map(LogTimeFlow::weights)
    }

    /// `‖∇L(W)‖_F` in log time; 0 where it underflows.
    pub fn gradient_norm(&mut self) -> Option<f64> {
        let weights = self.weights()?;
        let mut velocity = vec![0.0; weights.len()];
        let point = self.oracle.flow(&weights, &mut velocity);
        Some(point.map_or(f64::NAN, |point| point.log_slope.exp() * norm(&velocity)))
    }

    /// The estimate of [`LogTimeFlow::error_estimate`], and a note, once, where margins are no
    /// longer known to a hundredth; `None` while steps are exact.
    pub fn error_estimate(&mut self, notes: &mut Vec<String>) -> Option<f64> {
        let flow = self.flow.as_ref()?;
        let estimate = flow.error_estimate(&mut self.oracle);
        let known = notes.iter().any(|note| note.starts_with(UNCERTAIN_NOTE));
        if estimate > UNCERTAIN && !known {
            notes.push(format!(
                "{UNCERTAIN_NOTE} from step {} or somewhat before: by its own estimate margins may \
                 be off by {:.0} % or more, as where too few steps were exact; --exact-steps takes \
                 more of them",
                format_step(flow.step()),
                (100.0 * estimate).min(100.0)
            ));
        }
        Some(estimate)
    }

    pub fn checkpoint(&self) -> StageCheckpoint {
        StageCheckpoint {
            handover: self.handover,
            flow: self.flow.as_ref().map(LogTimeFlow::checkpoint),
        }
    }

    /// Goes back to a checkpoint of an engine with so many weights.
    pub fn restore(
        &mut self,
        checkpoint: StageCheckpoint,
        weights: usize,
    ) -> Result<(), EngineError> {
        let StageCheckpoint { handover, flow } = checkpoint;
        if !(handover.fract() == 0.0 && (0.0..=self.last_exact).contains(&handover)) {
            return Err(EngineError::Checkpoint(format!(
                "expected a whole number of exact steps, at most {}, found {handover}",
                self.last_exact
            )));
        }
        self.handover = handover;
        let clock = self.options.clock;
        self.flow = flow
            .map(|flow| LogTimeFlow::restore(clock, flow, weights))
            .transpose()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use implicit_bias_model::{HostScores, Loss, Objective};

    use super::*;
    use crate::step_sizes::StepSize;

    /// The one score `u v`.
    struct Product([f64; 2]);

    impl HostScores for Product {
        fn scores(&mut self, weights: &[f64], _: Option<&[usize]>, scores: &mut [f64]) {
            self.0 = [weights[0], weights[1]];
            scores[0] = weights[0] * weights[1];
        }

        fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
            let [u, v] = self.0;
            gradient.copy_from_slice(&[cotangent[0] * v, cotangent[0] * u]);
        }
    }

    /// The flow keeps `u² − v²`; a step of gradient descent takes the share `(η g)²` of it. What is said to
    /// be missed of all later steps is held to what they take.
    #[test]
    fn what_the_flow_misses_is_what_the_steps_take_of_what_it_keeps() {
        let size = 0.3;
        let steps = |[u, v]: [f64; 2], count: u32| {
            (0..count).fold([u, v], |[u, v], _| {
                let g = size * (-u * v).exp();
                [u + g * v, v + g * u]
            })
        };
        let kept = |w: &[f64]| w[0] * w[0] - w[1] * w[1];
        for begun in [300, 10_000] {
            let from = steps([1.2, 0.5], begun);
            let taken = kept(&steps(from, 2_000_000)) - kept(&from);
            let objective = Objective::binary(Loss::Exponential, vec![1.0]).unwrap();
            let oracle = Oracle::new(Box::new(Product([0.0; 2])), objective, false, None);
            let options = LogTimeOptions {
                exact_steps: f64::from(begun),
                clock: Clock::new(Pace::Gradient, &StepSize::constant(size)).unwrap(),
                required: true,
            };
            let mut stage = LogTimeStage::new(options, oracle);
            let (_, missed) = stage.error_of_steps(f64::from(begun), &from).unwrap();
            let moved = [from[0] + missed[0], from[1] + missed[1]];
            let said = kept(&moved) - kept(&from);
            // Not quite 1: the change of log L falls like 1/t but for powers of log t.
            let ratio = said / taken;
            assert!((0.9..1.7).contains(&ratio), "{begun}: {said:e}, {taken:e}");
        }
    }
}
