//! Stable ranks of the limit, from inner products of the groups.

use implicit_bias_algebra::{Mat, product, self_adjoint_eigen, self_adjoint_eigenvalues};
use ndarray::Array2;

use super::program::{Program, ProgramPoint};
use crate::GramError;

/// Stable ranks of the positive block, the negative block and their stack; `NaN` for a zero block.
///
/// The rows of group `a` are `n_a` copies of `w_a`, so the nonzero singular values of a block are
/// the roots of the eigenvalues of `[√(n_a n_b) ⟨w_a, w_b⟩]`, `R × R`.
pub(super) fn stable_ranks(program: &Program, point: &ProgramPoint) -> Result<[f64; 3], GramError> {
    let groups = program.cells.len();
    let all: Vec<usize> = (0..groups).collect();
    let of_sign = |sign: f64| -> Vec<usize> {
        all.iter()
            .copied()
            .filter(|&a| program.cells[a].sign == sign)
            .collect()
    };
    let roots = if groups > program.samples() {
        Some(root_of_cosines(program)?)
    } else {
        None
    };
    let rank = |members: &[usize]| match &roots {
        None => stable_rank(&inner_products(program, point, members)),
        Some(root) => stable_rank(&covariance(program, point, members, root)),
    };
    Ok([rank(&of_sign(1.0))?, rank(&of_sign(-1.0))?, rank(&all)?])
}

/// Trace over largest eigenvalue of a positive semidefinite matrix.
fn stable_rank(matrix: &Mat<f64>) -> Result<f64, GramError> {
    let trace: f64 = (0..matrix.nrows()).map(|i| matrix[(i, i)]).sum();
    if trace <= 0.0 {
        return Ok(f64::NAN);
    }
    let values = self_adjoint_eigenvalues(matrix.as_ref()).map_err(|error| failed(&error))?;
    let largest = values.into_iter().fold(0.0, f64::max);
    Ok((trace / largest).max(1.0))
}

fn failed(error: &impl std::fmt::Debug) -> GramError {
    GramError::Program(format!("the eigenvalues did not converge: {error:?}"))
}

/// `√(share_a share_b) ⟨w_a, w_b⟩` over `members`.
fn inner_products(program: &Program, point: &ProgramPoint, members: &[usize]) -> Mat<f64> {
    Mat::from_fn(members.len(), members.len(), |row, column| {
        let (a, b) = (members[row], members[column]);
        let product = program.inner_product(a, point.weighted.row(a), point.pre_activations.row(b));
        (program.cells[a].share * program.cells[b].share).sqrt() * product
    })
}

/// `Fᵀ [Σ_a share_a v_a v_aᵀ] F` over `members`, `n × n`, with `F Fᵀ` the cosines and `v_a`
/// the products `ν_ai` with the signs of the labels: the same eigenvalues, for more groups than
/// samples.
fn covariance(
    program: &Program,
    point: &ProgramPoint,
    members: &[usize],
    root: &Mat<f64>,
) -> Mat<f64> {
    let rows = Array2::from_shape_fn((members.len(), program.samples()), |(row, i)| {
        let a = members[row];
        program.cells[a].share.sqrt() * program.labels[i] * point.weighted[[a, i]]
    });
    let rows = Mat::from_fn(members.len(), program.samples(), |a, i| rows[[a, i]]);
    let factors = product(rows.as_ref(), root.as_ref());
    product(factors.transpose(), factors.as_ref())
}

/// `F = U Λ^{1/2}` with `F Fᵀ` the cosines.
fn root_of_cosines(program: &Program) -> Result<Mat<f64>, GramError> {
    let samples = program.samples();
    let cosines = Mat::from_fn(samples, samples, |i, j| program.cosines[[i, j]]);
    let eigen = self_adjoint_eigen(cosines.as_ref()).map_err(|error| failed(&error))?;
    let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
    Ok(Mat::from_fn(samples, samples, |i, j| {
        eigen.U()[(i, j)] * values[j].max(0.0).sqrt()
    }))
}
