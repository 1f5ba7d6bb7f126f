//! Decompositions of matrices in double precision.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::solvers::{EvdError, Llt, SelfAdjointEigen, Solve, SolveLstsq, Svd, SvdError};
use faer::prelude::default;
use faer::{Mat, MatRef, Par, Side};

/// The singular values, largest first.
///
/// # Errors
///
/// [`SvdError`] where the iteration does not converge.
#[inline(never)]
pub fn singular_values(a: MatRef<'_, f64>) -> Result<Vec<f64>, SvdError> {
    a.singular_values()
}

/// `A = U S Vᵀ` with as many columns of `U` and `V` as the shorter side has entries.
///
/// # Errors
///
/// As [`singular_values`].
#[inline(never)]
pub fn thin_svd(a: MatRef<'_, f64>) -> Result<Svd<f64>, SvdError> {
    a.thin_svd()
}

/// Eigenvalues, smallest first, and eigenvectors of the symmetric matrix with this lower triangle.
///
/// # Errors
///
/// [`EvdError`] where the iteration does not converge.
#[inline(never)]
pub fn self_adjoint_eigen(a: MatRef<'_, f64>) -> Result<SelfAdjointEigen<f64>, EvdError> {
    a.self_adjoint_eigen(Side::Lower)
}

/// Eigenvalues, smallest first, of the symmetric matrix with this lower triangle.
///
/// # Errors
///
/// As [`self_adjoint_eigen`].
#[inline(never)]
pub fn self_adjoint_eigenvalues(a: MatRef<'_, f64>) -> Result<Vec<f64>, EvdError> {
    a.self_adjoint_eigenvalues(Side::Lower)
}

/// The largest eigenvalue of the symmetric matrix with this lower triangle, on one thread, so that
/// its bits do not depend on how many there are.
///
/// # Errors
///
/// As [`self_adjoint_eigen`].
#[inline(never)]
pub fn largest_eigenvalue(a: MatRef<'_, f64>) -> Result<f64, EvdError> {
    let size = a.nrows();
    let mut eigenvalues = Mat::<f64>::zeros(size, 1);
    let mut buffer = MemBuffer::new(self_adjoint_evd_scratch::<f64>(
        size,
        ComputeEigenvectors::No,
        Par::Seq,
        default(),
    ));
    self_adjoint_evd(
        a,
        eigenvalues.col_mut(0).as_diagonal_mut(),
        None,
        Par::Seq,
        MemStack::new(&mut buffer),
        default(),
    )?;
    // Smallest first.
    Ok(eigenvalues[(size - 1, 0)])
}

/// The diagonal and what is beside it of a tridiagonal matrix with the eigenvalues of the symmetric
/// matrix with this lower triangle; on one thread.
#[inline(never)]
pub fn tridiagonal(a: MatRef<'_, f64>) -> [Vec<f64>; 2] {
    let size = a.nrows();
    let mut reduced = Mat::zeros(size, size);
    reduced.copy_from_triangular_lower(a);
    if size > 1 {
        // faer writes the reflections here; they are not used.
        let mut reflections = Mat::zeros(1, size - 1);
        let mut buffer = MemBuffer::new(tridiag_in_place_scratch::<f64>(size, Par::Seq, default()));
        let stack = MemStack::new(&mut buffer);
        tridiag_in_place(
            reduced.as_mut(),
            reflections.as_mut(),
            Par::Seq,
            stack,
            default(),
        );
    }
    [
        (0..size).map(|index| reduced[(index, index)]).collect(),
        (1..size).map(|index| reduced[(index, index - 1)]).collect(),
    ]
}

/// `Q` and `R` of `A = Q R`, with as many columns and rows as the shorter side has entries.
#[inline(never)]
pub fn thin_qr(a: MatRef<'_, f64>) -> [Mat<f64>; 2] {
    let decomposition = a.qr();
    let basis = decomposition.compute_thin_Q();
    [basis, decomposition.thin_R().to_owned()]
}

/// `R` of `A = Q R`, with as many rows as the shorter side has entries.
#[inline(never)]
pub fn triangle_of_qr(a: MatRef<'_, f64>) -> Mat<f64> {
    a.qr().thin_R().to_owned()
}

/// `X` with the least `‖A X − B‖_F`, by a decomposition with exchanged columns; `A` has as many rows as
/// columns, or more.
///
/// # Panics
///
/// For shapes that do not fit.
#[inline(never)]
pub fn least_squares(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    a.col_piv_qr().solve_lstsq(b)
}

/// `A = L Lᵀ` of a symmetric positive definite matrix.
pub struct Cholesky(Llt<f64>);

