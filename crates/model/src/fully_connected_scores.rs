//! Scores of fully connected networks and their gradients in host memory.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};
use ndarray::Array2;

use crate::descent::parallelism;
use crate::{HostScores, SharedActivation};

/// `f(x) = ⟨v, φ(W_k … φ(W_1 x))⟩` and its gradients: two matrix products a layer and one more a
/// layer back.
///
/// With `A_0 = X`, `Z_l = A_{l−1} W_lᵀ`, `A_l = φ(Z_l)` and the cotangent `B_{k+1} = c`, `[n, 1]`:
/// the gradient of `W_l` is `B_lᵀ A_{l−1}`, and below it `B_{l−1} = (B_l W_l) ∘ φ'(Z_{l−1})`.
pub(crate) struct FullyConnectedScores {
    x: Array2<f64>,
    chosen: Option<Array2<f64>>,
    activation: SharedActivation,
    /// Shapes `[rows, columns]` of the layers, the outer one last.
    shapes: Vec<[usize; 2]>,
    weights: Vec<f64>,
    /// `Z_l` and `A_l` of the hidden layers, each `[n, rows]`.
    hidden: Vec<[Vec<f64>; 2]>,
    threads: usize,
}

impl FullyConnectedScores {
    /// Of layers of these shapes, for samples in the rows of `x`.
    pub fn new(
        x: &Array2<f64>,
        activation: SharedActivation,
        shapes: Vec<[usize; 2]>,
        threads: usize,
    ) -> Self {
        Self {
            x: x.as_standard_layout().into_owned(),
            chosen: None,
            activation,
            hidden: vec![[Vec::new(), Vec::new()]; shapes.len() - 1],
            shapes,
            weights: Vec::new(),
            threads,
        }
    }

    fn samples(&self) -> &Array2<f64> {
        self.chosen.as_ref().unwrap_or(&self.x)
    }

    /// Where the weights of each layer begin.
    fn offsets(&self) -> Vec<usize> {
        let sizes = self.shapes.iter().map(|[rows, columns]| rows * columns);
        let mut next = 0;
        sizes
            .map(|size| {
                let offset = next;
                next += size;
                offset
            })
            .collect()
    }
}

/// `[rows, columns]` row after row.
fn matrix(entries: &[f64], rows: usize, columns: usize) -> MatRef<'_, f64> {
    MatRef::from_row_major_slice(entries, rows, columns)
}

fn matrix_mut(entries: &mut [f64], rows: usize, columns: usize) -> MatMut<'_, f64> {
    MatMut::from_row_major_slice_mut(entries, rows, columns)
}

impl HostScores for FullyConnectedScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(|rows| self.x.select(ndarray::Axis(0), rows));
        self.weights.clear();
        self.weights.extend_from_slice(weights);
        let samples = self.samples().nrows();
        let mut hidden = std::mem::take(&mut self.hidden);
        let offsets = self.offsets();
        let kinked = self.activation.piecewise_linear();
        for (layer, &[width, columns]) in self.shapes.iter().enumerate() {
            let (below, from) = hidden.split_at_mut(layer);
            let x = self.samples().as_slice().expect("rows one after another");
            let input = below.last().map_or(x, |[_, a]| a.as_slice());
            let mut own = Vec::new();
            let output: &mut [f64] = match from.first_mut() {
                Some([z, _]) => {
                    z.resize(samples * width, 0.0);
                    z
                }
                None => {
                    own.resize(samples * width, 0.0);
                    &mut own
                }
            };
            matmul(
                matrix_mut(output, samples, width),
                Accum::Replace,
                matrix(input, samples, columns),
                matrix(
                    &weights[offsets[layer]..][..width * columns],
                    width,
                    columns,
                )
                .transpose(),
                1.0,
                parallelism(2 * samples * width * columns, self.threads),
            );
            match from.first_mut() {
                Some([z, a]) => {
                    a.clear();
                    // By its own type where it is the paper's: without a call an entry.
                    match kinked {
                        Some(kinked) => a.extend(z.iter().map(|&z| kinked.apply(z))),
                        None => a.extend(z.iter().map(|&z| self.activation.apply(z))),
                    }
                }
                None => scores.copy_from_slice(&own),
            }
        }
        self.hidden = hidden;
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let samples = self.samples().nrows();
        let offsets = self.offsets();
        let kinked = self.activation.piecewise_linear();
        let x = self.samples().as_slice().expect("rows one after another");
        let mut back = cotangent.to_vec();
        for (layer, &[width, columns]) in self.shapes.iter().enumerate().rev() {
            let below = layer.checked_sub(1).map(|below| &self.hidden[below]);
            let input = below.map_or(x, |[_, a]| a.as_slice());
            let place = offsets[layer]..offsets[layer] + width * columns;
            let par = parallelism(2 * samples * width * columns, self.threads);
            matmul(
                matrix_mut(&mut gradient[place.clone()], width, columns),
                Accum::Replace,
                matrix(&back, samples, width).transpose(),
                matrix(input, samples, columns),
                1.0,
                par,
            );
            let Some([z, _]) = below else {
                continue;
            };
            let mut next = vec![0.0; samples * columns];
            matmul(
                matrix_mut(&mut next, samples, columns),
                Accum::Replace,
                matrix(&back, samples, width),
                matrix(&self.weights[place], width, columns),
                1.0,
                par,
            );
            let pairs = next.iter_mut().zip(z);
            match kinked {
                Some(kinked) => pairs.for_each(|(b, &z)| *b *= kinked.derivative(z)),
                None => pairs.for_each(|(b, &z)| *b *= self.activation.derivative(z)),
            }
            back = next;
        }
    }
}
