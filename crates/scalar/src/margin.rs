//! Margins within rounding of zero.

/// The rounding of a margin relative to `‖W‖_F^L ‖x‖`.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Whether a margin is positive beyond rounding, so that its sample counts as classified correctly:
/// `q > 4 ε ‖W‖_F^L ‖x‖`, `ε = 2⁻⁵²`.
///
/// A margin is a sum of terms of both signs. For two layers, `q = (y/m) Σ_k s_k φ(⟨w_k, x⟩)`,
/// their sizes add up to at most `√(2/m) ‖W‖_F ‖x‖`, and each is off by about `ε` of the
/// size of the products that it is made of: where they cancel, different orders of summation leave
/// anything up to that. The bound is relative to weights and sample, so that it holds at any scale,
/// and for any network of homogeneity `L`; the factor 4 is a setting of ours. `scale` is
/// `‖W‖_F^L`, `sample` is `‖x‖`.
///
/// ```
/// use implicit_bias_scalar::is_positive_margin;
/// assert!(is_positive_margin(1e-12, 1.0, 1.0));
/// assert!(!is_positive_margin(6e-18, 1.0, 1.0));
/// assert!(is_positive_margin(6e-18, 1e-3, 1e-3));
/// assert!(!is_positive_margin(0.0, 0.0, 1.0));
/// ```
pub fn is_positive_margin(margin: f64, scale: f64, sample: f64) -> bool {
    // Factor by factor: the product of the other two may overflow.
    margin > 0.0 && margin / scale / sample > ROUNDING
}
