//! Weights in coordinates of what the samples span.
//!
//! Gradients are sums of vectors that the samples give: rows `x_i` for a layer below a head, and
//! `(x_t − x_1) zᵀ` for attention. With an orthonormal basis `Q` of their span the scores depend on
//! `Θ = W Qᵀ` alone, and a descent whose steps no rotation of the weights changes takes the same ones
//! in these coordinates, up to rounding: `W = W(0) + (Θ − Θ(0)) Q`.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

/// The most multiplications that a basis is worth: a few hundredths of a second.
pub(crate) const MOST_OF_BASIS: usize = 1 << 24;

/// What is left of a vector beside those before it is a direction of its own from this share of its
/// length on; below, it is rounding.
const INDEPENDENT: f64 = 1e-14;

/// An orthonormal basis of what samples span, `[r, columns]`.
///
/// Weights are the rows of `[rows, columns]`, and coordinates those of `[rows, r]`.
pub struct SpanBasis(Array2<f64>);

impl SpanBasis {
    /// Of orthonormal rows.
    pub(crate) fn new(rows: Array2<f64>) -> Self {
        Self(rows)
    }

    /// `Θ = W Qᵀ`.
    ///
    /// # Panics
    ///
    /// For a number of weights that is no multiple of the columns: an internal error of the caller.
    pub fn coordinates(&self, weights: &[f64]) -> Vec<f64> {
        let (size, columns) = self.0.dim();
        let rows = weights.len() / columns;
        let weights = ArrayView2::from_shape([rows, columns], weights).expect("rows of weights");
        let mut coordinates = Array2::zeros([rows, size]);
        general_mat_mul(1.0, &weights, &self.0.t(), 0.0, &mut coordinates);
        coordinates.into_iter().collect()
    }

    /// `W += ΔΘ Q`.
    ///
    /// # Panics
    ///
    /// As [`coordinates`](Self::coordinates).
    pub fn add(&self, change: &[f64], weights: &mut [f64]) {
        let (size, columns) = self.0.dim();
        let rows = weights.len() / columns;
        let change = ArrayView2::from_shape([rows, size], change).expect("rows of coordinates");
        let mut weights =
            ArrayViewMut2::from_shape([rows, columns], weights).expect("rows of weights");
        general_mat_mul(1.0, &change, &self.0, 1.0, &mut weights);
    }
}

/// An orthonormal basis of the span of vectors in rows, `[r, d]`, and their coordinates in it,
/// `[n, r]`: row `k` has none past the `k`-th. By Gram and Schmidt, each vector twice.
pub(crate) fn orthonormal(vectors: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
    let (count, dim) = vectors.dim();
    let mut basis: Vec<Array1<f64>> = Vec::new();
    let mut coordinates = Array2::zeros([count, count.min(dim)]);
    for (vector, mut own) in vectors.rows().into_iter().zip(coordinates.rows_mut()) {
        let length = norm(vector);
        let mut rest = vector.to_owned();
        for _ in 0..2 {
            for (direction, coordinate) in basis.iter().zip(&mut own) {
                let along = direction.dot(&rest);
                *coordinate += along;
                rest.scaled_add(-along, direction);
            }
        }
        let left = norm(rest.view());
        if left > INDEPENDENT * length && basis.len() < own.len() {
            own[basis.len()] = left;
            basis.push(rest / left);
        }
    }
    let rank = basis.len();
    let (coordinates, _) = coordinates.view().split_at(Axis(1), rank);
    let entries = basis.into_iter().flatten().collect();
    let basis = Array2::from_shape_vec([rank, dim], entries).expect("rows of one length");
    (basis, coordinates.as_standard_layout().into_owned())
}

fn norm(vector: ArrayView1<'_, f64>) -> f64 {
    vector.dot(&vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seven vectors of which one is a sum of others, one is repeated and one is zero.
    fn vectors() -> Array2<f64> {
        let mut vectors = Array2::from_shape_fn((7, 9), |(i, j)| ((31 * i + 7 * j) as f64).sin());
        let sum = &vectors.row(0) * 2.0 - vectors.row(1);
        vectors.row_mut(2).assign(&sum);
        let repeated = vectors.row(1).to_owned();
        vectors.row_mut(4).assign(&repeated);
        vectors.row_mut(5).fill(0.0);
        vectors
    }

    #[test]
    fn the_basis_is_orthonormal_and_gives_the_vectors_back() {
        let vectors = vectors();
        let (basis, coordinates) = orthonormal(&vectors);
        // sin(31 i + 7 j) spans two dimensions alone.
        assert_eq!(basis.nrows(), 2);
        let gram = basis.dot(&basis.t());
        assert!(
            (gram - Array2::<f64>::eye(2))
                .iter()
                .all(|e| e.abs() < 1e-15)
        );
        let back = coordinates.dot(&basis);
        assert!((back - vectors).iter().all(|e| e.abs() < 1e-15));
    }

    #[test]
    fn a_change_of_coordinates_is_one_of_weights_in_the_span() {
        let (basis, _) = orthonormal(&vectors());
        let basis = SpanBasis::new(basis);
        let initial: Vec<f64> = (0..27).map(|k| f64::from(k).cos()).collect();
        let before = basis.coordinates(&initial);
        assert_eq!(before.len(), 6);
        let change: Vec<f64> = (0..6).map(f64::from).collect();
        let mut weights = initial.clone();
        basis.add(&change, &mut weights);
        let after = basis.coordinates(&weights);
        for ((after, before), change) in after.iter().zip(&before).zip(&change) {
            assert!((after - before - change).abs() < 1e-14);
        }
        // Nothing else changed.
        let moved: f64 = weights
            .iter()
            .zip(&initial)
            .map(|(w, v)| (w - v).powi(2))
            .sum();
        let square: f64 = change.iter().map(|c| c * c).sum();
        assert!((moved / square - 1.0).abs() < 1e-14);
    }
}
