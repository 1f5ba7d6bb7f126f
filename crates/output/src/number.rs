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

/// A sentence with its numbers as readers write them, `5.9e-5` as `5.9×10⁻⁵`; values of flags stay
/// as a shell wants them.
///
/// ```
/// use implicit_bias_output::for_readers;
/// assert_eq!(for_readers("off by 5.9e-5 (at -1e+300)."), "off by 5.9×10⁻⁵ (at −10³⁰⁰).");
/// assert_eq!(for_readers("go on with --steps 1e6"), "go on with --steps 1e6");
/// ```
pub fn for_readers(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut is_value = false;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        match number_in_word(word).filter(|_| !is_value) {
            Some(number) => {
                said.push_str(&number);
                said.push_str(&piece[word.len()..]);
            }
            None => said.push_str(piece),
        }
        is_value = word.trim_start_matches(['(', '`']).starts_with("--") && !word.contains('=');
    }
    said
}

/// A word whose number has an exponent, with that written as a power of ten.
fn number_in_word(word: &str) -> Option<String> {
    let start = word.find(|letter: char| letter.is_ascii_digit())?;
    let end = word.rfind(|letter: char| letter.is_ascii_digit())? + 1;
    let (before, number, after) = (&word[..start], &word[start..end], &word[end..]);
    let stray = |letter: char| letter.is_alphanumeric() || matches!(letter, '/' | '_' | '`' | '=');
    if before.contains(stray) || after.contains(stray) {
        return None;
    }
    let (mantissa, exponent) = number.split_once('e')?;
    let is_plain = |text: &str| {
        let mut parts = text.splitn(2, '.');
        parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let digits = exponent.trim_start_matches(['-', '+']);
    if !is_plain(mantissa) || digits.contains('.') || exponent.len() > digits.len() + 1 {
        return None;
    }
    let power = power_of_ten(exponent.parse().ok()?);
    let before = before.replace('-', "−");
    Some(match mantissa {
        "1" => format!("{before}{power}{after}"),
        _ => format!("{before}{mantissa}×{power}{after}"),
    })
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
    fn sentences_keep_all_but_their_exponents() {
        for (text, said) in [
            ("", ""),
            ("from 1e3 to 1e300.", "from 10³ to 10³⁰⁰."),
            ("[1.5e-3, 2e+5]: a", "[1.5×10⁻³, 2×10⁵]: a"),
            ("hash 7055e009ab", "hash 7055e009ab"),
            ("00e7 of 12ef", "00×10⁷ of 12ef"),
            ("`1e5` and runs/1e5/x", "`1e5` and runs/1e5/x"),
            ("(--steps 1e6)\n 1e6", "(--steps 1e6)\n 10⁶"),
            ("--steps=1e6 1e6", "--steps=1e6 10⁶"),
            (
                "1e-6- 3e 2e5.5 1e--3 .5e3 1e99999999999",
                "10⁻⁶- 3e 2e5.5 1e--3 .5×10³ 1e99999999999",
            ),
            ("ü 5e-1ü → 4e2", "ü 5e-1ü → 4×10²"),
        ] {
            assert_eq!(for_readers(text), said);
        }
    }

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
