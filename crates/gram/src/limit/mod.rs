//! Where gradient descent ends: the limit program of docs/theory.md §6 (derived).
//!
//! With the activation pattern frozen on same-sign pairs (`y_i s_k = +1`), gradient descent ends at
//! the direction of the solution of a convex program over the weights `w_k` of `2m` neurons,
//!
//! ```text
//! min ½ Σ_k ‖w_k‖²   s.t.   q_i(W) ≥ 1
//! q_i(W) = (1/m) [ Σ_{same} D_ki ⟨w_k, x_i⟩ − Σ_{opposite} φ(⟨w_k, x_i⟩) ]
//! ```
//!
//! with `D_ki = 1` where the pair is active and `γ` where it is not. That this *is* the limit is
//! known for the direction of gradient flow up to which KKT point it is (Lyu & Li 2020; Ji &
//! Telgarsky 2020) and is taken as given for gradient descent; [`certify`](crate::certify) proves
//! it for one run.
//!
//! The solution is unique; neurons of one sign and one same-sign pattern share their weights, so
//! the program has one vector a *group*. In terms of the multipliers `λ_i ≥ 0` of its
//! constraints
//!
//! ```text
//! w_k = (s_k/m) Σ_i λ_i y_i D_ki x_i
//! D_ki ∈ [γ, 1] at an opposite-sign pair with h_ki = 0 (sliding)
//! ```
//!
//! and nothing depends on the dimension `d`. The active set of the state itself is tried first: its
//! linear system is solved, the pieces of violated signs are changed, and so on. Where that does
//! not end, Clarabel solves the dual over `λ` and the products `D_ki λ_i`, and the linear system
//! of *its* active set gives the last digits. Without sliding that system is `A λ = 1`,
//! `A = (1/m²) (DᵀD) ∘ (y yᵀ ∘ G)`. Where that fails, too (slopes near 1, norms of many
//! orders, nearly equal samples of opposite labels), a dual active-set method decides. A program is
//! called infeasible only where that is proven.
//!
//! | module | content |
//! |---|---|
//! | `groups` | neurons that share their limit |
//! | `program` | the program for unit samples, margins and norms |
//! | `interior_point` | the dual, by Clarabel |
//! | `cuts` | the least weights under linear constraints that come one after another |
//! | `dual` | a dual active-set method, slower and without an interior point's loss of digits |
//! | `farkas` | proofs of infeasibility, bounds of the margin |
//! | `solvers` | the order in which these are tried, and what is refused |
//! | `polish` | active sets and their linear systems, to machine precision |
//! | `sliding`, `symmetric` | projections off sliding samples, singular systems |
//! | `residuals` | the Karush–Kuhn–Tucker conditions, recomputed |
//! | `spectrum` | stable ranks from inner products |

mod cuts;
mod dual;
mod farkas;
mod groups;
mod interior_point;
mod polish;
mod program;
mod residuals;
pub(crate) mod sliding;
mod solvers;
mod spectrum;
pub(crate) mod symmetric;
#[cfg(test)]
mod tests;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

pub use self::cuts::{ActiveCuts, Added};
use self::groups::{Grouping, PatternGroup};
use self::polish::Solution;
use self::program::{Program, ProgramPoint};
pub use self::residuals::KktResiduals;
use crate::piece::Piece;
use crate::problem::require_finite;
use crate::{GramError, Problem};

/// A same-sign pair keeps its sign strictly when its relative slack is above this.
const STRICT: f64 = 1e-10;
/// Margins this far above the smallest are first taken as larger in the limit, too.
const MARGIN_GAP: f64 = 4.0;
/// A pre-activation is unmoved when the relative sum of its terms is below this.
const UNMOVED: f64 = 1e-12;

/// Neurons of one sign and one same-sign pattern, and the weights they share in the limit.
///
/// The scale is that of the program: the smallest margin is 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NeuronGroup {
    /// Second-layer sign `s_a = ±1`.
    pub sign: f64,
    /// The neurons, ascending; their number is the group's multiplicity `n_a`.
    pub neurons: Vec<usize>,
    /// The same-sign pattern: whether the neurons are active on each sample; `false` on
    /// opposite-sign samples. `n` entries.
    pub pattern: Vec<bool>,
    /// Slopes `D_ai`: as frozen on same-sign pairs; 1, `γ`, or between them where the group
    /// slides, on opposite-sign pairs. `n` entries.
    pub slopes: Vec<f64>,
    /// The weights as a combination of the samples, `w_a = Σ_i c_ai x_i`. `n` entries.
    pub coefficients: Vec<f64>,
    /// Pre-activations `⟨w_a, x_i⟩`, exactly 0 where the group slides. `n` entries.
    pub pre_activations: Vec<f64>,
    /// `‖w_a‖`.
    pub norm: f64,
}

