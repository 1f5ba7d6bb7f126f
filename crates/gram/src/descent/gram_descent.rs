//! Gradient descent in Gram coordinates: its public type, and the choice between plain and block
//! steps.

use std::borrow::Cow;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::block::StepBlock;
use super::budget::Planner;
use super::cost::Cost;
use super::plain::Plain;
use super::state::State;
use crate::problem::require_finite;
use crate::{GramError, Problem};

/// How an advance ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// At the step asked for.
    Reached,
    /// At the step given, because a margin is no longer finite.
    NonFinite {
        /// Steps taken.
        step: f64,
    },
}

/// What a descent did: exact counts, for benchmarks and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Steps taken one after the other.
    pub plain_steps: u64,
    /// Steps taken in `n` dimensions.
    pub block_steps: u64,
    /// Blocks they came in, each proven free of unwatched sign changes.
    pub blocks: u64,
    /// Watched pairs, summed over the blocks.
    pub watched_pairs: u64,
    /// Watched pairs, summed over the steps of the blocks.
    pub watched_steps: u64,
}

/// How a descent steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stepping {
    /// In blocks where they are cheaper.
    #[default]
    Blocks,
    /// One step after the other for every neuron: the reference.
    Plain,
    /// In blocks wherever there are any, to measure and test them.
    AlwaysBlocks,
}

/// Plain steps of a run, after which it is planned again: the first and the largest number. The longer a run, the larger
/// the changes that each of its steps rounds; the shorter, the more often all else is rounded.
const PLAIN_RUN: [u64; 2] = [16, 1024];

/// Gradient descent from given pre-activations, exact up to rounding.
#[derive(Clone, Debug)]
pub struct GramDescent {
    pub(super) problem: Problem,
    pub(super) state: State,
    pub(super) plain: Plain,
    pub(super) planner: Planner,
    pub(super) block: StepBlock,
    pub(super) cost: Cost,
    pub(super) stepping: Stepping,
    pub(super) step: u64,
    pub(super) work: Work,
    pub(super) phase: Phase,
    /// Plain steps to take after the next plan that finds no block worth it.
    pub(super) plain_run: u64,
    /// How often runs of plain steps have rounded the largest pre-activations, about.
    pub(super) roundings: f64,
}

/// Steps that are planned and not yet taken. An advance may end among them, and the next one
/// continues with the rest, so that results do not depend on how a descent is split into advances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// The next step needs a new plan.
    Undecided,
    /// In a run of plain steps, which are not yet in `H` and `C`.
    Plain {
        /// Steps it has taken, and all of its steps.
        taken: u64,
        most: u64,
    },
    /// In a block, whose steps are not yet in `H` and `C`.
    Block {
        /// Steps it has taken, and the most it may take.
        taken: u64,
        most: u64,
        /// Pairs it watches.
        watched: u64,
    },
}

