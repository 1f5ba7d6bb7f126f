//! Solving with symmetric positive semidefinite matrices that may be singular.

use implicit_bias_algebra::{Cholesky, Mat, product, self_adjoint_eigen};

/// Smallest pivot, relative to the largest diagonal entry, for which Cholesky is used.
const PIVOT: f64 = 1e-8;
/// Eigenvalues below this fraction of the largest count as zero.
const RANK_TOLERANCE: f64 = 1e-12;
/// Rounds of iterative refinement after each solve.
const REFINEMENTS: usize = 2;

/// The pseudo-inverse of a symmetric positive semidefinite matrix, ready to apply.
///
/// Cholesky where the matrix is well conditioned, the eigendecomposition with eigenvalues below
/// `10⁻¹²` of the largest dropped where it is not: repeated samples, or more samples than
/// dimensions, make the matrices of the limit program singular.
pub(crate) struct PseudoInverse {
    matrix: Mat<f64>,
    factor: Factor,
}

enum Factor {
    Cholesky(Cholesky),
    /// Columns are eigenvectors over the roots of their eigenvalues: `A⁺ = B Bᵀ`.
    Spectral(Mat<f64>),
}

impl PseudoInverse {
    /// Factors `matrix`, of which the lower triangle is read; `None` if it is not finite or the
    /// eigendecomposition fails.
    pub fn of(matrix: Mat<f64>) -> Option<Self> {
        let size = matrix.nrows();
        let largest = (0..size).map(|i| matrix[(i, i)]).fold(0.0, f64::max);
        if !matrix.is_all_finite() {
            return None;
        }
        let cholesky = Cholesky::of(matrix.as_ref());
        let is_sound = |of: &Cholesky| of.diagonal().all(|l| l * l > PIVOT * largest);
        if let Some(cholesky) = cholesky.filter(is_sound) {
            let factor = Factor::Cholesky(cholesky);
            return Some(Self { matrix, factor });
        }
        let eigen = self_adjoint_eigen(matrix.as_ref()).ok()?;
        let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
        let cutoff = RANK_TOLERANCE * values.iter().copied().fold(0.0, f64::max);
        let kept: Vec<usize> = (0..size).filter(|&j| values[j] > cutoff).collect();
        let basis = Mat::from_fn(size, kept.len(), |i, j| {
            eigen.U()[(i, kept[j])] / values[kept[j]].sqrt()
        });
        let factor = Factor::Spectral(basis);
        Some(Self { matrix, factor })
    }

    /// `A⁺ B` for `B` (`size × k`), refined; the least-norm least-squares solution.
    pub fn solve(&self, right: &Mat<f64>) -> Mat<f64> {
        let mut solution = self.apply(right);
        for _ in 0..REFINEMENTS {
            let residual = right - self.symmetric_product(&solution);
            solution += self.apply(&residual);
        }
        solution
    }

    /// `A⁺ b`, refined.
    pub fn solve_vector(&self, right: &[f64]) -> Vec<f64> {
        let right = Mat::from_fn(right.len(), 1, |i, _| right[i]);
        self.solve(&right).col(0).iter().copied().collect()
    }

    fn symmetric_product(&self, x: &Mat<f64>) -> Mat<f64> {
        product(self.matrix.as_ref(), x.as_ref())
    }

    fn apply(&self, right: &Mat<f64>) -> Mat<f64> {
        match &self.factor {
            Factor::Cholesky(cholesky) => cholesky.solve(right.as_ref()),
            Factor::Spectral(basis) => {
                let along = product(basis.transpose(), right.as_ref());
                product(basis.as_ref(), along.as_ref())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_singular_matrix_is_inverted_on_its_range() {
        // Rank one, v = (1, 2, 2): A = v vᵀ, A⁺ v = v / ‖v‖⁴ · ‖v‖² = v / 9.
        let v = [1.0, 2.0, 2.0];
        let inverse = PseudoInverse::of(Mat::from_fn(3, 3, |i, j| v[i] * v[j])).unwrap();
        let solution = inverse.solve_vector(&v);
        for (found, expected) in solution.iter().zip(v) {
            assert!((found - expected / 9.0).abs() < 1e-15, "{found}");
        }
    }

    #[test]
    fn a_regular_matrix_is_inverted() {
        let inverse =
            PseudoInverse::of(Mat::from_fn(2, 2, |i, j| if i == j { 2.0 } else { 1.0 })).unwrap();
        assert!(matches!(inverse.factor, Factor::Cholesky(_)));
        let solution = inverse.solve_vector(&[1.0, 0.0]);
        assert!((solution[0] - 2.0 / 3.0).abs() < 1e-16);
        assert!((solution[1] + 1.0 / 3.0).abs() < 1e-16);
    }

    #[test]
    fn no_numbers_no_answer() {
        assert!(PseudoInverse::of(Mat::from_fn(1, 1, |_, _| f64::NAN)).is_none());
        let empty = PseudoInverse::of(Mat::zeros(0, 0)).unwrap();
        assert!(empty.solve_vector(&[]).is_empty());
    }
}
