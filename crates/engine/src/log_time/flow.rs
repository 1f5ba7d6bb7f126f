//! Two trajectories of one flow, and what their distance says of the error.

use serde::{Deserialize, Serialize};

use super::clock::{Clock, Pace};
use super::trajectory::{Change, Node, Trajectory};
use crate::EngineError;
use crate::optimizers::norm;
use crate::oracle::Oracle;

/// The largest change of the velocity over half a pair of steps, as `Δτ ‖v_half − v‖/‖W‖`: where kinks or
/// the turning of the direction decide.
const TURN: f64 = 1e-3;

/// The largest change of the logarithm of the mean slope over a pair of steps: where the pace of the clock
/// and the weights `p_i` decide.
const FALL: f64 = 0.2;

/// A step grows by this where it is far from both limits.
const GROWTH: f64 = 1.3;

/// A step shorter than this, relative to the weights, leads nowhere in double precision.
const SHORTEST: f64 = 1e-13;

/// The first step is at least this many times as long.
const STARTS: f64 = 16.0;

/// Most steps while the reading of the clock rises by 1.
const MOST_STEPS: u32 = 100_000;

/// How an advance of a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowOutcome {
    /// At the step asked for.
    Reached,
    /// Short of it: steps became too short, or too many.
    Stalled,
    /// Short of it: a score is not finite.
    NonFinite,
}

/// Where the clocks of both trajectories differ by this share of the reading, or of 1, they have parted: the
/// coarse one no longer decides how long steps are, is not waited for, and waits where it is ahead.
const PARTED: f64 = 0.1;

/// The flow of a descent in log time, by a coarse and a fine trajectory.
///
/// The coarse one takes midpoint steps; the fine one takes two of half the length beside each.
/// Kinks make the method first order in the length, so that the distance of the two estimates the
/// error of the fine one, which is the one that is shown. The coarse one begins away from
/// the fine one by what the flow misses of the steps, so that the distance also tells what the flow makes
/// of that (docs/theory.md §8).
#[derive(Clone, Debug)]
pub(crate) struct LogTimeFlow {
    clock: Clock,
    state: FlowState,
}

/// A flow as data, without its problem.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FlowState {
    coarse: Trajectory,
    fine: Trajectory,
    /// `Δτ` of the next step.
    length: f64,
    /// The step that was asked for last.
    position: f64,
    /// What the change from steps to flow may have cost, as a distance of margins.
    start_error: f64,
    /// Steps since the clock read `counted_from`.
    count: u32,
    counted_from: f64,
}

impl FlowState {
    /// By how much the clock of the coarse trajectory is ahead.
    fn ahead(&self) -> f64 {
        let [coarse, fine] = [&self.coarse, &self.fine].map(|trajectory| trajectory.node.reading);
        // Both are −∞ where a flow begins at its first moment.
        if coarse == fine { 0.0 } else { coarse - fine }
    }

    fn have_parted(&self) -> bool {
        self.ahead().abs() > PARTED * self.fine.node.reading.abs().max(1.0)
    }
}

/// Where a flow begins.
pub(crate) struct FlowStart {
    pub weights: Vec<f64>,
    pub step: f64,
    /// What the change from steps to flow may cost, as a distance of margins.
    pub error: f64,
    /// The same as a change of the weights; empty where nothing is missed.
    pub missed: Vec<f64>,
}

impl LogTimeFlow {
    /// A flow from weights that a descent has after a number of steps; `None` where a score is not
    /// finite.
    pub fn new(oracle: &mut Oracle, clock: Clock, start: FlowStart) -> Option<Self> {
        let FlowStart {
            weights,
            step,
            error,
            missed,
        } = start;
        let reading = clock.at(step);
        let moved: Vec<f64> = weights.iter().zip(&missed).map(|(w, m)| w + m).collect();
        let node = Node::new(oracle, weights, reading)?;
        let coarse = match missed.is_empty() {
            true => node.clone(),
            false => Node::new(oracle, moved, reading)?,
        };
        // That of one step of the descent, or of a turn of the weights by what a step may turn.
        let length = match clock.pace() {
            Pace::Gradient => clock.step_size(step) * node.log_slope.exp(),
            Pace::Normalized => clock.step_size(step) / node.speed,
            Pace::Flow => TURN * norm(&node.weights).max(TURN) / node.speed,
        };
        // Steps of the descent may change no digit any more; the flow goes on in longer ones.
        let length = length.max(STARTS * SHORTEST * norm(&node.weights) / node.speed);
        let state = FlowState {
            coarse: Trajectory::new(coarse),
            fine: Trajectory::new(node),
            // At a point where nothing moves any step is as good.
            length: if length.is_finite() && length > 0.0 {
                length
            } else {
                1.0
            },
            position: step,
            start_error: error,
            count: 0,
            counted_from: reading,
        };
        Some(Self { clock, state })
    }

    /// The step that was reached.
    pub fn step(&self) -> f64 {
        self.state.position
    }

    /// Goes on to step `to`.
    pub fn advance(&mut self, oracle: &mut Oracle, to: f64) -> FlowOutcome {
        let target = self.clock.at(to);
        loop {
            let fine = self.state.fine.node.reading;
            let waits = self.state.coarse.node.reading < target && !self.state.have_parted();
            if fine >= target && !waits {
                break;
            }
            match self.pair_of_steps(oracle, target) {
                FlowOutcome::Reached => {}
                // The fine one is there, and the coarse one is not waited for.
                _ if fine >= target => break,
                outcome => return outcome,
            }
        }
        self.state.position = to;
        self.state.coarse.forget_before(target);
        self.state.fine.forget_before(target);
        FlowOutcome::Reached
    }

