//! The bound `B(Ē)` on the total growth of `½‖ρ‖²`, and the radius that follows from it.

use implicit_bias_scalar::Loss;

use super::path::Path;
use super::sides::{opposite, side};
use crate::{Limit, Problem};

/// The most iterations in the search for a fixed point of the bound.
const MAX_ROUNDS: usize = 400;

/// The constants of the bound; symbols as in the theorem.
pub(super) struct Growth {
    /// `1/θ_T`.
    inverse_theta: f64,
    /// `‖ŵ‖`.
    norm: f64,
    active: Vec<ActiveSample>,
    others: Vec<OtherSample>,
}

/// A sample of the support.
struct ActiveSample {
    /// `α_i`.
    multiplier: f64,
    /// `a_i`.
    logistic: f64,
    /// `Z_i`.
    lipschitz: f64,
    /// `(1 − γ) ‖x_i‖/m`.
    jump: f64,
    /// `|h*_ki(θ_T)|/‖x_i‖` of the opposite-sign pairs, 0 where they slide, ascending.
    kink_distances: Vec<f64>,
}

/// A sample off the support.
struct OtherSample {
    /// `Z_i`.
    lipschitz: f64,
    /// `β θ_T e^{−Q_i}`.
    weight: f64,
    /// `κ_i − 1`.
    excess: f64,
}

impl Growth {
    pub fn new(problem: &Problem, limit: &Limit, path: &Path) -> Self {
        let rate = problem.step_size() / problem.samples() as f64;
        let width = problem.divisor();
        let gap = 1.0 - problem.activation().slope();
        let mut active = Vec::new();
        let mut others = Vec::new();
        for (i, &on_support) in path.support.iter().enumerate() {
            let lipschitz = path.norms[i] / width * squared_slopes(problem, limit, i).sqrt();
            if on_support {
                let multiplier = limit.multipliers()[i];
                active.push(ActiveSample {
                    multiplier,
                    logistic: match problem.loss() {
                        Loss::Logistic => multiplier / rate,
                        Loss::Exponential => 0.0,
                        Loss::Other(..) => unreachable!("refused by Problem::new"),
                    },
                    lipschitz,
                    jump: gap * path.norms[i] / width,
                    kink_distances: kink_distances(problem, limit, path, i),
                });
            } else {
                let margin = frozen_margin(problem, limit, path, i);
                others.push(OtherSample {
                    lipschitz,
                    weight: rate * (path.log_theta - margin).exp(),
                    excess: limit.margins()[i] - 1.0,
                });
            }
        }
        Self {
            inverse_theta: (-path.log_theta).exp(),
            norm: limit.norm(),
            active,
            others,
        }
    }

    /// The radius `R` with `½ distance² + B(½R²) ≤ ½R²`, nearly the smallest; `None` if
    /// none is found.
    pub fn radius(&self, distance: f64) -> Option<f64> {
        let start = 0.5 * distance * distance;
        let mut energy = start;
        for _ in 0..MAX_ROUNDS {
            let radius = (2.0 * energy).sqrt();
            let needed = start + self.gain(radius);
            if needed <= energy {
                return Some(radius);
            }
            if !needed.is_finite() {
                return None;
            }
            energy = needed * (1.0 + 1e-6);
        }
        None
    }