impl NeuronGroup {
    /// Group `a` of the solution `point` of the scaled program, `norm` its scaled norm.
    fn unscaled(
        program: &Program,
        point: &ProgramPoint,
        (a, pattern): (usize, PatternGroup),
        pieces: &Array2<Piece>,
        norm: f64,
    ) -> Self {
        let all = 0..program.samples();
        let slope = |i: usize| match pieces[[a, i]] {
            Piece::Active => 1.0,
            Piece::Inactive => program.slope,
            Piece::Sliding => {
                (point.weighted[[a, i]] / point.multipliers[i]).clamp(program.slope, 1.0)
            }
        };
        let coefficient = |i: usize| {
            pattern.sign * program.labels[i] * point.weighted[[a, i]] / program.scales[i]
        };
        let pre_activation = |i: usize| point.pre_activations[[a, i]] / program.targets[i];
        Self {
            sign: pattern.sign,
            slopes: all.clone().map(slope).collect(),
            coefficients: all.clone().map(coefficient).collect(),
            pre_activations: all.map(pre_activation).collect(),
            norm: norm / program.unit,
            neurons: pattern.neurons,
            pattern: pattern.active,
        }
    }
}

/// An opposite-sign sample that holds a group of neurons at its kink.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SlidingPair {
    /// Index of the group.
    pub group: usize,
    /// The sample, counted from zero.
    pub sample: usize,
    /// The slope in `[γ, 1]` of the activation there, on average over steps.
    pub slope: f64,
}

/// The same-sign pair that comes closest to leaving its assumed sign.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TightestPair {
    /// Index of the group.
    pub group: usize,
    /// The sample, counted from zero.
    pub sample: usize,
    /// `±⟨w_a, x_i⟩ / (‖w_a‖ ‖x_i‖)`, positive when the solution has the assumed sign;
    /// 0 for a group whose weights vanish.
    pub slack: f64,
}

/// The limit of gradient descent for a same-sign activation pattern: the solution of the limit
/// program, proven by its [`KktResiduals`].
///
/// ```
/// use implicit_bias_gram::{Limit, Problem};
/// use implicit_bias_scalar::{Activation, Loss};
/// use ndarray::Array2;
///
/// // Two orthogonal samples of norm 1, two neurons a block, all active on their own sample.
/// let x = ndarray::array![[1.0, 0.0], [0.0, 1.0]];
/// let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0])?;
/// let problem = Problem::new(&data, 2, Activation::RELU, Loss::Logistic, 0.1)?;
/// let limit = Limit::solve(&problem, Array2::ones((4, 2)).view())?;
/// assert_eq!(limit.groups().len(), 2);
/// assert!(limit.is_consistent());
/// // q_1 = ⟨w_1, x_1⟩ = 1 for w_1 = x_1: four neurons of norm 1, margin 1 / 2.
/// assert!((limit.normalized_margins()[0] - 0.5).abs() < 1e-14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    groups: Vec<NeuronGroup>,
    group_of: Vec<Option<usize>>,
    multipliers: Vec<f64>,
    margins: Vec<f64>,
    norm: f64,
    stable_ranks: [f64; 3],
    sliding: Vec<SlidingPair>,
    tightest: Option<TightestPair>,
    residuals: KktResiduals,
}

