//! Linear equations with a matrix that may be singular or not square.

use implicit_bias_algebra::{Mat, MatRef, thin_svd};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// Singular values below this share of the largest count as zero.
const NULL: f64 = 1e-13;

/// Singular values above this share of the largest are surely not zero.
const SURE: f64 = 1e-10;

/// The singular value decomposition of `A`, ready to solve with `A` and `Aᵀ`.
pub(super) struct Decomposition {
    left: Array2<f64>,
    values: Vec<f64>,
    right: Array2<f64>,
}

/// What is known of a rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    Full,
    Lower,
    Unclear,
}

impl Decomposition {
    /// Decomposes `matrix`; `None` if it is empty or not finite, or the iteration fails.
    pub fn of(matrix: ArrayView2<'_, f64>) -> Option<Self> {
        let (rows, columns) = matrix.dim();
        if rows == 0 || columns == 0 || !matrix.iter().all(|entry| entry.is_finite()) {
            return None;
        }
        let copy = Mat::from_fn(rows, columns, |i, j| matrix[[i, j]]);
        let svd = thin_svd(copy.as_ref()).ok()?;
        let values: Vec<f64> = svd.S().column_vector().iter().copied().collect();
        let array = |of: MatRef<'_, f64>| {
            Array2::from_shape_fn((of.nrows(), of.ncols()), |(i, j)| of[(i, j)])
        };
        let (left, right) = (array(svd.U()), array(svd.V()));
        Some(Self {
            left,
            values,
            right,
        })
    }

    /// The least-norm least-squares solution `x = A⁺ b` of `A x = b`.
    pub fn solve(&self, right_hand_side: ArrayView1<'_, f64>) -> Array1<f64> {
        let weights = self.divided(self.left.t().dot(&right_hand_side));
        self.right.dot(&weights)
    }

    /// The least-norm least-squares solution of `Aᵀ x = b`.
    pub fn solve_transposed(&self, right_hand_side: ArrayView1<'_, f64>) -> Array1<f64> {
        let weights = self.divided(self.right.t().dot(&right_hand_side));
        self.left.dot(&weights)
    }

    /// The smallest of the `min(rows, columns)` singular values, and the largest.
    pub fn extremes(&self) -> [f64; 2] {
        let largest = self.values.iter().copied().fold(0.0, f64::max);
        let smallest = self.values.iter().copied().fold(f64::INFINITY, f64::min);
        [smallest, largest]
    }

    /// Whether the columns are independent.
    pub fn column_rank(&self) -> Rank {
        self.rank(self.right.nrows())
    }

    /// Whether the rows are independent.
    pub fn row_rank(&self) -> Rank {
        self.rank(self.left.nrows())
    }

    fn rank(&self, of: usize) -> Rank {
        let [smallest, largest] = self.extremes();
        if of > self.values.len() || smallest <= NULL * largest {
            Rank::Lower
        } else if smallest >= SURE * largest {
            Rank::Full
        } else {
            Rank::Unclear
        }
    }

    /// The part of `vector` that `A` maps to zero.
    pub fn null_part(&self, vector: ArrayView1<'_, f64>) -> Array1<f64> {
        self.null(&self.right, vector)
    }

    /// The part of `vector` that `Aᵀ` maps to zero.
    pub fn null_part_transposed(&self, vector: ArrayView1<'_, f64>) -> Array1<f64> {
        self.null(&self.left, vector)
    }

    fn null(&self, basis: &Array2<f64>, vector: ArrayView1<'_, f64>) -> Array1<f64> {
        let mut rest = vector.to_owned();
        // Twice, for what rounding left the first time.
        for _ in 0..2 {
            let mut weights = basis.t().dot(&rest);
            for (weight, &value) in weights.iter_mut().zip(&self.values) {
                if !self.counts(value) {
                    *weight = 0.0;
                }
            }
            rest -= &basis.dot(&weights);
        }
        rest
    }

    fn divided(&self, mut weights: Array1<f64>) -> Array1<f64> {
        for (weight, &value) in weights.iter_mut().zip(&self.values) {
            *weight = if self.counts(value) {
                *weight / value
            } else {
                0.0
            };
        }
        weights
    }

    fn counts(&self, value: f64) -> bool {
        value > NULL * self.extremes()[1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn solutions_are_those_of_least_norm() {
        let matrix = array![[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]];
        let of = Decomposition::of(matrix.view()).unwrap();
        let close = |found: Array1<f64>, expected: Array1<f64>| {
            assert!(
                (&found - &expected).iter().all(|error| error.abs() < 1e-14),
                "{found}"
            );
        };
        close(of.solve(array![2.0, 4.0].view()), array![1.0, 1.0, 2.0]);
        close(
            of.solve_transposed(array![3.0, 3.0, 4.0].view()),
            array![3.0, 2.0],
        );
        close(
            of.null_part(array![1.0, 3.0, 5.0].view()),
            array![-1.0, 1.0, 0.0],
        );
        close(
            of.null_part_transposed(array![1.0, 3.0].view()),
            array![0.0, 0.0],
        );
        assert_eq!([of.column_rank(), of.row_rank()], [Rank::Lower, Rank::Full]);
    }

    #[test]
    fn ranks_between_sure_and_null_are_unclear() {
        let rank = |small: f64| {
            let of = Decomposition::of(array![[1.0, 0.0], [0.0, small]].view()).unwrap();
            assert_eq!(of.column_rank(), of.row_rank());
            of.column_rank()
        };
        let ranks = [1e-9, 1e-11, 1e-14, 0.0].map(rank);
        assert_eq!(ranks, [Rank::Full, Rank::Unclear, Rank::Lower, Rank::Lower]);
        assert!(Decomposition::of(array![[f64::NAN]].view()).is_none());
    }
}
