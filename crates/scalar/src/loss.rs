//! Losses of a margin, with values and slopes that stay accurate at any margin.

use implicit_bias_settings::{Invalid, Key, Settings};

use crate::margin_loss::{MarginLoss, Parameters};
use serde::{Serialize, Serializer};

/// A loss `ℓ(q)` of the margin `q = y f(x)`, `y = ±1`.
///
/// | loss | `ℓ(q)` | `−ℓ'(q)` |
/// |---|---|---|
/// | logistic | `log(1 + e^{−q})` | `1 / (1 + e^q)` |
/// | exponential | `e^{−q}` | `e^{−q}` |
/// | hinge | `max(0, 1 − q)` | 1 where `q < 1`, 0 elsewhere |
/// | squared | `½ (1 − q)²`, which is `½ (f − y)²` | `1 − q` |
/// | polynomial | `(1 + q)^{−α}` where `q ≥ 0`, `1 − α q` elsewhere | `α (1 + q)^{−α−1}`, `α` |
///
/// The logistic loss is that of Kou, Chen & Gu. Values and slopes are exact to a few units in the
/// last place wherever they are normal numbers; `log_value` and `log_slope` carry the logarithm
/// where they would underflow (a margin of 10⁶) or overflow, with an absolute error of a few units
/// of `max(1, |log|) × 10⁻¹⁶`.
///
/// ```
/// use implicit_bias_scalar::Loss;
/// assert_eq!(Loss::Logistic.value(1e6), 0.0); // underflows: e^{−10⁶}
/// assert_eq!(Loss::Logistic.log_value(1e6), -1e6); // its logarithm does not
/// assert_eq!(implicit_bias_scalar::HINGE.slope(1.0), 0.0); // at the kink
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Loss {
    /// `log(1 + e^{−q})`.
    #[default]
    Logistic,
    /// `e^{−q}`.
    Exponential,
    /// Another one, by its formulas and the values of its keys: of the list
    /// [`LOSSES`](crate::LOSSES), or of another crate. Exact descent in Gram coordinates does not
    /// know it.
    Other(&'static MarginLoss, Parameters),
}

impl Serialize for Loss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Loss {
    /// A loss by its formulas, its keys at their defaults.
    ///
    /// # Panics
    ///
    /// As [`MarginLoss::defaults`].
    pub const fn of(loss: &'static MarginLoss) -> Self {
        Self::Other(loss, loss.defaults())
    }

    /// Its keys.
    pub fn keys(self) -> &'static [Key] {
        match self {
            Self::Logistic | Self::Exponential => &[],
            Self::Other(loss, _) => loss.keys,
        }
    }

    /// This loss with the values that settings give its keys, defaults elsewhere.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a value out of its key's range.
    pub fn with_settings(self, settings: &Settings) -> Result<Self, Invalid> {
        let Self::Other(loss, _) = self else {
            return Ok(self);
        };
        let mut parameters = loss.defaults();
        for (parameter, key) in parameters.iter_mut().zip(loss.keys) {
            *parameter = key.number_in(settings)?;
        }
        Ok(Self::Other(loss, parameters))
    }

    /// The values of its keys that are not the defaults.
    pub fn settings(self) -> Settings {
        let Self::Other(loss, parameters) = self else {
            return Settings::default();
        };
        let each = loss.keys.iter().zip(parameters).zip(loss.defaults());
        let other = each.filter(|((_, value), default)| value != default);
        other.fold(Settings::default(), |settings, ((key, value), _)| {
            settings.with(key.name, value)
        })
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logistic => "logistic",
            Self::Exponential => "exponential",
            Self::Other(loss, _) => loss.name,
        }
    }

    /// Its formula.
    pub fn about(self) -> &'static str {
        match self {
            Self::Logistic => "`log(1 + e^{−q})`",
            Self::Exponential => "`e^{−q}`",
            Self::Other(loss, _) => loss.about,
        }
    }

    /// Its formula in words, with the values of its keys: `(1 + q)^{−α}, tail = 2`.
    pub fn describe(self) -> String {
        let mut words = self.about().replace('`', "");
        if let Self::Other(loss, parameters) = self {
            for (key, value) in loss.keys.iter().zip(parameters) {
                words += &format!(", {} = {value}", key.name);
            }
        }
        words
    }

    /// Whether this is the logistic or the exponential loss: those that exact theory and Gram
    /// coordinates know.
    pub fn is_logistic_or_exponential(self) -> bool {
        matches!(self, Self::Logistic | Self::Exponential)
    }

    /// Whether it falls like `e^{−q/T}` for some `T > 0` and never vanishes, so that a descent that
    /// fits all samples goes on forever and its direction converges; `T = 1` of the logistic and the
    /// exponential loss.
    pub fn is_exponentially_tailed(self) -> bool {
        match self {
            Self::Logistic | Self::Exponential => true,
            Self::Other(loss, _) => loss.is_exponentially_tailed,
        }
    }

    /// Whether the logarithms of value and slope far out are those of a tail `e^{−q/T}`, `T > 0`, as
    /// [`is_exponentially_tailed`](Self::is_exponentially_tailed) states; at the values that its keys
    /// have here.
    pub fn falls_exponentially(self) -> bool {
        const FAR: f64 = 1e12;
        let falls = |log: &dyn Fn(f64) -> f64| {
            let [near, middle, far] = [1.0, 2.0, 3.0].map(|k| log(k * FAR));
            let fall = near - middle;
            fall.is_finite() && fall > 0.0 && (fall - (middle - far)).abs() <= 1e-6 * fall
        };
        falls(&|q| self.log_value(q)) && falls(&|q| self.log_slope(q))
    }

    /// `ℓ(q)`.
    pub fn value(self, q: f64) -> f64 {
        match self {
            Loss::Logistic => (-q).max(0.0) + (-q.abs()).exp().ln_1p(),
            Loss::Exponential => (-q).exp(),
            Loss::Other(loss, parameters) => (loss.value)(q, parameters),
        }
    }

    /// `log ℓ(q)`.
    pub fn log_value(self, q: f64) -> f64 {
        match self {
            // Past q = 37, log(1 + x) = x to double precision for x = e^{−q}.
            Loss::Logistic if q > 37.0 => -q,
            Loss::Logistic => self.value(q).ln(),
            Loss::Exponential => -q,
            Loss::Other(loss, parameters) => (loss.log_value)(q, parameters),
        }
    }

    /// `−ℓ'(q)`; negative for the squared loss past `q = 1` alone.
    pub fn slope(self, q: f64) -> f64 {
        match self {
            Loss::Logistic => 1.0 / (1.0 + q.exp()),
            Loss::Exponential => (-q).exp(),
            Loss::Other(loss, parameters) => (loss.slope)(q, parameters),
        }
    }

    /// `log |ℓ'(q)|`; `−∞` where the slope is 0.
    pub fn log_slope(self, q: f64) -> f64 {
        match self {
            Loss::Logistic => -(q.max(0.0) + (-q.abs()).exp().ln_1p()),
            Loss::Exponential => -q,
            Loss::Other(loss, parameters) => (loss.log_slope)(q, parameters),
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
        if !self.is_exponentially_tailed() {
            return self.mean(margins).ln();
        }
        // Such losses decrease, so the smallest margin carries the largest term.
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
