//! Everything a run records, from Gram coordinates.
//!
//! With `W = W(0) + C X` the weights are known by few numbers. Let `Q` be an orthonormal basis of
//! the samples' span, `X = F Qᵀ` with `F: n×r` triangular (a QR decomposition of `Xᵀ`, made
//! once). Then
//!
//! ```text
//! W Wᵀ = B Bᵀ + Z Zᵀ
//! B = W(0) Q + C F  (2m×r, moves)      Z = W(0) − W(0) Q Qᵀ  (never moves)
//! ‖∇L‖_F = ‖U F‖_F / (nm)      U_ki = D_ki y_i g_i
//! ```
//!
//! which is docs/theory.md §4 (`W Wᵀ = W(0) W(0)ᵀ + C H(0)ᵀ + H(0) Cᵀ + C G Cᵀ`, derived)
//! without the differences of large terms that nearly dependent samples would cost. `G`'s square
//! root is what keeps the digits: `‖U F‖` is off by `ε ‖X‖ ‖U‖`, a form in `G` by the
//! square root of `ε`.
//!
//! Where `d ≤ max(n, 2m)` the weights are no larger than these coordinates, and `B = W`, `F = X`,
//! `Z = 0`. Either way a measure takes memory for at most three matrices of the size of the weights
//! or of `X`, whatever the width; norms come from the eigenvalues of the smaller Gram matrix,
//! `min(2m, d)` on a side.
//!
//! `implicit-bias-metrics` computes the same quantities from the weights by other algorithms; their
//! agreement is a test.

mod pattern;
mod spectrum;

use implicit_bias_algebra::{Accum, Mat, MatRef, Par, matmul, thin_qr};
use implicit_bias_data::Dataset;
use implicit_bias_scalar::is_positive_margin;
use ndarray::{Array2, ArrayView2, Axis, concatenate};

pub use self::pattern::{ActivationPattern, PatternChanges, PatternCounts};
pub use self::spectrum::Spectrum;

use self::spectrum::{Residual, Scaled, norm_of, not_finite, spectrum};
use crate::problem::{products, require_finite};
use crate::{GramError, Problem};

/// The state of a descent, as far as it is measured.
#[derive(Clone, Copy, Debug)]
pub struct GramState<'a> {
    /// Margins `q_i`, `n` of them.
    pub margins: &'a [f64],
    /// Pre-activations `H = W Xᵀ`, `2m × n`.
    pub pre_activations: ArrayView2<'a, f64>,
    /// Coefficients `C` of `W = W(0) + C X`, `2m × n`.
    pub coefficients: ArrayView2<'a, f64>,
}

/// One sign block at one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockMeasures {
    /// Norms and stable rank.
    pub spectrum: Spectrum,
    /// Mean over the neurons of the cosine with the signed class direction `s Σ_i y_i x_i`,
    /// neurons of zero weights left out; `NaN` where the direction or every neuron is zero.
    pub alignment: f64,
}

/// Everything measured at one step, equal in meaning to the columns of a run's series.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// `L(W)`; 0 where it underflows.
    pub loss: f64,
    /// `log L(W)`.
    pub log_loss: f64,
    /// The blocks `W_{+1}` and `W_{−1}`.
    pub blocks: [BlockMeasures; 2],
    /// Norms and stable rank of the blocks stacked; its Frobenius norm is `‖W‖_F`.
    pub stacked: Spectrum,
    /// `q_i / ‖W‖_F`; `NaN` at zero weights, which have no direction.
    pub normalized_margins: Vec<f64>,
    /// `‖∇L(W)‖_F`; 0 where it underflows.
    pub gradient_norm: f64,
    /// Fraction of the samples with a margin that is positive beyond rounding:
    /// [`is_positive_margin`].
    pub accuracy: f64,
}

