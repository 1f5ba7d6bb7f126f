//! The state of a flow, and what follows from it.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::super::coupling::Coupling;
use super::super::estimate::Estimate;
use super::super::events::EpochStart;
use super::super::field::Field;
use super::super::outcome::{FarOutcome, FarWork};
use super::super::runge_kutta::{FlowPoint, Stages, Trial};
use super::guard::Guard;
use crate::Problem;

/// Gradient descent in `τ`.
///
/// `here` is a point of the grid of steps that the error control chooses, which does not depend on
/// the steps asked for; `view` is a partial step from there to the step asked for.
#[derive(Clone, Debug)]
pub(in crate::far) struct Flow {
    pub(super) problem: Problem,
    pub(super) coupling: Coupling,
    pub(super) base: EpochStart,
    pub(super) coefficients: Array2<f64>,
    pub(super) here: FlowPoint,
    pub(super) velocity: Vec<f64>,
    pub(super) h: Vec<f64>,
    pub(super) length: f64,
    pub(super) ahead: Option<PendingStep>,
    pub(super) view: FlowPoint,
    pub(in crate::far) step: f64,
    pub(super) failure: Option<FarOutcome>,
    pub(super) estimate: Estimate,
    /// The estimated error of each neuron from events, `e_k ≥ ‖δw_k‖`, `2m`.
    pub(super) weight_errors: Vec<f64>,
    pub(super) work: FarWork,
    pub(super) guard: Guard,
    pub(super) stages: Stages,
}

/// The next step of the grid, computed and not yet taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PendingStep {
    pub(super) trial: Trial,
    /// Pre-activations at its end.
    pub(super) h: Vec<f64>,
    pub(super) length: f64,
    pub(super) event: bool,
    pub(super) estimate: Estimate,
}

impl Flow {
    pub(super) fn field(&self) -> Field<'_> {
        Field {
            loss: self.problem.loss(),
            coupling: &self.coupling.matrix,
            base: &self.base.margins,
        }
    }

    pub(super) fn rates(&self, at: &FlowPoint) -> Vec<f64> {
        let mut v = vec![0.0; at.sums.len()];
        self.field().rates(at.tau, &at.sums, &mut v);
        v
    }

    pub(super) fn try_step(&mut self, length: f64) -> Trial {
        let field = Field {
            loss: self.problem.loss(),
            coupling: &self.coupling.matrix,
            base: &self.base.margins,
        };
        self.stages.step(field, &self.here, &self.velocity, length)
    }

    pub(super) fn shaped<'a>(&self, values: &'a [f64]) -> ArrayView2<'a, f64> {
        let shape = (self.problem.neurons(), self.problem.samples());
        ArrayView2::from_shape(shape, values)
            .expect("pre-activations are kept as 2m rows of n, so the shape always fits")
    }

    pub(super) fn coefficients_at(&self, sums: &[f64]) -> Array2<f64> {
        let mut coefficients = self.coefficients.clone();
        let mut z = vec![0.0; sums.len()];
        for group in &self.coupling.groups {
            self.coupling.apply_slopes(group, sums, &mut z);
            let factor = group.sign * self.coupling.rate;
            for &k in &group.neurons {
                for (c, z) in coefficients.row_mut(k).iter_mut().zip(&z) {
                    *c += factor * z;
                }
            }
        }
        coefficients
    }

    pub(in crate::far) fn margins(&self) -> Vec<f64> {
        let mut q = vec![0.0; self.view.sums.len()];
        self.field().margins(&self.view.sums, &mut q);
        q
    }

    pub(in crate::far) fn pre_activations(&self) -> Array2<f64> {
        let h = self
            .base
            .pre_activations_at(&self.coupling, &self.view.sums);
        self.shaped(&h).to_owned()
    }

    pub(in crate::far) fn coefficients(&self) -> Array2<f64> {
        self.coefficients_at(&self.view.sums)
    }

    pub(in crate::far) fn add_start_error(&mut self, error: f64) {
        self.estimate.start(error);
    }

    pub(in crate::far) fn work(&self) -> FarWork {
        FarWork {
            sliding_pairs: self.coupling.sliding_pairs() as u64,
            ..self.work
        }
    }

    #[cfg(test)]
    pub(in crate::far) fn rates_now(&self) -> Vec<f64> {
        self.rates(&self.view)
    }

    #[cfg(test)]
    pub(in crate::far) fn coupling(&self) -> &[f64] {
        &self.coupling.matrix
    }
}
