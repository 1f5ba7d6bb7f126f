//! The coefficients of a step from pre-activations: all of a descent that is not a matrix product.

use implicit_bias_record::StopRule;
use ndarray::Array2;

use super::float::Float;
use super::problem::DescentProblem;
use crate::{Activation, Objective, SharedActivation};

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
/// Neuron `k` of block `b(k)` is weighted `s_b a` in the score `o(b)`, `a = 1/m` in most networks. A sample is `P`
/// patches, one after another, over which a score is the sum; one in all networks but convolutions. With `H: K×nP` the
/// pre-activations of the patches `x_j`, a step is `w_k += Σ_j ΔC_kj x_j` with the coefficients
/// `ΔC_kj = (η a/n) s_b φ'(h_kj) g_{i(j),o(b)}`, `g_io = −n ∂L/∂f_o(x_i)`.
pub(crate) struct Head {
    /// `[outputs, n]`: scores, then `(η a/n) g_io`.
    scores: Vec<f64>,
    /// The same of the patches, `[outputs, nP]`.
    of_patches: Vec<f64>,
    outputs: Vec<Output>,
    objective: Objective,
    samples: usize,
    /// `P`.
    patches: usize,
    width: usize,
    /// `1/a`.
    divisor: f64,
    activation: SharedActivation,
    /// The activation by its own type where it is the paper's: without a call an entry.
    kinked: Option<Activation>,
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
            outputs,
            objective: problem.objective.clone(),
            samples: rows / patches,
            patches,
            width: blocks[0].nrows(),
            divisor,
            kinked: activation.piecewise_linear(),
            activation,
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
        // Scores are summed in double precision whatever E is: they are few, and cancel.
        self.of_patches.fill(0.0);
        let sizes = [self.width, self.samples * self.patches];
        let (outputs, scores) = (&self.outputs, &mut self.of_patches);
        match self.kinked {
            Some(activation) => pulp::Arch::new().dispatch(Sums {
                h,
                outputs,
                sizes,
                activation,
                scores,
            }),
            None => add_each(h, outputs, sizes, scores, |z| self.activation.apply(z)),
        }
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
        let sizes = [self.width, self.samples * self.patches];
        let (outputs, slopes) = (&self.outputs, &self.of_patches);
        match self.kinked {
            Some(activation) => pulp::Arch::new().dispatch(Coefficients {
                h,
                outputs,
                sizes,
                activation,
                slopes,
            }),
            None => multiply_each(h, outputs, sizes, slopes, |z| self.activation.derivative(z)),
        }
    }
}

/// Adds `s_b φ(h)` of every neuron to the score of its block; `[m, nP]` are width and patches.
#[inline(always)]
fn add_each<E: Float>(
    h: &[E],
    outputs: &[Output],
    [width, rows]: [usize; 2],
    scores: &mut [f64],
    apply: impl Fn(f64) -> f64,
) {
    for (k, row) in h.chunks_exact(rows).enumerate() {
        let Output { index, sign } = outputs[k / width];
        let scores = &mut scores[index * rows..][..rows];
        for (score, h) in scores.iter_mut().zip(row) {
            *score += sign * apply(h.to_f64());
        }
    }
}

/// Overwrites `h` of every neuron by `s_b c φ'(h)` with the slope `c` of its block's score.
#[inline(always)]
fn multiply_each<E: Float>(
    h: &mut [E],
    outputs: &[Output],
    [width, rows]: [usize; 2],
    slopes: &[f64],
    derivative: impl Fn(f64) -> f64,
) {
    for (k, row) in h.chunks_exact_mut(rows).enumerate() {
        let Output { index, sign } = outputs[k / width];
        for (h, c) in row.iter_mut().zip(&slopes[index * rows..][..rows]) {
            *h = E::from_f64(sign * c * derivative(h.to_f64()));
        }
    }
}

/// [`add_each`] of the paper's activations, compiled for the vector instructions of the machine.
struct Sums<'a, E> {
    h: &'a [E],
    outputs: &'a [Output],
    sizes: [usize; 2],
    activation: Activation,
    scores: &'a mut [f64],
}

impl<E: Float> pulp::WithSimd for Sums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let activation = self.activation;
        add_each(self.h, self.outputs, self.sizes, self.scores, |z| {
            activation.apply(z)
        });
    }
}

/// [`multiply_each`] of the paper's activations, compiled likewise.
struct Coefficients<'a, E> {
    h: &'a mut [E],
    outputs: &'a [Output],
    sizes: [usize; 2],
    activation: Activation,
    slopes: &'a [f64],
}

impl<E: Float> pulp::WithSimd for Coefficients<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let activation = self.activation;
        multiply_each(self.h, self.outputs, self.sizes, self.slopes, |z| {
            activation.derivative(z)
        });
    }
}