    /// One step of the coarse trajectory and two of the fine one, as long as they may be, on the way
    /// to where the clock reads `target`.
    fn pair_of_steps(&mut self, oracle: &mut Oracle, target: f64) -> FlowOutcome {
        let (state, clock) = (&mut self.state, &self.clock);
        let mut why = FlowOutcome::Stalled;
        loop {
            let node = &state.fine.node;
            let shortest = SHORTEST * norm(&node.weights);
            let is_stuck = node.speed > 0.0 && state.length * node.speed < shortest;
            if is_stuck || state.count >= MOST_STEPS {
                return why;
            }
            state.count += 1;
            match steps(state, oracle, clock, target) {
                Ok(change) => {
                    if change.velocity < 0.5 * TURN && change.log_slope < 0.5 * FALL {
                        state.length *= GROWTH;
                    }
                    let reading = state.fine.node.reading;
                    if reading - state.counted_from >= 1.0 {
                        (state.count, state.counted_from) = (0, reading);
                    }
                    return FlowOutcome::Reached;
                }
                Err(rejection) => {
                    state.length *= 0.5;
                    why = match rejection {
                        Rejection::TooLong => FlowOutcome::Stalled,
                        Rejection::NotFinite => FlowOutcome::NonFinite,
                    };
                }
            }
        }
    }

    /// The weights of the fine trajectory where it is.
    pub fn weights(&self) -> Vec<f64> {
        self.at_position(&self.state.fine)
    }

    fn at_position(&self, trajectory: &Trajectory) -> Vec<f64> {
        trajectory.weights_at(&self.clock, self.clock.at(self.state.position))
    }

    /// How far the margins may be from those of the descent, relative to `max(1, min_i q̃_i)`, or to
    /// `max(T, min_i q̃_i)` of a loss that falls faster, like `e^{−q/T}`: the
    /// distance of both trajectories, and what the change from steps to flow may have cost.
    pub fn error_estimate(&self, oracle: &mut Oracle) -> f64 {
        let of = |trajectory: &Trajectory, oracle: &mut Oracle| {
            oracle.margins(&self.at_position(trajectory))
        };
        let (coarse, fine) = (of(&self.state.coarse, oracle), of(&self.state.fine, oracle));
        let Some((coarse, fine)) = coarse.zip(fine) else {
            return f64::NAN;
        };
        let pairs = coarse.iter().zip(&fine);
        let apart = pairs.fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
        let least = fine.iter().copied().fold(f64::INFINITY, f64::min);
        let node = &self.state.fine.node;
        let unit = oracle.margin_unit(node.log_slope, node.log_loss);
        (apart + self.state.start_error) / least.max(unit)
    }

    /// The flow as data.
    pub fn checkpoint(&self) -> FlowState {
        self.state.clone()
    }

    /// A flow of so many weights from its data.
    ///
    /// # Errors
    ///
    /// [`EngineError::Checkpoint`] if the data are of no such flow.
    pub fn restore(clock: Clock, state: FlowState, weights: usize) -> Result<Self, EngineError> {
        let FlowState {
            coarse,
            fine,
            length,
            position,
            start_error,
            counted_from,
            ..
        } = &state;
        let sound = coarse.is_sound(weights)
            && fine.is_sound(weights)
            && *length > 0.0
            && length.is_finite()
            && position.is_finite()
            && *position >= 0.0
            && *start_error >= 0.0
            && start_error.is_finite()
            && !counted_from.is_nan();
        if !sound {
            return Err(EngineError::Checkpoint(format!(
                "expected a flow of {weights} weights, found another one"
            )));
        }
        Ok(Self { clock, state })
    }
}

/// Why a step is not taken.
enum Rejection {
    TooLong,
    NotFinite,
}

/// Two steps of the fine trajectory and one of the coarse one, if all three may be taken.
fn steps(
    state: &mut FlowState,
    oracle: &mut Oracle,
    clock: &Clock,
    target: f64,
) -> Result<Change, Rejection> {
    let length = state.length;
    let mut half = |node: &Node| match node.step(oracle, clock, 0.5 * length) {
        Some(taken) if taken.falls => Ok(taken),
        Some(_) => Err(Rejection::TooLong),
        None => Err(Rejection::NotFinite),
    };
    let is_long = |change: Change| change.velocity > TURN || change.log_slope > FALL;
    let first = half(&state.fine.node)?;
    let halfway = [first.node.velocity.as_slice(), &first.node.weights];
    let mut change = (state.fine.node).change(halfway, first.node.log_slope, length);
    if is_long(change) {
        return Err(Rejection::TooLong);
    }
    let second = half(&first.node)?;
    let have_parted = state.have_parted();
    if !(have_parted && state.ahead() > 0.0) {
        match state.coarse.node.step(oracle, clock, length) {
            // Far from the fine one it says how little is known, wherever it is.
            Some(taken) if have_parted => state.coarse.extend(taken, target),
            None if have_parted => {}
            Some(taken) if taken.falls && !is_long(taken.change) => {
                change = change.or(taken.change);
                state.coarse.extend(taken, target);
            }
            Some(_) => return Err(Rejection::TooLong),
            None => return Err(Rejection::NotFinite),
        }
    }
    state.fine.extend(first, target);
    state.fine.extend(second, target);
    Ok(change)
}
