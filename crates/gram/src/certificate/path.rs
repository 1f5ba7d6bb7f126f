//! The reference path `w*(θ) = ŵ log θ + w̃`, and where the run is relative to it.

use ndarray::{Array2, ArrayView2};

use super::projection::{Geometry, Projection};
use super::reason::NotProven;
use super::sides::{opposite, side};
use crate::limit::{Limit, NeuronGroup};
use crate::problem::{Problem, products};

/// Relative size below which a multiplier, or the excess of a margin, counts as zero.
const DECIDED: f64 = 1e-9;
/// Relative size below which a pre-activation of the limit counts as zero.
const UNMOVED: f64 = 1e-10;
/// Largest residual of the limit program with which its support and signs are taken as exact.
const PRECISE: f64 = 1e-10;
/// Relative inflation of `‖ρ(T)‖` for rounding.
const INFLATION: f64 = 1e-6;

/// The reference path nearest to the state at step `T`.
pub(super) struct Path {
    /// Whether each sample has a positive multiplier.
    pub support: Vec<bool>,
    /// `log θ_T`.
    pub log_theta: f64,
    /// `h*_ki(θ_T)`, `2m × n`.
    pub at_start: Array2<f64>,
    /// `‖ρ(T)‖`, inflated.
    pub distance: f64,
    /// `e_W`, the error of the state; the distance includes it.
    pub error: f64,
    /// Coefficients of `ρ(T)` in the samples, `2m × n`.
    pub displacement: Array2<f64>,
    /// `‖x_i‖`.
    pub norms: Vec<f64>,
}

impl Path {
    /// Projects the state `H` (`2m × n`), known up to `error` in the weights, onto the reference
    /// paths to `limit`, and checks that the one found is one.
    pub fn to(
        problem: &Problem,
        limit: &Limit,
        state: ArrayView2<'_, f64>,
        error: f64,
    ) -> Result<Self, NotProven> {
        require_pattern(problem, limit, state)?;
        if !limit.is_consistent() {
            let tightest = limit.tightest();
            return Err(NotProven::Inconsistent {
                sample: tightest.map_or(0, |pair| pair.sample),
                slack: tightest.map_or(f64::NAN, |pair| pair.slack),
            });
        }
        let residual = limit.kkt_residual();
        if residual > PRECISE || residual.is_nan() {
            return Err(NotProven::Imprecise { residual });
        }
        let support = support(limit)?;
        let geometry = Geometry::of(problem);
        let projection = Projection::new(problem, limit, &geometry, &support, state)?;
        let log_theta = projection.log_theta;
        if log_theta <= 0.0 || !log_theta.is_finite() {
            return Err(NotProven::TooEarly { log_theta });
        }
        let cosines = geometry.cosines.view();
        let moved = products(projection.coefficients.view(), cosines);
        let squared: f64 = (&projection.coefficients * &moved).sum();
        let norms = geometry.norms;
        let at_start = Array2::from_shape_fn(state.raw_dim(), |(k, i)| {
            state[[k, i]] - moved[[k, i]] * norms[i]
        });
        let rounding = (limit.kkt_residual() + 1e-13) * limit.norm() * log_theta.max(1.0);
        let path = Self {
            support,
            log_theta,
            at_start,
            distance: squared.max(0.0).sqrt() * (1.0 + INFLATION) + rounding + error,
            error,
            displacement: Array2::from_shape_fn(state.raw_dim(), |(k, i)| {
                projection.coefficients[[k, i]] / norms[i]
            }),
            norms,
        };
        path.require_sides(problem, limit)?;
        Ok(path)
    }

    /// Condition (3): opposite-sign pairs of the support are on the side that the limit has them.
    fn require_sides(&self, problem: &Problem, limit: &Limit) -> Result<(), NotProven> {
        for group in limit.groups() {
            for sample in opposite(problem, group).filter(|&i| self.support[i]) {
                let Some(side) = side(problem, group, sample) else {
                    continue;
                };
                let stays = self.moves_away(group, sample, side);
                let on_side = |k: usize| stays && side * self.at_start[[k, sample]] >= 0.0;
                let late = group.neurons.iter().find(|&&k| !on_side(k));
                if let Some(&neuron) = late {
                    return Err(NotProven::OppositeSide { neuron, sample });
                }
            }
        }
        Ok(())
    }

    /// Whether the limit moves a pair further onto `side` of its kink, or not at all.
    fn moves_away(&self, group: &NeuronGroup, sample: usize, side: f64) -> bool {
        side * group.pre_activations[sample] >= -UNMOVED * group.norm * self.norms[sample]
    }

    /// Whether group `index` provably moves as one neuron while none of its weights is further than
    /// `radius` from the reference path: every opposite-sign pair keeps the limit's side.
    pub fn moves_as_one(
        &self,
        problem: &Problem,
        limit: &Limit,
        index: usize,
        radius: f64,
    ) -> bool {
        let group = &limit.groups()[index];
        opposite(problem, group).all(|sample| {
            let Some(side) = side(problem, group, sample) else {
                return false;
            };
            self.moves_away(group, sample, side)
                && group
                    .neurons
                    .iter()
                    .all(|&k| side * self.at_start[[k, sample]] > self.norms[sample] * radius)
        })
    }
}

fn require_pattern(
    problem: &Problem,
    limit: &Limit,
    state: ArrayView2<'_, f64>,
) -> Result<(), NotProven> {
    for (neuron, group) in limit.group_of().iter().enumerate() {
        for sample in 0..problem.samples() {
            let active = state[[neuron, sample]] > 0.0;
            let same_sign = problem.labels()[sample] == problem.sign(neuron);
            match group {
                Some(group) if same_sign && active != limit.groups()[*group].pattern[sample] => {
                    return Err(NotProven::OtherPattern { neuron, sample });
                }
                None if same_sign && active => {
                    return Err(NotProven::OtherPattern { neuron, sample });
                }
                None if active => {
                    return Err(NotProven::MovingDeadNeuron { neuron, sample });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn support(limit: &Limit) -> Result<Vec<bool>, NotProven> {
    let largest = limit.multipliers().iter().copied().fold(0.0, f64::max);
    limit
        .multipliers()
        .iter()
        .zip(limit.margins())
        .enumerate()
        .map(|(sample, (&multiplier, &margin))| {
            let active = multiplier > DECIDED * largest;
            let larger = margin > 1.0 + DECIDED;
            if active == larger {
                Err(NotProven::UndecidedSample { sample })
            } else {
                Ok(active)
            }
        })
        .collect()
}
