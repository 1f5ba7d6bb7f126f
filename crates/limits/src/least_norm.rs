//! `min ½ ‖W‖_F²` over `⟨V_k, W⟩ ≥ 1`, for matrices `V_k`.

use ndarray::{Array1, Array2};

use crate::direction_limit::solved;
use crate::linear::{SignedSamples, Uniqueness, max_margin_l2};

/// The solution of `min ½ ‖W‖_F²` over `⟨V_k, W⟩ ≥ 1`, `k = 1..K`: `W = Σ_k λ_k V_k`, `λ ≥ 0`.
#[derive(Clone, Debug, PartialEq)]
pub struct LeastNorm {
    /// `W`, `[rows, columns]`.
    pub weights: Array2<f64>,
    /// `‖W‖_F`.
    pub norm: f64,
    /// The multipliers `λ_k`, `[K]`.
    pub multipliers: Array1<f64>,
    /// `⟨V_k, W⟩ − 1`, `[K]`.
    pub slack: Array1<f64>,
    /// Whether the multipliers are known to be the only ones.
    pub multipliers_unique: bool,
    /// The largest eigenvalue of `Σ_k λ_k V_k V_kᵀ`, the curvature that steps of a constant length
    /// have to keep below 2.
    pub curvature: f64,
    /// As [`MarginL2::kkt_residual`](crate::linear::MarginL2::kkt_residual).
    pub kkt_residual: f64,
}

/// Solves the program for constraints that are the rows of `constraints`, `[K, rows · columns]`.
///
/// # Errors
///
/// A phrase: it begins with `infeasible` where it is proven that no matrix satisfies all.
pub fn least_norm(
    constraints: Array2<f64>,
    [rows, columns]: [usize; 2],
) -> Result<LeastNorm, String> {
    if constraints.nrows() == 0 {
        return Err("there is nothing to tell apart: no constraint".to_owned());
    }
    let mut each = constraints.rows().into_iter();
    if each.any(|row| row.iter().all(|&entry| entry == 0.0)) {
        return Err("infeasible: a constraint is zero, and no matrix satisfies it".to_owned());
    }
    // In the span of the constraints, where the solution is: some dozens of coordinates in place of
    // all entries of a matrix.
    let basis = span(&constraints);
    let coordinates = constraints.dot(&basis.t());
    let samples = SignedSamples::new(coordinates).map_err(|error| error.to_string())?;
    let found = solved(max_margin_l2(&samples))?;
    let margin = found.gamma_l2;
    let own = &found.weights / margin;
    let flat = basis.t().dot(&own);
    let multipliers = &found.multipliers / (margin * margin);
    let slack = constraints.dot(&flat) - 1.0;
    Ok(LeastNorm {
        norm: 1.0 / margin,
        curvature: curvature(&samples, &multipliers),
        multipliers,
        slack,
        multipliers_unique: found.multipliers_unique == Uniqueness::Unique,
        kkt_residual: found.kkt_residual,
        weights: Array2::from_shape_vec([rows, columns], flat.to_vec())
            .map_err(|error| error.to_string())?,
    })
}

/// An orthonormal basis of the span of the rows, a vector a row, by Gram and Schmidt's method, each
/// vector made orthogonal twice.
fn span(rows: &Array2<f64>) -> Array2<f64> {
    let largest = rows.rows().into_iter().map(|row| row.dot(&row).sqrt());
    let largest = largest.fold(0.0, f64::max);
    let mut basis: Vec<Array1<f64>> = Vec::new();
    for row in rows.rows() {
        let mut rest = row.to_owned();
        for _ in 0..2 {
            for vector in &basis {
                let along = vector.dot(&rest);
                rest.scaled_add(-along, vector);
            }
        }
        let norm = rest.dot(&rest).sqrt();
        // What is left of a row of the span is rounding.
        if norm > 1e-13 * largest {
            basis.push(rest / norm);
        }
    }
    let mut matrix = Array2::zeros([basis.len(), rows.ncols()]);
    for (mut row, vector) in matrix.rows_mut().into_iter().zip(&basis) {
        row.assign(vector);
    }
    matrix
}

/// The largest eigenvalue of `Σ_k λ_k V_k V_kᵀ`: of the matrix `√(λ_k λ_l) ⟨V_k, V_l⟩`, by powers.
fn curvature(samples: &SignedSamples, multipliers: &Array1<f64>) -> f64 {
    let mut scaled = samples.rows().to_owned();
    for (mut row, multiplier) in scaled.rows_mut().into_iter().zip(multipliers) {
        row *= multiplier.max(0.0).sqrt();
    }
    let gram = scaled.dot(&scaled.t());
    let mut vector = Array1::from_elem(gram.nrows(), 1.0);
    let mut value = 0.0;
    for _ in 0..20_000 {
        let next = gram.dot(&vector);
        let norm = next.dot(&next).sqrt();
        if norm == 0.0 {
            return 0.0;
        }
        vector = next / norm;
        let before = std::mem::replace(&mut value, norm);
        if (value - before).abs() <= 1e-15 * value {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    /// `(3, 1)` and `(−1, 2)` in the plane of the first two of four coordinates, one of them twice: the
    /// least norm is the inverse of the distance of the line through both from the origin.
    #[test]
    fn the_solution_is_in_the_span_of_the_constraints() {
        let rows = array![
            [3.0, 1.0, 0.0, 0.0],
            [-1.0, 2.0, 0.0, 0.0],
            [3.0, 1.0, 0.0, 0.0]
        ];
        assert_eq!(span(&rows).nrows(), 2);
        let found = least_norm(rows.clone(), [2, 2]).unwrap();
        assert!((found.norm - 17f64.sqrt() / 7.0).abs() < 1e-13);
        assert!(
            found.slack.iter().all(|slack| slack.abs() < 1e-13),
            "{found:?}"
        );
        let sum = rows.t().dot(&found.multipliers);
        let apart = sum.iter().zip(&found.weights).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) < 1e-13 && found.kkt_residual < 1e-13);
        let opposite = array![[1.0, 0.0], [-1.0, 0.0]];
        assert!(
            least_norm(opposite, [1, 2])
                .unwrap_err()
                .starts_with("infeasible")
        );
    }
}
