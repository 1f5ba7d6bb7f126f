//! Powers of two.

/// `2^exponent`, 0 or infinite where that leaves the range of numbers.
pub fn power_of_two(exponent: i64) -> f64 {
    let exponent = exponent.clamp(-1100, 1100) as f64;
    // In two factors: 2⁻¹⁰⁷⁴ is a number, 2¹⁰⁷⁴ is none.
    (exponent / 2.0).floor().exp2() * (exponent - (exponent / 2.0).floor()).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact_over_the_whole_range() {
        assert_eq!(power_of_two(0), 1.0);
        assert_eq!(power_of_two(-1074), f64::from_bits(1));
        assert_eq!(power_of_two(1023), 2f64.powi(1023));
        assert_eq!(power_of_two(-5000), 0.0);
        assert_eq!(power_of_two(5000), f64::INFINITY);
    }
}
