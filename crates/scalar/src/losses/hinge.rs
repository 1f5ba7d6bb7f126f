//! The hinge loss.

use crate::loss::Loss;
use crate::margin_loss::MarginLoss;

/// `max(0, 1 − q)`, with slope 0 at the kink.
pub const HINGE: Loss = Loss::of(&MarginLoss {
    name: "hinge",
    about: "`max(0, 1 − q)`, slope 0 at the kink",
    keys: &[],
    // Not `max(0, 1 − q)`, which would hide NaN.
    value: |q, _| if q >= 1.0 { 0.0 } else { 1.0 - q },
    slope: |q, _| if q < 1.0 { 1.0 } else { 0.0 },
    log_value: |q, _| {
        if q >= 1.0 {
            f64::NEG_INFINITY
        } else {
            (1.0 - q).ln()
        }
    },
    log_slope: |q, _| if q < 1.0 { 0.0 } else { f64::NEG_INFINITY },
    is_exponentially_tailed: false,
});
