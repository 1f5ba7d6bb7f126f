//! What the claims look at in a run.

use crate::claim::Verdict;
use crate::run::RunView;
use crate::settings::{EARLY_FALL, MAX_ERROR};
use crate::words::step;

/// The recorded steps of a run up to where its log time is no longer sure.
pub(super) struct EarlyRun<'a> {
    pub view: &'a RunView<'a>,
    pub steps: Vec<f64>,
    /// How many of the rows are of exact steps: log time estimates errors of margins, and small
    /// neurons may be off by more.
    pub exact: usize,
    /// The first row at which the loss is at most half of its initial value.
    pub fall: Option<usize>,
}

impl<'a> EarlyRun<'a> {
    /// `None` of a run that does not record its neurons.
    pub fn new(view: &'a RunView<'a>) -> Option<Self> {
        let series = view.series;
        let log_loss = series.column("log_loss")?;
        series.column("neurons_misplaced")?;
        let errors = series.column("error_estimate").unwrap_or_default();
        let sure = errors.iter().position(|error| *error > MAX_ERROR);
        let mut steps = series.steps();
        steps.truncate(sure.unwrap_or(steps.len()));
        let first = *log_loss.first()?;
        let fall = log_loss[..steps.len()]
            .iter()
            .position(|log_loss| *log_loss <= first + EARLY_FALL.ln());
        let exact = errors.iter().position(|error| *error > 0.0);
        Some(Self {
            view,
            exact: exact.unwrap_or(steps.len()).min(steps.len()),
            steps,
            fall,
        })
    }

    /// A column over the sure rows.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let mut column = self.view.series.column(name)?;
        column.truncate(self.steps.len());
        Some(column)
    }

    /// `T`, the last sure step.
    pub fn horizon(&self) -> f64 {
        self.steps.last().copied().unwrap_or(0.0)
    }

    /// The step at which the loss has fallen; why nothing is decided where it has not.
    pub fn fallen(&self) -> Result<(usize, f64), String> {
        let row = self.fall.ok_or_else(|| {
            format!(
                "up to step {} the loss has not fallen to half of its initial value, and the claim \
                 is about what is so by then",
                step(self.horizon())
            )
        })?;
        Ok((row, self.steps[row]))
    }

    /// A verdict by the trajectory: single precision refutes nothing.
    pub fn refuted(&self) -> (Verdict, &'static str) {
        if self.view.facts.descent.unit_roundoff > f64::EPSILON {
            let why = "; nothing is refuted by a trajectory in single precision";
            (Verdict::Inconclusive, why)
        } else {
            (Verdict::Refuted, "")
        }
    }
}