/// Where a descent started: what it takes, besides `C`, to measure the weights and to give them
/// back.
///
/// ```
/// use implicit_bias_data::{DataLaw, Gaussian};
/// use implicit_bias_gram::{GramDescent, GramState, Problem, Start};
/// use implicit_bias_scalar::{Activation, Loss};
/// use ndarray::Array2;
///
/// let (samples, dim) = (6, 200);
/// let data = Gaussian { samples, dim, noise: 1.0 }.generate(0)?;
/// let entry = |sign: f64, r: usize, j: usize| sign * 1e-3 * ((r + 7 * j) as f64).sin();
/// let block = |sign: f64| Array2::from_shape_fn((4, dim), |(r, j)| entry(sign, r, j));
/// let start = Start::new(&data, [block(1.0).view(), block(-1.0).view()])?;
/// let problem = Problem::new(&data, 4, Activation::leaky_relu(0.1)?, Loss::Logistic, 0.1)?;
/// let mut descent = GramDescent::new(problem, start.pre_activations().to_owned())?;
/// descent.advance(1000.0);
/// let measures = start.measure(
///     descent.problem(),
///     GramState {
///         margins: &descent.margins(),
///         pre_activations: descent.pre_activations().view(),
///         coefficients: descent.coefficients().view(),
///     },
/// )?;
/// assert!(measures.blocks[0].spectrum.stable_rank < 1.1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Start {
    pre_activations: Array2<f64>,
    /// `B` at step 0, `2m × r`.
    base: Mat<f64>,
    /// `F`, `n × r`.
    factor: Mat<f64>,
    /// `Z` of the blocks and of their stack; `None` where the coordinates are the weights.
    residuals: Option<[Residual; 3]>,
    /// `Σ_i y_i x_i` in the coordinates of `B`; `None` where it vanishes.
    direction: Option<Vec<f64>>,
}

/// Rows of the blocks and of their stack.
fn parts(neurons: usize) -> [std::ops::Range<usize>; 3] {
    [0..neurons / 2, neurons / 2..neurons, 0..neurons]
}

