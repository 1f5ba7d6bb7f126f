//! A training problem in Gram coordinates.

use std::sync::Arc;

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use implicit_bias_data::{Contradictions, Dataset, Multiple, multiples};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array2, ArrayView2};

use crate::GramError;
use crate::inner_products::InnerProducts;
use crate::threads::of_products;

/// What gradient descent on a two-layer network depends on: inner products, labels and settings.
///
/// With samples `X` (`n × d`) the inner products `G = X Xᵀ` (`n × n`) determine the trajectory
/// of the pre-activations: nothing here depends on `d`. (docs/theory.md §4; derived there, not in
/// the paper.)
///
/// The network has `2m` neurons, rows `0..m` with second-layer sign `+1` and rows `m..2m` with
/// `−1`, and second-layer weights `±a`, `a = 1/m` unless another one is chosen: wherever a formula
/// of this crate has `1/m` for a weight, it is `a`.
///
/// `G` is the only thing of size `n²` here, about `8 n²` bytes, and clones share it.
#[derive(Clone, Debug)]
pub struct Problem {
    gram: InnerProducts,
    labels: Vec<f64>,
    width: usize,
    /// `1/a`.
    divisor: f64,
    activation: Activation,
    loss: Loss,
    step_size: f64,
    /// Columns of `X` that are not all zero: the samples span no more dimensions.
    dimensions: usize,
    contradictions: Arc<Contradictions>,
    /// Samples that are multiples of earlier ones. Their pre-activations are the same multiples, so
    /// that no neuron is on one side of its kink for one of the two and on the other side for the
    /// other; rounding would have it otherwise where a neuron's weights decay.
    links: Arc<Vec<Multiple>>,
}

impl Problem {
    /// The problem of `width` neurons a block on `data`.
    ///
    /// # Errors
    ///
    /// [`GramError::StepSize`], [`GramError::Loss`], [`GramError::Width`], or [`GramError::NonFinite`] if an inner
    /// product of two samples overflows.
    pub fn new(
        data: &Dataset,
        width: usize,
        activation: Activation,
        loss: Loss,
        step_size: f64,
    ) -> Result<Self, GramError> {
        if !(step_size.is_finite() && step_size > 0.0) {
            return Err(GramError::StepSize(step_size));
        }
        if !loss.is_logistic_or_exponential() {
            return Err(GramError::Loss);
        }
        if width == 0 {
            return Err(GramError::Width);
        }
        let gram = InnerProducts::of(data.x().view())?;
        Ok(Self {
            contradictions: Arc::new(Contradictions::of(data)),
            links: Arc::new(links(data)),
            dimensions: dimensions(data.x().view()),
            gram,
            labels: data.y().to_vec(),
            width,
            divisor: width as f64,
            activation,
            loss,
            step_size,
        })
    }

    /// This problem with second-layer weights `±a`; `±1/m` without.
    #[must_use]
    pub fn with_output_weight(mut self, output_weight: Option<f64>) -> Self {
        self.divisor = output_weight.map_or(self.width as f64, f64::recip);
        self
    }

    /// What about the samples alone rules out that weights of any kind fit them all.
    pub(crate) fn contradictions(&self) -> &Contradictions {
        &self.contradictions
    }

    /// Samples that are multiples of earlier ones, ascending.
    pub(crate) fn links(&self) -> &[Multiple] {
        &self.links
    }

    /// The most dimensions that the samples can span: columns of `X` that are not all zero.
    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Inner products of the samples, `G = X Xᵀ`, `n × n`, symmetric to the last bit.
    pub fn gram(&self) -> ArrayView2<'_, f64> {
        self.gram.view()
    }

    /// The same, as it is stored.
    pub(crate) fn inner_products(&self) -> &InnerProducts {
        &self.gram
    }

    /// Labels `y_i = ±1`, `n` of them.
    pub fn labels(&self) -> &[f64] {
        &self.labels
    }

    /// Number of samples `n`.
    pub fn samples(&self) -> usize {
        self.labels.len()
    }

    /// Width `m`, the neurons of one block.
    pub fn width(&self) -> usize {
        self.width
    }

    /// `1/a`, by what sums over the neurons of a block are divided: `m` unless another second-layer
    /// weight was chosen.
    pub fn divisor(&self) -> f64 {
        self.divisor
    }

    /// Number of neurons of both blocks, `2m`.
    pub fn neurons(&self) -> usize {
        2 * self.width
    }

    /// Second-layer sign `s_k` of neuron `k`.
    pub fn sign(&self, neuron: usize) -> f64 {
        if neuron < self.width { 1.0 } else { -1.0 }
    }

    /// The activation `φ`.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// The loss `ℓ`.
    pub fn loss(&self) -> Loss {
        self.loss
    }

    /// The step size `η`.
    pub fn step_size(&self) -> f64 {
        self.step_size
    }

    /// `η a/n`, the factor of one gradient term in one step of one neuron.
    pub fn rate(&self) -> f64 {
        self.step_size / (self.samples() as f64 * self.divisor)
    }

    /// Margins `q_i = y_i a Σ_k s_k φ(h_ki)` of pre-activations `H` (`2m × n`).
    pub fn margins(&self, pre_activations: ArrayView2<'_, f64>) -> Vec<f64> {
        let mut scores = vec![0.0; self.samples()];
        for (neuron, row) in pre_activations.rows().into_iter().enumerate() {
            let sign = self.sign(neuron);
            for (score, &h) in scores.iter_mut().zip(row) {
                *score += sign * self.activation.apply(h);
            }
        }
        for (score, label) in scores.iter_mut().zip(&self.labels) {
            *score *= label / self.divisor;
        }
        scores
    }
}

fn dimensions(x: ArrayView2<'_, f64>) -> usize {
    let mut used = vec![false; x.ncols()];
    for row in x.rows() {
        for (used, &entry) in used.iter_mut().zip(row) {
            *used |= entry != 0.0;
        }
    }
    used.into_iter().filter(|&used| used).count()
}

/// Multiples by factors that are ordinary numbers.
fn links(data: &Dataset) -> Vec<Multiple> {
    let all = multiples(data.x().view()).into_iter();
    all.filter(|link| link.factor.is_normal()).collect()
}

/// `A Bᵀ` for `A` (`p × k`) and `B` (`q × k`), without a copy of anything contiguous.
pub(crate) fn products(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let (rows, columns, inner) = (a.nrows(), b.nrows(), a.ncols());
    let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
    let [a, b] = [(&a, rows), (&b, columns)].map(|(m, rows)| {
        let entries = m.as_slice().expect("in standard layout");
        MatRef::from_row_major_slice(entries, rows, inner)
    });
    let mut out = vec![0.0; rows * columns];
    matmul(
        MatMut::from_row_major_slice_mut(&mut out, rows, columns),
        Accum::Replace,
        a,
        b.transpose(),
        1.0,
        of_products(),
    );
    Array2::from_shape_vec((rows, columns), out).expect("an entry a place")
}

pub(crate) fn require_finite(what: &'static str, m: ArrayView2<'_, f64>) -> Result<(), GramError> {
    match m.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(GramError::NonFinite {
            what,
            row,
            column,
            value,
        }),
        None => Ok(()),
    }
}
