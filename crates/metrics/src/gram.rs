//! Gram matrices on the host, and the spectrum they give.
//!
//! # Why the host, in `f64`
//!
//! A Gram matrix formed on the device would inherit the device's products: on recent GPUs Burn's
//! `f32` matrix product may round its factors to TF32, ten bits, three digits of a stable rank
//! whose distance from 1 is the thing measured. The eigenvalue, which needs `f64` and hence the
//! host, costs as much as the products in any case, and the copy is `rows · columns` numbers once
//! a record. All of it runs on one thread, so that no recorded number depends on how many there
//! are.
//!
//! # Why squaring is harmless
//!
//! Singular values from a Gram matrix have a bad name that the largest one does not deserve. The
//! computed Gram matrix and its eigenvalues are off by about `ε ‖A‖_2²`, `ε = 2.2e-16`, in
//! absolute terms. A singular value `σ ≪ ‖A‖_2` drowns in that; the largest, whose square is
//! `‖A‖_2²` itself, has a relative error of order `ε`, and its root half of it. Nothing
//! cancels: the diagonal is a sum of squares. What squaring could cost is range, so the matrix is
//! divided by a power of two near its largest entry first.

use burn::tensor::Tensor;
use implicit_bias_algebra::{
    Accum, Mat, MatMut, MatRef, Par, lower_triangle_of_squares, matmul, tridiagonal,
};

use crate::block_spectrum::BlockSpectrum;
use crate::{MetricError, host, sums};

/// A matrix divided by `scale`, a power of two near its largest entry.
pub(crate) struct Scaled {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) scale: f64,
    // Row-major: rows×columns
    values: Vec<f64>,
}

impl Scaled {
    /// Fails on a matrix that is empty, not finite or zero.
    pub(crate) fn read(weight: &Tensor<2>, name: &str) -> Result<Self, MetricError> {
        Self::of(host::read(weight, name)?, weight.dims(), name)
    }

    /// Of finite values row by row; fails on a matrix that is zero.
    pub(crate) fn of(
        mut values: Vec<f64>,
        [rows, columns]: [usize; 2],
        name: &str,
    ) -> Result<Self, MetricError> {
        let Some(scale) = sums::normalize(&mut values) else {
            return Err(MetricError::ZeroMatrix { what: name.into() });
        };
        Ok(Self {
            rows,
            columns,
            scale,
            values,
        })
    }

    /// The spectrum of this matrix alone, from its thinner side.
    pub(crate) fn spectrum(&self) -> BlockSpectrum {
        let size = self.rows.min(self.columns);
        let mut gram = Mat::zeros(size, size);
        if self.rows <= self.columns {
            of_rows(gram.as_mut(), self);
        } else {
            of_columns(gram.as_mut(), self);
        }
        spectrum(gram.as_ref(), self.scale)
    }

    fn view(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.values, self.rows, self.columns)
    }
}

/// `gram = A Aᵀ`, its lower triangle.
pub(crate) fn of_rows(gram: MatMut<'_, f64>, matrix: &Scaled) {
    lower_triangle_of_squares(gram, matrix.view(), Par::Seq);
}

/// `gram = AᵀA`, its lower triangle.
pub(crate) fn of_columns(gram: MatMut<'_, f64>, matrix: &Scaled) {
    lower_triangle_of_squares(gram, matrix.view().transpose(), Par::Seq);
}

/// `product = factor · A Bᵀ`.
pub(crate) fn cross(product: MatMut<'_, f64>, left: &Scaled, right: &Scaled, factor: f64) {
    matmul(
        product,
        Accum::Replace,
        left.view(),
        right.view().transpose(),
        factor,
        Par::Seq,
    );
}

/// Lower triangle of `gram` times `ratio²`.
///
/// Two factors, as the square of a small ratio could underflow where the product would not.
pub(crate) fn rescale(mut gram: MatMut<'_, f64>, ratio: f64) {
    if ratio == 1.0 {
        return;
    }
    for column in 0..gram.ncols() {
        for row in column..gram.nrows() {
            gram[(row, column)] = gram[(row, column)] * ratio * ratio;
        }
    }
}

