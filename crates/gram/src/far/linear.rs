//! Small dense linear algebra: products with a symmetric matrix, and symmetric solves that survive
//! repeated samples.

use implicit_bias_algebra::{Mat, self_adjoint_eigen, self_adjoint_eigenvalues};

/// Pivots below this fraction of their diagonal entry make a matrix count as singular.
const PIVOT: f64 = 1e-10;

/// Eigenvalues below this fraction of the largest count as zero in a singular matrix.
const RANK: f64 = 1e-12;

/// Most rows of a matrix whose largest eigenvalue is found by decomposing it.
const MOST_DENSE: usize = 512;

/// Multiplications of a power iteration.
const ITERATIONS: usize = 60;

/// `out = A x` for a symmetric `A` (`n × n`, row after row).
pub(super) fn symmetric_times(a: &[f64], x: &[f64], out: &mut [f64]) {
    rows_times(a.chunks_exact(out.len().max(1)), x, out);
}

/// The same by the rows of `A`.
///
/// Walks along rows, which symmetry makes columns, so that the inner loop has no dependency.
pub(super) fn rows_times<'a>(rows: impl Iterator<Item = &'a [f64]>, x: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (row, &x) in rows.zip(x) {
        if x != 0.0 {
            for (out, &a) in out.iter_mut().zip(row) {
                *out += a * x;
            }
        }
    }
}

/// `out = |A| x`, entry by entry the absolute value, by the rows of a symmetric `A`.
pub(super) fn absolute_times<'a>(
    rows: impl Iterator<Item = &'a [f64]>,
    x: &[f64],
    out: &mut [f64],
) {
    out.fill(0.0);
    for (row, &x) in rows.zip(x) {
        for (out, &a) in out.iter_mut().zip(row) {
            *out += a.abs() * x;
        }
    }
}

/// `A⁺ B` for a symmetric positive semidefinite `A` (`k × k`) and `B` (`k × p`), in place of
/// `B`; both row after row.
///
/// By Cholesky where that is safe, else by eigenvalues: the solution of least norm, the one that
/// gives two copies of one sample equal shares.
pub(super) fn solve_semidefinite(a: &[f64], k: usize, b: &mut [f64]) {
    if k == 0 || b.is_empty() {
        return;
    }
    let p = b.len() / k;
    match cholesky(a, k) {
        Some(l) => {
            for i in 0..k {
                let (above, row) = b.split_at_mut(i * p);
                let row = &mut row[..p];
                for (j, above) in above.chunks_exact(p).enumerate() {
                    subtract(row, l[i * k + j], above);
                }
                row.iter_mut().for_each(|x| *x /= l[i * k + i]);
            }
            for i in (0..k).rev() {
                let (upto, below) = b.split_at_mut((i + 1) * p);
                let row = &mut upto[i * p..];
                for (j, below) in below.chunks_exact(p).enumerate() {
                    subtract(row, l[(i + 1 + j) * k + i], below);
                }
                row.iter_mut().for_each(|x| *x /= l[i * k + i]);
            }
        }
        None => least_norm(a, k, b, p),
    }
}

fn subtract(row: &mut [f64], factor: f64, other: &[f64]) {
    for (x, &y) in row.iter_mut().zip(other) {
        *x -= factor * y;
    }
}

/// Lower Cholesky factor, `None` if `A` is singular to working precision.
fn cholesky(a: &[f64], k: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; k * k];
    for i in 0..k {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|c| l[i * k + c] * l[j * k + c]).sum();
            let rest = a[i * k + j] - dot;
            if i == j {
                let positive = rest > PIVOT * a[i * k + i] && rest.is_finite();
                if !positive {
                    return None;
                }
                l[i * k + i] = rest.sqrt();
            } else {
                l[i * k + j] = rest / l[j * k + j];
            }
        }
    }
    Some(l)
}

/// The pseudo-inverse by eigenvalues; zero where the eigenvalues do not converge.
fn least_norm(a: &[f64], k: usize, b: &mut [f64], p: usize) {
    let matrix = Mat::from_fn(k, k, |i, j| a[i * k + j]);
    let Ok(eigen) = self_adjoint_eigen(matrix.as_ref()) else {
        b.fill(0.0);
        return;
    };
    let values = eigen.S().column_vector();
    let vectors = eigen.U();
    let largest = (0..k).map(|e| values[e].abs()).fold(0.0, f64::max);
    let mut out = vec![0.0; k * p];
    for e in (0..k).filter(|&e| values[e] > RANK * largest) {
        for column in 0..p {
            let dot: f64 = (0..k).map(|i| vectors[(i, e)] * b[i * p + column]).sum();
            for i in 0..k {
                out[i * p + column] += vectors[(i, e)] * dot / values[e];
            }
        }
    }
    b.copy_from_slice(&out);
}