impl Start {
    /// The start of a descent on `data` from the weights `[W_{+1}, W_{−1}]`, each `m × d`.
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] for blocks that do not fit the data or one another,
    /// [`GramError::NonFinite`] for weights or pre-activations that are not finite.
    pub fn new(data: &Dataset, weights: [ArrayView2<'_, f64>; 2]) -> Result<Self, GramError> {
        let [pos, neg] = weights;
        let expected = [pos.nrows(), data.dim()];
        for (what, block) in [("W_pos", pos), ("W_neg", neg)] {
            let found = [block.nrows(), block.ncols()];
            if found != expected {
                return Err(GramError::Shape {
                    what,
                    expected,
                    found,
                });
            }
            require_finite(what, block)?;
        }
        if pos.nrows() == 0 {
            return Err(GramError::Width);
        }
        let weights =
            concatenate(Axis(0), &[pos, neg]).expect("two blocks of one shape have a stack");
        let pre_activations = products(weights.view(), data.x().view());
        require_finite("pre-activations", pre_activations.view())?;
        let (x, weights) = (matrix(data.x().view()), matrix(weights.view()));
        let direction = transposed_times(x.as_ref(), data.y().iter().copied());
        let vanishes = direction.iter().all(|&entry| entry == 0.0);
        let (neurons, dim, samples) = (weights.nrows(), x.ncols(), x.nrows());
        if dim <= samples.max(neurons) {
            return Ok(Self {
                pre_activations,
                base: weights,
                factor: x,
                residuals: None,
                direction: (!vanishes).then_some(direction),
            });
        }
        let [basis, triangle] = thin_qr(x.transpose());
        let base = product(weights.as_ref(), basis.as_ref());
        // In place of the weights, which are not used after this.
        let mut residual = weights;
        matmul(
            residual.as_mut(),
            Accum::Add,
            base.as_ref(),
            basis.transpose(),
            -1.0,
            Par::Seq,
        );
        let residuals = parts(neurons).map(|rows| Residual::new(residual.get(rows, ..)));
        Ok(Self {
            pre_activations,
            base,
            factor: triangle.transpose().to_owned(),
            residuals: Some(residuals),
            direction: (!vanishes).then(|| transposed_times(basis.as_ref(), direction.into_iter())),
        })
    }

    /// Pre-activations at step 0, `H(0) = W(0) Xᵀ`, `2m × n`.
    pub fn pre_activations(&self) -> ArrayView2<'_, f64> {
        self.pre_activations.view()
    }

    /// Measures a state of the descent that began here.
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] for a state of another size, [`GramError::NonFinite`] for a state, a
    /// norm or a loss that is not finite.
    pub fn measure(&self, problem: &Problem, state: GramState<'_>) -> Result<Measures, GramError> {
        self.check(problem, &state)?;
        let mut weights = self.base.clone();
        let coefficients = matrix(state.coefficients);
        matmul(
            weights.as_mut(),
            Accum::Add,
            coefficients.as_ref(),
            self.factor.as_ref(),
            1.0,
            Par::Seq,
        );
        let [pos, neg, stacked] = self.spectra(weights.as_ref())?;
        let [pos_rows, neg_rows, _] = parts(weights.nrows());
        let block = |index: usize, spectrum, rows, sign| BlockMeasures {
            spectrum,
            alignment: sign * self.alignment(weights.as_ref().get(rows, ..), index),
        };
        let margins = state.margins;
        let (loss, gradient_norm) = (
            problem.loss().mean(margins),
            self.gradient_norm(problem, &state),
        );
        for (what, value) in [("loss", loss), ("gradient norm", gradient_norm)] {
            if !value.is_finite() {
                return Err(not_finite(what, value));
            }
        }
        let norm = stacked.frobenius_norm;
        let gram = problem.gram();
        let correct = (0..margins.len())
            .filter(|&i| is_positive_margin(margins[i], norm, gram[[i, i]].sqrt()))
            .count();
        Ok(Measures {
            loss,
            log_loss: problem.loss().log_mean(margins),
            blocks: [block(0, pos, pos_rows, 1.0), block(1, neg, neg_rows, -1.0)],
            stacked,
            normalized_margins: margins
                .iter()
                .map(|q| if norm > 0.0 { q / norm } else { f64::NAN })
                .collect(),
            gradient_norm,
            accuracy: correct as f64 / margins.len() as f64,
        })
    }

    fn check(&self, problem: &Problem, state: &GramState<'_>) -> Result<(), GramError> {
        let expected = [self.base.nrows(), self.factor.nrows()];
        let (h, c) = (state.pre_activations, state.coefficients);
        for (what, found) in [
            ("problem", [problem.neurons(), problem.samples()]),
            ("pre-activations", [h.nrows(), h.ncols()]),
            ("coefficients", [c.nrows(), c.ncols()]),
            ("margins", [expected[0], state.margins.len()]),
        ] {
            if found != expected {
                return Err(GramError::Shape {
                    what,
                    expected,
                    found,
                });
            }
        }
        require_finite("pre-activations", h)?;
        require_finite("coefficients", c)?;
        let margins = ArrayView2::from_shape((1, state.margins.len()), state.margins)
            .expect("a slice is one row");
        require_finite("margins", margins)
    }

    /// Spectra of the blocks and of their stack, each in its own scale.
    fn spectra(&self, weights: MatRef<'_, f64>) -> Result<[Spectrum; 3], GramError> {
        let mut spectra = [Spectrum::ZERO; 3];
        for (part, rows) in parts(weights.nrows()).into_iter().enumerate() {
            let residual = self.residuals.as_ref().map(|residuals| &residuals[part]);
            spectra[part] = spectrum(Scaled::new(weights.get(rows, ..)), residual)?;
        }
        Ok(spectra)
    }

    /// Mean cosine of the neurons in `block` with `Σ_i y_i x_i`.
    fn alignment(&self, block: MatRef<'_, f64>, part: usize) -> f64 {
        let Some(direction) = &self.direction else {
            return f64::NAN;
        };
        let length = norm_of(direction);
        let (mut sum, mut count) = (0.0, 0.0);
        for (neuron, row) in block.row_iter().enumerate() {
            let row: Vec<f64> = row.iter().copied().collect();
            let inside = norm_of(&row);
            let outside = self
                .residuals
                .as_ref()
                .map_or(0.0, |residuals| residuals[part].norms[neuron]);
            let norm = inside.hypot(outside);
            if norm == 0.0 {
                continue;
            }
            // Divided first: a tiny neuron keeps its digits.
            let product: f64 = row
                .iter()
                .zip(direction)
                .map(|(w, v)| (w / norm) * (v / length))
                .sum();
            sum += product.clamp(-1.0, 1.0);
            count += 1.0;
        }
        sum / count
    }

    /// `‖U F‖_F / (nm)`.
    fn gradient_norm(&self, problem: &Problem, state: &GramState<'_>) -> f64 {
        let logs: Vec<f64> = state
            .margins
            .iter()
            .map(|&q| problem.loss().log_slope(q))
            .collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let rates: Vec<f64> = logs
            .iter()
            .zip(problem.labels())
            .map(|(log, label)| label * (log - largest).exp())
            .collect();
        let terms = Mat::from_fn(problem.neurons(), problem.samples(), |k, i| {
            problem
                .activation()
                .derivative(state.pre_activations[[k, i]])
                * rates[i]
        });
        let norm = Scaled::new(product(terms.as_ref(), self.factor.as_ref()).as_ref());
        let terms = problem.samples() as f64 * problem.divisor();
        let steepest = largest.exp();
        if steepest >= f64::MIN_POSITIVE {
            norm.norm() * steepest / terms
        } else {
            // Only the result itself may underflow.
            (largest + norm.log_norm() - terms.ln()).exp()
        }
    }
}