impl Limit {
    /// Solves the limit program for the same-sign pattern of pre-activations `H` (`2m × n`): a
    /// pair is active where `h > 0`.
    ///
    /// Milliseconds for tens of samples; about a second for a hundred groups on a hundred samples
    /// or a few groups on a thousand; up to a minute for a thousand samples of far smaller rank,
    /// where the state's own active set may not suffice.
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] or [`GramError::NonFinite`] for `pre_activations`;
    /// [`GramError::Program`] if the program is infeasible (a zero sample, a sample repeated with
    /// the other label, a class on which every ReLU neuron is inactive), too large, or not solved
    /// to a residual of `10⁻⁶`.
    pub fn solve(
        problem: &Problem,
        pre_activations: ArrayView2<'_, f64>,
    ) -> Result<Self, GramError> {
        let expected = [problem.neurons(), problem.samples()];
        if pre_activations.shape() != expected {
            return Err(GramError::Shape {
                what: "pre-activations",
                expected,
                found: [pre_activations.nrows(), pre_activations.ncols()],
            });
        }
        require_finite("pre-activations", pre_activations)?;
        let grouping = Grouping::of(problem, pre_activations);
        solvers::require_no_contradiction(problem)?;
        solvers::require_alive(problem, &grouping.patterns)?;
        let program = Program::new(problem, &grouping.patterns)?;
        // Either way the residuals prove the answer: the program is convex.
        let active = majority(problem, &grouping.patterns, pre_activations);
        let direct = polish::from_state(
            &program,
            near_smallest_margin(problem, pre_activations),
            &active,
        );
        let Solution {
            point,
            residuals,
            pieces,
        } = match direct {
            Some(solution) => solution,
            None => solvers::solve(&program, problem, pre_activations)?,
        };
        solvers::require_digits(&program, &point)?;
        let tightest = tightest_pair(&program, &point);
        let stable_ranks = spectrum::stable_ranks(&program, &point)?;
        let limit = Self::unscaled(&program, grouping, point, &pieces)?;
        Ok(Self {
            stable_ranks,
            tightest,
            residuals,
            ..limit
        })
    }

    /// Undoes the scaling of [`Program`]; ranks, tightest pair and residuals are left to fill in.
    fn unscaled(
        program: &Program,
        grouping: Grouping,
        point: ProgramPoint,
        pieces: &Array2<Piece>,
    ) -> Result<Self, GramError> {
        let norms = program.norms(&point);
        let mut sliding = Vec::new();
        let mut groups = Vec::with_capacity(norms.len());
        for (a, pattern) in grouping.patterns.into_iter().enumerate() {
            let group = NeuronGroup::unscaled(program, &point, (a, pattern), pieces, norms[a]);
            let slides = |&i: &usize| pieces[[a, i]] == Piece::Sliding;
            sliding.extend((0..program.samples()).filter(slides).map(|i| SlidingPair {
                group: a,
                sample: i,
                slope: group.slopes[i],
            }));
            groups.push(group);
        }
        let squared: f64 = norms
            .iter()
            .zip(&program.cells)
            .map(|(norm, cell)| cell.share * norm * norm)
            .sum();
        let margins = program.margins(&point.pre_activations);
        let limit = Self {
            groups,
            group_of: grouping.group_of,
            multipliers: (0..program.samples())
                .map(|i| point.multipliers[i] * program.width / program.scales[i])
                .collect(),
            margins: (0..program.samples())
                .map(|i| margins[i] / program.targets[i])
                .collect(),
            norm: (squared * program.width).sqrt() / program.unit,
            stable_ranks: [f64::NAN; 3],
            sliding,
            tightest: None,
            residuals: KktResiduals::default(),
        };
        let finite = limit.norm > 0.0
            && limit.norm.is_finite()
            && limit.multipliers.iter().all(|x| x.is_finite())
            && limit
                .groups
                .iter()
                .flat_map(|group| group.coefficients.iter().chain(&group.pre_activations))
                .all(|x| x.is_finite());
        if finite {
            Ok(limit)
        } else {
            Err(GramError::Program(
                "the samples are so small or so large that the solution overflows".into(),
            ))
        }
    }

    /// Groups of neurons that share their limit; ReLU neurons active on no same-sign sample are in
    /// none, their limit is zero.
    pub fn groups(&self) -> &[NeuronGroup] {
        &self.groups
    }

    /// The number of distinct same-sign patterns of either sign, `groups` of the contract: those of
    /// [`groups`](Self::groups), and one more for each sign with neurons active on no same-sign
    /// sample of their own (ReLU).
    pub fn group_count(&self) -> usize {
        let (positive, negative) = self.group_of.split_at(self.group_of.len() / 2);
        self.groups.len()
            + [positive, negative]
                .into_iter()
                .filter(|block| block.contains(&None))
                .count()
    }

    /// The group of each neuron, `2m` entries; `None` where the limit is zero.
    pub fn group_of(&self) -> &[Option<usize>] {
        &self.group_of
    }

    /// Limiting stable rank `‖W_{+1}‖_F² / ‖W_{+1}‖_2²` of the positive block; `NaN`
    /// where the block's limit is zero.
    pub fn stable_rank_pos(&self) -> f64 {
        self.stable_ranks[0]
    }

    /// Limiting stable rank of the negative block; `NaN` where the block's limit is zero.
    pub fn stable_rank_neg(&self) -> f64 {
        self.stable_ranks[1]
    }

    /// Limiting stable rank of both blocks stacked.
    pub fn stable_rank(&self) -> f64 {
        self.stable_ranks[2]
    }

    /// Multipliers `λ_i ≥ 0` of `q_i ≥ 1`, `n` of them; `‖W‖_F² = Σ_i λ_i`.
    ///
    /// All positive: all margins become equal. Unique unless the active samples are linearly
    /// dependent (repeated samples share theirs equally).
    pub fn multipliers(&self) -> &[f64] {
        &self.multipliers
    }

    /// Margins `q_i` of the solution, `n` of them: 1 where the multiplier is positive, at least 1
    /// elsewhere.
    pub fn margins(&self) -> &[f64] {
        &self.margins
    }

    /// `‖W‖_F` of the solution, all `2m` neurons counted.
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// Limiting normalized margins `q_i / ‖W‖_F`, `n` of them.
    pub fn normalized_margins(&self) -> Vec<f64> {
        self.margins.iter().map(|q| q / self.norm).collect()
    }

    /// Pairs of group and opposite-sign sample that stay at the kink.
    pub fn sliding(&self) -> &[SlidingPair] {
        &self.sliding
    }

    /// Whether the solution keeps every assumed same-sign activation, strictly: only then is it a
    /// candidate for the limit.
    ///
    /// Pre-activations that the limit does not move at all (a sample orthogonal, to rounding, to
    /// every sample of positive multiplier) keep the sign they have.
    pub fn is_consistent(&self) -> bool {
        self.tightest
            .is_none_or(|pair| pair.slack > STRICT.max(10.0 * self.kkt_residual()))
    }

    /// The same-sign pair with the smallest slack; `None` if none is moved.
    pub fn tightest(&self) -> Option<TightestPair> {
        self.tightest
    }

    /// The largest of the [`KktResiduals`].
    pub fn kkt_residual(&self) -> f64 {
        self.residuals.largest()
    }

    /// The residuals of each condition.
    pub fn residuals(&self) -> KktResiduals {
        self.residuals
    }

    /// Limiting pre-activations of every neuron, `Ĥ = Ŵ Xᵀ`, `2m × n`.
    pub fn pre_activations(&self) -> Array2<f64> {
        self.per_neuron(|group| &group.pre_activations)
    }

    /// Limiting weights of every neuron as combinations of the samples, `Ĉ` with `Ŵ = Ĉ X`,
    /// `2m × n`.
    pub fn coefficients(&self) -> Array2<f64> {
        self.per_neuron(|group| &group.coefficients)
    }

    fn per_neuron(&self, row: impl Fn(&NeuronGroup) -> &[f64]) -> Array2<f64> {
        let samples = self.multipliers.len();
        let mut all = Array2::zeros((self.group_of.len(), samples));
        for (mut target, group) in all.rows_mut().into_iter().zip(&self.group_of) {
            if let Some(group) = *group {
                for (to, from) in target.iter_mut().zip(row(&self.groups[group])) {
                    *to = *from;
                }
            }
        }
        all
    }
}

