//! The products of fully connected layers, forward and back.

use implicit_bias_algebra::{Accum, MatMut, MatRef, matmul};

use super::float::{Float, parallelism};
use crate::{Activation, SharedActivation};

/// Up to so many samples the pre-activations of the first layer are computed with the samples, not the
/// weights, in the place that a product packs: packing the weights would take as long as multiplying
/// them.
const FEW_SAMPLES: usize = 64;

/// `f(x) = ⟨v, φ(W_k … φ(W_1 x))⟩`: two matrix products a layer and one more a layer back.
///
/// With `A_0 = X`, `Z_l = A_{l−1} W_lᵀ`, `A_l = φ(Z_l)` and the cotangent `B_{k+1} = c`, `[n, 1]`:
/// the gradient of `W_l` is `B_lᵀ A_{l−1}`, and below it `B_{l−1} = (B_l W_l) ∘ φ'(Z_{l−1})`.
pub(crate) struct Layers<E> {
    activation: SharedActivation,
    /// Shapes `[rows, columns]` of the layers, the outer one last.
    shapes: Vec<[usize; 2]>,
    /// `Z_l` and `A_l` of the hidden layers, each `[n, rows]`.
    hidden: Vec<[Vec<E>; 2]>,
    /// `W_1 Xᵀ`, where there are few samples.
    turned: Vec<E>,
    threads: usize,
}

/// Samples in rows.
#[derive(Clone, Copy)]
pub(crate) struct Samples<'a, E> {
    /// `[n, d]`, row after row.
    pub x: &'a [E],
    /// `n`.
    pub count: usize,
}

impl<E: Float> Layers<E> {
    /// Of layers of these shapes.
    pub fn new(activation: SharedActivation, shapes: Vec<[usize; 2]>, threads: usize) -> Self {
        Self {
            activation,
            hidden: vec![[Vec::new(), Vec::new()]; shapes.len() - 1],
            shapes,
            turned: Vec::new(),
            threads,
        }
    }

    /// The same network with layers of other shapes.
    pub fn of_shapes(&self, shapes: Vec<[usize; 2]>) -> Self {
        Self::new(self.activation.clone(), shapes, self.threads)
    }

    /// Rows and columns of each layer.
    pub fn shapes(&self) -> &[[usize; 2]] {
        &self.shapes
    }

    /// How many layers there are.
    pub fn count(&self) -> usize {
        self.shapes.len()
    }

    /// The weights of a layer among those of all.
    pub fn place(&self, layer: usize) -> std::ops::Range<usize> {
        let size = |[rows, columns]: &[usize; 2]| rows * columns;
        let first = self.shapes[..layer].iter().map(size).sum();
        first..first + size(&self.shapes[layer])
    }

    /// The scores `f(W; x_i)`.
    pub fn scores(&mut self, samples: Samples<'_, E>, weights: &[E], scores: &mut [E]) {
        let Samples { x, count } = samples;
        let mut hidden = std::mem::take(&mut self.hidden);
        for layer in 0..self.shapes.len() {
            let (below, from) = hidden.split_at_mut(layer);
            let input = below.last().map_or(x, |[_, a]| a.as_slice());
            let weights = &weights[self.place(layer)];
            match from.first_mut() {
                Some([z, a]) => {
                    z.resize(count * self.shapes[layer][0], E::from_f64(0.0));
                    self.multiply(layer, count, input, weights, z);
                    a.resize(z.len(), E::from_f64(0.0));
                    // By its own type where it is the paper's: without a call an entry.
                    match self.activation.piecewise_linear() {
                        Some(activation) => {
                            pulp::Arch::new().dispatch(Applied { activation, z, a });
                        }
                        None => {
                            for (a, z) in a.iter_mut().zip(&*z) {
                                *a = E::from_f64(self.activation.apply(z.to_f64()));
                            }
                        }
                    }
                }
                None => self.multiply(layer, count, input, weights, scores),
            }
        }
        self.hidden = hidden;
    }

