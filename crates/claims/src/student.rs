//! Quantiles of Student's distribution.

/// The `t` with `P(|T| ≤ t) = level` for Student's distribution.
///
/// The probability has a closed form for whole degrees of freedom `ν`, in `θ = atan(t/√ν)`
/// (Abramowitz and Stegun 26.7.3 and 26.7.4); it is inverted by bisection over `θ`.
///
/// # Panics
///
/// If `level` is not strictly between 0 and 1, or there is no degree of freedom.
///
/// ```
/// use implicit_bias_claims::student_t;
/// assert!((student_t(0.95, 10) - 2.228).abs() < 5e-4);
/// ```
pub fn student_t(level: f64, degrees_of_freedom: usize) -> f64 {
    assert!(
        level > 0.0 && level < 1.0,
        "a level lies strictly between 0 and 1"
    );
    assert!(
        degrees_of_freedom > 0,
        "Student's distribution needs a degree of freedom"
    );
    let (mut low, mut high) = (0.0, std::f64::consts::FRAC_PI_2);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle.tan() * (degrees_of_freedom as f64).sqrt();
        }
        if central_probability(middle, degrees_of_freedom) < level {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `P(|T| ≤ √ν tan θ)` for Student's distribution with `ν` degrees of freedom.
fn central_probability(theta: f64, freedom: usize) -> f64 {
    let (sin, cos) = theta.sin_cos();
    let odd = freedom % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = if freedom == 1 { 0.0 } else { term };
    // Odd ν: cos, (2/3) cos³, (2·4)/(3·5) cos⁵ …; even ν: 1, (1/2) cos², (1·3)/(2·4) cos⁴ …
    for k in (if odd { 3 } else { 2 }..=freedom.saturating_sub(2)).step_by(2) {
        term *= cos * cos * (k - 1) as f64 / k as f64;
        sum += term;
    }
    if odd {
        std::f64::consts::FRAC_2_PI * (theta + sin * sum)
    } else {
        sin * sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn quantiles_agree_with_printed_tables() {
        // Two-sided 95 %, then 99 %, then 90 %.
        for (level, freedom, t) in [
            (0.95, 1, 12.7062),
            (0.95, 2, 4.3027),
            (0.95, 3, 3.1824),
            (0.95, 4, 2.7764),
            (0.95, 5, 2.5706),
            (0.95, 10, 2.2281),
            (0.95, 29, 2.0452),
            (0.95, 30, 2.0423),
            (0.95, 60, 2.0003),
            (0.95, 120, 1.9799),
            (0.95, 20_000, 1.9601),
            (0.99, 1, 63.6567),
            (0.99, 7, 3.4995),
            (0.99, 30, 2.7500),
            (0.90, 6, 1.9432),
        ] {
            assert_relative_eq!(student_t(level, freedom), t, epsilon = 6e-5);
        }
    }

    #[test]
    fn one_degree_of_freedom_is_the_cauchy_distribution() {
        for level in [0.1, 0.5, 0.95] {
            let exact = (std::f64::consts::FRAC_PI_2 * level).tan();
            assert_relative_eq!(student_t(level, 1), exact, max_relative = 1e-14);
        }
    }
}
