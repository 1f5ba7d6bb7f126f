//! A loss with a polynomial tail.

use implicit_bias_settings::Key;

use crate::loss::Loss;
use crate::margin_loss::MarginLoss;

/// How fast the loss falls.
pub const TAIL: Key = Key::number("tail", "ALPHA", "Power α of a loss that falls like q^(−α)")
    .by_default(1.0)
    .positive();

/// `(1 + q)^{−α}` for `q ≥ 0`, and its tangent `1 − α q` below: convex, with a continuous slope, and
/// no exponential tail. Ours; losses whose tail is a power are those of Ji, Dudík, Schapire &
/// Telgarsky (2020), for which a direction is no longer that of the largest `ℓ²` margin.
pub const POLYNOMIAL: Loss = Loss::of(&MarginLoss {
    name: "polynomial",
    about: "`(1 + q)^{−α}`, and `1 − α q` for `q < 0`; `α` by --tail",
    keys: &[TAIL],
    value: |q, [tail, ..]| {
        if q < 0.0 {
            1.0 - tail * q
        } else {
            (-tail * q.ln_1p()).exp()
        }
    },
    slope: |q, [tail, ..]| {
        if q < 0.0 {
            tail
        } else {
            tail * (-(tail + 1.0) * q.ln_1p()).exp()
        }
    },
    log_value: |q, [tail, ..]| {
        if q < 0.0 {
            (-tail * q).ln_1p()
        } else {
            -tail * q.ln_1p()
        }
    },
    log_slope: |q, [tail, ..]| {
        if q < 0.0 {
            tail.ln()
        } else {
            tail.ln() - (tail + 1.0) * q.ln_1p()
        }
    },
    is_exponentially_tailed: false,
});

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_settings::Settings;

    #[test]
    fn it_is_the_stated_power_and_its_tangent() {
        let loss = POLYNOMIAL
            .with_settings(&Settings::default().with("tail", 3.0))
            .unwrap();
        assert!((loss.value(1.0) - 0.125).abs() < 1e-16);
        assert!((loss.slope(1.0) - 3.0 / 16.0).abs() < 1e-16);
        assert_eq!(loss.value(-2.0), 7.0);
        assert_eq!([loss.slope(-2.0), loss.slope(0.0)], [3.0, 3.0]);
        // Far out, where the loss is 10⁻⁶⁰⁰ and no number.
        assert!((loss.log_value(1e200) + 600.0 * std::f64::consts::LN_10).abs() < 1e-12 * 1400.0);
        assert!(loss.value(f64::NAN).is_nan() && loss.slope(f64::NAN).is_nan());
    }

    #[test]
    fn a_tail_that_cannot_be_is_refused_by_name() {
        let settings = Settings::default().with("tail", 0.0);
        let error = POLYNOMIAL.with_settings(&settings).unwrap_err();
        assert!(error.to_string().starts_with("tail: expected"), "{error}");
    }
}
