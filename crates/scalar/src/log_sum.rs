//! Sums that are known by the logarithms of their terms.

/// `log Σ e^x`, where no `e^x` need be representable: `max x + log Σ e^{x − max x}`.
///
/// `−∞` for no terms, `NaN` where a term is `NaN`.
///
/// ```
/// use implicit_bias_scalar::log_sum_of_exponentials;
/// assert_eq!(log_sum_of_exponentials(&[-1e300, -1e300 - 1e290]), -1e300);
/// assert_eq!(log_sum_of_exponentials(&[f64::NEG_INFINITY]), f64::NEG_INFINITY);
/// assert!(log_sum_of_exponentials(&[f64::NAN, f64::NAN]).is_nan());
/// ```
pub fn log_sum_of_exponentials(logs: &[f64]) -> f64 {
    // The maximum passes over NaN, and over nothing but NaN it is −∞.
    if logs.iter().any(|log| log.is_nan()) {
        return f64::NAN;
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest.is_infinite() {
        return largest;
    }
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + sum.ln()
}
