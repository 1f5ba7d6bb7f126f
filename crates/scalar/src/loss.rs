//! Losses of a margin, with values and slopes that stay accurate at any margin.

use serde::{Deserialize, Serialize};

/// A decreasing loss `ℓ(q)` of the margin `q = y f(x)`.
///
/// | loss | `ℓ(q)` | `−ℓ'(q)` |
/// |---|---|---|
/// | logistic | `log(1 + e^{−q})` | `1 / (1 + e^q)` |
/// | exponential | `e^{−q}` | `e^{−q}` |
///
/// The logistic loss is the paper's. Values and slopes are exact to a few units in the last place
/// wherever they are normal numbers; `log_value` and `log_slope` carry the logarithm where they
/// would underflow (a margin of 10⁶) or overflow, with an absolute error of a few units of
/// `max(1, |log|) × 10⁻¹⁶`.
///
/// ```
/// use implicit_bias_scalar::Loss;
/// assert_eq!(Loss::Logistic.value(1e6), 0.0); // underflows: e^{−10⁶}
/// assert_eq!(Loss::Logistic.log_value(1e6), -1e6); // its logarithm does not
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// `log(1 + e^{−q})`.
    #[default]
    Logistic,
    /// `e^{−q}`.
    Exponential,
}

impl Loss {
    /// `ℓ(q)`.
    pub fn value(self, q: f64) -> f64 {
        match self {
            Loss::Logistic => (-q).max(0.0) + (-q.abs()).exp().ln_1p(),
            Loss::Exponential => (-q).exp(),
        }
    }

    /// `log ℓ(q)`.
    pub fn log_value(self, q: f64) -> f64 {
        match self {
            // Past q = 37, log(1 + x) = x to double precision for x = e^{−q}.
            Loss::Logistic if q > 37.0 => -q,
            Loss::Logistic => self.value(q).ln(),
            Loss::Exponential => -q,
        }
    }

    /// `−ℓ'(q)`, positive.
    pub fn slope(self, q: f64) -> f64 {
        match self {
            Loss::Logistic => 1.0 / (1.0 + q.exp()),
            Loss::Exponential => (-q).exp(),
        }
    }

    /// `log(−ℓ'(q))`.
    pub fn log_slope(self, q: f64) -> f64 {
        match self {
            Loss::Logistic => -(q.max(0.0) + (-q.abs()).exp().ln_1p()),
            Loss::Exponential => -q,
        }
    }

    /// `(1/n) Σ ℓ(q_i)`; `NaN` for no margins.
    pub fn mean(self, margins: &[f64]) -> f64 {
        margins.iter().map(|&q| self.value(q)).sum::<f64>() / margins.len() as f64
    }

    /// `log((1/n) Σ ℓ(q_i))`, by log-sum-exp; `NaN` for no margins.
    pub fn log_mean(self, margins: &[f64]) -> f64 {
        if margins.is_empty() || margins.iter().any(|q| q.is_nan()) {
            return f64::NAN;
        }
        // Both losses decrease, so the smallest margin carries the largest term.
        let largest = self.log_value(margins.iter().copied().fold(f64::INFINITY, f64::min));
        if largest.is_infinite() {
            return largest;
        }
        let sum: f64 = margins
            .iter()
            .map(|&q| (self.log_value(q) - largest).exp())
            .sum();
        largest + (sum / margins.len() as f64).ln()
    }
}
