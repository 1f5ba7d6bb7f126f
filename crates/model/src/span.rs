//! Weights in coordinates of what the samples span.
//!
//! Gradients are sums of vectors that the samples give: rows `x_i` for a layer below a head, and
//! `(x_t − x_1) zᵀ` for attention. With an orthonormal basis `Q` of their span the scores depend on
//! `Θ = W Qᵀ` alone, and a descent whose steps no rotation of the weights changes takes the same ones
//! in these coordinates, up to rounding: `W = W(0) + (Θ − Θ(0)) Q`.

use implicit_bias_algebra::{Accum, MatMut, MatRef, Par, matmul, thin_qr};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

/// The most multiplications that a basis is worth whatever a step costs: a few hundredths of a second, vector
/// by vector. Larger ones are made by reflections of blocks, which take a fraction of the time for each.
pub(crate) const MOST_OF_BASIS: usize = 1 << 24;

/// What is left of a vector beside those before it is a direction of its own from this share of its
/// length on; below, it is rounding.
const INDEPENDENT: f64 = 1e-14;

/// An orthonormal basis of what samples span, `[r, columns]`.
///
/// Weights are the rows of `[rows, columns]`, and coordinates those of `[rows, r]`; behind them there
/// may be weights that are their own coordinates.
pub struct SpanBasis {
    rows: Array2<f64>,
    /// The weights in the basis.
    spanned: usize,
}

impl SpanBasis {
    /// Of orthonormal rows, for all weights.
    pub(crate) fn new(rows: Array2<f64>) -> Self {
        Self {
            rows,
            spanned: usize::MAX,
        }
    }

    /// This basis for so many weights, those behind them their own coordinates.
    pub(crate) fn of_first(self, spanned: usize) -> Self {
        Self { spanned, ..self }
    }

    /// `Θ = W Qᵀ`.
    ///
    /// # Panics
    ///
    /// For a number of weights that is no multiple of the columns: an internal error of the caller.
    pub fn coordinates(&self, weights: &[f64]) -> Vec<f64> {
        let (size, columns) = self.rows.dim();
        let (weights, rest) = weights.split_at(self.spanned.min(weights.len()));
        let rows = weights.len() / columns;
        let weights = ArrayView2::from_shape([rows, columns], weights).expect("rows of weights");
        let mut coordinates = Array2::zeros([rows, size]);
        general_mat_mul(1.0, &weights, &self.rows.t(), 0.0, &mut coordinates);
        let rest = rest.iter().copied();
        coordinates.into_iter().chain(rest).collect()
    }

    /// The weights `W + (Θ' − Θ) Q` at the coordinates `Θ'`, into `out`, from weights `W` at `Θ`.
    ///
    /// # Panics
    ///
    /// As [`coordinates`](Self::coordinates).
    pub fn weights(&self, from: [&[f64]; 2], coordinates: &[f64], out: &mut [f64]) {
        let [weights, before] = from;
        let (size, columns) = self.rows.dim();
        let spanned = self.spanned.min(out.len());
        let rows = spanned / columns;
        let change: Vec<f64> = (coordinates.iter().zip(before))
            .take(rows * size)
            .map(|(now, before)| now - before)
            .collect();
        let change = ArrayView2::from_shape([rows, size], &change).expect("rows of coordinates");
        let (own, rest) = out.split_at_mut(spanned);
        own.copy_from_slice(&weights[..spanned]);
        let mut own = ArrayViewMut2::from_shape([rows, columns], own).expect("rows of weights");
        general_mat_mul(1.0, &change, &self.rows, 1.0, &mut own);
        rest.copy_from_slice(&coordinates[rows * size..]);
    }
}

