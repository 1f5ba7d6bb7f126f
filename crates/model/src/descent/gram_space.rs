//! Steps in the coordinates `W = W(0) + C X` (docs/theory.md, section 4), for few samples of many
//! dimensions.

use burn::tensor::{Tensor, TensorData};
use implicit_bias_algebra::{Accum, MatMut, MatRef, Par, matmul};
use ndarray::Array2;

use super::float::parallelism;
use super::head::Head;
use super::problem::{Descent, DescentProblem};

/// One product with the Gram matrix a step: `H += ΔC G`, `C += ΔC`, with `G = X Xᵀ: n×n`,
/// `H, C: K×n`.
///
/// `2 K n²` operations instead of the `4 K n d` of weight space, for the same trajectory up to
/// rounding. Steps are taken one by one; the engine of `implicit-bias-gram`, which takes many at
/// once and goes to far horizons, has labels ±1 only.
pub(crate) struct GramSpaceDescent {
    h: Vec<f64>,
    c: Vec<f64>,
    /// `ΔC` of a step.
    change: Vec<f64>,
    gram: Vec<f64>,
    /// `W(0)`: K×d.
    initial: Vec<f64>,
    x: Vec<f64>,
    head: Head,
    /// Rows and columns of a block.
    shape: [usize; 2],
    samples: usize,
    par: Par,
}

impl GramSpaceDescent {
    /// Whether a step costs less here than in weight space: half the operations at `n = d`.
    pub fn is_cheaper(problem: &DescentProblem<'_>) -> bool {
        let (samples, dim) = problem.x.dim();
        !problem.single_precision && samples <= dim
    }

    pub fn new(problem: &DescentProblem<'_>, head: Head, blocks: &[Array2<f64>]) -> Self {
        let (samples, dim) = problem.x.dim();
        let width = blocks[0].nrows();
        let neurons = width * blocks.len();
        let initial: Vec<f64> = blocks.iter().flatten().copied().collect();
        let x: Vec<f64> = problem.x.iter().copied().collect();
        let mut gram = vec![0.0; samples * samples];
        let mut h = vec![0.0; neurons * samples];
        let samples_in_rows = MatRef::from_row_major_slice(&x, samples, dim);
        for (product, left, rows) in [(&mut gram, &x, samples), (&mut h, &initial, neurons)] {
            matmul(
                MatMut::from_row_major_slice_mut(product, rows, samples),
                Accum::Replace,
                MatRef::from_row_major_slice(left, rows, dim),
                samples_in_rows.transpose(),
                1.0,
                Par::Seq,
            );
        }
        Self {
            c: vec![0.0; h.len()],
            change: vec![0.0; h.len()],
            h,
            gram,
            initial,
            x,
            head,
            shape: [width, dim],
            samples,
            par: parallelism(2 * neurons * samples * samples, problem.threads),
        }
    }

    /// One step; `false`, with nothing changed, if a score is not finite.
    fn step(&mut self) -> bool {
        let samples = self.samples;
        if !self.head.prepare(&self.h) {
            return false;
        }
        self.change.copy_from_slice(&self.h);
        self.head.coefficients(&mut self.change);
        for (c, change) in self.c.iter_mut().zip(&self.change) {
            *c += *change;
        }
        let neurons = self.h.len() / samples;
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.h, neurons, samples),
            Accum::Add,
            MatRef::from_row_major_slice(&self.change, neurons, samples),
            MatRef::from_row_major_slice(&self.gram, samples, samples),
            1.0,
            self.par,
        );
        true
    }
}

impl Descent for GramSpaceDescent {
    fn state(&self) -> Vec<f64> {
        [self.h.as_slice(), &self.c].concat()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        let fits = state.len() == self.h.len() + self.c.len();
        if fits {
            let (h, c) = state.split_at(self.h.len());
            self.h.copy_from_slice(h);
            self.c.copy_from_slice(c);
        }
        fits
    }

    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn stops(&mut self) -> bool {
        self.head.stops(&self.h)
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        let ([width, dim], samples) = (self.shape, self.samples);
        let neurons = self.initial.len() / dim;
        let mut w = self.initial.clone();
        matmul(
            MatMut::from_row_major_slice_mut(&mut w, neurons, dim),
            Accum::Add,
            MatRef::from_row_major_slice(&self.c, neurons, samples),
            MatRef::from_row_major_slice(&self.x, samples, dim),
            1.0,
            Par::Seq,
        );
        w.chunks_exact(width * dim)
            .map(|block| {
                let data = TensorData::new(block.to_vec(), self.shape);
                Tensor::from_data(data, (&like.device(), like.dtype()))
            })
            .collect()
    }
}
