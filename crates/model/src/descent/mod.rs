//! Gradient descent by a hand-derived gradient in host memory.

use burn::tensor::Tensor;
use faer::linalg::matmul::matmul;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::Array2;

use crate::{Activation, Loss};

/// A training problem as a hand-derived descent sees it.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// Samples in the rows, `[n, d]`.
    pub x: &'a Array2<f64>,
    /// Labels ±1, `[n]`.
    pub labels: &'a [f64],
    /// The loss of a margin.
    pub loss: Loss,
    /// The step size `η`.
    pub step_size: f64,
    /// Whether weights and products are kept in single precision.
    pub single_precision: bool,
    /// How many threads a step may use.
    pub threads: usize,
}

/// A hand-derived gradient descent that holds its own copy of the weights.
pub trait Descent: Send {
    /// Takes `steps` steps, or fewer: returns how many were taken before a score was not finite.
    fn advance(&mut self, steps: u64) -> u64;

    /// The weights, in the order of the network's blocks, on the device of `like`.
    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>>;
}

/// The float types a host kernel runs in.
pub(crate) trait Float: RealField + Copy + Send + Sync + burn::tensor::Element {
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
}

impl Float for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
}

impl Float for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

/// Below this many floating-point operations a step, starting threads costs more than it saves.
const THREADING_THRESHOLD: usize = 20_000_000;

/// Two matrix products a step and nothing else of size `m d`: the floor of weight-space descent.
///
/// With `W: 2m×d`, `X: n×d`, `H: 2m×n`, a step is `H = W Xᵀ`, then `H` is overwritten by the step's
/// coefficients `(η/(nm)) s_k D_ki y_i g_i`, then `W += H X` in place: `8 m n d` operations.
pub(crate) struct TwoLayerDescent<E> {
    w: Vec<E>,
    h: Vec<E>,
    x: Vec<E>,
    labels: Vec<f64>,
    scores: Vec<f64>,
    width: usize,
    dim: usize,
    activation: Activation,
    loss: Loss,
    step_size: f64,
    par: Par,
}

impl<E: Float> TwoLayerDescent<E> {
    pub(crate) fn new(
        problem: &Problem<'_>,
        activation: Activation,
        pos: &Array2<f64>,
        neg: &Array2<f64>,
    ) -> Self {
        let (width, dim) = pos.dim();
        let samples = problem.labels.len();
        let large = 8 * width * samples * dim >= THREADING_THRESHOLD;
        Self {
            w: pos
                .iter()
                .chain(neg.iter())
                .map(|&value| E::from_f64(value))
                .collect(),
            h: vec![E::from_f64(0.0); 2 * width * samples],
            x: problem.x.iter().map(|&value| E::from_f64(value)).collect(),
            labels: problem.labels.to_vec(),
            scores: vec![0.0; samples],
            width,
            dim,
            activation,
            loss: problem.loss,
            step_size: problem.step_size,
            par: if large && problem.threads > 1 {
                Par::rayon(problem.threads)
            } else {
                Par::Seq
            },
        }
    }

    /// One step; `false`, with the weights untouched, if a score is not finite.
    fn step(&mut self) -> bool {
        let (width, dim, samples) = (self.width, self.dim, self.labels.len());
        let one = E::from_f64(1.0);
        let x = MatRef::from_row_major_slice(&self.x, samples, dim);
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.h, 2 * width, samples),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.w, 2 * width, dim),
            x.transpose(),
            one,
            self.par,
        );
        // Scores are summed in double precision whatever E is: they are few, and cancel.
        self.scores.fill(0.0);
        for (k, row) in self.h.chunks_exact(samples).enumerate() {
            let sign = if k < width { 1.0 } else { -1.0 };
            for (score, &h) in self.scores.iter_mut().zip(row) {
                *score += sign * self.activation.apply(h.to_f64());
            }
        }
        if self.scores.iter().any(|score| !score.is_finite()) {
            return false;
        }
        // From here on `scores` holds c_i = (η/(nm)) y_i g_i.
        let scale = self.step_size / (samples as f64 * width as f64);
        for (score, &label) in self.scores.iter_mut().zip(&self.labels) {
            *score = scale * label * self.loss.slope(label * *score / width as f64);
        }
        for (k, row) in self.h.chunks_exact_mut(samples).enumerate() {
            let sign = if k < width { 1.0 } else { -1.0 };
            for (h, &c) in row.iter_mut().zip(&self.scores) {
                *h = E::from_f64(sign * c * self.activation.derivative(h.to_f64()));
            }
        }
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.w, 2 * width, dim),
            Accum::Add,
            MatRef::from_row_major_slice(&self.h, 2 * width, samples),
            x,
            one,
            self.par,
        );
        true
    }
}

impl<E: Float> Descent for TwoLayerDescent<E> {
    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        let shape = [self.width, self.dim];
        self.w
            .chunks_exact(self.width * self.dim)
            .map(|block| {
                let data = burn::tensor::TensorData::new(block.to_vec(), shape);
                Tensor::from_data(data, (&like.device(), like.dtype()))
            })
            .collect()
    }
}
