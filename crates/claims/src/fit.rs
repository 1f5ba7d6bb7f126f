//! Straight lines by least squares, with an interval that is honest about a deterministic series.

use crate::claim::Fit;
use crate::student::student_t;

/// Level of every confidence interval of this crate.
pub const LEVEL: f64 = 0.95;

/// Below this many points no interval is given: two numbers are fitted, and lag covariances need
/// some residuals.
const MIN_POINTS: usize = 4;

/// Two-sided 95 % critical value of the robust statistic for many evenly spaced points.
///
/// Simulated for this project (`scripts/interval_constant.py` of this crate prints 5.74 ± 0.03,
/// here rounded up): the 4.77 printed by Kiefer, Vogelsang and Bunzel is for a stationary
/// regressor, while here the regressor is a trend. The factor `t_{n−2}/1.96` makes it a little too
/// wide for few points.
const WHOLE_SAMPLE_CRITICAL_VALUE: f64 = 5.8;

/// A fitted line `y = intercept + slope · x` with a 95 % interval for its slope.
///
/// # What the interval means
///
/// A trajectory of gradient descent has no noise: what is left over by a fit is the part of the
/// curve that the law does not describe (transients, curvature), sampled along the run, and so
/// strongly autocorrelated. The interval therefore does not promise to cover a true slope in 95 of
/// 100 repetitions; it says *how far the slope could be off if the misfit seen inside the window is
/// typical of the misfit outside it*. A trend hidden by a misfit that only starts later is not
/// covered. The textbook interval, `slope ± t_{n−2} s/√S_xx`, would take the residuals for
/// independent and be several times too narrow, so the half-width is the larger of that one and
///
/// ```math
/// c\,\frac{t_{n-2}}{1.96}\,\sqrt{\frac{n}{n-2}}\,\frac{\sqrt{\hat\Omega}}{S_{xx}},
/// \qquad \hat\Omega = \frac2n\sum_{k=1}^n P_k^2,
/// \qquad P_k=\sum_{l\le k} (x_l-\bar x)\,e_l
/// ```
///
/// which allows for autocorrelation of any range, with no bandwidth to choose: it is the estimate
/// of Newey and West (1987) with Bartlett weights over the whole sample, as proposed by Kiefer,
/// Vogelsang and Bunzel (*Simple robust testing of regression hypotheses*, Econometrica 68, 2000).
/// Its critical value `c` is not normal; see the constant in the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Value at `x = 0`.
    pub intercept: f64,
    /// Change of `y` for one unit of `x`.
    pub slope: f64,
    /// Half the width of the slope's interval.
    pub half_width: f64,
    /// Number of points fitted.
    pub points: usize,
}

impl Line {
    /// Lower end of the slope's interval.
    pub fn low(&self) -> f64 {
        self.slope - self.half_width
    }

    /// Upper end of the slope's interval.
    pub fn high(&self) -> f64 {
        self.slope + self.half_width
    }

    /// The slope as the record of a verdict.
    pub(crate) fn record(&self, law: &str, parameter: &str, window: [f64; 2]) -> Fit {
        Fit {
            law: law.into(),
            parameter: parameter.into(),
            estimate: self.slope,
            low: self.low(),
            high: self.high(),
            level: LEVEL,
            window,
            points: self.points,
            expected: None,
        }
    }
}

