//! Steps in the weights themselves.

use burn::tensor::{Tensor, TensorData};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::Array2;

use super::{Descent, Float, Head, Problem, parallelism};

/// Two matrix products a step and nothing else of size `m d`: the floor of weight-space descent.
///
/// With `W: K×d` of `K = blocks · m` neurons, `X: n×d`, `H: K×n`, a step is `H = W Xᵀ`, then `H` is
/// overwritten by the coefficients of the step, `ΔC`, then `W += ΔC X` in place: `4 K n d` operations.
pub(crate) struct WeightSpaceDescent<E> {
    w: Vec<E>,
    h: Vec<E>,
    x: Vec<E>,
    head: Head,
    /// Rows and columns of a block.
    shape: [usize; 2],
    samples: usize,
    par: Par,
}

impl<E: Float> WeightSpaceDescent<E> {
    pub fn new(problem: &Problem<'_>, head: Head, blocks: &[Array2<f64>]) -> Self {
        let (samples, dim) = problem.x.dim();
        let width = blocks[0].nrows();
        let neurons = width * blocks.len();
        Self {
            w: blocks
                .iter()
                .flatten()
                .map(|&value| E::from_f64(value))
                .collect(),
            h: vec![E::from_f64(0.0); neurons * samples],
            x: problem.x.iter().map(|&value| E::from_f64(value)).collect(),
            head,
            shape: [width, dim],
            samples,
            par: parallelism(4 * neurons * samples * dim, problem.threads),
        }
    }

    /// One step; `false`, with the weights untouched, if a score is not finite.
    fn step(&mut self) -> bool {
        let ([_, dim], samples) = (self.shape, self.samples);
        let neurons = self.w.len() / dim;
        let one = E::from_f64(1.0);
        let x = MatRef::from_row_major_slice(&self.x, samples, dim);
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.h, neurons, samples),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.w, neurons, dim),
            x.transpose(),
            one,
            self.par,
        );
        if !self.head.prepare(&self.h) {
            return false;
        }
        for (k, row) in self.h.chunks_exact_mut(samples).enumerate() {
            let (coefficients, coefficient) = self.head.row(k);
            for (h, &c) in row.iter_mut().zip(coefficients) {
                *h = coefficient(*h, c);
            }
        }
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.w, neurons, dim),
            Accum::Add,
            MatRef::from_row_major_slice(&self.h, neurons, samples),
            x,
            one,
            self.par,
        );
        true
    }
}

impl<E: Float> Descent for WeightSpaceDescent<E> {
    fn state(&self) -> Vec<f64> {
        self.w.iter().map(|w| w.to_f64()).collect()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let fits = state.len() == self.w.len();
        if fits {
            self.w = state.iter().map(|&w| E::from_f64(w)).collect();
        }
        fits
    }

    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        let [width, dim] = self.shape;
        self.w
            .chunks_exact(width * dim)
            .map(|block| {
                let data = TensorData::new(block.to_vec(), self.shape);
                Tensor::from_data(data, (&like.device(), like.dtype()))
            })
            .collect()
    }
}
