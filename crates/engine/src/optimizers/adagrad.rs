//! Steps over the root of all squared gradients.

use super::moments::EPSILON;
use super::optimizer::{Optimizer, OptimizerKind, descend};
use super::sgd::{BATCH_ORDER, BATCH_SIZE};
use crate::oracle::Oracle;
use implicit_bias_record::StepNorm;

/// `G ← G + (∇L)²`, `W ← W − η_t ∇L/(√G + ε)`, from `G = 0`, in each coordinate (Duchi, Hazan &
/// Singer 2011).
///
/// `G` converges where the squares of the gradients have a finite sum: the steps are then those of
/// gradient descent in coordinates scaled by its limit, which depends on the whole run.
pub const ADAGRAD: OptimizerKind = OptimizerKind {
    name: "adagrad",
    about: "`G ← G + (∇L)²`, `W ← W − η ∇L/(√G + ε)`",
    keys: &[EPSILON, BATCH_SIZE, BATCH_ORDER],
    has_step_size: true,
    batch_size: None,
    is_plain: false,
    pace: None,
    step_norm: |_| StepNorm::Unknown,
    make: |settings, weights| {
        Ok(Box::new(Adagrad {
            epsilon: EPSILON.number_in(settings)?,
            squares: vec![0.0; weights],
            buffer: vec![0.0; weights],
        }))
    },
};

struct Adagrad {
    epsilon: f64,
    /// `G`.
    squares: Vec<f64>,
    /// The gradient, then the change of the weights.
    buffer: Vec<f64>,
}

impl Optimizer for Adagrad {
    fn step(
        &mut self,
        _step: u64,
        step_size: f64,
        weights: &mut [f64],
        oracle: &mut Oracle,
    ) -> bool {
        let Some(found) = oracle.gradient(weights, &mut self.buffer) else {
            return false;
        };
        let scale = found.scale();
        for (g, square) in self.buffer.iter_mut().zip(&mut self.squares) {
            *g *= scale;
            *square += *g * *g;
            // No gradient yet, or none that a number holds.
            *g = if *g == 0.0 {
                0.0
            } else {
                *g / (square.sqrt() + self.epsilon)
            };
        }
        descend(weights, step_size, &self.buffer)
    }

    fn state(&self) -> Vec<f64> {
        self.squares.clone()
    }

    fn restore(&mut self, state: &[f64], weights: usize) -> bool {
        let fits = state.len() == weights;
        if fits {
            self.squares.copy_from_slice(state);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_model::{HINGE, HostScores, Objective};
    use implicit_bias_settings::Settings;

    /// `f(w; x_1) = 3 w`, with the label 1.
    struct Threefold;

    impl HostScores for Threefold {
        fn scores(&mut self, weights: &[f64], _: Option<&[usize]>, scores: &mut [f64]) {
            scores[0] = 3.0 * weights[0];
        }

        fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
            gradient[0] = 3.0 * cotangent[0];
        }
    }

    /// Under the hinge loss the gradient is −3 while the margin is below 1, so that step `k` has the
    /// length `3 η/(3 √k + ε)`.
    #[test]
    fn a_constant_gradient_makes_steps_like_one_over_the_root_of_their_number() {
        let objective = Objective::binary(HINGE, vec![1.0]).unwrap();
        let mut oracle = Oracle::new(Box::new(Threefold), objective, false, None);
        let (eta, epsilon) = (1e-4, 0.5);
        let settings = Settings::default().with("epsilon", epsilon);
        let mut optimizer = (ADAGRAD.make)(&settings, 1).unwrap();
        let mut weights = [0.0];
        let mut expected = 0.0;
        for step in 0..500_u32 {
            assert!(optimizer.step(step.into(), eta, &mut weights, &mut oracle));
            expected += 3.0 * eta / (3.0 * f64::from(step + 1).sqrt() + epsilon);
            assert!((weights[0] / expected - 1.0).abs() < 1e-12, "{step}");
        }
        assert!((optimizer.state()[0] - 9.0 * 500.0).abs() < 1e-9);
    }
}
