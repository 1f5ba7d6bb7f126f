//! What the claims look at in a run.

use crate::fit::fit_line;
use crate::run::RunView;
use crate::settings::{ANGLES_FITTED, EXTRAPOLATION_POWER, LAST_DECADE};
use crate::window::Points;
use crate::words::step;

/// The angles of a run whose samples are all classified rightly at the end.
pub(super) struct PlanarRun<'a> {
    pub view: &'a RunView<'a>,
    /// The 95 % quantile of the angles between neurons and the lines of their classes.
    pub angles: Vec<f64>,
    pub steps: Vec<f64>,
    /// The first row from which on all samples are classified rightly.
    pub separated: usize,
}

/// What the last decade of a quantity says of its end.
pub(super) struct Ending {
    pub least: f64,
    pub last: f64,
    /// Where the lines of the decade and of its later half against `log t` lead to at `T²`.
    pub led_to: [f64; 2],
    /// Where the line of the decade against `1/log t` leads to: initial weights are forgotten that
    /// slowly.
    pub at_infinity: f64,
}

impl Ending {
    /// The least of the decade and of what all lines lead to.
    pub fn low(&self) -> f64 {
        let least = self.least.min(self.at_infinity);
        self.led_to.iter().copied().fold(least, f64::min)
    }

    /// The largest of the last value and of what the lines against `log t` lead to.
    pub fn high(&self) -> f64 {
        self.led_to.iter().copied().fold(self.last, f64::max)
    }
}

impl<'a> PlanarRun<'a> {
    /// The run; why nothing is decided on it.
    pub fn new(view: &'a RunView<'a>) -> Result<Self, String> {
        let column = |name: &str| view.series.column(name).unwrap_or_default();
        let (accuracy, log_loss) = (column("accuracy"), column("log_loss"));
        let steps = view.series.steps();
        let wrong = accuracy.iter().rposition(|share| *share < 1.0);
        let separated = wrong.map_or(0, |row| row + 1);
        if separated >= steps.len() {
            return Err("some samples are not classified rightly at the last step".to_owned());
        }
        let fall = log_loss[steps.len() - 1] - log_loss[0];
        if fall.is_nan() || fall > ANGLES_FITTED.ln() {
            return Err(format!(
                "at step {} the loss is not yet a tenth of its initial value",
                step(steps[steps.len() - 1])
            ));
        }
        let errors = column("error_estimate");
        if errors.last().is_some_and(|error| *error > 0.0) {
            return Err(
                "its end was followed in log time, where angles have no estimate".to_owned(),
            );
        }
        Ok(Self {
            view,
            angles: column("line_angle_95"),
            steps,
            separated,
        })
    }

    /// `T`.
    pub fn horizon(&self) -> f64 {
        self.steps.last().copied().unwrap_or(0.0)
    }

    /// The end of a quantity, one number a row; why its last decade says nothing.
    pub fn ending(&self, values: Vec<f64>) -> Result<Ending, String> {
        let horizon = self.horizon();
        let start = horizon / LAST_DECADE;
        let points = Points::new(&self.steps, vec![values], start, horizon);
        let values = &points.columns[0];
        let lines = points.lines(&points.log_step, values)?;
        let last = values[values.len() - 1];
        let inverse: Vec<f64> = points.log_step.iter().map(|log| 1.0 / log).collect();
        let ahead = (EXTRAPOLATION_POWER - 1.0) * horizon.ln();
        Ok(Ending {
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            last,
            at_infinity: fit_line(&inverse, values)
                .map_or(f64::NEG_INFINITY, |line| line.intercept),
            led_to: [lines.whole.slope, lines.late.slope].map(|slope| last + slope * ahead),
        })
    }
}