    /// `B(½R²)`.
    fn gain(&self, radius: f64) -> f64 {
        let u = self.inverse_theta;
        let squares = u + u * u;
        let cubes = 0.5 * u * u + u * u * u;
        let mut terms = 0.0;
        let mut crude = self.norm;
        let mut fine = 0.0;
        for sample in &self.active {
            let x = sample.lipschitz * radius;
            let (alpha, a) = (sample.multiplier, sample.logistic);
            // μ = (1 − e^{−X})/X, 1 at X = 0.
            let mu = if x > 0.0 { -(-x).exp_m1() / x } else { 1.0 };
            let above = (0.5 * alpha * x * squares).min(alpha / (16.0 * mu) * cubes);
            let below = if a == 0.0 {
                0.0
            } else {
                (alpha * a * x * (2.0 * x).exp() * squares)
                    .min(0.25 * alpha * (a * (2.0 * x).exp()).powi(2) * cubes)
            };
            terms += above + below;
            let unsettled = sample
                .kink_distances
                .partition_point(|&distance| distance <= radius);
            let jump = sample.jump * (unsettled as f64).sqrt();
            crude += alpha * sample.lipschitz * x.exp();
            let drift = x.exp_m1() + (a * (2.0 * x).exp()).max(0.5) * u;
            fine += alpha * (sample.lipschitz * drift + jump * x.exp());
        }
        let mut step = crude.min(fine);
        for sample in &self.others {
            let x = sample.lipschitz * radius;
            step += sample.lipschitz * sample.weight * x.exp();
            terms += sample.weight / std::f64::consts::E * (u + 1.0 / sample.excess);
        }
        terms + 0.5 * step * step * squares
    }
}

/// `Σ_same D_ki² + #opposite` over the live neurons.
fn squared_slopes(problem: &Problem, limit: &Limit, sample: usize) -> f64 {
    limit
        .groups()
        .iter()
        .map(|group| {
            let slope = if group.sign == problem.labels()[sample] {
                group.slopes[sample]
            } else {
                1.0
            };
            slope * slope * group.neurons.len() as f64
        })
        .sum()
}

/// Relative distances of the opposite-sign pairs of `sample` from their kinks, ascending.
fn kink_distances(problem: &Problem, limit: &Limit, path: &Path, sample: usize) -> Vec<f64> {
    let mut kink_distances: Vec<f64> = limit
        .groups()
        .iter()
        .filter(|group| opposite(problem, group).any(|i| i == sample))
        .flat_map(|group| {
            let side = side(problem, group, sample);
            group.neurons.iter().map(move |&k| match side {
                Some(side) => side * path.at_start[[k, sample]] / path.norms[sample],
                None => 0.0,
            })
        })
        .collect();
    kink_distances.sort_by(f64::total_cmp);
    kink_distances
}

/// `q_i(w*(θ_T))`, same-sign slopes frozen.
fn frozen_margin(problem: &Problem, limit: &Limit, path: &Path, sample: usize) -> f64 {
    let label = problem.labels()[sample];
    let mut sum = 0.0;
    for group in limit.groups() {
        for &k in &group.neurons {
            let h = path.at_start[[k, sample]];
            sum += if group.sign == label {
                group.slopes[sample] * h
            } else {
                -problem.activation().apply(h)
            };
        }
    }
    sum / problem.divisor()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `B` at `R = 0`, `θ_T = 4`, by hand: one sample of the support, one off it.
    #[test]
    fn gain_of_one_sample_each() {
        let growth = Growth {
            inverse_theta: 0.25,
            norm: 3.0,
            active: vec![ActiveSample {
                multiplier: 2.0,
                logistic: 0.0,
                lipschitz: 1.5,
                jump: 0.5,
                kink_distances: vec![0.0, 0.0, 0.0, 0.0, 1.0],
            }],
            others: vec![OtherSample {
                lipschitz: 0.5,
                weight: 0.8,
                excess: 2.0,
            }],
        };
        // N: crude 3 + 2 · 1.5 = 6; fine 2 (1.5 · ½ · ¼ + 0.5 · 2) = 2.375; off the support
        // 0.5 · 0.8.
        let squares = 1.0 / 4.0 + 1.0 / 16.0;
        let off_support = 0.8 / std::f64::consts::E * (0.25 + 0.5);
        let expected = off_support + 0.5 * (2.375_f64 + 0.4).powi(2) * squares;
        assert!((growth.gain(0.0) - expected).abs() < 1e-15);
        // The radius found satisfies the bound, and there is none where the exponentials dominate.
        let radius = growth.radius(0.0);
        assert!(radius.is_none_or(|r| growth.gain(r) <= 0.5 * r * r));
        assert_eq!(growth.radius(1e3), None);
        assert!(growth.gain(2.0) > growth.gain(1.0));
    }
}
