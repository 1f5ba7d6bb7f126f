//! What a fixed second layer makes of pre-activations: sums of blocks, and the way back.

use super::float::Float;
use crate::{Activation, SharedActivation};

/// The score to which the head of a network adds the sum of one block, and the sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Which score.
    pub index: usize,
    /// `+1` or `−1`.
    pub sign: f64,
}

/// The activation of blocks of `m` neurons, and the score `o(b)` to which each adds `s_b Σ_k φ(h_k)`.
///
/// Pre-activations are `H: K×n`, a neuron a row, and scores and slopes `[outputs, n]`.
#[derive(Clone)]
pub(crate) struct BlockSums {
    outputs: Vec<Output>,
    width: usize,
    activation: SharedActivation,
    /// The activation by its own type where it is the paper's: without a call an entry.
    kinked: Option<Activation>,
}

impl BlockSums {
    /// Of blocks of `width` neurons, an output a block.
    pub fn new(activation: SharedActivation, outputs: Vec<Output>, width: usize) -> Self {
        Self {
            outputs,
            width,
            kinked: activation.piecewise_linear(),
            activation,
        }
    }

    /// How many neurons there are.
    pub fn neurons(&self) -> usize {
        self.width * self.outputs.len()
    }

    /// The activation.
    pub fn activation(&self) -> &SharedActivation {
        &self.activation
    }

    /// Whether the activation is ReLU or leaky ReLU.
    pub fn is_kinked(&self) -> bool {
        self.kinked.is_some()
    }

    /// Adds `s_b φ(h)` of every neuron to `scores`. In double precision whatever `E` is: scores are few,
    /// and cancel.
    pub fn add<E: Float>(&self, h: &[E], rows: usize, scores: &mut [f64]) {
        match self.kinked {
            Some(activation) => pulp::Arch::new().dispatch(Add {
                sums: self,
                activation,
                h,
                rows,
                scores,
            }),
            None => self.add_each(h, rows, scores, |z| self.activation.apply(z)),
        }
    }

    /// As [`add`](Self::add), of the values `φ(h)`.
    pub fn add_values(&self, values: &[f64], rows: usize, scores: &mut [f64]) {
        self.add_each(values, rows, scores, |value| value);
    }

    /// Overwrites `h` of every neuron by `s_b c φ'(h)` with the slope `c` of its score.
    pub fn pull<E: Float>(&self, h: &mut [E], rows: usize, slopes: &[f64]) {
        match self.kinked {
            Some(activation) => pulp::Arch::new().dispatch(Pull {
                sums: self,
                activation,
                h,
                rows,
                slopes,
            }),
            None => self.pull_each(h, rows, slopes, |z| self.activation.derivative(z)),
        }
    }

    /// As [`pull`](Self::pull), of the derivatives `φ'(h)`.
    pub fn pull_derivatives(&self, derivatives: &mut [f64], rows: usize, slopes: &[f64]) {
        self.pull_each(derivatives, rows, slopes, |derivative| derivative);
    }

    #[inline(always)]
    fn add_each<E: Float>(
        &self,
        h: &[E],
        rows: usize,
        scores: &mut [f64],
        apply: impl Fn(f64) -> f64,
    ) {
        for (k, row) in h.chunks_exact(rows).enumerate() {
            let Output { index, sign } = self.outputs[k / self.width];
            let scores = &mut scores[index * rows..][..rows];
            for (score, h) in scores.iter_mut().zip(row) {
                *score += sign * apply(h.to_f64());
            }
        }
    }

    #[inline(always)]
    fn pull_each<E: Float>(
        &self,
        h: &mut [E],
        rows: usize,
        slopes: &[f64],
        derivative: impl Fn(f64) -> f64,
    ) {
        for (k, row) in h.chunks_exact_mut(rows).enumerate() {
            let Output { index, sign } = self.outputs[k / self.width];
            for (h, c) in row.iter_mut().zip(&slopes[index * rows..][..rows]) {
                *h = E::from_f64(sign * c * derivative(h.to_f64()));
            }
        }
    }
}

/// [`BlockSums::add`] of the paper's activations, compiled for the vector instructions of the machine.
struct Add<'a, E> {
    sums: &'a BlockSums,
    activation: Activation,
    h: &'a [E],
    rows: usize,
    scores: &'a mut [f64],
}

impl<E: Float> pulp::WithSimd for Add<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let activation = self.activation;
        let apply = |z| activation.apply(z);
        self.sums.add_each(self.h, self.rows, self.scores, apply);
    }
}

/// [`BlockSums::pull`] of the paper's activations, compiled likewise.
struct Pull<'a, E> {
    sums: &'a BlockSums,
    activation: Activation,
    h: &'a mut [E],
    rows: usize,
    slopes: &'a [f64],
}

impl<E: Float> pulp::WithSimd for Pull<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let activation = self.activation;
        let derivative = |z| activation.derivative(z);
        self.sums
            .pull_each(self.h, self.rows, self.slopes, derivative);
    }
}
