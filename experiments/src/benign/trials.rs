//! Trials of one setting gathered: mean error with its interval.

use implicit_bias_claims::{LEVEL, student_t};
use implicit_bias_lab::study::StudyResult;

/// The least deviation from trial to trial: large errors are rare where `d/n` is large, and some
/// trials may see none. That of trials at `d/n = 3` is 0.01.
pub(super) const LEAST_DEVIATION: f64 = 0.01;

/// The errors on fresh samples of some trials.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trials(Vec<f64>);

impl Trials {
    /// Of the runs that pass a test and have fitted all their labels.
    pub fn of(results: &[StudyResult<'_>], test: impl Fn(&StudyResult<'_>) -> bool) -> Self {
        let own = results.iter().filter(|result| test(result));
        let fitted = own.filter(|result| result.record.series.last("accuracy") == Some(1.0));
        let errors = fitted.filter_map(|result| result.record.series.last("held_out_error"));
        Self(errors.collect())
    }

    /// Of the runs of a panel with so many samples and this value of its parameter.
    pub fn of_point(results: &[StudyResult<'_>], panel: &str, samples: f64, value: f64) -> Self {
        Self::of(results, |result| {
            result.run.panel == panel
                && number(result, "samples") == samples
                && result.run.parameter == value
        })
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.count() as f64
    }

    /// Standard deviation from trial to trial; `NaN` of fewer than two.
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares = self
            .0
            .iter()
            .map(|error| (error - mean).powi(2))
            .sum::<f64>();
        (squares / (self.count() as f64 - 1.0)).sqrt()
    }

    /// The interval of the mean at the level 0.95, by Student's t over the trials, within `[0, 1]`.
    pub fn interval(&self) -> [f64; 2] {
        if self.count() < 2 {
            return [0.0, 1.0];
        }
        let quantile = student_t(LEVEL, self.count() - 1);
        let half = quantile * self.deviation() / (self.count() as f64).sqrt();
        [(self.mean() - half).max(0.0), (self.mean() + half).min(1.0)]
    }

    /// Three standard deviations of the difference to a mean of so many trials of another program.
    pub fn tolerance(&self, others: usize) -> f64 {
        3.0 * self.deviation().max(LEAST_DEVIATION)
            * (1.0 / self.count() as f64 + 1.0 / others as f64).sqrt()
    }

    /// Trials with an error of 1/8 at least.
    pub fn harmful(&self) -> usize {
        self.0.iter().filter(|error| **error >= 0.125).count()
    }
}

/// A number of a run's settings.
pub(super) fn number(result: &StudyResult<'_>, key: &str) -> f64 {
    result.run.settings.number(key).unwrap_or(f64::NAN)
}
