//! The squared loss.

use crate::loss::Loss;
use crate::margin_loss::MarginLoss;

/// `½ (1 − q)²`, which is `½ (f − y)²`; its slope is negative past `q = 1`.
pub const SQUARED: Loss = Loss::Other(&MarginLoss {
    name: "squared",
    about: "`½ (f − y)²`",
    value: |q| 0.5 * (1.0 - q) * (1.0 - q),
    slope: |q| 1.0 - q,
    log_value: |q| (0.5 * (1.0 - q) * (1.0 - q)).ln(),
    log_slope: |q| (1.0 - q).abs().ln(),
    is_exponentially_tailed: false,
});
