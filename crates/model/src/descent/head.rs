//! The coefficients of a step from pre-activations: all of a descent that is not a matrix product.

use implicit_bias_record::StopRule;
use ndarray::Array2;

use super::float::Float;
use super::problem::DescentProblem;
use crate::{Activation, Objective};

/// The score to which the head of a network adds the sum of one block, and the sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Which score.
    pub index: usize,
    /// `+1` or `−1`.
    pub sign: f64,
}

/// The activation of the first layer, the fixed second layer and the objective above it.
///
/// Neuron `k` of block `b(k)` is weighted `s_b a` in the score `o(b)`, `a = 1/m` in most networks. With `H: K×n` the
/// pre-activations, a step is `w_k += Σ_i ΔC_ki x_i` with the coefficients
/// `ΔC_ki = (η a/n) s_b φ'(h_ki) g_{i,o(b)}`, `g_io = −n ∂L/∂f_o(x_i)`.
pub(crate) struct Head {
    /// `[outputs, n]`: scores, then `(η a/n) g_io`.
    scores: Vec<f64>,
    outputs: Vec<Output>,
    objective: Objective,
    samples: usize,
    width: usize,
    /// `1/a`.
    divisor: f64,
    activation: Activation,
    step_size: f64,
    stop: Option<StopRule>,
}

impl Head {
    /// The head of blocks of one shape, an output a block, and `1/a` beside the outputs.
    pub fn new(
        problem: &DescentProblem<'_>,
        activation: Activation,
        blocks: &[Array2<f64>],
        (outputs, divisor): (Vec<Output>, f64),
    ) -> Self {
        let samples = problem.x.nrows();
        Self {
            scores: vec![0.0; problem.objective.outputs() * samples],
            outputs,
            objective: problem.objective.clone(),
            samples,
            width: blocks[0].nrows(),
            divisor,
            activation,
            step_size: problem.step_size,
            stop: problem.stop,
        }
    }

    /// Prepares the coefficients of a step at pre-activations `h`, `K×n`; `false` if a score is
    /// not finite or the descent is to stop.
    pub fn prepare<E: Float>(&mut self, h: &[E]) -> bool {
        if !self.score(h) || self.stops_here() {
            return false;
        }
        self.objective.descend(&mut self.scores);
        let scale = self.step_size / (self.samples as f64 * self.divisor);
        for score in &mut self.scores {
            *score *= scale;
        }
        true
    }

    /// Whether the descent is to stop at pre-activations `h`.
    pub fn stops<E: Float>(&mut self, h: &[E]) -> bool {
        self.stop.is_some() && self.score(h) && self.stops_here()
    }

    fn stops_here(&self) -> bool {
        let margins = || self.objective.soft_margins(&self.scores);
        (self.stop).is_some_and(|rule| self.objective.stops(rule, &margins()))
    }

    /// Computes the scores at pre-activations `h`; `false` if one is not finite.
    fn score<E: Float>(&mut self, h: &[E]) -> bool {
        let (samples, divisor) = (self.samples, self.divisor);
        // Scores are summed in double precision whatever E is: they are few, and cancel.
        self.scores.fill(0.0);
        for (k, row) in h.chunks_exact(samples).enumerate() {
            let Output { index, sign } = self.outputs[k / self.width];
            let scores = &mut self.scores[index * samples..][..samples];
            for (score, &h) in scores.iter_mut().zip(row) {
                *score += sign * self.activation.apply(h.to_f64());
            }
        }
        if self.scores.iter().any(|score| !score.is_finite()) {
            return false;
        }
        for score in &mut self.scores {
            *score /= divisor;
        }
        true
    }

    /// What the coefficients of neuron `k` are made of: `ΔC_ki = coefficient(h_ki, row[i])`.
    pub fn row<E: Float>(&self, k: usize) -> (&[f64], impl Fn(E, f64) -> E + use<E>) {
        let Output { index, sign } = self.outputs[k / self.width];
        let activation = self.activation;
        let coefficient =
            move |h: E, c: f64| E::from_f64(sign * c * activation.derivative(h.to_f64()));
        (
            &self.scores[index * self.samples..][..self.samples],
            coefficient,
        )
    }
}