impl Cholesky {
    /// Of the matrix with this lower triangle; `None` if a pivot is not positive.
    #[inline(never)]
    pub fn of(a: MatRef<'_, f64>) -> Option<Self> {
        a.llt(Side::Lower).ok().map(Self)
    }

    /// The diagonal of `L`.
    pub fn diagonal(&self) -> impl Iterator<Item = f64> {
        (0..self.0.L().nrows()).map(|i| self.0.L()[(i, i)])
    }

    /// `A⁻¹ B`.
    ///
    /// # Panics
    ///
    /// For shapes that do not fit.
    #[inline(never)]
    pub fn solve(&self, b: MatRef<'_, f64>) -> Mat<f64> {
        self.0.solve(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product;

    /// Far from singular.
    fn waves(rows: usize, columns: usize) -> Mat<f64> {
        Mat::from_fn(rows, columns, |i, j| {
            let diagonal = if i == j { 3.0 } else { 0.0 };
            diagonal + ((7 * i + 3 * j * j) as f64).sin()
        })
    }

    fn close(found: MatRef<'_, f64>, expected: MatRef<'_, f64>) {
        let shape = (expected.nrows(), expected.ncols());
        assert_eq!((found.nrows(), found.ncols()), shape);
        for i in 0..found.nrows() {
            for j in 0..found.ncols() {
                assert!((found[(i, j)] - expected[(i, j)]).abs() < 1e-13);
            }
        }
    }

    /// `A D B`, `D` with a vector on its diagonal.
    fn with_diagonal(a: MatRef<'_, f64>, d: &[f64], b: MatRef<'_, f64>) -> Mat<f64> {
        let scaled = Mat::from_fn(a.nrows(), a.ncols(), |i, j| a[(i, j)] * d[j]);
        product(scaled.as_ref(), b)
    }

    #[test]
    fn decompositions_give_the_matrix_back() {
        for (rows, columns) in [(6, 4), (4, 6)] {
            let a = waves(rows, columns);
            let svd = thin_svd(a.as_ref()).unwrap();
            let values = singular_values(a.as_ref()).unwrap();
            let back = with_diagonal(svd.U(), &values, svd.V().transpose());
            close(back.as_ref(), a.as_ref());
            let [q, r] = thin_qr(a.as_ref());
            close(product(q.as_ref(), r.as_ref()).as_ref(), a.as_ref());
            close(triangle_of_qr(a.as_ref()).as_ref(), r.as_ref());
        }
    }

    #[test]
    fn eigenvalues_of_squares_are_squares_of_singular_values() {
        let a = waves(6, 4);
        let square = product(a.transpose(), a.as_ref());
        let values = singular_values(a.as_ref()).unwrap();
        let eigen = self_adjoint_eigen(square.as_ref()).unwrap();
        let squares = self_adjoint_eigenvalues(square.as_ref()).unwrap();
        for (square, value) in squares.iter().rev().zip(&values) {
            assert!((square - value * value).abs() < 1e-13);
        }
        let back = with_diagonal(eigen.U(), &squares, eigen.U().transpose());
        close(back.as_ref(), square.as_ref());
        let largest = largest_eigenvalue(square.as_ref()).unwrap();
        assert!((largest - squares[3]).abs() < 1e-13);
        let [diagonal, beside] = tridiagonal(square.as_ref());
        let trace: f64 = diagonal.iter().sum();
        assert!((trace - squares.iter().sum::<f64>()).abs() < 1e-13);
        // The sum of the squares of all entries is that of the squares of the eigenvalues.
        let entries: f64 = diagonal.iter().map(|e| e * e).sum::<f64>()
            + 2.0 * beside.iter().map(|e| e * e).sum::<f64>();
        assert!((entries - squares.iter().map(|e| e * e).sum::<f64>()).abs() < 1e-12);
    }

    #[test]
    fn systems_are_solved() {
        let (a, x) = (waves(6, 4), waves(4, 2));
        let b = product(a.as_ref(), x.as_ref());
        close(least_squares(a.as_ref(), b.as_ref()).as_ref(), x.as_ref());
        let square = product(a.transpose(), a.as_ref());
        let factor = Cholesky::of(square.as_ref()).unwrap();
        let b = product(square.as_ref(), x.as_ref());
        close(factor.solve(b.as_ref()).as_ref(), x.as_ref());
        let determinant: f64 = factor.diagonal().map(|l| l * l).product();
        let values = self_adjoint_eigenvalues(square.as_ref()).unwrap();
        assert!((determinant / values.iter().product::<f64>() - 1.0).abs() < 1e-12);
        let negative = Mat::from_fn(2, 2, |i, j| if i == j { -1.0 } else { 0.0 });
        assert!(Cholesky::of(negative.as_ref()).is_none());
    }
}
