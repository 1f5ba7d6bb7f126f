//! The reference path `w*(θ) = ŵ log θ + w̃`, and where the run is relative to it.

use faer::Mat;
use ndarray::{Array2, ArrayView2};

use super::NotProven;
use crate::limit::sliding::SlidingSamples;
use crate::limit::symmetric::PseudoInverse;
use crate::limit::{Group, Limit};
use crate::problem::{Problem, products};

/// Relative size below which a multiplier, or the excess of a margin, counts as zero.
const DECIDED: f64 = 1e-9;
/// Relative size below which a pre-activation of the limit counts as zero.
const UNMOVED: f64 = 1e-10;
/// Largest relative residual of the constraints on `w̃`.
const SOLVED: f64 = 1e-8;
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
    fn moves_away(&self, group: &Group, sample: usize, side: f64) -> bool {
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

/// Opposite-sign samples of a group.
pub(super) fn opposite(problem: &Problem, group: &Group) -> impl Iterator<Item = usize> {
    let sign = group.sign;
    (0..problem.samples()).filter(move |&i| problem.labels()[i] != sign)
}

/// The side of its kink on which the limit has an opposite-sign pair: `1` for slope 1, `−1` for
/// slope `γ`, nothing while it slides.
pub(super) fn side(problem: &Problem, group: &Group, sample: usize) -> Option<f64> {
    if group.slopes[sample] == 1.0 {
        Some(1.0)
    } else if group.slopes[sample] == problem.activation().slope() {
        Some(-1.0)
    } else {
        None
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

/// Norms of the samples and the cosines between them.
struct Geometry {
    norms: Vec<f64>,
    cosines: Array2<f64>,
}

impl Geometry {
    fn of(problem: &Problem) -> Self {
        let gram = problem.gram();
        let norms: Vec<f64> = (0..problem.samples())
            .map(|i| gram[[i, i]].sqrt())
            .collect();
        let cosines = Array2::from_shape_fn(gram.raw_dim(), |(i, j)| {
            if i == j {
                1.0
            } else {
                gram[[i, j]] / norms[i] / norms[j]
            }
        });
        Self { norms, cosines }
    }
}

/// `ρ(T)`, the least-norm change that brings the state onto a reference path.
struct Projection {
    /// Coefficients in the unit samples, `2m × n`.
    coefficients: Array2<f64>,
    log_theta: f64,
}

impl Projection {
    /// In two orthogonal parts: the sliding pairs are brought to their kinks neuron by neuron,
    /// `ρ_k = X_Zᵀ G_ZZ⁺ h_Z`; then the combination `Σ_i μ_i P ζ̂_i`, `P` off the sliding
    /// samples, that meets `⟨ζ̂_i, w̃⟩ = c_i` on the support. Its matrix is the `Ã` of the
    /// limit program, `Ã α = 1`, so `½‖ρ‖²` is a parabola in `log θ_T` with its vertex at
    /// `αᵀ b / Σ α`.
    fn new(
        problem: &Problem,
        limit: &Limit,
        geometry: &Geometry,
        support: &[bool],
        state: ArrayView2<'_, f64>,
    ) -> Result<Self, NotProven> {
        let samples = problem.samples();
        let width = problem.width() as f64;
        let labels = problem.labels();
        let (norms, cosines) = (&geometry.norms, &geometry.cosines);
        let active: Vec<usize> = (0..samples).filter(|&i| support[i]).collect();

        let mut coefficients = Array2::<f64>::zeros(state.raw_dim());
        let mut system = Mat::<f64>::zeros(active.len(), active.len());
        // Per group: what slides, and signed slopes y_i D̂_ai, zero where it does.
        let mut parts = Vec::with_capacity(limit.groups().len());
        for group in limit.groups() {
            let held: Vec<usize> = opposite(problem, group)
                .filter(|&i| support[i] && side(problem, group, i).is_none())
                .collect();
            let held = SlidingSamples::of(cosines, held).ok_or(NotProven::DependentSamples)?;
            let at_kink = Mat::from_fn(held.samples.len(), group.neurons.len(), |z, k| {
                state[[group.neurons[k], held.samples[z]]] / norms[held.samples[z]]
            });
            let shares = held.inverse.solve(&at_kink);
            for (column, &k) in group.neurons.iter().enumerate() {
                for (z, &i) in held.samples.iter().enumerate() {
                    coefficients[[k, i]] = shares[(z, column)];
                }
            }
            let factors: Vec<f64> = (0..samples)
                .map(|i| {
                    if held.samples.contains(&i) || !support[i] {
                        0.0
                    } else {
                        labels[i] * group.slopes[i]
                    }
                })
                .collect();
            let share = group.neurons.len() as f64 / width;
            let projected = held.projected(cosines, &active);
            for (column, &j) in active.iter().enumerate() {
                for (row, &i) in active.iter().enumerate() {
                    system[(row, column)] +=
                        share * factors[i] * factors[j] * projected[(row, column)];
                }
            }
            parts.push((held, factors));
        }

        // ⟨ζ̂_i, w⟩ of the state with its sliding pairs brought to their kinks.
        let moved = products(coefficients.view(), cosines.view());
        let mut reached = vec![0.0; samples];
        for group in limit.groups() {
            for &k in &group.neurons {
                for &i in &active {
                    let h = state[[k, i]] - moved[[k, i]] * norms[i];
                    reached[i] += labels[i] * group.sign * group.slopes[i] * h / width;
                }
            }
        }
        let rate = problem.step_size() / samples as f64;
        let multipliers = limit.multipliers();
        let offset = |i: usize| reached[i] - (rate.ln() - multipliers[i].ln());
        let total: f64 = active.iter().map(|&i| multipliers[i]).sum();
        let log_theta = active
            .iter()
            .map(|&i| multipliers[i] / total * offset(i))
            .sum::<f64>();

        let right: Vec<f64> = active
            .iter()
            .map(|&i| (offset(i) - log_theta) / norms[i])
            .collect();
        let solution = combination(&system, &right)?;
        for (group, (held, factors)) in limit.groups().iter().zip(parts) {
            let mut shared = vec![0.0; samples];
            for (&i, weight) in active.iter().zip(&solution) {
                shared[i] = group.sign * factors[i] * weight;
            }
            let against = held.projection_coefficients(&shared);
            for (&i, against) in held.samples.iter().zip(against) {
                shared[i] = against;
            }
            for &k in &group.neurons {
                for (entry, shared) in coefficients.row_mut(k).iter_mut().zip(&shared) {
                    *entry += shared;
                }
            }
        }
        Ok(Self {
            coefficients,
            log_theta,
        })
    }
}

/// Solves the constraints on `w̃`, which have a solution unless the active samples are dependent.
fn combination(system: &Mat<f64>, right: &[f64]) -> Result<Vec<f64>, NotProven> {
    let solution = PseudoInverse::of(system.clone())
        .ok_or(NotProven::DependentSamples)?
        .solve_vector(right);
    let scale = right.iter().fold(0.0_f64, |scale, b| scale.max(b.abs()));
    for (row, &b) in right.iter().enumerate() {
        let reached: f64 = solution
            .iter()
            .enumerate()
            .map(|(column, x)| system[(row, column)] * x)
            .sum();
        let error = (reached - b).abs();
        if error > SOLVED * scale || error.is_nan() {
            return Err(NotProven::DependentSamples);
        }
    }
    Ok(solution)
}