/// Largest eigenvalue of `R A R` for a symmetric positive semidefinite `A` and a diagonal `R`, or
/// `NaN` if it cannot be found. From [`MOST_DENSE`] on, from below and to about a hundredth, by
/// power iteration: a copy of a large matrix and its decomposition would cost more than all that
/// the answer decides.
pub(super) fn largest_eigenvalue(a: &[f64], roots: &[f64]) -> f64 {
    let n = roots.len();
    if a.iter().chain(roots).any(|value| !value.is_finite()) {
        return f64::NAN;
    }
    if n > MOST_DENSE {
        return power_iteration(a, roots);
    }
    let matrix = Mat::from_fn(n, n, |i, j| roots[i] * a[i * n + j] * roots[j]);
    match self_adjoint_eigenvalues(matrix.as_ref()) {
        Ok(values) => values.into_iter().fold(f64::NEG_INFINITY, f64::max),
        Err(_) => f64::NAN,
    }
}

/// The largest of the norms `‖R A R x‖` of unit vectors that [`ITERATIONS`] multiplications
/// reach.
fn power_iteration(a: &[f64], roots: &[f64]) -> f64 {
    let n = roots.len();
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    // Positive and uneven entries, hardly orthogonal to the eigenvector sought.
    let mut x: Vec<f64> = (0..n).map(|i| 1.0 + (i % 7) as f64).collect();
    let mut out = vec![0.0; n];
    let mut largest = 0.0_f64;
    for _ in 0..ITERATIONS {
        let length = norm(&x);
        if length == 0.0 {
            break;
        }
        x.iter_mut().zip(roots).for_each(|(x, r)| *x *= r / length);
        symmetric_times(a, &x, &mut out);
        x.iter_mut()
            .zip(&out)
            .zip(roots)
            .for_each(|((x, out), r)| *x = out * r);
        largest = largest.max(norm(&x));
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_matrix_is_solved() {
        let a = [4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0];
        let x = [1.0, -2.0, 0.5, 3.0, -1.0, 4.0];
        let mut b = vec![0.0; 6];
        for i in 0..3 {
            for c in 0..2 {
                b[i * 2 + c] = (0..3).map(|j| a[i * 3 + j] * x[j * 2 + c]).sum();
            }
        }
        solve_semidefinite(&a, 3, &mut b);
        for (b, x) in b.iter().zip(x) {
            assert!((b - x).abs() < 1e-14);
        }
    }

    #[test]
    fn copies_share_equally() {
        // Samples 0 and 1 are the same vector.
        let a = [2.0, 2.0, 0.5, 2.0, 2.0, 0.5, 0.5, 0.5, 1.0];
        let mut b = [2.0, 2.0, 0.5];
        solve_semidefinite(&a, 3, &mut b);
        for (b, x) in b.iter().zip([0.5, 0.5, 0.0]) {
            assert!((b - x).abs() < 1e-14, "{b}");
        }
    }

    #[test]
    fn nothing_and_zero_are_solved() {
        solve_semidefinite(&[], 0, &mut []);
        let mut b = [1.0];
        solve_semidefinite(&[0.0], 1, &mut b);
        assert_eq!(b, [0.0]);
        assert!(largest_eigenvalue(&[f64::NAN], &[1.0]).is_nan());
        assert_eq!(largest_eigenvalue(&[2.0, 1.0, 1.0, 2.0], &[1.0; 2]), 3.0);
    }

    #[test]
    fn power_iteration_agrees_with_the_decomposition() {
        // A Gram matrix of 40 vectors in 30 dimensions: a spectrum without a gap.
        let n = 40;
        let entry = |i: usize, j: usize| ((17 * i + 29 * j + i * j) as f64).sin();
        let a: Vec<f64> = (0..n * n)
            .map(|at| (0..30).map(|l| entry(at / n, l) * entry(at % n, l)).sum())
            .collect();
        let roots: Vec<f64> = (0..n).map(|i| 0.5 + (i as f64).cos().abs()).collect();
        let (exact, found) = (largest_eigenvalue(&a, &roots), power_iteration(&a, &roots));
        assert!(
            found <= exact * (1.0 + 1e-12) && found > 0.99 * exact,
            "{found} of {exact}"
        );
        assert_eq!(power_iteration(&[0.0; 4], &[1.0; 2]), 0.0);
    }
}
