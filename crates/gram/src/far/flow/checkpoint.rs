//! A flow's state, without the memory it works in and what follows from the problem.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::super::coupling::{Coupling, CouplingCheckpoint};
use super::super::estimate::Estimate;
use super::super::events::EpochStart;
use super::super::outcome::{FarOutcome, FarWork};
use super::super::runge_kutta::{FlowPoint, Stages};
use super::guard::Guard;
use super::state::{Flow, PendingStep};
use crate::error::require_len;
use crate::{GramError, Problem};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::far) struct FlowCheckpoint {
    #[serde(rename = "pattern")]
    coupling: CouplingCheckpoint,
    base: EpochStart,
    /// `2m × n`, row after row.
    coefficients: Vec<f64>,
    here: FlowPoint,
    /// `dS/dτ`, `n`, then the neurons' errors `e_k`, `2m`, which earlier versions did not write.
    velocity: Vec<f64>,
    h: Vec<f64>,
    length: f64,
    ahead: Option<PendingStep>,
    view: FlowPoint,
    step: f64,
    failure: Option<FarOutcome>,
    estimate: Estimate,
    work: FarWork,
    guard: Guard,
}

impl Flow {
    pub(in crate::far) fn checkpoint(&self) -> FlowCheckpoint {
        FlowCheckpoint {
            coupling: self.coupling.checkpoint(),
            base: self.base.clone(),
            coefficients: self.coefficients.iter().copied().collect(),
            here: self.here.clone(),
            velocity: [&self.velocity[..], &self.weight_errors].concat(),
            h: self.h.clone(),
            length: self.length,
            ahead: self.ahead.clone(),
            view: self.view.clone(),
            step: self.step,
            failure: self.failure,
            estimate: self.estimate.clone(),
            work: self.work,
            guard: self.guard.clone(),
        }
    }

    pub(in crate::far) fn restore(
        problem: Problem,
        mut checkpoint: FlowCheckpoint,
    ) -> Result<Self, GramError> {
        let n = problem.samples();
        let weight_errors = checkpoint.take_weight_errors(&problem);
        checkpoint.require_lengths(&problem, weight_errors.len())?;
        checkpoint.require_values()?;
        Ok(Self {
            coupling: Coupling::restore(&problem, checkpoint.coupling)?,
            base: checkpoint.base,
            coefficients: Array2::from_shape_vec((problem.neurons(), n), checkpoint.coefficients)
                .expect("the length was checked above"),
            here: checkpoint.here,
            velocity: checkpoint.velocity,
            h: checkpoint.h,
            length: checkpoint.length,
            ahead: checkpoint.ahead,
            view: checkpoint.view,
            step: checkpoint.step,
            failure: checkpoint.failure,
            estimate: checkpoint.estimate,
            weight_errors,
            work: checkpoint.work,
            guard: checkpoint.guard,
            stages: Stages::new(n),
            problem,
        })
    }
}

impl FlowCheckpoint {
    /// Takes the neurons' errors off the end of `velocity`; zeros where there are none.
    fn take_weight_errors(&mut self, problem: &Problem) -> Vec<f64> {
        if self.velocity.len() > problem.samples() {
            self.velocity.split_off(problem.samples())
        } else {
            vec![0.0; problem.neurons()]
        }
    }

    /// Refuses arrays of other lengths than the problem has; `errors` is the number of neurons'
    /// errors.
    fn require_lengths(&self, problem: &Problem, errors: usize) -> Result<(), GramError> {
        let (n, pairs) = (problem.samples(), problem.neurons() * problem.samples());
        for (what, expected, found) in [
            (
                "the base's pre-activations",
                pairs,
                self.base.pre_activations.len(),
            ),
            ("the base's margins", n, self.base.margins.len()),
            ("the coefficients", pairs, self.coefficients.len()),
            ("the sums", n, self.here.sums.len()),
            ("the velocity", n, self.velocity.len()),
            ("the doubts", problem.neurons(), errors),
            ("the pre-activations", pairs, self.h.len()),
            ("the sums of the view", n, self.view.sums.len()),
        ] {
            require_len(what, expected, found)?;
        }
        if let Some(ahead) = &self.ahead {
            require_len("the sums ahead", n, ahead.trial.end.sums.len())?;
            require_len("the velocity ahead", n, ahead.trial.velocity.len())?;
            require_len("the pre-activations ahead", pairs, ahead.h.len())?;
        }
        Ok(())
    }

    /// Refuses times that a flow cannot be at, and counts near their overflow.
    fn require_values(&self) -> Result<(), GramError> {
        for (what, value, least) in [
            ("step", self.step, 1.0),
            ("instant", self.here.tau, 0.0),
            ("length", self.length, 0.0),
        ] {
            // Written so that a NaN fails too.
            if !(value.is_finite() && value >= least) {
                return Err(GramError::Checkpoint {
                    expected: format!("a finite {what} of at least {least}"),
                    found: value.to_string(),
                });
            }
        }
        let (guard, work) = (&self.guard, &self.work);
        let operations = self.estimate.operations();
        let counts = [guard.steps, guard.events, guard.stuck, operations];
        let done = [work.rk_steps, work.rejected, work.events];
        if let Some(count) = counts.iter().chain(&done).find(|&&count| count >= 1 << 53) {
            return Err(GramError::Checkpoint {
                expected: "counts below 2^53".to_owned(),
                found: count.to_string(),
            });
        }
        Ok(())
    }
}
