//! The projection of a state onto the reference paths.

use implicit_bias_algebra::Mat;
use ndarray::{Array2, ArrayView2};

use super::reason::NotProven;
use super::sides::{opposite, side};
use crate::limit::sliding::SlidingSamples;
use crate::limit::symmetric::PseudoInverse;
use crate::limit::{Limit, NeuronGroup};
use crate::problem::{Problem, products};

/// Largest relative residual of the constraints on `w̃`.
const SOLVED: f64 = 1e-8;

/// Norms of the samples and the cosines between them.
pub(super) struct Geometry {
    pub norms: Vec<f64>,
    pub cosines: Array2<f64>,
}

impl Geometry {
    pub fn of(problem: &Problem) -> Self {
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
pub(super) struct Projection {
    /// Coefficients in the unit samples, `2m × n`.
    pub coefficients: Array2<f64>,
    /// `log θ_T`.
    pub log_theta: f64,
}

impl Projection {
    /// In two orthogonal parts: the sliding pairs are brought to their kinks neuron by neuron,
    /// `ρ_k = X_Zᵀ G_ZZ⁺ h_Z`; then the combination `Σ_i μ_i P ζ̂_i`, `P` off the sliding
    /// samples, that meets `⟨ζ̂_i, w̃⟩ = c_i` on the support. Its matrix is the `Ã` of the
    /// limit program, `Ã α = 1`, so `½‖ρ‖²` is a parabola in `log θ_T` with its vertex at
    /// `αᵀ b / Σ α`.
    pub fn new(
        problem: &Problem,
        limit: &Limit,
        geometry: &Geometry,
        support: &[bool],
        state: ArrayView2<'_, f64>,
    ) -> Result<Self, NotProven> {
        let run = Run {
            problem,
            limit,
            geometry,
            active: (0..support.len()).filter(|&i| support[i]).collect(),
            support,
            state,
        };
        let mut coefficients = Array2::<f64>::zeros(state.raw_dim());
        let mut system = Mat::<f64>::zeros(run.active.len(), run.active.len());
        let mut parts = Vec::with_capacity(limit.groups().len());
        for group in limit.groups() {
            let part = GroupPart::new(&run, group)?;
            run.move_to_kinks(group, &part, &mut coefficients);
            run.add_to_system(group, &part, &mut system);
            parts.push(part);
        }

        let reached = run.reached(&coefficients);
        let rate = problem.step_size() / problem.samples() as f64;
        let multipliers = limit.multipliers();
        let offset = |i: usize| reached[i] - (rate.ln() - multipliers[i].ln());
        let total: f64 = run.active.iter().map(|&i| multipliers[i]).sum();
        let log_theta = run
            .active
            .iter()
            .map(|&i| multipliers[i] / total * offset(i))
            .sum::<f64>();

        let right: Vec<f64> = run
            .active
            .iter()
            .map(|&i| (offset(i) - log_theta) / geometry.norms[i])
            .collect();
        let solution = combination(&system, &right)?;
        for (group, part) in limit.groups().iter().zip(&parts) {
            run.add_combination(group, part, &solution, &mut coefficients);
        }
        Ok(Self {
            coefficients,
            log_theta,
        })
    }
}

/// The state that is projected, and the limit.
struct Run<'a> {
    problem: &'a Problem,
    limit: &'a Limit,
    geometry: &'a Geometry,
    support: &'a [bool],
    /// The samples of the support, ascending.
    active: Vec<usize>,
    /// `H`, `2m × n`.
    state: ArrayView2<'a, f64>,
}

/// One group of neurons in the projection.
struct GroupPart {
    sliding: SlidingSamples,
    /// `y_i D̂_ai`, 0 on sliding samples and off the support; `n`.
    factors: Vec<f64>,
}

impl GroupPart {
    fn new(run: &Run<'_>, group: &NeuronGroup) -> Result<Self, NotProven> {
        let (problem, support) = (run.problem, run.support);
        let samples: Vec<usize> = opposite(problem, group)
            .filter(|&i| support[i] && side(problem, group, i).is_none())
            .collect();
        let sliding = SlidingSamples::of(&run.geometry.cosines, samples)
            .ok_or(NotProven::DependentSamples)?;
        let factors = (0..problem.samples())
            .map(|i| {
                if sliding.samples.contains(&i) || !support[i] {
                    0.0
                } else {
                    problem.labels()[i] * group.slopes[i]
                }
            })
            .collect();
        Ok(Self { sliding, factors })
    }
}

impl Run<'_> {
    /// `ρ_k = X_Zᵀ G_ZZ⁺ h_Z` of the neurons of a group, as coefficients in the unit samples.
    fn move_to_kinks(&self, group: &NeuronGroup, part: &GroupPart, coefficients: &mut Array2<f64>) {
        let (sliding, norms) = (&part.sliding, &self.geometry.norms);
        let at_kink = Mat::from_fn(sliding.samples.len(), group.neurons.len(), |z, k| {
            self.state[[group.neurons[k], sliding.samples[z]]] / norms[sliding.samples[z]]
        });
        let shares = sliding.inverse.solve(&at_kink);
        for (column, &k) in group.neurons.iter().enumerate() {
            for (z, &i) in sliding.samples.iter().enumerate() {
                coefficients[[k, i]] = shares[(z, column)];
            }
        }
    }

    /// Adds a group's part of `Ã` on the support.
    fn add_to_system(&self, group: &NeuronGroup, part: &GroupPart, system: &mut Mat<f64>) {
        let share = group.neurons.len() as f64 / self.problem.divisor();
        let factors = &part.factors;
        let projected = part.sliding.projected(&self.geometry.cosines, &self.active);
        for (column, &j) in self.active.iter().enumerate() {
            for (row, &i) in self.active.iter().enumerate() {
                system[(row, column)] += share * factors[i] * factors[j] * projected[(row, column)];
            }
        }
    }

    /// `⟨ζ̂_i, w⟩` of the state with its sliding pairs moved to their kinks, `n`; 0 off the
    /// support.
    fn reached(&self, coefficients: &Array2<f64>) -> Vec<f64> {
        let labels = self.problem.labels();
        let width = self.problem.divisor();
        let (norms, cosines) = (&self.geometry.norms, &self.geometry.cosines);
        let moved = products(coefficients.view(), cosines.view());
        let mut reached = vec![0.0; labels.len()];
        for group in self.limit.groups() {
            for &k in &group.neurons {
                for &i in &self.active {
                    let h = self.state[[k, i]] - moved[[k, i]] * norms[i];
                    reached[i] += labels[i] * group.sign * group.slopes[i] * h / width;
                }
            }
        }
        reached
    }

    /// Adds `Σ_i μ_i P ζ̂_i` to the coefficients of a group's neurons; `solution` is `μ` on
    /// the support.
    fn add_combination(
        &self,
        group: &NeuronGroup,
        part: &GroupPart,
        solution: &[f64],
        coefficients: &mut Array2<f64>,
    ) {
        let mut shared = vec![0.0; part.factors.len()];
        for (&i, weight) in self.active.iter().zip(solution) {
            shared[i] = group.sign * part.factors[i] * weight;
        }
        let against = part.sliding.projection_coefficients(&shared);
        for (&i, against) in part.sliding.samples.iter().zip(against) {
            shared[i] = against;
        }
        for &k in &group.neurons {
            for (entry, shared) in coefficients.row_mut(k).iter_mut().zip(&shared) {
                *entry += shared;
            }
        }
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
