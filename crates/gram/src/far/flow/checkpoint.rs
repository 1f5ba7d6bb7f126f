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
    /// `dS/dτ`, then the neurons' doubts; those are missing where an earlier version wrote it.
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
        checkpoint: FlowCheckpoint,
    ) -> Result<Self, GramError> {
        let FlowCheckpoint {
            coupling,
            base,
            coefficients,
            here,
            mut velocity,
            h,
            length,
            ahead,
            view,
            step,
            failure,
            estimate,
            work,
            guard,
        } = checkpoint;
        let (n, pairs) = (problem.samples(), problem.neurons() * problem.samples());
        let doubts = if velocity.len() > n {
            velocity.split_off(n)
        } else {
            vec![0.0; problem.neurons()]
        };
        for (what, expected, found) in [
            (
                "the base's pre-activations",
                pairs,
                base.pre_activations.len(),
            ),
            ("the base's margins", n, base.margins.len()),
            ("the coefficients", pairs, coefficients.len()),
            ("the sums", n, here.sums.len()),
            ("the velocity", n, velocity.len()),
            ("the doubts", problem.neurons(), doubts.len()),
            ("the pre-activations", pairs, h.len()),
            ("the sums of the view", n, view.sums.len()),
        ] {
            require_len(what, expected, found)?;
        }
        if let Some(ahead) = &ahead {
            require_len("the sums ahead", n, ahead.trial.end.sums.len())?;
            require_len("the velocity ahead", n, ahead.trial.velocity.len())?;
            require_len("the pre-activations ahead", pairs, ahead.h.len())?;
        }
        for (what, value, least) in [
            ("step", step, 1.0),
            ("instant", here.tau, 0.0),
            ("length", length, 0.0),
        ] {
            // Written so that a NaN fails too.
            if !(value.is_finite() && value >= least) {
                return Err(GramError::Checkpoint {
                    expected: format!("a finite {what} of at least {least}"),
                    found: value.to_string(),
                });
            }
        }
        // Counts far from where they would overflow.
        let counts = [
            guard.steps,
            guard.events,
            guard.stuck,
            estimate.operations(),
        ];
        let done = [work.rk_steps, work.rejected, work.events];
        if let Some(count) = counts.iter().chain(&done).find(|&&count| count >= 1 << 53) {
            return Err(GramError::Checkpoint {
                expected: "counts below 2^53".to_owned(),
                found: count.to_string(),
            });
        }
        Ok(Self {
            coupling: Coupling::restore(&problem, coupling)?,
            base,
            coefficients: Array2::from_shape_vec((problem.neurons(), n), coefficients)
                .expect("the length was checked above"),
            here,
            velocity,
            h,
            length,
            ahead,
            view,
            step,
            failure,
            estimate,
            weight_errors: doubts,
            work,
            guard,
            stages: Stages::new(n),
            problem,
        })
    }
}
