//! Fits on a window of recorded steps and on its halves.

use std::ops::Range;

use crate::fit::{Line, fit_line};
use crate::settings::{MIN_GROWTH, MIN_HORIZON, MIN_POINTS, MIN_POINTS_A_HALF};
use crate::words::step;

/// The recorded steps of a window at which some columns are all finite.
pub(crate) struct Points {
    /// `log t`.
    pub log_step: Vec<f64>,
    /// The columns, in the order asked for.
    pub columns: Vec<Vec<f64>>,
    /// First and last step of the window.
    pub window: [f64; 2],
}

/// A line through a window, and through its earlier and its later half in `log t`.
pub(crate) struct Lines {
    pub whole: Line,
    pub early: Line,
    pub late: Line,
}

impl Points {
    pub fn new(steps: &[f64], columns: Vec<Vec<f64>>, start: f64, horizon: f64) -> Self {
        let kept: Vec<usize> = (0..steps.len())
            // Step 0 has no logarithm.
            .filter(|&row| steps[row] >= start.max(1.0))
            .filter(|&row| columns.iter().all(|column| column[row].is_finite()))
            .collect();
        let pick = |column: &[f64]| kept.iter().map(|&row| column[row]).collect::<Vec<f64>>();
        Self {
            log_step: pick(steps).into_iter().map(f64::ln).collect(),
            columns: columns.iter().map(|column| pick(column)).collect(),
            window: [start, horizon],
        }
    }

    pub fn len(&self) -> usize {
        self.log_step.len()
    }

    /// The earlier and the later half in `log t`, as ranges of points.
    fn halves(&self) -> (Range<usize>, Range<usize>) {
        // Logarithms first: steps past 10¹⁵⁴ have no product.
        let middle = 0.5 * (self.window[0].ln() + self.window[1].ln());
        let split = self
            .log_step
            .partition_point(|&log_step| log_step <= middle);
        (0..split, split..self.len())
    }

    /// How many further halves of this window, in `log t`, lie between `T` and `T^power`.
    pub fn half_windows(&self, power: f64) -> f64 {
        let [start, horizon] = self.window;
        (power - 1.0) * horizon.ln() / (0.5 * (horizon / start).ln())
    }

    /// Why no verdict can rest on this window, if none can.
    pub fn too_short(&self) -> Option<String> {
        let [start, horizon] = self.window;
        let (early, late) = self.halves();
        if horizon < MIN_HORIZON {
            Some(format!(
                "horizon too short: T = {} steps, at least {} are needed.",
                step(horizon),
                step(MIN_HORIZON)
            ))
        } else if self.len() < MIN_POINTS || early.len().min(late.len()) < MIN_POINTS_A_HALF {
            Some(format!(
                "too few recorded steps with finite values in [{}, {}]: {} and {} in its halves, \
                 at least {MIN_POINTS} with {MIN_POINTS_A_HALF} in each half are needed.",
                step(start),
                step(horizon),
                early.len(),
                late.len()
            ))
        } else {
            None
        }
    }

    /// Fits `y` on `x` over the window and over its halves; the reason if that is impossible.
    pub fn lines(&self, x: &[f64], y: &[f64]) -> Result<Lines, String> {
        if let Some(reason) = self.too_short() {
            return Err(reason);
        }
        let fit = |range: Range<usize>| fit_line(&x[range.clone()], &y[range]);
        let (early, late) = self.halves();
        match (fit(0..self.len()), fit(early), fit(late)) {
            (Some(whole), Some(early), Some(late)) => Ok(Lines { whole, early, late }),
            _ => Err("a quantity to fit against does not vary over the window.".into()),
        }
    }

    /// Whether `y` grows with `log t` over the window, by more than rounding.
    pub fn grows(&self, y: &[f64]) -> bool {
        let size = y.iter().fold(0.0, |size: f64, value| size.max(value.abs()));
        let span = (self.window[1] / self.window[0]).ln();
        fit_line(&self.log_step, y)
            .is_some_and(|line| line.low() > 0.0 && line.slope * span > MIN_GROWTH * size)
    }

    /// The exponent `a` of `y = c · x^a`, over the points where both exceed `floor`.
    pub fn exponent(&self, x: &[f64], y: &[f64], floor: f64) -> Option<Line> {
        let (x, y): (Vec<f64>, Vec<f64>) = x
            .iter()
            .zip(y)
            .filter(|&(&x, &y)| x > floor && y > floor)
            .map(|(x, y)| (x.ln(), y.ln()))
            .unzip();
        if y.len() < MIN_POINTS {
            None
        } else {
            fit_line(&x, &y)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_splits_in_the_middle_of_log_time() {
        let steps = [0.0, 1.0, 10.0, 50.0, 200.0, 1000.0];
        let points = Points::new(&steps, vec![vec![1.0; 6]], 10.0, 1000.0);
        assert_eq!(points.halves(), (0..2, 2..4));
        let far = steps.map(|step| 1e297 * step);
        let points = Points::new(&far, vec![vec![1.0; 6]], 1e298, 1e300);
        assert_eq!(points.halves(), (0..2, 2..4));
    }
}
