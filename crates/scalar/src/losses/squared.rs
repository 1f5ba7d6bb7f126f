//! The squared loss.

use crate::loss::Loss;
use crate::margin_loss::MarginLoss;

/// `½ (1 − q)²`, which is `½ (f − y)²`; its slope is negative past `q = 1`.
pub const SQUARED: Loss = Loss::of(&MarginLoss {
    name: "squared",
    about: "`½ (f − y)²`",
    keys: &[],
    value: |q, _| 0.5 * (1.0 - q) * (1.0 - q),
    slope: |q, _| 1.0 - q,
    log_value: |q, _| (0.5 * (1.0 - q) * (1.0 - q)).ln(),
    log_slope: |q, _| (1.0 - q).abs().ln(),
    is_exponentially_tailed: false,
});
