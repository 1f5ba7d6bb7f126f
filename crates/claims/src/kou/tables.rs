//! The tables of a run: windows of recorded steps, and what they say by themselves.

use implicit_bias_record::Series;

use crate::kou::context::ClaimContext;
use crate::rounding::{is_single_precision, updates_lost_from};
use crate::settings::{FITTED_MARGIN, LAST_DECADE, WINDOW};
use crate::window::Points;

/// The tables of a run and its context.
pub(crate) struct Tables<'a> {
    pub series: &'a Series,
    pub margins: &'a Series,
    pub context: &'a ClaimContext,
    /// `T`, the last recorded step.
    pub horizon: f64,
}

impl<'a> Tables<'a> {
    pub fn new(series: &'a Series, margins: &'a Series, context: &'a ClaimContext) -> Self {
        let horizon = series.steps().last().copied().unwrap_or(0.0);
        Self {
            series,
            margins,
            context,
            horizon,
        }
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
        Some(log_loss[row] < self.fitted_log_loss() - FITTED_MARGIN)
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

/// Changes of the same-sign activation pattern, see [`Tables::pattern_changes`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changes {
    pub records: usize,
    pub busy: usize,
    pub pairs: f64,
}
