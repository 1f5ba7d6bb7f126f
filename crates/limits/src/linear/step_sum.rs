//! Sums of step sizes times a pace, to any step.

use super::step_law::{Pace, SignLikeDescent};

/// Step sizes `η_t = first (t + offset)^(−decay)`, steps counted from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepSizes {
    /// The factor `η0`, positive.
    pub first: f64,
    /// The offset `t0`; positive where `decay > 0`.
    pub offset: f64,
    /// The exponent `a`, at least 0.
    pub decay: f64,
}

/// Places are summed one by one up to here, and from here by an integral: the first term that is
/// left out is some 10⁻¹² of one summand.
const FROM: f64 = 1000.0;

/// The widest interval of `log(t + t0)` of one quadrature.
const PANEL: f64 = 0.25;

/// The larger nodes and all weights of Gauss's rule of five points on `[−1, 1]`.
const NODES: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

impl StepSizes {
    /// The step size at step `t`.
    pub fn at(&self, step: f64) -> f64 {
        self.at_place(step + self.offset)
    }

    fn at_place(&self, place: f64) -> f64 {
        self.first * place.powf(-self.decay)
    }

    /// The first step whose size is at most `size`; `None` if there is none.
    pub(super) fn first_at_most(&self, size: f64) -> Option<f64> {
        if self.first <= size && self.decay == 0.0 {
            return Some(0.0);
        }
        let place = (self.first / size).powf(1.0 / self.decay);
        place
            .is_finite()
            .then(|| (place - self.offset).ceil().max(0.0))
    }
}

/// By how much the norm `‖w‖_∞` grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    pub descent: SignLikeDescent,
    pub sizes: StepSizes,
    /// The maximum margin `γ`.
    pub margin: f64,
}

impl Growth {
    /// The pace at `place = t + t0`, with what a slowly falling pace adds to first order.
    fn pace(&self, place: f64) -> Option<Pace> {
        let pace = self
            .descent
            .pace(self.margin * self.sizes.at_place(place))?;
        Some(Pace {
            steps_per_step: pace.steps_per_step * (1.0 + self.lag_at(pace, place)),
            ..pace
        })
    }

    /// The relative change of `ρ` because the pace falls: `r` falls like `t^{−b}` with
    /// `b = a (1 + elasticity)`.
    fn lag_at(&self, pace: Pace, place: f64) -> f64 {
        let falls = self.sizes.decay * (1.0 + pace.elasticity);
        self.descent.lag(pace) * falls * pace.margin_growth / place
    }

    /// The relative change of `ρ` at a step because the pace falls.
    pub fn lag(&self, step: f64) -> Option<f64> {
        let place = step + self.sizes.offset;
        let pace = self
            .descent
            .pace(self.margin * self.sizes.at_place(place))?;
        Some(self.lag_at(pace, place))
    }

    /// `Σ_{s=from}^{to−1} η_s ρ_s` over whole steps; `None` where that has no meaning.
    ///
    /// Past some steps that are summed one by one this is the Euler–Maclaurin formula
    /// `∫ f + (f(from) − f(to))/2 + (f'(to) − f'(from))/12`, the integral taken over `log(t + t0)`.
    pub fn between(&self, from: f64, to: f64) -> Option<f64> {
        let offset = self.sizes.offset;
        if self.sizes.decay == 0.0 {
            let pace = self.pace(from + offset)?;
            return Some(self.sizes.first * pace.steps_per_step * (to - from));
        }
        let summand = |place: f64| {
            let pace = self.pace(place)?;
            Some(self.sizes.at_place(place) * pace.steps_per_step)
        };
        let slope = |place: f64| {
            let pace = self.pace(place)?;
            Some(-self.sizes.decay * (1.0 + pace.elasticity) / place * summand(place)?)
        };
        let (mut sum, mut step) = (0.0, from);
        while step < to && step + offset < FROM {
            sum += summand(step + offset)?;
            step += 1.0;
        }
        if step >= to {
            return Some(sum);
        }
        let [low, high] = [step + offset, to + offset];
        let ends = (summand(low)? - summand(high)?) / 2.0 + (slope(high)? - slope(low)?) / 12.0;
        Some(sum + self.integral(low, high)? + ends)
    }

    fn integral(&self, low: f64, high: f64) -> Option<f64> {
        let width = high.ln() - low.ln();
        let panels = (width / PANEL).ceil().max(1.0);
        let half = width / panels / 2.0;
        let mut integral = 0.0;
        for panel in 0..panels as usize {
            let middle = low.ln() + (2.0 * panel as f64 + 1.0) * half;
            let mut of_panel = 0.0;
            for (node, weight) in NODES {
                let log = middle + node * half;
                // η0 t^{1−a} in one exponential, as t itself loses digits there.
                let steps = self.sizes.first * ((1.0 - self.sizes.decay) * log).exp();
                of_panel += weight * steps * self.pace(log.exp())?.steps_per_step;
            }
            integral += half * of_panel;
        }
        Some(integral)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(decay: f64, descent: SignLikeDescent) -> Growth {
        let sizes = StepSizes {
            first: 0.01,
            offset: 2.0,
            decay,
        };
        Growth {
            descent,
            sizes,
            margin: 0.7,
        }
    }

    const ADAM: SignLikeDescent = SignLikeDescent::Adam {
        beta1: 0.9,
        beta2: 0.99,
    };

    #[test]
    fn integrals_are_the_sums() {
        for descent in [SignLikeDescent::Sign, ADAM] {
            for decay in [0.0, 0.3, 0.7, 1.0] {
                let growth = growth(decay, descent);
                for (from, to) in [(500.0, 200_000.0), (5e3, 6e3), (600.0, 602.0), (1e4, 1e4)] {
                    let (mut sum, mut step) = (0.0, from);
                    while step < to {
                        let pace = growth.pace(step + 2.0).unwrap();
                        sum += growth.sizes.at(step) * pace.steps_per_step;
                        step += 1.0;
                    }
                    let found = growth.between(from, to).unwrap();
                    assert!((found - sum).abs() <= 1e-11 * sum, "{decay}: {found} {sum}");
                }
            }
        }
    }

    /// `Σ 1/(s + 2)` is `log t` and Euler's constant; `Σ s^{−1/2}` is `2√t`: at 10³⁰⁰.
    #[test]
    fn far_sums_have_closed_forms() {
        let sum = growth(1.0, SignLikeDescent::Sign)
            .between(0.0, 1e300)
            .unwrap();
        let expected = 0.01 * (300.0 * 10f64.ln() + 0.577_215_664_901_532_9 - 1.0);
        assert!((sum / expected - 1.0).abs() < 1e-13, "{sum} {expected}");
        for descent in [SignLikeDescent::Sign, ADAM] {
            let sum = growth(0.5, descent).between(0.0, 1e300).unwrap();
            assert!((sum / 2e148 - 1.0).abs() < 1e-12, "{sum}");
        }
    }

    #[test]
    fn sizes_fall_below_a_size() {
        let sizes = growth(0.5, ADAM).sizes;
        assert_eq!(sizes.first_at_most(0.001), Some(98.0));
        assert!(sizes.at(98.0) <= 0.001 * (1.0 + 1e-15) && sizes.at(97.0) > 0.001);
        assert_eq!(growth(0.0, ADAM).sizes.first_at_most(0.001), None);
        assert_eq!(growth(0.0, ADAM).sizes.first_at_most(0.1), Some(0.0));
    }
}
