//! Scores of the two-layer networks and their gradients in host memory.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use ndarray::Array2;

use super::float::parallelism;
use super::head::Output;
use crate::matrix_kernels::Factor;
use crate::span::basis_of_samples;
use crate::{Activation, HostScores, SharedActivation, Span};

/// A first layer below a head that adds each block's sum to an output: two matrix products.
///
/// With `W: K×d` of all neurons and `X: n×d`, `H = W Xᵀ`, `f_io = Σ_k s_k a φ(h_ki)` over the
/// blocks of output `o`, and `Σ c_io ∇f_io` has the rows `Σ_i s_k a φ'(h_ki) c_{i,o(k)} x_i`.
pub(crate) struct LayerScores {
    x: Array2<f64>,
    chosen: Option<Array2<f64>>,
    /// `Xᵀ` and `X`, where products with all samples are small.
    factors: Option<[Factor; 2]>,
    activation: SharedActivation,
    outputs: Vec<Output>,
    width: usize,
    count: usize,
    /// `1/a`.
    divisor: f64,
    /// `H`, `K×rows`, then the coefficients of the gradient.
    h: Vec<f64>,
    /// `φ(H)` and `φ'(H)`.
    values: Vec<f64>,
    derivatives: Vec<f64>,
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
        let is_small = width * outputs.len() * x.len() <= SMALL;
        let factors = is_small.then(|| [Factor::new(x.t()), Factor::new(x.view())]);
        Self {
            x: x.as_standard_layout().into_owned(),
            chosen: None,
            factors,
            activation,
            outputs,
            width,
            count,
            divisor,
            h: Vec::new(),
            values: Vec::new(),
            derivatives: Vec::new(),
            by_output: Vec::new(),
            threads,
        }
    }

    fn samples(&self) -> &Array2<f64> {
        self.chosen.as_ref().unwrap_or(&self.x)
    }

    fn neurons(&self) -> usize {
        self.width * self.outputs.len()
    }

    /// `left · right`, right being `X` (`index` 1) or its transpose (0), of the chosen samples.
    fn multiply(&mut self, index: usize, left: &[f64], product: &mut [f64]) {
        if let (None, Some(factors)) = (&self.chosen, &mut self.factors) {
            factors[index].times(left, product);
            return;
        }
        let (samples, dim) = self.samples().dim();
        let neurons = self.neurons();
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

    /// Computes `φ` and `φ'` of the pre-activations.
    fn activate(&mut self) {
        self.values.resize(self.h.len(), 0.0);
        self.derivatives.resize(self.h.len(), 0.0);
        // By its own type where it is the paper's: without a call an entry.
        let (values, derivatives) = (&mut self.values, &mut self.derivatives);
        match self.activation.piecewise_linear() {
            Some(activation) => pulp::Arch::new().dispatch(Activated {
                activation,
                h: &self.h,
                values,
                derivatives,
            }),
            None => self.activation.fill(&self.h, values, derivatives),
        }
    }

    /// Adds each neuron's row of `values` to the scores of its output.
    fn sum(&mut self, samples: usize) {
        self.by_output.clear();
        self.by_output.resize(self.count * samples, 0.0);
        pulp::Arch::new().dispatch(Sums(self, samples));
    }
}

/// `φ` and `φ'` of the paper's activations, compiled for the vector instructions of the machine.
struct Activated<'a> {
    activation: Activation,
    h: &'a [f64],
    values: &'a mut [f64],
    derivatives: &'a mut [f64],
}

impl pulp::WithSimd for Activated<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let each = self.h.iter().zip(self.values).zip(self.derivatives);
        for ((&h, value), derivative) in each {
            *value = self.activation.apply(h);
            *derivative = self.activation.derivative(h);
        }
    }
}

/// The sums of [`LayerScores::sum`], compiled likewise.
struct Sums<'a>(&'a mut LayerScores, usize);

impl pulp::WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let Self(layer, samples) = self;
        let (outputs, width) = (layer.outputs.as_slice(), layer.width);
        let all = layer.by_output.as_mut_slice();
        for (k, row) in layer.values.chunks_exact(samples).enumerate() {
            let Output { index, sign } = outputs[k / width];
            let own = &mut all[index * samples..][..samples];
            for (f, a) in own.iter_mut().zip(row) {
                *f += sign * a;
            }
        }
    }
}

/// Overwrites `H` by the coefficients `s_b c φ'(h)` of the gradient, compiled likewise.
struct Coefficients<'a> {
    layer: &'a LayerScores,
    h: &'a mut [f64],
    samples: usize,
}

impl pulp::WithSimd for Coefficients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let Self { layer, h, samples } = self;
        let slopes = layer.derivatives.chunks_exact(samples);
        let (outputs, width) = (layer.outputs.as_slice(), layer.width);
        let all = layer.by_output.as_slice();
        for (k, (row, slopes)) in h.chunks_exact_mut(samples).zip(slopes).enumerate() {
            let Output { index, sign } = outputs[k / width];
            let own = &all[index * samples..][..samples];
            for ((h, slope), c) in row.iter_mut().zip(slopes).zip(own) {
                *h = sign * c * slope;
            }
        }
    }
}

impl HostScores for LayerScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(|rows| self.x.select(ndarray::Axis(0), rows));
        let samples = self.samples().nrows();
        let mut h = std::mem::take(&mut self.h);
        h.resize(self.neurons() * samples, 0.0);
        self.multiply(0, weights, &mut h);
        self.h = h;
        self.activate();
        self.sum(samples);
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
        let mut h = std::mem::take(&mut self.h);
        pulp::Arch::new().dispatch(Coefficients {
            layer: self,
            h: &mut h,
            samples,
        });
        self.multiply(1, &h, gradient);
        self.h = h;
    }

    /// Where there are fewer samples than dimensions and they span three quarters of these at most.
    fn span(&self) -> Option<Span> {
        let [basis, coordinates] = basis_of_samples(&self.x, self.neurons())?;
        let scores = Self::new(
            &coordinates,
            self.activation.clone(),
            self.outputs.clone(),
            [self.width, self.count],
            self.divisor,
            self.threads,
        );
        Some(Span::new(basis, Box::new(scores)))
    }
}