/// An orthonormal basis of what samples in rows, `[n, d]`, span, and their coordinates in it, for a layer
/// of so many neurons on top; `None` where its steps would hardly take fewer operations, or the basis
/// more than a few of these steps.
pub(crate) fn basis_of_samples(x: &Array2<f64>, neurons: usize) -> Option<[Array2<f64>; 2]> {
    let (samples, dim) = x.dim();
    let operations = samples.saturating_mul(samples).saturating_mul(dim);
    let of_step = neurons.saturating_mul(samples).saturating_mul(dim);
    if samples > dim || operations > MOST_OF_BASIS.max(of_step.saturating_mul(4)) {
        return None;
    }
    let (basis, coordinates) = if operations <= MOST_OF_BASIS {
        orthonormal(x)
    } else if 4 * samples <= 3 * dim {
        by_reflections(x)?
    } else {
        return None;
    };
    // Samples that are all zero have no directions.
    let pays = 4 * basis.nrows() <= 3 * dim && basis.nrows() > 0;
    pays.then_some([basis, coordinates])
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

/// The share of a vector's length by which a decomposition of `n` of them may miss it, over `√n`: what
/// rounding makes of sums of as many products.
const MISSED: f64 = 2e-15;

/// The same of at most as many vectors as dimensions by `Xᵀ = Q R`: the rows of `Qᵀ` are the basis, also
/// those in which no vector has a coordinate, and the rows of `Rᵀ` the coordinates. `None` where these do
/// not give the vectors back, as the decomposition leaves out what is small beside a vector, but no
/// rounding.
fn by_reflections(vectors: &Array2<f64>) -> Option<(Array2<f64>, Array2<f64>)> {
    let (count, dim) = vectors.dim();
    let entries: Vec<f64> = vectors.iter().copied().collect();
    let rows = MatRef::from_row_major_slice(&entries, count, dim);
    let [q, r] = thin_qr(rows.transpose());
    let mut left = entries.clone();
    matmul(
        MatMut::from_row_major_slice_mut(&mut left, count, dim),
        Accum::Add,
        r.transpose(),
        q.transpose(),
        -1.0,
        Par::Seq,
    );
    let lengths = vectors.rows().into_iter().map(norm);
    let is_given_back = left.chunks_exact(dim).zip(lengths).all(|(left, length)| {
        norm(ArrayView1::from(left)) <= MISSED * length * (count as f64).sqrt()
    });
    is_given_back.then(|| {
        (
            Array2::from_shape_fn((count, dim), |(i, j)| q[(j, i)]),
            Array2::from_shape_fn((count, count), |(i, j)| r[(j, i)]),
        )
    })
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
        is_a_basis([&basis, &coordinates], &vectors);
    }

    #[test]
    fn reflections_give_vectors_back_where_some_depend_on_others() {
        let vectors = vectors();
        let (basis, coordinates) = by_reflections(&vectors).unwrap();
        assert_eq!(basis.dim(), (7, 9));
        is_a_basis([&basis, &coordinates], &vectors);
    }

    /// Of a size that is decomposed in blocks: two samples equal, and two that differ by rounding or by
    /// what the decomposition would leave out.
    #[test]
    fn large_bases_give_their_vectors_back_or_there_are_none() {
        for (offset, is_some) in [(0.0, true), (1e-16, true), (1e-12, false), (1e-8, true)] {
            let mut vectors = full_rank(200, 1024);
            let near = &vectors.row(0) + &(&vectors.row(100) * offset);
            vectors.row_mut(1).assign(&near);
            vectors.row_mut(7).fill(0.0);
            let found = by_reflections(&vectors);
            let Some((basis, coordinates)) = found else {
                assert!(!is_some, "{offset:e}");
                continue;
            };
            let gram = basis.dot(&basis.t());
            let unit = Array2::<f64>::eye(basis.nrows());
            assert!((gram - unit).iter().all(|e| e.abs() < 1e-14));
            let back = coordinates.dot(&basis);
            for (left, vector) in (back - &vectors).rows().into_iter().zip(vectors.rows()) {
                assert!(norm(left) <= 3e-14 * norm(vector), "{:e}", norm(left));
            }
            let above = |(i, j): (usize, usize)| j > i;
            assert!(
                coordinates
                    .indexed_iter()
                    .all(|(at, c)| !above(at) || *c == 0.0)
            );
        }
    }

    /// No sums of a few waves.
    fn full_rank(count: usize, dim: usize) -> Array2<f64> {
        let entry = |k: usize| ((k * k % 10_007) as f64).sin();
        Array2::from_shape_fn((count, dim), |(i, j)| entry(i * dim + j))
    }

    fn is_a_basis([basis, coordinates]: [&Array2<f64>; 2], vectors: &Array2<f64>) {
        let gram = basis.dot(&basis.t());
        let unit = Array2::<f64>::eye(basis.nrows());
        assert!((gram - unit).iter().all(|e| e.abs() < 2e-15));
        let back = coordinates.dot(basis);
        assert!((back - vectors).iter().all(|e| e.abs() < 4e-15));
    }

    #[test]
    fn a_basis_is_made_where_it_pays() {
        let is_made = |n, d, neurons| basis_of_samples(&full_rank(n, d), neurons).is_some();
        assert!(is_made(3, 4, 1) && !is_made(4, 4, 1) && !is_made(5, 4, 1));
        // 2^24 multiplications whatever a step takes, and four of its steps.
        assert!(is_made(128, 1024, 1) && !is_made(129, 1024, 32) && is_made(129, 1024, 33));
        assert!(!is_made(129, 171, 1000) && is_made(129, 172, 1000));
        assert!(basis_of_samples(&Array2::zeros([2, 9]), 5).is_none());
    }

    #[test]
    fn a_change_of_coordinates_is_one_of_weights_in_the_span() {
        let (basis, _) = orthonormal(&vectors());
        let basis = SpanBasis::new(basis);
        let initial: Vec<f64> = (0..27).map(|k| f64::from(k).cos()).collect();
        let before = basis.coordinates(&initial);
        assert_eq!(before.len(), 6);
        let change: Vec<f64> = (0..6).map(f64::from).collect();
        let present: Vec<f64> = before.iter().zip(&change).map(|(b, c)| b + c).collect();
        let mut weights = vec![0.0; initial.len()];
        basis.weights([&initial, &before], &present, &mut weights);
        let after = basis.coordinates(&weights);
        for (after, present) in after.iter().zip(&present) {
            assert!((after - present).abs() < 1e-14);
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
