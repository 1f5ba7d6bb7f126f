//! Proofs of infeasibility from a combination of samples that nearly vanishes.
//!
//! For multipliers `λ̂_i ≥ 0` and products `γ λ̂_i ≤ ν_ai ≤ λ̂_i` (frozen on
//! same-sign pairs) let `c_a = s_a Σ_i ν_ai y_i x̂_i`. Margins are concave and homogeneous in
//! the weights, with supergradients of that form, so
//!
//! ```text
//! Σ_i λ̂_i q̂_i(W) ≤ Σ_a share_a ⟨w_a, c_a⟩     for all W.
//! ```
//!
//! By Cauchy and Schwarz the smallest margin of weights of norm 1 is at most [`margin_bound`],
//! which is never more than a bound: `c_a` is known to the rounding of inner products, whose root
//! is some `10⁻⁸`.
//!
//! If all `c_a` vanish *exactly*, no weights give every sample a positive margin (Farkas). For
//! rounded numbers [`is_proven`] proves that where they vanish robustly: multipliers and free
//! products can be corrected, within their bounds, by more than all rounding could make necessary.
//! It needs samples that span all their dimensions, as inner products do not show a component of
//! `10⁻⁹` in a separate direction. (derived)

use implicit_bias_algebra::{Mat, self_adjoint_eigen, singular_values};

use super::dual::Combination;
use super::program::{Program, ProgramPoint};

/// The rounding of a cosine: that of an inner product of many terms, and of its division.
const COSINE_ERROR: f64 = 16.0 * f64::EPSILON;
/// The typical rounding of a cosine.
const TYPICAL_ERROR: f64 = f64::EPSILON;
/// Eigenvalues of the cosines below this fraction of the largest count as zero.
const RANK: f64 = 1e-9;
/// How many times larger a possible correction must be than the one that rounding may require.
const SAFETY: f64 = 16.0;
/// The most equations that are looked at.
const MAX_EQUATIONS: usize = 2000;

/// An upper bound of `min_i q_i(W) / ‖W‖_F` over all weights, in the scale of the data.
///
/// `ρ ‖c‖ / (√m Σ_i λ̂_i b_i)` with `‖c‖² = Σ_a share_a ‖c_a‖²` and what
/// rounding may take from it; infinite for an empty combination.
pub(super) fn margin_bound(program: &Program, combination: &Combination) -> f64 {
    let point = program.point(
        combination.multipliers.clone(),
        combination.weighted.clone(),
    );
    let (squared, rounding) = squares(program, &point);
    let total: f64 = combination
        .multipliers
        .iter()
        .zip(&program.targets)
        .map(|(multiplier, target)| multiplier * target)
        .sum();
    let length = (squared.max(0.0) + COSINE_ERROR * rounding).sqrt();
    if total > 0.0 {
        program.unit * length / (program.width.sqrt() * total)
    } else {
        f64::INFINITY
    }
}

/// The relative error of `‖W‖_F` at a solution that rounding of the inner products leaves.
///
/// To first order `½ Σ_a share_a ‖w_a‖²` changes by half the change of the cosines between
/// its terms. The typical rounding of a cosine, not the worst, so that it is an estimate.
pub(super) fn norm_error(program: &Program, point: &ProgramPoint) -> f64 {
    let (squared, rounding) = squares(program, point);
    0.5 * TYPICAL_ERROR * rounding / squared
}

/// The smallest normalized margin `1/‖W‖_F` of a solution, in the scale of the data.
pub(super) fn margin(program: &Program, point: &ProgramPoint) -> f64 {
    program.unit / (program.width * squares(program, point).0).sqrt()
}

/// `Σ_a share_a ‖w_a‖²`, and `Σ_a share_a (Σ_i ν_ai)²`, which times the rounding of a
/// cosine bounds its error.
fn squares(program: &Program, point: &ProgramPoint) -> (f64, f64) {
    let norms = program.norms(point);
    let mut sums = (0.0, 0.0);
    for (a, cell) in program.cells.iter().enumerate() {
        let length: f64 = point
            .weighted
            .row(a)
            .iter()
            .map(|product| product.abs())
            .sum();
        sums.0 += cell.share * norms[a] * norms[a];
        sums.1 += cell.share * length * length;
    }
    sums
}

/// Whether some combination near this one vanishes exactly, whatever has been rounded.
///
/// With `x̂_i = F_i` in the coordinates of an orthonormal basis, let the columns of `J` be what
/// the combination changes by when `λ̂_i` doubles, and when a `ν_ai` between its bounds moves to
/// the nearer one. Where `σ_min(J)` exceeds twice the error `‖c‖`, `J ζ = −c` has a
/// solution with `|ζ_j| ≤ ½`, which keeps all bounds. Groups of equal slopes give one equation.
pub(super) fn is_proven(program: &Program, combination: &Combination) -> bool {
    prove(program, combination).unwrap_or(false)
}

