//! A training problem in Gram coordinates.

use std::sync::Arc;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use implicit_bias_data::Dataset;
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::GramError;
use crate::inner_products::InnerProducts;

/// The least cosine of samples that are compared entry by entry.
const NEARLY_PARALLEL: f64 = 1.0 - 1e-9;

/// All that gradient descent on a two-layer network sees of its data and its settings.
///
/// With samples `X` (`n × d`) the inner products `G = X Xᵀ` (`n × n`) determine the trajectory of
/// the pre-activations: nothing here depends on `d`. (theory.md §4; derived there, not in the
/// paper.)
///
/// The network has `2m` neurons, rows `0..m` with second-layer sign `+1` and rows `m..2m` with
/// `−1`, and second-layer weights `±1/m`.
///
/// `G` is the only thing of size `n²` here, about `8 n²` bytes, and clones share it.
#[derive(Clone, Debug)]
pub struct Problem {
    gram: InnerProducts,
    labels: Vec<f64>,
    width: usize,
    activation: Activation,
    loss: Loss,
    step_size: f64,
    /// Columns of `X` that are not all zero: the samples span no more dimensions.
    dimensions: usize,
    contradiction: Option<Contradiction>,
    links: Arc<Vec<Link>>,
}

/// A sample that is a multiple of an earlier one, exactly: `x_sample = factor x_of`.
///
/// Its pre-activations are the same multiples, so that no neuron is on one side of its kink for one
/// of the two and on the other side for the other. Rounding would have it otherwise where a
/// neuron's weights decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Link {
    pub sample: usize,
    /// In no link itself.
    pub of: usize,
    /// Of either sign.
    pub factor: f64,
}

/// What about the samples alone rules out that weights of any kind fit them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contradiction {
    /// A sample that is zero.
    Zero { sample: usize },
    /// Two samples of one direction and opposite labels, repeated exactly or up to their lengths.
    ///
    /// For `x_j = c x_i`, `c > 0`, any frozen slopes `D ≤ 1` on same-sign pairs give
    /// `c q_i + q_j ≤ (1/m) Σ_k [D h_ki − φ(h_ki)] c ≤ 0`, as `φ(h) = max(h, γ h)`.
    Opposed { samples: [usize; 2] },
}

impl Problem {
    /// The problem of `width` neurons a block on `data`.
    ///
    /// # Errors
    ///
    /// [`GramError::StepSize`], [`GramError::Width`], or [`GramError::NonFinite`] if an inner
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
        if width == 0 {
            return Err(GramError::Width);
        }
        let gram = InnerProducts::of(data.x().view())?;
        let links = links(data, &gram);
        Ok(Self {
            contradiction: contradiction(data, &links),
            links: Arc::new(links),
            dimensions: dimensions(data.x().view()),
            gram,
            labels: data.y().to_vec(),
            width,
            activation,
            loss,
            step_size,
        })
    }

    /// Why no weights fit all samples, if they themselves tell.
    pub(crate) fn contradiction(&self) -> Option<Contradiction> {
        self.contradiction
    }

    /// Samples that are multiples of earlier ones, ascending.
    pub(crate) fn links(&self) -> &[Link] {
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

    /// `η/(n m)`, the factor of one gradient term in one step of one neuron.
    pub fn rate(&self) -> f64 {
        self.step_size / (self.samples() as f64 * self.width as f64)
    }

    /// Margins `q_i = (y_i/m) Σ_k s_k φ(h_ki)` of pre-activations `H` (`2m × n`).
    pub fn margins(&self, pre_activations: ArrayView2<'_, f64>) -> Vec<f64> {
        let mut scores = vec![0.0; self.samples()];
        for (neuron, row) in pre_activations.rows().into_iter().enumerate() {
            let sign = self.sign(neuron);
            for (score, &h) in scores.iter_mut().zip(row) {
                *score += sign * self.activation.apply(h);
            }
        }
        for (score, label) in scores.iter_mut().zip(&self.labels) {
            *score *= label / self.width as f64;
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

/// The first zero sample, or else the first two of one direction and opposite labels, told from the
/// samples themselves: inner products of doubles cannot tell equal samples from nearly equal ones.
fn contradiction(data: &Dataset, links: &[Link]) -> Option<Contradiction> {
    let (x, labels) = (data.x(), data.y());
    let zero = |&i: &usize| x.row(i).iter().all(|&entry| entry == 0.0);
    if let Some(sample) = (0..data.samples()).find(zero) {
        return Some(Contradiction::Zero { sample });
    }
    // Each of one line, with its place on it.
    let on_line = |of: usize| {
        let rest = links.iter().filter(move |link| link.of == of);
        std::iter::once((of, 1.0)).chain(rest.map(|link| (link.sample, link.factor)))
    };
    links.iter().find_map(|link| {
        on_line(link.of)
            .take_while(|(other, _)| *other != link.sample)
            .find(|(other, factor)| {
                factor * link.factor > 0.0 && labels[*other] != labels[link.sample]
            })
            .map(|(other, _)| Contradiction::Opposed {
                samples: [other, link.sample],
            })
    })
}

/// Every sample that is an exact multiple of an earlier one.
fn links(data: &Dataset, gram: &InnerProducts) -> Vec<Link> {
    let x = data.x();
    let norms: Vec<f64> = (0..data.samples()).map(|i| gram.row(i)[i].sqrt()).collect();
    let mut linked = vec![false; data.samples()];
    let mut links = Vec::new();
    for i in 0..data.samples() {
        if linked[i] || norms[i] == 0.0 {
            continue;
        }
        for (j, &product) in gram.row(i).iter().enumerate().skip(i + 1) {
            if product.abs() >= NEARLY_PARALLEL * norms[i] * norms[j]
                && !linked[j]
                && let Some(factor) = multiple(x.row(i), x.row(j))
            {
                linked[j] = true;
                let (sample, of) = (j, i);
                links.push(Link { sample, of, factor });
            }
        }
    }
    links.sort_unstable_by_key(|link| link.sample);
    links
}

/// `c` where `b = c a`, `c ≠ 0`, to the last bit: equal vectors, or `a_k b_l = a_l b_k` for all `k`
/// with `l` the largest entry of `a`, each product with its rounding error.
fn multiple(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> Option<f64> {
    if a == b {
        return Some(1.0);
    }
    let largest =
        |l: usize, (k, entry): (usize, &f64)| if entry.abs() > a[l].abs() { k } else { l };
    let l = a.iter().enumerate().fold(0, largest);
    let exact = |x: f64, y: f64| (x * y, x.mul_add(y, -(x * y)));
    // The error of a product is exact unless it falls below the smallest numbers.
    let safe = |x: f64| x == 0.0 || (1e-140..1e140).contains(&x.abs());
    let parallel = b[l] != 0.0
        && a.iter().zip(b).all(|(&x, &y)| {
            let products = [exact(x, b[l]), exact(a[l], y)];
            safe(x) && safe(y) && products[0] == products[1]
        });
    // In one dimension there is nothing to compare.
    let alone = a.len() == 1 && a[0] != 0.0 && b[0] != 0.0;
    (parallel || alone)
        .then(|| b[l] / a[l])
        .filter(|factor| factor.is_normal())
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
        Par::rayon(0),
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
