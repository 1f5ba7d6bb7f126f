//! The Karush–Kuhn–Tucker conditions of a solution, recomputed.

use serde::{Deserialize, Serialize};

use super::program::{Program, ProgramPoint};

/// How far a solution of the limit program is from satisfying its Karush–Kuhn–Tucker
/// conditions.
///
/// All are relative and computed from the solution alone: margins to the
/// required margin, multipliers to the largest multiplier, pre-activations to the largest
/// `‖w_a‖ ‖x_i‖`. The program being convex, all zero proves the solution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KktResiduals {
    /// Largest `|h_ai − ⟨Σ_j c_aj x_j, x_i⟩|`: the weights are the multipliers' combination
    /// of samples.
    pub stationarity: f64,
    /// Largest violation of `q_i ≥ 1`.
    pub primal: f64,
    /// Largest violation of `λ_i ≥ 0` and, on opposite-sign pairs, of
    /// `γ λ_i ≤ D_ki λ_i ≤ λ_i`.
    pub dual: f64,
    /// Largest product of a multiplier with the slack of its constraint: `λ_i (q_i − 1)`, and at
    /// opposite-sign pairs `D_ki ≠ φ'(h_ki)` times the distance of `h_ki` from its kink.
    pub complementarity: f64,
}

impl KktResiduals {
    /// The largest of the four; `NaN` if any is.
    pub fn largest(&self) -> f64 {
        [
            self.stationarity,
            self.primal,
            self.dual,
            self.complementarity,
        ]
        .into_iter()
        .fold(0.0, larger)
    }

    pub(super) fn of(program: &Program, point: &ProgramPoint) -> Self {
        let slope = program.slope;
        let top = |x: f64| if x > 0.0 { x } else { 1.0 };
        let multiplier = top(point.multipliers.iter().copied().fold(0.0, larger));
        let length = top(program.norms(point).into_iter().fold(0.0, larger));

        let mut worst = Self::default();
        let combined = program.pre_activations(&point.weighted);
        for (h, exact) in point.pre_activations.iter().zip(&combined) {
            worst.stationarity = larger(worst.stationarity, (h - exact).abs() / length);
        }
        let margins = program.margins(&point.pre_activations);
        for (i, (&margin, &target)) in margins.iter().zip(&program.targets).enumerate() {
            let excess = (margin - target) / target;
            let weight = point.multipliers[i] / multiplier;
            worst.primal = larger(worst.primal, -excess);
            worst.dual = larger(worst.dual, -weight);
            worst.complementarity = larger(worst.complementarity, (weight * excess).abs());
        }
        for (a, cell) in program.cells.iter().enumerate() {
            for &i in &cell.opposite {
                let h = point.pre_activations[[a, i]] / length;
                let (product, full) = (point.weighted[[a, i]], point.multipliers[i]);
                // Multipliers of u ≥ h and of u ≥ γ h, times (1 − γ).
                let upper = (product - slope * full) / multiplier;
                let lower = (full - product) / multiplier;
                worst.dual = larger(worst.dual, larger(-upper, -lower));
                let product = if h > 0.0 { lower * h } else { -upper * h };
                worst.complementarity = larger(worst.complementarity, product.abs());
            }
        }
        worst
    }
}

/// The larger of two numbers, `NaN` if either is: a residual must not lose one.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}
