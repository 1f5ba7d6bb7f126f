//! Numbers in the sentences of verdicts.

use std::fmt::Display;

/// A number for a sentence: four significant digits, with a proper minus sign.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    let text = if value == 0.0 || !value.is_finite() {
        format!("{value}")
    } else if (1e-4..1e6).contains(&size) {
        let decimals = (3.0 - size.log10().floor()).max(0.0) as usize;
        format!("{value:.decimals$}")
    } else {
        format!("{value:.3e}")
    };
    text.replace('-', "−")
}

/// A number of steps for a sentence.
pub(crate) fn step(value: f64) -> String {
    if value < 1e6 {
        format!("{}", value.round())
    } else {
        format!("{value:.4e}").replace(".0000", "")
    }
}

/// An interval for a sentence.
pub(crate) fn interval(low: impl Display, high: impl Display) -> String {
    format!("[{low}, {high}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(number(-0.99984), "−0.9998");
        assert_eq!(number(1.0), "1.000");
        assert_eq!(number(12_345.6), "12346");
        assert_eq!(number(3.2e-7), "3.200e−7");
        assert_eq!(number(0.0), "0");
        assert_eq!(step(50_000.0), "50000");
        assert_eq!(step(1e30), "1e30");
    }
}
