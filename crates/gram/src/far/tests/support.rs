//! Gradient descent step by step, and problems to follow.

use implicit_bias_data::{DataLaw, Dataset, Mixture};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::Array2;

use super::super::FarFlow;
use crate::Problem;

pub(super) const RELU: Activation = Activation::RELU;

pub(super) fn leaky(slope: f64) -> Activation {
    Activation::leaky_relu(slope).expect("slopes here are in [0, 1)")
}

/// Gradient descent in Gram coordinates, one step after the other: nothing shared with the flow.
#[derive(Clone)]
pub(super) struct Exact {
    pub(super) problem: Problem,
    pub(super) h: Array2<f64>,
    pub(super) c: Array2<f64>,
    pub(super) step: u64,
}

impl Exact {
    pub(super) fn new(problem: Problem, seed: u64, scale: f64) -> Self {
        let (neurons, n) = (problem.neurons(), problem.samples());
        // W(0) in the span, of random coordinates: H = C(0) G without keeping C(0).
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let h = Array2::from_shape_fn((neurons, n), |_| {
            let mut sum = 0.0;
            for _ in 0..4 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            }
            scale * sum
        });
        Self {
            c: Array2::zeros((neurons, n)),
            problem,
            h,
            step: 0,
        }
    }

    pub(super) fn advance(&mut self, to: u64) {
        let n = self.problem.samples();
        let gram: Vec<f64> = self.problem.gram().iter().copied().collect();
        let mut change = vec![0.0; n];
        while self.step < to {
            let q = self.problem.margins(self.h.view());
            for k in 0..self.problem.neurons() {
                let sign = self.problem.sign(k);
                let row = self.h.row_mut(k);
                let h = row.into_slice().expect("rows are contiguous");
                for i in 0..n {
                    change[i] = sign
                        * self.problem.rate()
                        * self.problem.labels()[i]
                        * self.problem.loss().slope(q[i])
                        * self.problem.activation().derivative(h[i]);
                    self.c[[k, i]] += change[i];
                }
                for (row, &change) in gram.chunks_exact(n).zip(&change) {
                    for (h, g) in h.iter_mut().zip(row) {
                        *h += change * g;
                    }
                }
            }
            self.step += 1;
        }
    }

    pub(super) fn flow(&self) -> FarFlow {
        FarFlow::new(
            self.problem.clone(),
            self.step as f64,
            self.h.clone(),
            self.c.clone(),
        )
        .expect("the state is in the regime")
    }

    pub(super) fn margins(&self) -> Vec<f64> {
        self.problem.margins(self.h.view())
    }
}

pub(super) fn mixture(samples: usize, dim: usize, signal: f64, seed: u64) -> Dataset {
    let law = Mixture {
        samples,
        dim,
        signal,
        noise: 1.0 / (dim as f64).sqrt(),
    };
    law.generate(seed).expect("a valid law")
}

pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |most, (a, b)| {
        f64::max(most, (a - b).abs() / b.abs().max(1.0))
    })
}

pub(super) fn problem(data: &Dataset, activation: Activation, loss: Loss) -> Problem {
    Problem::new(data, 4, activation, loss, 2.0).expect("valid settings")
}

/// A settled state, by exact steps.
pub(super) fn settled(problem: Problem, seed: u64, steps: u64) -> Exact {
    let mut exact = Exact::new(problem, seed, 0.1);
    exact.advance(steps);
    exact
}

/// Settings that slide.
pub(super) const KINDS: [(Activation, Loss, usize, f64); 4] = [
    (RELU, Loss::Logistic, 40, 0.5),
    (RELU, Loss::Exponential, 400, 0.1),
    (RELU, Loss::Logistic, 10, 0.5),
    (RELU, Loss::Logistic, 12, 0.0),
];