/// Norms and stable rank from the lower triangle of a Gram matrix of `A / scale`.
pub(crate) fn spectrum(gram: MatRef<'_, f64>, scale: f64) -> BlockSpectrum {
    let trace: f64 = (0..gram.nrows()).map(|index| gram[(index, index)]).sum();
    let largest = largest_eigenvalue(gram);
    BlockSpectrum {
        frobenius_norm: scale * trace.sqrt(),
        spectral_norm: scale * largest.sqrt(),
        // Both from one Gram matrix; rounding can still leave a matrix of rank one an ulp below 1.
        stable_rank: (trace / largest).max(1.0),
    }
}

/// Largest eigenvalue, by reduction to a tridiagonal matrix and bisection.
///
/// An eigenvalue solver would find all of them, in four times the time.
fn largest_eigenvalue(gram: MatRef<'_, f64>) -> f64 {
    let [diagonal, beside] = tridiagonal(gram);
    largest_of_tridiagonal(&diagonal, &beside)
}

/// Largest eigenvalue of the symmetric tridiagonal matrix with these entries on and beside its
/// diagonal, to the last bit that its entries determine.
fn largest_of_tridiagonal(diagonal: &[f64], beside: &[f64]) -> f64 {
    let squares: Vec<f64> = beside.iter().map(|entry| entry * entry).collect();
    // x exceeds every eigenvalue exactly when all pivots of T − x are negative (Sylvester's law
    // of inertia). A pivot that is barely negative sends the next one to +∞: the right answer.
    let exceeds_all = |x: f64| {
        let mut pivot = diagonal[0] - x;
        for (entry, square) in diagonal[1..].iter().zip(&squares) {
            if pivot >= 0.0 {
                return false;
            }
            pivot = entry - x - square / pivot;
        }
        pivot < 0.0
    };
    // No diagonal entry is above it, and no Gershgorin disc reaches beyond it.
    let mut lower = diagonal.iter().copied().fold(f64::MIN, f64::max);
    let at = |index: Option<usize>| {
        index
            .and_then(|index| beside.get(index))
            .map_or(0.0, |b| b.abs())
    };
    let mut upper = diagonal
        .iter()
        .enumerate()
        .map(|(index, entry)| entry + at(index.checked_sub(1)) + at(Some(index)))
        .fold(lower, f64::max);
    loop {
        let middle = lower + 0.5 * (upper - lower);
        if middle <= lower || middle >= upper {
            return upper;
        }
        if exceeds_all(middle) {
            upper = middle;
        } else {
            lower = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tridiagonal_matrices_with_known_spectra() {
        // 2 on the diagonal, −1 beside it: the largest of 2 − 2 cos(kπ/(n+1)) is at k = n.
        for size in [1, 2, 3, 10, 1000] {
            let angle = std::f64::consts::PI * size as f64 / (size + 1) as f64;
            let found = largest_of_tridiagonal(&vec![2.0; size], &vec![-1.0; size - 1]);
            let expected = 2.0 - 2.0 * angle.cos();
            assert!((found / expected - 1.0).abs() < 1e-14, "{size}: {found}");
        }
    }

    #[test]
    fn diagonal_and_split_matrices() {
        assert_eq!(largest_of_tridiagonal(&[1.0, 3.0, 2.0], &[0.0, 0.0]), 3.0);
        // [[1, 2], [2, 1]] beside 2.5: eigenvalues 3, −1 and 2.5.
        let found = largest_of_tridiagonal(&[1.0, 1.0, 2.5], &[2.0, 0.0]);
        assert!((found - 3.0).abs() < 1e-15);
        // The upper end of a pair split by rounding alone.
        let found = largest_of_tridiagonal(&[1.0, 1.0], &[1e-16]);
        assert!((found - 1.0).abs() <= f64::EPSILON);
    }
}
