//! How numbers are written.

/// Writes a number with four significant digits, in scientific notation below `1e-3` and from `1e5`
/// on, with a true minus sign; whole numbers below `1e5` keep their digits, `NaN` becomes a dash.
///
/// ```
/// use implicit_bias_output::format_number;
/// assert_eq!(format_number(1.122_66), "1.123");
/// assert_eq!(format_number(-3.2e-7), "−3.2×10⁻⁷");
/// assert_eq!(format_number(784.0), "784");
/// assert_eq!(format_number(1e6), "10⁶");
/// ```
pub fn format_number(value: f64) -> String {
    if value.is_nan() {
        return "—".into();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "∞".into()
        } else {
            "−∞".into()
        };
    }
    if value == 0.0 {
        return "0".into();
    }
    let sign = if value < 0.0 { "−" } else { "" };
    let size = value.abs();
    // Rounding first decides the exponent: 99999.7 is 1.000×10⁵, not 100000.
    let rounded = format!("{size:.3e}");
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-3..5).contains(&exponent) {
        if size.fract() == 0.0 {
            return format!("{sign}{size}");
        }
        let decimals = usize::try_from(3 - exponent).unwrap_or(0);
        return format!("{sign}{size:.decimals$}");
    }
    // Trailing zeros claim digits; they are dropped where the short form is the exact number.
    let exact = rounded.parse() == Ok(size);
    let mantissa = if exact {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    if mantissa == "1" {
        format!("{sign}{}", power_of_ten(exponent))
    } else {
        format!("{sign}{mantissa}×{}", power_of_ten(exponent))
    }
}

/// `10` with a superscript exponent: `10⁻³`.
pub fn power_of_ten(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let mut text = String::from("10");
    text.extend(
        exponent
            .to_string()
            .chars()
            .map(|digit| match digit.to_digit(10) {
                Some(value) => DIGITS[value as usize],
                None => '⁻',
            }),
    );
    text
}

/// A step in plain digits while those are few, else as `1e300`.
pub fn format_step(step: f64) -> String {
    if step < 1e16 {
        format!("{step}")
    } else {
        format!("{step:e}")
    }
}

/// The shortest text that reads back to `value`; empty for `NaN`, plain digits for ordinary steps.
pub fn format_exact(value: f64) -> String {
    if value.is_nan() {
        String::new()
    } else if value != 0.0 && !(1e-5..1e16).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_and_a_true_minus_sign() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.002_34, "−1.002"),
            (0.001, "0.001000"),
            (0.000_999_99, "0.001000"),
            (0.000_999_4, "9.994×10⁻⁴"),
            (12_345.6, "12346"),
            (99_999.7, "1.000×10⁵"),
            (100_000.0, "10⁵"),
            (-2.5e10, "−2.5×10¹⁰"),
            (1.234_56e-20, "1.235×10⁻²⁰"),
            (f64::NAN, "—"),
            (f64::NEG_INFINITY, "−∞"),
        ] {
            assert_eq!(format_number(value), text, "{value:e}");
        }
    }

    #[test]
    fn steps_are_written_as_plain_integers() {
        assert_eq!(format_exact(100_000.0), "100000");
        assert_eq!(format_exact(1e30), "1e30");
    }
}
