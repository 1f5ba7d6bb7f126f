//! `min ½ ‖W‖_F²` over `⟨V_k, W⟩ ≥ 1`, for matrices `V_k` of rank one.

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
    let samples = SignedSamples::new(constraints).map_err(|error| error.to_string())?;
    let found = solved(max_margin_l2(&samples))?;
    let margin = found.gamma_l2;
    let flat = &found.weights / margin;
    let multipliers = &found.multipliers / (margin * margin);
    let slack = samples.margins(flat.view()) - 1.0;
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