impl GramDescent {
    /// A descent at step 0 from the pre-activations `H(0) = W(0) Xᵀ` (`2m × n`).
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] or [`GramError::NonFinite`] for pre-activations that do not fit.
    pub fn new(problem: Problem, pre_activations: Array2<f64>) -> Result<Self, GramError> {
        let expected = [problem.neurons(), problem.samples()];
        let found = [pre_activations.nrows(), pre_activations.ncols()];
        if expected != found {
            return Err(GramError::Shape {
                what: "pre-activations",
                expected,
                found,
            });
        }
        require_finite("pre-activations", pre_activations.view())?;
        let state = State::new(&problem, pre_activations.view());
        Ok(Self {
            plain: Plain::new(&problem),
            planner: Planner::new(&problem, &state),
            block: StepBlock::default(),
            cost: Cost::new(&problem),
            stepping: Stepping::default(),
            problem,
            state,
            step: 0,
            work: Work::default(),
            phase: Phase::Undecided,
            plain_run: PLAIN_RUN[0],
            roundings: 0.0,
        })
    }

    /// Steps one after the other, or in blocks where they are cheaper (the default).
    pub fn with_stepping(mut self, stepping: Stepping) -> Self {
        self.end_phase();
        self.stepping = stepping;
        self
    }

    /// The problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Steps taken so far.
    pub fn step(&self) -> f64 {
        self.step as f64
    }

    /// What has been done so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// About how many floating-point operations a plain step takes; a step of a block takes fewer.
    pub fn operations_per_step(&self) -> f64 {
        2.0 * crate::kernel::LANES as f64 * self.cost.plain
    }

    /// An estimate of what rounding has made of the margins, relative to `max(1, min_j |q_j|)`.
    ///
    /// Steps round what a block or a run of plain steps has changed so far, which is small beside the pre-activations,
    /// and its end rounds those once, by half a unit in the last place. Increments of a settled run are so even that
    /// roundings point in one direction for long: a margin is then off by as many times `(ε/m) Σ_k |h_ki|` as there
    /// were roundings, each counted by the part that it rounds. An estimate, not a bound: a run may amplify small
    /// differences.
    pub fn rounding_estimate(&self) -> f64 {
        let sizes = self
            .pre_activations()
            .mapv(f64::abs)
            .sum_axis(ndarray::Axis(0));
        let largest = sizes.fold(0.0_f64, |most, &size| most.max(size)) / self.problem.divisor();
        let least = self
            .margins()
            .iter()
            .fold(f64::INFINITY, |least, q| least.min(q.abs()))
            .max(1.0);
        let roundings = 10.0 + self.roundings + self.roundings_of_run() + self.work.blocks as f64;
        f64::EPSILON * roundings * (largest / least).max(1.0)
    }

    /// Margins `q_i`, `n` of them.
    pub fn margins(&self) -> Vec<f64> {
        self.state.margins.as_flattened()[..self.problem.samples()].to_vec()
    }

    /// Pre-activations `H = W Xᵀ`, `2m × n`.
    pub fn pre_activations(&self) -> Array2<f64> {
        let state = self.current_state();
        state.matrix(&state.pre_activations, &self.problem)
    }

    /// Coefficients `C` of `W = W(0) + C X`, `2m × n`.
    pub fn coefficients(&self) -> Array2<f64> {
        let state = self.current_state();
        state.matrix(&state.coefficients, &self.problem)
    }

    /// Pre-activations and coefficients, both `2m × n`, at the cost of one of them in the middle
    /// of a block.
    pub fn arrays(&self) -> [Array2<f64>; 2] {
        let state = self.current_state();
        [&state.pre_activations, &state.coefficients]
            .map(|values| state.matrix(values, &self.problem))
    }

    /// The state with the steps of the present phase applied.
    fn current_state(&self) -> Cow<'_, State> {
        match self.phase {
            Phase::Block { .. } => {
                let mut state = self.state.clone();
                self.block.apply_to(&self.problem, &mut state);
                Cow::Owned(state)
            }
            Phase::Plain { .. } => {
                let mut state = self.state.clone();
                self.plain.apply_to(&mut state);
                Cow::Owned(state)
            }
            Phase::Undecided => Cow::Borrowed(&self.state),
        }
    }

    /// Applies the steps of a block or a run to `H` and `C`, and frees the memory of blocks, one matrix of
    /// the size of `G` and a little; the next block allocates it again.
    pub fn release(&mut self) {
        self.end_phase();
        self.block = StepBlock::default();
    }

    /// How often the present run of plain steps rounds the largest pre-activations, its end included.
    fn roundings_of_run(&self) -> f64 {
        match self.phase {
            Phase::Plain { taken, .. } => 1.0 + taken as f64 * self.plain.relative_change(),
            _ => 0.0,
        }
    }

    fn end_phase(&mut self) {
        match self.phase {
            Phase::Undecided => {}
            Phase::Block { .. } => self.block.apply_to(&self.problem, &mut self.state),
            Phase::Plain { .. } => {
                self.roundings += self.roundings_of_run();
                self.plain.apply_to(&mut self.state);
            }
        }
        self.phase = Phase::Undecided;
    }

    /// Advances to step `to`, a whole number below 2⁵³; a step already taken is not undone.
    ///
    /// Results do not depend on how an advance is split into several.
    pub fn advance(&mut self, to: f64) -> Outcome {
        let to = to as u64;
        while self.step < to {
            let left = to - self.step;
            let finite = match (self.phase, self.stepping) {
                (Phase::Undecided, Stepping::Plain) => self.begin_run(PLAIN_RUN[1]),
                (Phase::Undecided, Stepping::Blocks | Stepping::AlwaysBlocks) => self.plan(),
                (Phase::Plain { taken, most }, _) => self.take_plain([taken, most], left),
                (
                    Phase::Block {
                        taken,
                        most,
                        watched,
                    },
                    _,
                ) => self.take_in_block([taken, most, watched], left),
            };
            if !finite {
                self.end_phase();
                return Outcome::NonFinite { step: self.step() };
            }
        }
        Outcome::Reached
    }

    /// Begins a run of plain steps.
    fn begin_run(&mut self, most: u64) -> bool {
        self.plain.begin(&self.problem, &self.state);
        self.phase = Phase::Plain { taken: 0, most };
        true
    }

    fn take_plain(&mut self, [before, most]: [u64; 2], left: u64) -> bool {
        let asked = (most - before).min(left);
        let margins = &mut self.state.margins;
        let steps = self.plain.run(&self.problem, margins, asked);
        let taken = before + steps;
        self.phase = Phase::Plain { taken, most };
        self.step += steps;
        self.work.plain_steps += steps;
        if taken == most {
            self.end_phase();
        }
        self.finite()
    }

    fn plan(&mut self) -> bool {
        let mut cost = self.cost;
        if self.stepping == Stepping::AlwaysBlocks {
            cost.plain = f64::INFINITY;
        }
        let Some(plan) = self.planner.plan(&self.problem, &self.state, &cost) else {
            let steps = self.plain_run;
            self.plain_run = (2 * self.plain_run).min(PLAIN_RUN[1]);
            return self.begin_run(steps);
        };
        self.block.set_up(&self.problem, &self.state, &plan);
        let watched = plan.watched.len();
        self.phase = Phase::Block {
            taken: 0,
            // Pairs change sign ever more rarely, with log t: a later plan may be cheaper.
            most: self
                .cost
                .steps_before_replanning(watched)
                .max(self.step / 4),
            watched: watched as u64,
        };
        self.work.blocks += 1;
        self.work.watched_pairs += watched as u64;
        self.plain_run = PLAIN_RUN[0];
        true
    }

    fn take_in_block(&mut self, [before, most, watched]: [u64; 3], left: u64) -> bool {
        let asked = (most - before).min(left);
        let steps = self.block.run(&self.problem, &mut self.state, asked);
        let taken = before + steps;
        self.phase = Phase::Block {
            taken,
            most,
            watched,
        };
        self.step += steps;
        self.work.block_steps += steps;
        self.work.watched_steps += watched * steps;
        if steps < asked || taken == most {
            self.end_phase();
        }
        // Where the first step of a block exceeds its bounds already, one plain step is taken.
        self.finite() && (taken > 0 || self.begin_run(1))
    }

    fn finite(&self) -> bool {
        self.state
            .margins
            .as_flattened()
            .iter()
            .all(|q| q.is_finite())
    }
}
