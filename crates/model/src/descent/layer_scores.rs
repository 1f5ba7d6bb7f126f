//! Scores of the two-layer networks and their gradients in host memory.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use ndarray::Array2;

use super::block_sums::{BlockSums, Output};
use super::float::parallelism;

use crate::matrix_kernels::Factor;
use crate::span::basis_of_samples;
use crate::{HostScores, SharedActivation, Span};

/// A first layer below a head that adds each block's sum to an output: two matrix products.
///
/// With `W: K×d` of all neurons and `X: n×d`, `H = W Xᵀ`, `f_io = Σ_k s_k a φ(h_ki)` over the
/// blocks of output `o`, and `Σ c_io ∇f_io` has the rows `Σ_i s_k a φ'(h_ki) c_{i,o(k)} x_i`.
pub(crate) struct LayerScores {
    x: Array2<f64>,
    chosen: Option<Array2<f64>>,
    /// `Xᵀ` and `X`, where products with all samples are small.
    factors: Option<[Factor; 2]>,
    sums: BlockSums,
    count: usize,
    /// `1/a`.
    divisor: f64,
    /// `H`, `K×rows`.
    h: Vec<f64>,
    /// `φ(H)` and `φ'(H)` of an activation other than the paper's, whose values cost more than memory.
    values: Vec<f64>,
    derivatives: Vec<f64>,
    /// The coefficients of a gradient.
    coefficients: Vec<f64>,
    /// Room for scores or cotangents, `[count, rows]`.
    by_output: Vec<f64>,
    threads: usize,
}

/// Multiplications of a product that a library is not worth asking for.
const SMALL: usize = 1 << 19;

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
        Self::of_sums(
            x,
            BlockSums::new(activation, outputs, width),
            count,
            divisor,
            threads,
        )
    }

    fn of_sums(
        x: &Array2<f64>,
        sums: BlockSums,
        count: usize,
        divisor: f64,
        threads: usize,
    ) -> Self {
        let is_small = sums.neurons() * x.len() <= SMALL;
        let factors = is_small.then(|| [Factor::new(x.t()), Factor::new(x.view())]);
        Self {
            x: x.as_standard_layout().into_owned(),
            chosen: None,
            factors,
            sums,
            count,
            divisor,
            h: Vec::new(),
            values: Vec::new(),
            derivatives: Vec::new(),
            coefficients: Vec::new(),
            by_output: Vec::new(),
            threads,
        }
    }

    fn samples(&self) -> &Array2<f64> {
        self.chosen.as_ref().unwrap_or(&self.x)
    }

    /// `left · right`, right being `X` (`index` 1) or its transpose (0), of the chosen samples.
    fn multiply(&mut self, index: usize, left: &[f64], product: &mut [f64]) {
        if let (None, Some(factors)) = (&self.chosen, &mut self.factors) {
            factors[index].times(left, product);
            return;
        }
        let (samples, dim) = self.samples().dim();
        let neurons = self.sums.neurons();
        let x = self.samples().as_slice().expect("rows one after another");
        let x = MatRef::from_row_major_slice(x, samples, dim);
        let right = if index == 0 { x.transpose() } else { x };
        matmul(
            MatMut::from_row_major_slice_mut(product, neurons, right.ncols()),
            Accum::Replace,
            MatRef::from_row_major_slice(left, neurons, right.nrows()),
            right,
            1.0,
            parallelism(2 * neurons * samples * dim, self.threads),
        );
    }
}

impl HostScores for LayerScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(|rows| self.x.select(ndarray::Axis(0), rows));
        let samples = self.samples().nrows();
        let mut h = std::mem::take(&mut self.h);
        h.resize(self.sums.neurons() * samples, 0.0);
        self.multiply(0, weights, &mut h);
        self.h = h;
        self.by_output.clear();
        self.by_output.resize(self.count * samples, 0.0);
        let (h, sums, scores_of) = (&self.h, &self.sums, &mut self.by_output);
        if sums.is_kinked() {
            sums.add(h, samples, scores_of);
        } else {
            let (values, derivatives) = (&mut self.values, &mut self.derivatives);
            values.resize(h.len(), 0.0);
            derivatives.resize(h.len(), 0.0);
            sums.activation().fill(h, values, derivatives);
            sums.add_values(values, samples, scores_of);
        }
        for (index, own) in self.by_output.chunks_exact(samples).enumerate() {
            for (scores, f) in scores.chunks_exact_mut(self.count).zip(own) {
                scores[index] = f / self.divisor;
            }
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let samples = self.samples().nrows();
        for (index, own) in self.by_output.chunks_exact_mut(samples).enumerate() {
            for (own, c) in own.iter_mut().zip(cotangent.chunks_exact(self.count)) {
                *own = c[index] / self.divisor;
            }
        }
        let mut own = std::mem::take(&mut self.coefficients);
        own.clear();
        if self.sums.is_kinked() {
            own.extend_from_slice(&self.h);
            self.sums.pull(&mut own, samples, &self.by_output);
        } else {
            own.extend_from_slice(&self.derivatives);
            self.sums
                .pull_derivatives(&mut own, samples, &self.by_output);
        }
        self.multiply(1, &own, gradient);
        self.coefficients = own;
    }

    /// Where there are fewer samples than dimensions and they span three quarters of these at most.
    fn span(&self) -> Option<Span> {
        let [basis, coordinates] = basis_of_samples(&self.x, self.sums.neurons())?;
        let sums = self.sums.clone();
        let scores = Self::of_sums(&coordinates, sums, self.count, self.divisor, self.threads);
        Some(Span::new(basis, Box::new(scores)))
    }
}