/// The weights `W(0) + C X` of a descent on `data`: the blocks `W_{+1}` and `W_{−1}`, each
/// `m × d`, from their initial values and the coefficients `C` (`2m × n`).
///
/// # Errors
///
/// [`GramError::Shape`] for arrays that do not fit one another.
pub fn weights(
    data: &Dataset,
    initial: [ArrayView2<'_, f64>; 2],
    coefficients: ArrayView2<'_, f64>,
) -> Result<[Array2<f64>; 2], GramError> {
    let width = initial[0].nrows();
    for (what, expected, found) in [
        ("coefficients", [2 * width, data.samples()], coefficients),
        ("W_pos", [width, data.dim()], initial[0]),
        ("W_neg", [width, data.dim()], initial[1]),
    ] {
        let found = [found.nrows(), found.ncols()];
        if found != expected {
            return Err(GramError::Shape {
                what,
                expected,
                found,
            });
        }
    }
    let x = matrix(data.x().view());
    let block = |initial: ArrayView2<'_, f64>, rows: std::ops::Range<usize>| {
        let coefficients = matrix(coefficients.slice_axis(Axis(0), rows.into()));
        let moved = product(coefficients.as_ref(), x.as_ref());
        Array2::from_shape_fn(initial.raw_dim(), |(r, j)| initial[[r, j]] + moved[(r, j)])
    };
    Ok([
        block(initial[0], 0..width),
        block(initial[1], width..2 * width),
    ])
}

fn matrix(m: ArrayView2<'_, f64>) -> Mat<f64> {
    Mat::from_fn(m.nrows(), m.ncols(), |i, j| m[[i, j]])
}

fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(out.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// `Aᵀ v`.
fn transposed_times(a: MatRef<'_, f64>, v: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = vec![0.0; a.ncols()];
    for (row, v) in a.row_iter().zip(v) {
        for (sum, entry) in sum.iter_mut().zip(row.iter()) {
            *sum += v * entry;
        }
    }
    sum
}

#[cfg(test)]
mod tests;
