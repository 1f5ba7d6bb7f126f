//! The instant of an event.

use super::super::events::Constraint;
use super::super::runge_kutta::{FlowPoint, Trial};
use super::state::Flow;

/// From this step on events are not moved to whole steps.
const INTEGERS: f64 = 4.5e15;

impl Flow {
    /// The middle of a step, by the cubic through both ends and their slopes: good enough to look
    /// for events with.
    pub(super) fn middle(&self, trial: &Trial, length: f64) -> FlowPoint {
        let sums = (0..self.velocity.len())
            .map(|i| {
                0.5 * (self.here.sums[i] + trial.end.sums[i])
                    + 0.125 * length * (self.velocity[i] - trial.velocity[i])
            })
            .collect();
        FlowPoint {
            tau: self.here.tau + 0.5 * length,
            sums,
        }
    }

    /// The step to the first instant at which one of the constraints is broken, rounded up to a
    /// whole step of gradient descent, since it changes slopes at whole steps only.
    pub(super) fn locate(
        &mut self,
        constraints: &[Constraint],
        fractions: &[f64],
        length: f64,
    ) -> Option<Trial> {
        let mut low = (0.0, f64::NAN);
        let mut high = None;
        for &fraction in fractions {
            let value = self.least(constraints, fraction * length);
            if value < 0.0 {
                high = Some((fraction * length, value));
                break;
            }
            low = (fraction * length, value);
        }
        let mut high = high?;
        let tau = self.here.tau;
        let precision = (0.25 * (-tau).exp()).max(4.0 * f64::EPSILON * tau.max(1.0));
        if low.1.is_nan() {
            low.1 = self.least(constraints, 0.0).max(0.0);
        }
        // Secants inside the bracket, Illinois fashion; every third time a bisection.
        for count in 0..100 {
            let width = high.0 - low.0;
            if width <= precision {
                break;
            }
            let secant = low.0 + width * low.1 / (low.1 - high.1);
            let inside = secant.clamp(low.0 + 0.01 * width, high.0 - 0.01 * width);
            let middle = if count % 3 == 2 || inside.is_nan() {
                low.0 + 0.5 * width
            } else {
                inside
            };
            let value = self.least(constraints, middle);
            if value < 0.0 {
                high = (middle, value);
            } else {
                low = (middle, value);
            }
        }
        let landing = self.whole_step(constraints, low.0, high.0);
        Some(self.try_step(landing))
    }

    /// The length of the step to the first whole step of gradient descent at which one of the
    /// constraints is broken: none is at `low`, one is at `high`.
    fn whole_step(&mut self, constraints: &[Constraint], low: f64, high: f64) -> f64 {
        let tau = self.here.tau;
        let [first, last] = [low, high].map(|length| (tau + length).exp());
        if last >= INTEGERS {
            return high;
        }
        let length = |step: f64| step.ln() - tau;
        // The bracket is narrower than a step, so that there is one whole step inside it at most.
        let inside = first.floor() + 1.0;
        if inside < last && self.least(constraints, length(inside)) < 0.0 {
            return length(inside).max(low);
        }
        length(last.ceil()).max(high)
    }

    fn least(&mut self, constraints: &[Constraint], length: f64) -> f64 {
        let at = self.try_step(length).end;
        self.base
            .least(&self.coupling, self.field(), constraints, &at)
    }
}
