//! A run as the claims look at it: windows of recorded steps, and fits on them and on their halves.

use std::fmt::Display;
use std::ops::Range;

use super::outlook::Outlook;
use super::rounding::{is_single_precision, updates_lost_from};
use super::settings::{
    FITTED_BY, LAST_DECADE, MIN_GROWTH, MIN_HORIZON, MIN_POINTS, MIN_POINTS_A_HALF, WINDOW,
};
use super::{ClaimContext, Line, fit_line};
use crate::Series;

/// The tables of a run and what is known about it besides.
pub(super) struct Run<'a> {
    pub series: &'a Series,
    pub margins: &'a Series,
    pub context: &'a ClaimContext,
    /// `T`, the last recorded step.
    pub horizon: f64,
    /// What is known of where the run goes on.
    pub outlook: Outlook<'a>,
}

impl<'a> Run<'a> {
    pub fn new(series: &'a Series, margins: &'a Series, context: &'a ClaimContext) -> Self {
        let horizon = series.steps().last().copied().unwrap_or(0.0);
        let mut run = Self {
            series,
            margins,
            context,
            horizon,
            outlook: Outlook::NoProgram,
        };
        run.outlook = Outlook::of(&run);
        run
    }

    /// Whether the run was in single precision.
    pub fn is_single_precision(&self) -> bool {
        is_single_precision(self.series)
    }

    /// The recorded step from which on rounding takes updates away, if it does.
    pub fn updates_lost_from(&self) -> Option<f64> {
        updates_lost_from(self.series)
    }

    /// `log (ℓ(0)/n)`: below it the logarithm of the loss shows that every margin is positive.
    ///
    /// The samples are *fitted* then, and gradient flow is known to drive the loss to 0 from there,
    /// like `1/t`, and the norm to infinity, like `log t` (Lyu & Li 2020, for homogeneous
    /// networks).
    pub fn fitted_log_loss(&self) -> f64 {
        let samples = self.margins.columns().len().saturating_sub(1).max(1);
        // The exponential loss has ℓ(0) = 1: the smaller one is enough for both.
        (std::f64::consts::LN_2 / samples as f64).ln()
    }

    /// Whether the samples were fitted at the first record from `start` on; `None` without such a
    /// record.
    pub fn is_fitted_from(&self, start: f64) -> Option<bool> {
        let log_loss = self.series.column("log_loss")?;
        let row = self.series.steps().iter().position(|&step| step >= start)?;
        // By more than rounding: one sample of margin 0 holds the loss at ℓ(0)/n exactly.
        Some(log_loss[row] < self.fitted_log_loss() - FITTED_BY)
    }

    /// Whether the samples are fitted at the last record; `None` without one.
    pub fn is_fitted(&self) -> Option<bool> {
        self.is_fitted_from(self.horizon)
    }

    /// Start of the window `[T/100, T]`.
    ///
    /// Transients of the dynamics die out like powers of `1/t`, so that the newest two decades are
    /// the cleanest.
    pub fn two_decades(&self) -> f64 {
        self.horizon / WINDOW
    }

    /// Start of the window `[√T, T]`, or of two decades where those are more.
    ///
    /// Two decades of a run of thirty are a sliver of `log t`, on which every slowly varying curve
    /// looks straight; the newer half of `log t` tells `log t` from its powers at every horizon.
    pub fn half_of_log_time(&self) -> f64 {
        self.two_decades().min(self.horizon.sqrt())
    }

    /// The recorded steps from `start` on at which all these columns are finite; `None` if one of
    /// the columns is missing.
    pub fn points(&self, names: &[&str], start: f64) -> Option<Points> {
        let columns: Option<Vec<_>> = names.iter().map(|name| self.series.column(name)).collect();
        Some(Points::new(
            &self.series.steps(),
            columns?,
            start,
            self.horizon,
        ))
    }

    /// The last value of a column, if there is one and it is a number.
    pub fn last(&self, name: &str) -> Option<f64> {
        self.series.last(name).filter(|value| value.is_finite())
    }

    /// For the record intervals that end in `(from, to]`: how many there are, in how many a
    /// same-sign activation changed, and how many changed in all. `None` without such a record.
    pub fn pattern_changes(&self, from: f64, to: f64) -> Option<Changes> {
        let changes = self.series.column("same_sign_changes")?;
        let mut found = Changes::default();
        for (step, pairs) in self.series.steps().into_iter().zip(changes) {
            if step > from && step <= to && pairs.is_finite() {
                found.records += 1;
                found.busy += usize::from(pairs > 0.0);
                found.pairs += pairs;
            }
        }
        Some(found)
    }

    /// Why this run may still turn, if it may: its activation pattern was changing until lately.
    ///
    /// Every law that the verdicts extrapolate holds for a fixed activation pattern (derived).
    pub fn unsettled(&self) -> Option<String> {
        let changes = self.pattern_changes(self.horizon / LAST_DECADE, self.horizon)?;
        (changes.busy > 0).then(|| {
            format!(
                "the same-sign activation pattern still changed in {} of the last decade's {} \
                 record intervals",
                changes.busy, changes.records
            )
        })
    }
}

/// Changes of the same-sign activation pattern, see [`Run::pattern_changes`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    pub records: usize,
    pub busy: usize,
    pub pairs: f64,
}

/// The recorded steps of a window at which some columns are all finite.
pub(super) struct Points {
    /// `log t`.
    pub log_step: Vec<f64>,
    /// The columns, in the order asked for.
    pub columns: Vec<Vec<f64>>,
    /// First and last step of the window.
    pub window: [f64; 2],
}

/// A line through a window, and through its earlier and its later half in `log t`.
pub(super) struct Lines {
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

/// A number for a sentence: four significant digits, with a proper minus sign.
pub(super) fn number(value: f64) -> String {
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
pub(super) fn step(value: f64) -> String {
    if value < 1e6 {
        format!("{}", value.round())
    } else {
        format!("{value:.4e}").replace(".0000", "")
    }
}

/// An interval for a sentence.
pub(super) fn interval(low: impl Display, high: impl Display) -> String {
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
