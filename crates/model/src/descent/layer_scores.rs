//! Scores of the two-layer networks and their gradients in host memory.

use implicit_bias_algebra::{Accum, MatMut, MatRef, Par, matmul};
use ndarray::Array2;

use super::float::parallelism;
use super::head::Output;
use crate::{HostScores, SharedActivation};

/// A first layer below a head that adds each block's sum to an output: two matrix products.
///
/// With `W: K×d` of all neurons and `X: n×d`, `H = W Xᵀ`, `f_io = Σ_k s_k a φ(h_ki)` over the
/// blocks of output `o`, and `Σ c_io ∇f_io` has the rows `Σ_i s_k a φ'(h_ki) c_{i,o(k)} x_i`.
pub(crate) struct LayerScores {
    x: Array2<f64>,
    chosen: Option<Array2<f64>>,
    activation: SharedActivation,
    outputs: Vec<Output>,
    width: usize,
    count: usize,
    /// `1/a`.
    divisor: f64,
    /// `H`, `K×rows`.
    h: Vec<f64>,
    threads: usize,
}

impl LayerScores {
    /// Of blocks of `width` neurons, an output a block; `count` outputs; `divisor` is `1/a`.
    pub fn new(
        x: &Array2<f64>,
        activation: SharedActivation,
        outputs: Vec<Output>,
        [width, count]: [usize; 2],
        divisor: f64,
        threads: usize,
    ) -> Self {
        Self {
            x: x.as_standard_layout().into_owned(),
            chosen: None,
            activation,
            outputs,
            width,
            count,
            divisor,
            h: Vec::new(),
            threads,
        }
    }

    fn samples(&self) -> &Array2<f64> {
        self.chosen.as_ref().unwrap_or(&self.x)
    }

    /// Adds each neuron's `s φ(h)` to its output.
    fn add_up(&self, samples: usize, scores: &mut [f64], apply: impl Fn(f64) -> f64) {
        for (k, row) in self.h.chunks_exact(samples).enumerate() {
            let Output { index, sign } = self.outputs[k / self.width];
            for (scores, &h) in scores.chunks_exact_mut(self.count).zip(row) {
                scores[index] += sign * apply(h);
            }
        }
    }

    /// Replaces `h` by the coefficients of the gradient's rows.
    fn pull(
        &self,
        h: &mut [f64],
        samples: usize,
        cotangent: &[f64],
        derivative: impl Fn(f64) -> f64,
    ) {
        for (k, row) in h.chunks_exact_mut(samples).enumerate() {
            let Output { index, sign } = self.outputs[k / self.width];
            for (h, c) in row.iter_mut().zip(cotangent.chunks_exact(self.count)) {
                *h = sign * c[index] * derivative(*h) / self.divisor;
            }
        }
    }

    fn par(&self) -> Par {
        parallelism(2 * self.h.len() * self.x.ncols(), self.threads)
    }
}

impl HostScores for LayerScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(|rows| self.x.select(ndarray::Axis(0), rows));
        let (samples, dim) = self.samples().dim();
        let neurons = self.width * self.outputs.len();
        let mut h = std::mem::take(&mut self.h);
        h.resize(neurons * samples, 0.0);
        let x = self.samples().as_slice().expect("rows one after another");
        matmul(
            MatMut::from_row_major_slice_mut(&mut h, neurons, samples),
            Accum::Replace,
            MatRef::from_row_major_slice(weights, neurons, dim),
            MatRef::from_row_major_slice(x, samples, dim).transpose(),
            1.0,
            parallelism(2 * neurons * samples * dim, self.threads),
        );
        self.h = h;
        scores.fill(0.0);
        // By its own type where it is the paper's: without a call an entry.
        match self.activation.piecewise_linear() {
            Some(kinked) => self.add_up(samples, scores, |h| kinked.apply(h)),
            None => self.add_up(samples, scores, |h| self.activation.apply(h)),
        }
        scores.iter_mut().for_each(|score| *score /= self.divisor);
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let (samples, dim) = self.samples().dim();
        let mut h = std::mem::take(&mut self.h);
        match self.activation.piecewise_linear() {
            Some(kinked) => self.pull(&mut h, samples, cotangent, |h| kinked.derivative(h)),
            None => self.pull(&mut h, samples, cotangent, |h| {
                self.activation.derivative(h)
            }),
        }
        self.h = h;
        let neurons = self.h.len() / samples;
        let x = self.samples().as_slice().expect("rows one after another");
        matmul(
            MatMut::from_row_major_slice_mut(gradient, neurons, dim),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.h, neurons, samples),
            MatRef::from_row_major_slice(x, samples, dim),
            1.0,
            self.par(),
        );
    }
}