fn prove(program: &Program, combination: &Combination) -> Option<bool> {
    let support: Vec<usize> = (0..program.samples())
        .filter(|&i| combination.multipliers[i] > 0.0)
        .collect();
    let groups = distinct_groups(program, combination, &support);
    let dimensions = program.dimensions;
    let equations = groups.len() * dimensions;
    let free = free_products(program, combination, &groups, &support);
    let unknowns = support.len() + free.len();
    if dimensions > program.samples() || equations > unknowns.min(MAX_EQUATIONS) {
        return None;
    }
    let (factor, error) = factor(program)?;
    let total: f64 = support.iter().map(|&i| combination.multipliers[i]).sum();
    let mut changes = Mat::<f64>::zeros(equations, unknowns);
    for (at, &a) in groups.iter().enumerate() {
        let rows = at * dimensions;
        for (column, &i) in support.iter().enumerate() {
            for axis in 0..dimensions {
                changes[(rows + axis, column)] =
                    program.labels[i] * combination.weighted[[a, i]] * factor[(i, axis)] / total;
            }
        }
        for (column, &(group, i, room)) in free.iter().enumerate() {
            if group == at {
                for axis in 0..dimensions {
                    changes[(rows + axis, support.len() + column)] =
                        room * factor[(i, axis)] / total;
                }
            }
        }
    }
    // What the combination is now: the sum of the columns of the multipliers.
    let rest = (0..equations)
        .map(|row| {
            (0..support.len())
                .map(|column| changes[(row, column)])
                .sum::<f64>()
        })
        .fold(0.0, |sum: f64, entry| sum + entry * entry)
        .sqrt();
    let size = (equations * unknowns) as f64;
    let rounding = size.sqrt() * (error + f64::EPSILON * size);
    let singular = singular_values(changes.as_ref()).ok()?;
    let smallest = singular.into_iter().fold(f64::INFINITY, f64::min);
    Some(smallest - rounding > 2.0 * SAFETY * (rest + rounding))
}

/// Groups whose slopes on `support` are not those of an earlier one; groups of slopes 0 are left
/// out.
fn distinct_groups(program: &Program, combination: &Combination, support: &[usize]) -> Vec<usize> {
    let exact = |a: usize| {
        support.iter().all(|&i| {
            let slope = combination.slopes[[a, i]];
            slope == 1.0 || slope == program.slope
        })
    };
    let alike = |a: usize, b: usize| {
        let same = |&i: &usize| combination.slopes[[a, i]] == combination.slopes[[b, i]];
        support.iter().all(same) && exact(a)
    };
    let mut groups: Vec<usize> = Vec::new();
    for a in 0..program.cells.len() {
        let idle = support.iter().all(|&i| combination.slopes[[a, i]] == 0.0);
        if !idle && !groups.iter().any(|&b| alike(a, b)) {
            groups.push(a);
        }
    }
    groups
}

/// Opposite-sign products `ν_ai` strictly between their bounds: place of the group in `groups`,
/// sample, distance to the nearer bound.
fn free_products(
    program: &Program,
    combination: &Combination,
    groups: &[usize],
    support: &[usize],
) -> Vec<(usize, usize, f64)> {
    let mut free = Vec::new();
    for (at, &a) in groups.iter().enumerate() {
        for &i in support.iter().filter(|&&i| !program.same_sign(a, i)) {
            let slope = combination.slopes[[a, i]];
            if slope > program.slope && slope < 1.0 {
                let room = (slope - program.slope).min(1.0 - slope);
                free.push((at, i, room * combination.multipliers[i]));
            }
        }
    }
    free
}

/// Unit samples in the coordinates of an orthonormal basis, `n × dimensions`, and a bound of their
/// error; `None` if inner products do not show all dimensions.
///
/// An error `δ` of the cosines moves their root by at most `δ/σ`, `σ` its smallest singular
/// value.
fn factor(program: &Program) -> Option<(Mat<f64>, f64)> {
    let samples = program.samples();
    let cosines = Mat::from_fn(samples, samples, |i, j| program.cosines[[i, j]]);
    let eigen = self_adjoint_eigen(cosines.as_ref()).ok()?;
    let values: Vec<f64> = eigen.S().column_vector().iter().copied().collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    // Ascending.
    let first = samples - program.dimensions;
    let smallest = values[first];
    if smallest < RANK * largest {
        return None;
    }
    let factor = Mat::from_fn(samples, program.dimensions, |i, axis| {
        eigen.U()[(i, first + axis)] * values[first + axis].sqrt()
    });
    let error = samples as f64 * COSINE_ERROR * largest.max(1.0) / smallest.sqrt();
    Some((factor, error))
}
