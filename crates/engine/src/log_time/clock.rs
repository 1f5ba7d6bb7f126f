//! Which step of a descent a point of its flow stands for.

use serde::{Deserialize, Serialize};

use crate::step_sizes::StepSize;

/// How fast the steps of a descent go along the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pace {
    /// Steps `η_t ∇L`, plain gradient descent: `dS/dτ = 1/g` with `g` the mean of the slopes (their
    /// sum, where the loss is the sum).
    Gradient,
    /// Steps `η_t ∇L/‖∇L‖`: `dS/dτ = ‖dW/dτ‖`.
    Normalized,
    /// The flow itself, `dW/dt = −η_t ∇L`: as `Gradient`, without steps.
    Flow,
}

/// Steps over the sum of their sizes, `S = Σ η_t` with `η_t = η (t + t₀)^{−a}`, in coordinates that
/// neither overflow nor lose digits at any step.
///
/// With `x = t + t₀` the integral `∫ η x^{−a} dx` is `η P(x)` up to a constant:
///
/// | `a` | `P(x)` | the reading `z` |
/// |---|---|---|
/// | below 1 | `x^{1−a}/(1−a)` | `log P` |
/// | 1 | `log x` | `P` |
/// | above 1 | `−x^{1−a}/(a−1)` | `−log(−P)` |
///
/// A sum from step `s` to `t − 1` is the integral from `s − ½` to `t − ½` to second order, so that
/// descents whose step size decays have `x = t + t₀ − ½`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    pace: Pace,
    log_step_size: f64,
    decay: f64,
    /// `x − t`.
    offset: f64,
}

impl Clock {
    /// The clock of a descent with these step sizes; `None` where they are neither constant nor fall
    /// like a power of the step.
    pub fn new(pace: Pace, step_size: &StepSize) -> Option<Self> {
        let steps = if pace == Pace::Flow { 0.0 } else { 0.5 };
        let decay = step_size.decay()?;
        Some(Self {
            pace,
            log_step_size: step_size.first.ln(),
            decay: decay.exponent,
            offset: match decay.exponent {
                0.0 => 0.0,
                _ => decay.offset - steps,
            },
        })
    }

    /// How fast the steps go.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The size `η_t` of step `t`, as the clock knows it.
    pub fn step_size(&self, step: f64) -> f64 {
        let x = step + self.offset + if self.pace == Pace::Flow { 0.0 } else { 0.5 };
        let decay = if self.decay == 0.0 {
            1.0
        } else {
            x.powf(-self.decay)
        };
        self.log_step_size.exp() * decay
    }

    /// The reading at a step.
    pub fn at(&self, step: f64) -> f64 {
        let log = (step + self.offset).ln();
        let left = 1.0 - self.decay;
        if left > 0.0 {
            left * log - left.ln()
        } else if left == 0.0 {
            log
        } else {
            -left * log + (-left).ln()
        }
    }

    /// The reading after steps whose sizes sum to `e^log_sum`; infinite where the sizes of all
    /// steps that there are do not sum to as much.
    pub fn after(&self, reading: f64, log_sum: f64) -> f64 {
        let log_change = log_sum - self.log_step_size;
        let left = 1.0 - self.decay;
        if left > 0.0 {
            let [less, more] = if reading < log_change {
                [reading, log_change]
            } else {
                [log_change, reading]
            };
            more + (less - more).exp().ln_1p()
        } else if left == 0.0 {
            reading + log_change.exp()
        } else {
            let share = (log_change + reading).exp();
            if share < 1.0 {
                reading - (-share).ln_1p()
            } else {
                f64::INFINITY
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(pace: Pace, decay: f64, offset: f64) -> Clock {
        Clock::new(pace, &sizes(decay, offset)).unwrap()
    }

    fn sizes(exponent: f64, offset: f64) -> StepSize {
        StepSize::decaying(0.3, exponent, offset)
    }

    /// Sums of step sizes by a loop, and the reading that they lead to.
    #[test]
    fn readings_follow_sums_of_step_sizes() {
        for (decay, offset, tolerance) in [
            // What rounding makes of a sum of 19,000 numbers.
            (0.0, 0.0, 1e-12),
            (0.5, 1.0, 1e-8),
            (0.9, 4.0, 1e-8),
            (1.0, 1.0, 1e-8),
            // Midpoints are off by `a/(48 x²)` of what is left, x = 1000, and more near the end.
            (1.5, 1.0, 1e-7),
        ] {
            let clock = clock(Pace::Gradient, decay, offset);
            let sizes = sizes(decay, offset);
            let (from, to) = (1000_u64, 20_000_u64);
            let sum: f64 = (from..to).map(|step| sizes.at(step)).sum();
            let reached = clock.after(clock.at(from as f64), sum.ln());
            let expected = clock.at(to as f64);
            assert!(
                (reached - expected).abs() < tolerance * expected.abs(),
                "{decay}: {reached} {expected}"
            );
            assert!((clock.step_size(1000.0) / sizes.at(1000) - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_flow_is_read_from_its_first_moment_on() {
        let clock = clock(Pace::Flow, 0.0, 0.0);
        let begun = clock.at(0.0);
        assert_eq!(begun, f64::NEG_INFINITY);
        let reached = clock.after(begun, 0.6_f64.ln());
        assert!((reached - clock.at(2.0)).abs() < 1e-15);
    }

    #[test]
    fn readings_go_to_any_step_and_no_further_than_there_are_steps() {
        let steady = clock(Pace::Gradient, 0.0, 0.0);
        assert!((steady.at(1e300) - 300.0 * std::f64::consts::LN_10).abs() < 1e-10);
        let fast = clock(Pace::Gradient, 2.0, 1.0);
        // Step sizes 0.3/x² from x = 100 on sum to 0.003.
        let far = fast.after(fast.at(99.5), 0.0031_f64.ln());
        assert_eq!(far, f64::INFINITY);
        assert!(fast.after(fast.at(99.5), 0.0029_f64.ln()).is_finite());
    }
}