    /// `Z = A Wᵀ`, `[n, rows]`.
    fn multiply(&mut self, layer: usize, count: usize, input: &[E], weights: &[E], z: &mut [E]) {
        let [rows, columns] = self.shapes[layer];
        let par = parallelism(2 * count * rows * columns, self.threads);
        let (a, w) = (
            matrix(input, count, columns),
            matrix(weights, rows, columns),
        );
        if count > FEW_SAMPLES || rows == 1 || count == 1 {
            let z = matrix_mut(z, count, rows);
            matmul(z, Accum::Replace, a, w.transpose(), E::from_f64(1.0), par);
            return;
        }
        self.turned.resize(count * rows, E::from_f64(0.0));
        let turned = matrix_mut(&mut self.turned, rows, count);
        let one = E::from_f64(1.0);
        matmul(turned, Accum::Replace, w, a.transpose(), one, par);
        for (i, z) in z.chunks_exact_mut(rows).enumerate() {
            let column = self.turned[i..].iter().step_by(count);
            z.iter_mut()
                .zip(column)
                .for_each(|(z, &turned)| *z = turned);
        }
    }

    /// Puts the gradient `B_lᵀ A_{l−1}` of a layer in `out`, or adds it, at the samples and weights of
    /// the last [`scores`](Self::scores).
    pub fn pull_layer(
        &self,
        layer: usize,
        samples: Samples<'_, E>,
        back: &[E],
        out: &mut [E],
        accum: Accum,
    ) {
        let Samples { x, count } = samples;
        let [rows, columns] = self.shapes[layer];
        let below = layer.checked_sub(1).map(|below| &self.hidden[below]);
        let input = below.map_or(x, |[_, a]| a.as_slice());
        matmul(
            matrix_mut(out, rows, columns),
            accum,
            matrix(back, count, rows).transpose(),
            matrix(input, count, columns),
            E::from_f64(1.0),
            parallelism(2 * count * rows * columns, self.threads),
        );
    }

    /// `B_{l−1} = (B_l W_l) ∘ φ'(Z_{l−1})` from that of a layer above the first, and its weights.
    pub fn pull_below(&self, layer: usize, weights: &[E], back: &[E], below: &mut Vec<E>) {
        let [rows, columns] = self.shapes[layer];
        let count = back.len() / rows;
        below.resize(count * columns, E::from_f64(0.0));
        matmul(
            matrix_mut(below, count, columns),
            Accum::Replace,
            matrix(back, count, rows),
            matrix(weights, rows, columns),
            E::from_f64(1.0),
            parallelism(2 * count * rows * columns, self.threads),
        );
        let [z, _] = &self.hidden[layer - 1];
        match self.activation.piecewise_linear() {
            Some(activation) => pulp::Arch::new().dispatch(TimesSlopes {
                activation,
                z,
                out: below,
            }),
            None => {
                for (b, z) in below.iter_mut().zip(z) {
                    *b *= E::from_f64(self.activation.derivative(z.to_f64()));
                }
            }
        }
    }
}

/// `A = φ(Z)` of the paper's activations, compiled for the vector instructions of the machine.
struct Applied<'a, E> {
    activation: Activation,
    z: &'a [E],
    a: &'a mut [E],
}

impl<E: Float> pulp::WithSimd for Applied<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        for (a, z) in self.a.iter_mut().zip(self.z) {
            *a = E::from_f64(self.activation.apply(z.to_f64()));
        }
    }
}

/// `B ← B ∘ φ'(Z)`, compiled likewise.
struct TimesSlopes<'a, E> {
    activation: Activation,
    z: &'a [E],
    out: &'a mut [E],
}

impl<E: Float> pulp::WithSimd for TimesSlopes<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _instructions: S) {
        let slope = E::from_f64(self.activation.slope());
        let [zero, one] = [E::from_f64(0.0), E::from_f64(1.0)];
        for (b, &z) in self.out.iter_mut().zip(self.z) {
            *b *= if z > zero { one } else { slope };
        }
    }
}

/// `[rows, columns]` row after row.
fn matrix<E>(entries: &[E], rows: usize, columns: usize) -> MatRef<'_, E> {
    MatRef::from_row_major_slice(entries, rows, columns)
}

fn matrix_mut<E>(entries: &mut [E], rows: usize, columns: usize) -> MatMut<'_, E> {
    MatMut::from_row_major_slice_mut(entries, rows, columns)
}
