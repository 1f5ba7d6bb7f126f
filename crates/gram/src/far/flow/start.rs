//! The first state of a flow, and whether the modified equation holds there.

use implicit_bias_scalar::Loss;
use ndarray::Array2;

use super::super::coupling::Coupling;
use super::super::estimate::{Estimate, chatter};
use super::super::events::EpochStart;
use super::super::linear::{absolute_times, largest_eigenvalue, symmetric_times};
use super::super::outcome::FarWork;
use super::super::runge_kutta::{FlowPoint, Stages};
use super::super::transition::Continuation;
use super::guard::Guard;
use super::state::Flow;
use crate::Problem;

/// [`FarFlow::REGIME`](crate::FarFlow::REGIME).
pub(in crate::far) const REGIME: f64 = 1e-3;

impl Flow {
    pub(in crate::far) fn new(
        problem: Problem,
        step: f64,
        pre_activations: Array2<f64>,
        coefficients: Array2<f64>,
    ) -> Self {
        let n = problem.samples();
        let tau = step.ln();
        let coupling = Coupling::new(&problem, pre_activations.view());
        let here = FlowPoint {
            tau,
            sums: vec![0.0; n],
        };
        let h: Vec<f64> = pre_activations.iter().copied().collect();
        let mut flow = Self {
            base: EpochStart {
                margins: problem.margins(pre_activations.view()),
                largest: h.iter().fold(0.0, |most, h| most.max(h.abs())),
                pre_activations: h.clone(),
            },
            coupling,
            coefficients,
            view: here.clone(),
            here,
            velocity: vec![0.0; n],
            h,
            length: 1e-3,
            ahead: None,
            step,
            failure: None,
            estimate: Estimate::default(),
            weight_errors: vec![0.0; problem.neurons()],
            work: FarWork::default(),
            guard: Guard {
                since: tau,
                steps: 0,
                events: 0,
                stuck: 0,
            },
            stages: Stages::new(n),
            problem,
        };
        let v = flow.rates(&flow.here);
        let mut reach = vec![0.0; n];
        absolute_times(flow.coupling.gram.iter(), &v, &mut reach);
        for reach in &mut reach {
            *reach *= flow.coupling.rate / step;
        }
        let changes = flow.change(0..flow.problem.neurons(), |neuron, coupling, _| {
            neuron.start_sliding(coupling, &v, &reach)
        });
        for change in changes {
            flow.weight_errors[change.neuron] = match change.continuation {
                Continuation::Determined => change.moved,
                // No error estimate would be finite.
                Continuation::Ambiguous => f64::INFINITY,
            };
        }
        flow
    }

    /// The largest of `‖√g' Ã √g'‖₂`, `max_i |(Ã g)_i|` and the chatter of the sliding
    /// pairs; of the last two, where they are above [`REGIME`] already. Infinite where a neuron is
    /// at kinks that meet.
    pub(in crate::far) fn regime(&self) -> f64 {
        let n = self.problem.samples();
        let roots: Vec<f64> = self
            .base
            .margins
            .iter()
            .map(|&q| {
                let g = self.problem.loss().slope(q);
                match self.problem.loss() {
                    Loss::Logistic => (g * (1.0 - g)).sqrt(),
                    Loss::Exponential => g.sqrt(),
                    Loss::Other(..) => unreachable!("refused by Problem::new"),
                }
            })
            .collect();
        let mut g: Vec<f64> = vec![0.0; n];
        for (g, &q) in g.iter_mut().zip(&self.base.margins) {
            *g = self.problem.loss().slope(q);
        }
        let mut moved = vec![0.0; n];
        symmetric_times(&self.coupling.matrix, &g, &mut moved);
        moved.push(chatter(&self.coupling, &g, 0.0));
        if self.event_error().is_infinite() {
            return f64::INFINITY;
        }
        let largest = |values: &[f64]| {
            values.iter().fold(0.0, |most: f64, value| {
                // Unlike `f64::max`, keeps a NaN.
                if most.is_nan() || value.abs() <= most {
                    most
                } else {
                    value.abs()
                }
            })
        };
        let moved = largest(&moved);
        // By far the cheaper half: where it decides, the eigenvalue is not needed.
        if moved > REGIME {
            return moved;
        }
        largest(&[moved, largest_eigenvalue(&self.coupling.matrix, &roots)])
    }
}
