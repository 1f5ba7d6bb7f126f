//! Products of matrices.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::traits::RealField;
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// The float types that matrices are multiplied in.
pub trait Real: RealField + Copy {
    /// `out = factor · A B`, or `out += factor · A B`, as `accum` says.
    fn matmul(
        out: MatMut<'_, Self>,
        accum: Accum,
        a: MatRef<'_, Self>,
        b: MatRef<'_, Self>,
        factor: Self,
        par: Par,
    );
}

macro_rules! real {
    ($type:ty) => {
        impl Real for $type {
            #[inline(never)]
            fn matmul(
                out: MatMut<'_, Self>,
                accum: Accum,
                a: MatRef<'_, Self>,
                b: MatRef<'_, Self>,
                factor: Self,
                par: Par,
            ) {
                faer::linalg::matmul::matmul(out, accum, a, b, factor, par);
            }
        }
    };
}

real!(f64);
real!(f32);

/// `out = factor · A B`, or `out += factor · A B`, as `accum` says; its bits do not depend on `par`.
///
/// # Panics
///
/// For shapes that do not fit.
pub fn matmul<E: Real>(
    out: MatMut<'_, E>,
    accum: Accum,
    a: MatRef<'_, E>,
    b: MatRef<'_, E>,
    factor: E,
    par: Par,
) {
    E::matmul(out, accum, a, b, factor, par);
}

/// `A B`.
///
/// # Panics
///
/// For shapes that do not fit.
#[inline(never)]
pub fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    a * b
}

/// The lower triangle of `A Aᵀ`; what is above it stays as it was.
///
/// # Panics
///
/// For shapes that do not fit.
#[inline(never)]
pub fn lower_triangle_of_squares(out: MatMut<'_, f64>, a: MatRef<'_, f64>, par: Par) {
    triangular::matmul(
        out,
        BlockStructure::TriangularLower,
        Accum::Replace,
        a,
        BlockStructure::Rectangular,
        a.transpose(),
        BlockStructure::Rectangular,
        1.0,
        par,
    );
}

/// `‖A‖_F`, without overflow or underflow on the way.
#[inline(never)]
pub fn frobenius_norm(a: MatRef<'_, f64>) -> f64 {
    a.norm_l2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(rows: usize, columns: usize) -> Mat<f64> {
        Mat::from_fn(rows, columns, |i, j| ((7 * i + 3 * j) as f64).sin())
    }

    fn entry(a: &Mat<f64>, b: &Mat<f64>, i: usize, j: usize) -> f64 {
        (0..a.ncols()).map(|k| a[(i, k)] * b[(k, j)]).sum()
    }

    #[test]
    fn products_are_sums_of_products() {
        let (a, b) = (waves(5, 4), waves(4, 3));
        let whole = product(a.as_ref(), b.as_ref());
        let mut out = Mat::from_fn(5, 3, |_, _| 1.0);
        matmul(
            out.as_mut(),
            Accum::Add,
            a.as_ref(),
            b.as_ref(),
            -2.0,
            Par::Seq,
        );
        let single = |of: &Mat<f64>| Mat::from_fn(of.nrows(), of.ncols(), |i, j| of[(i, j)] as f32);
        let mut short = Mat::zeros(5, 3);
        let (a32, b32) = (single(&a), single(&b));
        matmul(
            short.as_mut(),
            Accum::Replace,
            a32.as_ref(),
            b32.as_ref(),
            1.0,
            Par::Seq,
        );
        for i in 0..5 {
            for j in 0..3 {
                let exact = entry(&a, &b, i, j);
                assert!((whole[(i, j)] - exact).abs() < 1e-15);
                assert!((out[(i, j)] - (1.0 - 2.0 * exact)).abs() < 1e-14);
                assert!((f64::from(short[(i, j)]) - exact).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_triangle_leaves_the_other_half_alone() {
        let a = waves(4, 6);
        let mut out = Mat::from_fn(4, 4, |_, _| f64::NAN);
        lower_triangle_of_squares(out.as_mut(), a.as_ref(), Par::Seq);
        let transposed = a.transpose().to_owned();
        for i in 0..4 {
            for j in 0..4 {
                let error = (out[(i, j)] - entry(&a, &transposed, i, j)).abs();
                assert!(if j <= i {
                    error < 1e-14
                } else {
                    error.is_nan()
                });
            }
        }
        let square: f64 = (0..4).map(|i| out[(i, i)]).sum();
        assert!((frobenius_norm(a.as_ref()) - square.sqrt()).abs() < 1e-14);
    }
}
