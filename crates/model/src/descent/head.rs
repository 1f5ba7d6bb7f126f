//! The coefficients of a step from pre-activations: all of a descent that is not a matrix product.

use implicit_bias_record::StopRule;
use ndarray::Array2;

use super::block_sums::{BlockSums, Output};
use super::float::Float;
use super::problem::DescentProblem;
use crate::{Objective, SharedActivation};

/// The activation of the first layer, the fixed second layer and the objective above it.
///
/// Neuron `k` of block `b(k)` is weighted `s_b a` in the score `o(b)`, `a = 1/m` in most networks. A sample is `P`
/// patches, one after another, over which a score is the sum; one in all networks but convolutions. With `H: K×nP` the
/// pre-activations of the patches `x_j`, a step is `w_k += Σ_j ΔC_kj x_j` with the coefficients
/// `ΔC_kj = (η a/n) s_b φ'(h_kj) g_{i(j),o(b)}`, `g_io = −n ∂L/∂f_o(x_i)`.
pub(crate) struct Head {
    /// `[outputs, n]`: scores, then `(η a/n) g_io`.
    scores: Vec<f64>,
    /// The same of the patches, `[outputs, nP]`.
    of_patches: Vec<f64>,
    sums: BlockSums,
    objective: Objective,
    samples: usize,
    /// `P`.
    patches: usize,
    /// `1/a`.
    divisor: f64,
    step_size: f64,
    stop: Option<StopRule>,
}

impl Head {
    /// The head of blocks of one shape, an output a block, and `1/a` beside the outputs. The problem's
    /// `x` holds the patches, `P` of them a sample.
    pub fn new(
        problem: &DescentProblem<'_>,
        activation: SharedActivation,
        blocks: &[Array2<f64>],
        (outputs, divisor): (Vec<Output>, f64),
        patches: usize,
    ) -> Self {
        let (rows, count) = (problem.x.nrows(), problem.objective.outputs());
        Self {
            scores: vec![0.0; count * (rows / patches)],
            of_patches: vec![0.0; count * rows],
            sums: BlockSums::new(activation, outputs, blocks[0].nrows()),
            objective: problem.objective.clone(),
            samples: rows / patches,
            patches,
            divisor,
            step_size: problem.step_size,
            stop: problem.stop,
        }
    }

    /// Prepares the coefficients of a step at pre-activations `h`, `K×nP`; `false` if a score is
    /// not finite or the descent is to stop.
    pub fn prepare<E: Float>(&mut self, h: &[E]) -> bool {
        if !self.score(h) || self.stops_here() {
            return false;
        }
        self.objective.descend(&mut self.scores);
        let scale = self.step_size / (self.samples as f64 * self.divisor);
        let each = self.of_patches.chunks_exact_mut(self.patches);
        for (own, slope) in each.zip(&self.scores) {
            own.fill(slope * scale);
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
        self.of_patches.fill(0.0);
        let rows = self.samples * self.patches;
        self.sums.add(h, rows, &mut self.of_patches);
        let each = self.of_patches.chunks_exact(self.patches);
        for (score, own) in self.scores.iter_mut().zip(each) {
            *score = own.iter().sum();
        }
        if self.scores.iter().any(|score| !score.is_finite()) {
            return false;
        }
        for score in &mut self.scores {
            *score /= self.divisor;
        }
        true
    }

    /// Overwrites pre-activations by the coefficients `ΔC` of the step, `K×nP`.
    pub fn coefficients<E: Float>(&self, h: &mut [E]) {
        let rows = self.samples * self.patches;
        self.sums.pull(h, rows, &self.of_patches);
    }
}
