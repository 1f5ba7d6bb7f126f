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
/// coarse one no longer decides how long steps are.
const PARTED: f64 = 0.1;

/// Nor does it for steps that are shorter than this, relative to the weights: where it rests at a kink from
/// which the loss falls nowhere, no step is short enough for it.
const SHORT: f64 = 0.1 * TURN;

/// Where the clock of one trajectory is so far ahead, the other is not waited for, and the coarse one waits:
/// what has to be kept of the way between them is bounded.
const LEAD: f64 = 1.0;

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
        let coarse = if missed.is_empty() {
            node.clone()
        } else {
            Node::new(oracle, moved, reading)?
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
            let waits = self.state.coarse.node.reading < target && fine < target + LEAD;
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
    let node = &state.fine.node;
    let is_free = state.have_parted() || length * node.speed < SHORT * norm(&node.weights);
    if state.ahead() <= LEAD {
        match state.coarse.node.step(oracle, clock, length) {
            Some(taken) if taken.falls && !is_long(taken.change) => {
                change = change.or(taken.change);
                state.coarse.extend(taken, target);
            }
            // Far from the fine one it says how little is known, wherever it is.
            Some(taken) if is_free => state.coarse.extend(taken, target),
            None if is_free => {}
            Some(_) => return Err(Rejection::TooLong),
            None => return Err(Rejection::NotFinite),
        }
    }
    state.fine.extend(first, target);
    state.fine.extend(second, target);
    Ok(change)
}

#[cfg(test)]
mod tests {
    use implicit_bias_model::{HostScores, Loss, Objective};

    use super::super::trajectory::tests::product_oracle;
    use super::*;
    use crate::step_sizes::StepSize;

    /// From some weights, with a coarse trajectory that begins elsewhere.
    fn flow(oracle: &mut Oracle, weights: Vec<f64>, coarse: &[f64]) -> LogTimeFlow {
        let clock = Clock::new(Pace::Gradient, &StepSize::constant(0.1)).unwrap();
        let missed = weights.iter().zip(coarse).map(|(w, to)| to - w).collect();
        let start = FlowStart {
            weights,
            step: 100.0,
            error: 0.0,
            missed,
        };
        LogTimeFlow::new(oracle, clock, start).unwrap()
    }

    /// The one score `w` of a weight above 0, and `−1 − |w + 1|` below.
    struct Tent(f64);

    impl HostScores for Tent {
        fn scores(&mut self, weights: &[f64], _: Option<&[usize]>, scores: &mut [f64]) {
            self.0 = weights[0];
            scores[0] = if self.0 > 0.0 {
                self.0
            } else {
                -1.0 - (self.0 + 1.0).abs()
            };
        }

        fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
            let rises = self.0 > 0.0 || self.0 < -1.0;
            gradient[0] = if rises { cotangent[0] } else { -cotangent[0] };
        }
    }

    fn reaches(
        oracle: &mut Oracle,
        flow: &mut LogTimeFlow,
        estimates: std::ops::Range<f64>,
    ) -> f64 {
        for step in [1e3, 1e6, 1e30, 1e300] {
            assert_eq!(flow.advance(oracle, step), FlowOutcome::Reached);
            let estimate = flow.error_estimate(oracle);
            assert!(estimates.contains(&estimate), "{step:e}: {estimate:e}");
            // Nor is much kept of the way.
            let FlowState { coarse, fine, .. } = &flow.state;
            assert!(coarse.kept() + fine.kept() < 500);
        }
        oracle.margins(&flow.weights()).unwrap()[0]
    }

    /// A coarse trajectory that rests at a saddle, one that begins on the other side of it and one far
    /// ahead: the fine one is the same to its error, and the estimate tells.
    #[test]
    fn a_coarse_trajectory_elsewhere_holds_nothing_up() {
        let mut oracle = product_oracle(1);
        let from = vec![1.2, 1.0];
        let mut alone = flow(&mut oracle, from.clone(), &from);
        let margin = reaches(&mut oracle, &mut alone, 0.0..1e-3);
        for coarse in [[0.0, 0.0], [1e-3, -1e-3], [30.0, 30.0]] {
            let mut parted = flow(&mut oracle, from.clone(), &coarse);
            let found = reaches(&mut oracle, &mut parted, 0.1..1e4);
            assert!((found / margin - 1.0).abs() < 1e-3, "{coarse:?}: {found}");
        }
    }

    /// A coarse trajectory that comes to a kink where the loss is least nearby: no step is short enough
    /// for it to fall.
    #[test]
    fn a_coarse_trajectory_at_a_kink_holds_nothing_up() {
        let objective = Objective::binary(Loss::Exponential, vec![1.0]).unwrap();
        let mut oracle = Oracle::new(Box::new(Tent(0.0)), objective, false, None);
        let mut parted = flow(&mut oracle, vec![1.0], &[-1.3]);
        let margin = reaches(&mut oracle, &mut parted, 0.1..1e4);
        // `e^w` grows by 0.1 a step.
        let exact = (0.1_f64).ln() + 1e300_f64.ln();
        assert!((margin / exact - 1.0).abs() < 1e-3, "{margin}");
    }
}
