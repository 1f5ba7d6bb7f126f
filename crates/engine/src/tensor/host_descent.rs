//! A descent whose weights and state are in host memory.

use crate::optimizers::Optimizer;
use crate::oracle::{Batches, Oracle};
use crate::step_size::StepSize;

/// An optimizer and what its steps are made with.
pub struct OptimizerRun {
    /// The optimizer, at step 0.
    pub optimizer: Box<dyn Optimizer>,
    /// The step size of every step.
    pub step_size: StepSize,
    /// Whether the loss is the sum over the samples instead of their mean.
    pub sum: bool,
    /// The batches of its steps; all samples without.
    pub batches: Option<Batches>,
}

impl OptimizerRun {
    /// Plain gradient descent on so many weights.
    pub(super) fn plain(step_size: f64, weights: usize) -> Self {
        Self {
            optimizer: crate::optimizers::plain(weights),
            step_size: StepSize::constant(step_size),
            sum: false,
            batches: None,
        }
    }
}

/// An optimizer with its weights, the entries of all blocks one after another.
pub(super) struct HostDescent {
    pub weights: Vec<f64>,
    pub oracle: Oracle,
    optimizer: Box<dyn Optimizer>,
    step_size: StepSize,
    pub sum: bool,
}

impl HostDescent {
    pub fn new(weights: Vec<f64>, oracle: Oracle, run: OptimizerRun) -> Self {
        Self {
            weights,
            oracle,
            optimizer: run.optimizer,
            step_size: run.step_size,
            sum: run.sum,
        }
    }

    /// Takes steps from number `first` on, or fewer: how many were taken before a number was not
    /// finite.
    pub fn advance(&mut self, first: u64, steps: u64) -> u64 {
        (first..first + steps)
            .take_while(|&step| {
                self.oracle.at_step(step);
                let size = self.step_size.at(step);
                let (weights, oracle) = (&mut self.weights, &mut self.oracle);
                self.optimizer.step(step, size, weights, oracle)
            })
            .count() as u64
    }

    /// The numbers that the next steps depend on.
    pub fn state(&self) -> Vec<f64> {
        [self.weights.clone(), self.optimizer.state()].concat()
    }

    /// Goes back to a [`state`](Self::state); `false` if it is none of such a descent.
    pub fn restore(&mut self, state: &[f64]) -> bool {
        let Some((weights, rest)) = state.split_at_checked(self.weights.len()) else {
            return false;
        };
        let fits = self.optimizer.restore(rest, weights.len());
        if fits {
            self.weights.copy_from_slice(weights);
        }
        fits
    }

    /// `‖∇L(W)‖_F` over all samples; `NaN` where a score is not finite.
    pub fn gradient_norm(&mut self) -> f64 {
        let mut gradient = vec![0.0; self.weights.len()];
        let found = self.oracle.full_gradient(&self.weights, &mut gradient);
        found.map_or(f64::NAN, |found| {
            found.scale() * crate::optimizers::norm(&gradient)
        })
    }
}