/// For each group and sample whether most of the group's neurons are active on it, `R × n`.
fn majority(
    problem: &Problem,
    patterns: &[PatternGroup],
    state: ArrayView2<'_, f64>,
) -> Array2<bool> {
    Array2::from_shape_fn((patterns.len(), problem.samples()), |(a, i)| {
        let neurons = &patterns[a].neurons;
        let active = neurons.iter().filter(|&&k| state[[k, i]] > 0.0).count();
        2 * active > neurons.len()
    })
}

/// Whether the state's gradient still has a share of each sample: a margin that exceeds the
/// smallest by `MARGIN_GAP` weighs `e^{−MARGIN_GAP}` of the largest weight. All samples, early in
/// a run.
fn near_smallest_margin(problem: &Problem, state: ArrayView2<'_, f64>) -> Vec<bool> {
    let margins = problem.margins(state);
    let smallest = margins.iter().copied().fold(f64::INFINITY, f64::min);
    margins.iter().map(|&q| q < smallest + MARGIN_GAP).collect()
}

/// The pair that decides [`Limit::is_consistent`].
fn tightest_pair(program: &Program, point: &ProgramPoint) -> Option<TightestPair> {
    let norms = program.norms(point);
    let longest = norms.iter().copied().fold(0.0, f64::max);
    let mut tightest: Option<TightestPair> = None;
    for (group, cell) in program.cells.iter().enumerate() {
        let norm = norms[group];
        for sample in (0..program.samples()).filter(|&i| program.same_sign(group, i)) {
            // A group whose weights are zero to rounding: its pattern is not determined.
            let slack = if norm <= STRICT * longest {
                0.0
            } else {
                let moved: f64 = (0..program.samples())
                    .map(|j| (program.cosines[[sample, j]] * point.weighted[[group, j]]).abs())
                    .sum();
                if moved <= UNMOVED * norm {
                    continue;
                }
                let h = point.pre_activations[[group, sample]] / norm;
                if cell.active[sample] { h } else { -h }
            };
            if tightest.is_none_or(|pair| slack < pair.slack) {
                tightest = Some(TightestPair {
                    group,
                    sample,
                    slack,
                });
            }
        }
    }
    tightest
}
