//! Sums of squares and products that neither overflow nor underflow.

/// Enough independent chains to hide the latency of an addition.
const LANES: usize = 8;

/// Divides `values` by a power of two near the largest magnitude and returns that power; `None`
/// (and untouched values) when all are zero.
///
/// The squares that follow are then of order one whatever the scale of the input. A power of two
/// makes the division exact: nothing is rounded, and scaling the input by two scales the result
/// by exactly two.
pub(crate) fn normalize(values: &mut [f64]) -> Option<f64> {
    let largest = largest_magnitude(values);
    if largest == 0.0 {
        return None;
    }
    let (scale, inverse) = power_of_two(largest);
    for value in values {
        *value *= inverse;
    }
    Some(scale)
}

/// Largest magnitude, in as many interleaved partial maxima as [`dot`] has sums.
fn largest_magnitude(values: &[f64]) -> f64 {
    let mut largest = [0.0_f64; LANES];
    for chunk in values.chunks(LANES) {
        for (largest, value) in largest.iter_mut().zip(chunk) {
            // Not `f64::max`, which also has to look for NaN.
            if value.abs() > *largest {
                *largest = value.abs();
            }
        }
    }
    largest.into_iter().fold(0.0, f64::max)
}

/// The power of two at or below a positive finite number, with its reciprocal; both normal
/// numbers, so the extreme binades share their neighbor's.
fn power_of_two(number: f64) -> (f64, f64) {
    const MANTISSA_BITS: u32 = 52;
    const TWICE_BIAS: u64 = 2046;
    let exponent = (number.to_bits() >> MANTISSA_BITS).clamp(1, TWICE_BIAS - 1);
    let power = |exponent: u64| f64::from_bits(exponent << MANTISSA_BITS);
    (power(exponent), power(TWICE_BIAS - exponent))
}

/// Dot product in eight interleaved partial sums: faster than one, and with a smaller rounding
/// error.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let split = left.len() - left.len() % LANES;
    let mut sums = [0.0; LANES];
    for (left, right) in left[..split]
        .chunks_exact(LANES)
        .zip(right.chunks_exact(LANES))
    {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let tail: f64 = left[split..]
        .iter()
        .zip(&right[split..])
        .map(|(left, right)| left * right)
        .sum();
    sums.iter().sum::<f64>() + tail
}

/// Euclidean norm; infinite only when the norm itself is beyond `f64`.
pub(crate) fn norm(mut values: Vec<f64>) -> f64 {
    match normalize(&mut values) {
        None => 0.0,
        Some(scale) => scale * dot(&values, &values).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_bracket_their_number_and_invert_exactly() {
        for number in [1.0, 1.5, 2.0, 0.75, 3e300, 7e-300, f64::MIN_POSITIVE] {
            let (scale, inverse) = power_of_two(number);
            assert!(scale <= number && number / scale < 2.0, "{number}: {scale}");
            assert_eq!(scale * inverse, 1.0);
        }
        // The ends of the range share a neighbor's power, and the quotient stays moderate.
        for (number, low, high) in [(f64::MAX, 2.0, 4.0), (5e-324, 1e-16, 1.0)] {
            let (scale, inverse) = power_of_two(number);
            assert!(
                (low..=high).contains(&(number * inverse)),
                "{number}: {scale}"
            );
            assert_eq!(scale * inverse, 1.0);
        }
    }

    #[test]
    fn norms_survive_the_whole_range() {
        assert_eq!(norm(vec![3.0, 4.0]), 5.0);
        assert_eq!(
            norm(vec![3.0 * 2_f64.powi(800), 4.0 * 2_f64.powi(800)]),
            5.0 * 2_f64.powi(800)
        );
        assert!((norm(vec![3e-200, 4e-200]) / 5e-200 - 1.0).abs() < 1e-15);
        assert_eq!(norm(vec![0.0, -0.0]), 0.0);
        assert_eq!(norm(vec![f64::MAX, f64::MAX]), f64::INFINITY);
    }

    #[test]
    fn dot_handles_lengths_off_the_lane_count() {
        for length in [1, 7, 8, 9, 16, 19] {
            let values: Vec<f64> = (1..=length).map(f64::from).collect();
            let expected = f64::from(length * (length + 1) * (2 * length + 1)) / 6.0;
            assert_eq!(dot(&values, &values), expected);
        }
    }
}