/// Fits `y = intercept + slope · x` by least squares, the points in the order of the run.
///
/// `None` if there are fewer than four points, one that is not finite, or no spread in `x`.
///
/// # Panics
///
/// If `x` and `y` differ in length: an internal error of the caller.
///
/// ```
/// use implicit_bias_claims::fit_line;
/// let x = [0.0, 1.0, 2.0, 3.0, 4.0];
/// let line = fit_line(&x, &x.map(|x| 1.0 - 2.0 * x)).unwrap();
/// assert!((line.slope + 2.0).abs() < 1e-14 && line.half_width < 1e-12);
/// ```
pub fn fit_line(x: &[f64], y: &[f64]) -> Option<Line> {
    assert_eq!(x.len(), y.len(), "a fit needs one y for each x");
    let n = x.len();
    if n < MIN_POINTS || !x.iter().chain(y).all(|value| value.is_finite()) {
        return None;
    }
    let mean_x = x.iter().sum::<f64>() / n as f64;
    let mean_y = y.iter().sum::<f64>() / n as f64;
    let centred: Vec<f64> = x.iter().map(|x| x - mean_x).collect();
    let s_xx: f64 = centred.iter().map(|x| x * x).sum();
    let largest = x.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    // Equal x differ by the rounding of their mean.
    if s_xx <= n as f64 * (4.0 * f64::EPSILON * largest).powi(2) {
        return None;
    }
    let slope = centred
        .iter()
        .zip(y)
        .map(|(x, y)| x * (y - mean_y))
        .sum::<f64>()
        / s_xx;
    let residuals: Vec<f64> = centred
        .iter()
        .zip(y)
        .map(|(x, y)| y - mean_y - slope * x)
        .collect();

    let freedom = (n - 2) as f64;
    let t = student_t(LEVEL, n - 2);
    let textbook = t * (residuals.iter().map(|e| e * e).sum::<f64>() / freedom / s_xx).sqrt();

    let mut partial = 0.0;
    let omega = (2.0 / n as f64)
        * (centred.iter().zip(&residuals))
            .map(|(x, e)| {
                partial += x * e;
                partial * partial
            })
            .sum::<f64>();
    let robust =
        WHOLE_SAMPLE_CRITICAL_VALUE * t / 1.96 * (omega * n as f64 / freedom).sqrt() / s_xx;

    let intercept = mean_y - slope * mean_x;
    Some(Line {
        intercept,
        slope,
        half_width: textbook.max(robust),
        points: n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    /// Textbook data: Anscombe's first set, y = 3.0001 + 0.5001 x, standard error of
    /// the slope 0.1179 on 9 degrees of freedom. Its residuals are not autocorrelated in the order
    /// of x, so both intervals are at work: the wider one must not be below the textbook one.
    #[test]
    fn the_line_of_anscombes_first_set() {
        let x = [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0];
        let y = [
            4.26, 5.68, 7.24, 4.82, 6.95, 8.81, 8.04, 8.33, 10.84, 7.58, 9.96,
        ];
        let line = fit_line(&x, &y).unwrap();
        assert_relative_eq!(line.intercept, 3.00009, epsilon = 1e-5);
        assert_relative_eq!(line.slope, 0.50009, epsilon = 1e-5);
        assert!(line.half_width >= 0.1179 * 2.2622 - 1e-4, "{line:?}");
        assert!(line.half_width < 2.0 * 0.1179 * 2.2622, "{line:?}");
    }

    /// Alternating residuals cancel in every partial sum, and the robust interval is the narrow
    /// one: the textbook interval must win, by hand: s² = Σe²/(n−2), half-width = t s/√S_xx.
    #[test]
    fn alternating_residuals_leave_the_textbook_interval() {
        let x: Vec<f64> = (0..12).map(f64::from).collect();
        let y: Vec<f64> = x
            .iter()
            .map(|x| 2.0 * x + if x % 2.0 == 0.0 { 0.1 } else { -0.1 })
            .collect();
        let line = fit_line(&x, &y).unwrap();
        let squares: f64 = x
            .iter()
            .zip(&y)
            .map(|(x, y)| (y - line.intercept - line.slope * x).powi(2))
            .sum();
        assert_relative_eq!(
            line.half_width,
            student_t(0.95, 10) * (squares / 10.0 / 143.0).sqrt(),
            max_relative = 1e-12
        );
    }

    /// A smooth misfit: y = x² on [0, 1] has local slopes from 0 to 2, mean 1. The textbook
    /// interval (±0.08 at 40 points) would exclude nine tenths of them.
    #[test]
    fn a_smooth_misfit_widens_the_interval() {
        let x: Vec<f64> = (0..40).map(|k| f64::from(k) / 39.0).collect();
        let y: Vec<f64> = x.iter().map(|x| x * x).collect();
        let line = fit_line(&x, &y).unwrap();
        assert_relative_eq!(line.slope, 1.0, epsilon = 1e-12);
        assert!(line.half_width > 0.4, "{line:?}");
    }

    /// Coverage under noise `e_k = memory · e_{k−1} + u_k`. A simulation written apart from this
    /// code (NumPy, Gaussian noise, 10,000 draws) gave 0.976, 0.929 and 0.866; the textbook
    /// interval covers 0.95, 0.74 and 0.49.
    #[test]
    fn intervals_cover_the_slope_under_autocorrelated_noise() {
        let mut state = 1_u64;
        let mut uniform = || {
            // Multiplicative congruential generator, enough to shake a fit.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        };
        let x: Vec<f64> = (0..44).map(|k| f64::from(k) * 0.1).collect();
        for (memory, least) in [(0.0, 0.96), (0.5, 0.91), (0.8, 0.84)] {
            let mut covered = 0;
            for _ in 0..2000 {
                let mut noise = 0.0;
                let y: Vec<f64> = x
                    .iter()
                    .map(|x| {
                        noise = memory * noise + uniform();
                        3.0 * x + noise
                    })
                    .collect();
                let line = fit_line(&x, &y).unwrap();
                covered += usize::from(line.low() <= 3.0 && 3.0 <= line.high());
            }
            let share = covered as f64 / 2000.0;
            assert!(share >= least, "memory {memory}: {share}");
        }
    }

    #[test]
    fn no_line_without_points_or_spread() {
        assert_eq!(fit_line(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(fit_line(&[0.1; 9], &[1.0; 9]), None);
        assert_eq!(
            fit_line(&[1.0, 2.0, 3.0, 4.0], &[1.0, f64::NAN, 3.0, 4.0]),
            None
        );
    }

    proptest! {
        #[test]
        fn an_exact_line_is_recovered(
            intercept in -100.0..100.0_f64,
            slope in -100.0..100.0_f64,
            start in -50.0..50.0_f64,
            gaps in prop::collection::vec(0.01..3.0_f64, 4..60),
        ) {
            let mut x = vec![start];
            for gap in gaps {
                x.push(x[x.len() - 1] + gap);
            }
            let y: Vec<f64> = x.iter().map(|x| intercept + slope * x).collect();
            let line = fit_line(&x, &y).unwrap();
            let spread = x[x.len() - 1] - x[0];
            let rounding = 1e-12 * (1.0 + (intercept.abs() + slope.abs() * 250.0) / spread);
            prop_assert!((line.slope - slope).abs() <= rounding, "{line:?}");
            prop_assert!(line.half_width <= 100.0 * rounding, "{line:?}");
        }

        #[test]
        fn slope_and_interval_scale_with_y(
            y in prop::collection::vec(-1.0..1.0_f64, 8..40),
            power in -20_i32..20,
        ) {
            let x: Vec<f64> = (0..y.len()).map(|k| k as f64).collect();
            let factor = 2.0_f64.powi(power);
            let scaled: Vec<f64> = y.iter().map(|y| y * factor).collect();
            let (a, b) = (fit_line(&x, &y).unwrap(), fit_line(&x, &scaled).unwrap());
            // A power of two scales without rounding.
            prop_assert_eq!(a.slope * factor, b.slope);
            prop_assert_eq!(a.half_width * factor, b.half_width);
        }
    }
}
