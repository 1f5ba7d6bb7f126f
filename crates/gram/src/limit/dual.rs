//! The limit program by a dual active-set method, for programs on which an interior point loses its
//! digits.
//!
//! A concave margin `q̂_i` is the least of the linear ones in which each opposite-sign slope is 1
//! or `γ`. Written with those, the program is a strictly convex quadratic one with linear
//! constraints, of which only those that come up are looked at, and Goldfarb and Idnani (1983)
//! solve it (`cuts`): start at `W = 0`, take the most violated constraint, and move to the least weights
//! that satisfy it together with the others that are active, dropping those whose multipliers would
//! turn negative. Where a violated constraint is minus a combination of active ones,
//! that combination is Farkas' vector: the program has no feasible point, up to rounding. (Which
//! rounding can be excluded is judged in `farkas`.)
//!
//! Two cuts meet where a group slides: their multipliers average its slope.

use ndarray::{Array2, ArrayView1};

use super::cuts::{ActiveCuts, Added};
use super::program::{Cell, Program, ProgramPoint};

/// A margin that falls short of its target by less than this fraction of it is reached; `polish`
/// gives the other digits.
const REACHED: f64 = 1e-10;
/// The rounding of a margin, relative to the sum of its terms' sizes.
const ROUNDING: f64 = 4.0 * f64::EPSILON;
/// The most work, in entries touched: some tens of seconds.
const MAX_WORK: usize = 1 << 34;

/// How the search ended.
pub(super) enum DualOutcome {
    /// At the solution, to rounding, or at the last point within the limit of work.
    Ended(ProgramPoint),
    /// A combination of samples that nearly vanishes in every group: see `farkas`.
    Vanishing(Combination),
}

/// Multipliers `λ̂_i ≥ 0` and their products with slopes, `γ λ̂_i ≤ ν_ai ≤ λ̂_i`.
pub(super) struct Combination {
    /// `n`.
    pub multipliers: Vec<f64>,
    /// `R × n`.
    pub weighted: Array2<f64>,
    /// `ν_ai / λ̂_i`, to the last bit where all cuts agree; `R × n`, 0 where `λ̂_i` is.
    pub slopes: Array2<f64>,
}

/// One linear piece of one margin: `Σ_a share_a D_a y_i s_a ⟨w_a, x̂_i⟩ ≥ b_i`.
#[derive(Clone, PartialEq)]
struct Cut {
    sample: usize,
    /// `D_a`, `R`.
    slopes: Vec<f64>,
}

impl Cut {
    /// The piece of margin `sample` that holds at pre-activations `h` (`R × n`).
    fn at(program: &Program, sample: usize, h: &Array2<f64>) -> Self {
        let slopes = (0..program.cells.len())
            .map(|a| {
                if program.same_sign(a, sample) {
                    program.frozen_slope(a, sample)
                } else if h[[a, sample]] > 0.0 {
                    1.0
                } else {
                    program.slope
                }
            })
            .collect();
        Self { sample, slopes }
    }

    /// What it falls short of its target at pre-activations `h`.
    fn missing(&self, program: &Program, h: &Array2<f64>) -> f64 {
        let i = self.sample;
        let reached: f64 = (0..program.cells.len())
            .map(|a| {
                let cell = &program.cells[a];
                cell.share * self.slopes[a] * cell.sign * program.labels[i] * h[[a, i]]
            })
            .sum();
        program.targets[i] - reached
    }

    /// Inner product of two cuts' normals in the metric `Σ_a share_a ⟨·, ·⟩`.
    fn product(&self, other: &Self, program: &Program) -> f64 {
        let (i, j) = (self.sample, other.sample);
        let common: f64 = self
            .slopes
            .iter()
            .zip(&other.slopes)
            .zip(&program.cells)
            .map(|((a, b), cell)| cell.share * a * b)
            .sum();
        program.labels[i] * program.labels[j] * program.cosines[[i, j]] * common
    }
}

/// Solves the program, or finds out why not.
pub(super) fn solve(program: &Program) -> DualOutcome {
    let mut active = ActiveCuts::default();
    let (groups, samples) = (program.cells.len(), program.samples());
    let mut work: usize = 0;
    while work < MAX_WORK {
        let size = active.cuts().len();
        work += (groups * samples + size) * samples + size * size * 4 + 1000;
        let point = point(program, &active);
        let Some(sample) = most_violated(program, &point) else {
            return DualOutcome::Ended(point);
        };
        let cut = Cut::at(program, sample, &point.pre_activations);
        let missing = cut.missing(program, &point.pre_activations);
        let product = |one: &Cut, other: &Cut| one.product(other, program);
        let target = program.targets[sample];
        match active.add(cut, [target, missing], product, (groups, &mut work)) {
            Added::Yes => {}
            Added::Vanishing(weights, cut) => {
                let pairs = active.cuts().iter().zip(weights).chain([(&cut, 1.0)]);
                return DualOutcome::Vanishing(Combination::of(program, pairs));
            }
            Added::Stuck => return DualOutcome::Ended(point),
        }
    }
    DualOutcome::Ended(point(program, &active))
}

fn point(program: &Program, active: &ActiveCuts<Cut>) -> ProgramPoint {
    let pairs = active
        .cuts()
        .iter()
        .zip(active.multipliers().iter().copied());
    let Combination {
        multipliers,
        weighted,
        ..
    } = Combination::of(program, pairs);
    program.point(multipliers, weighted)
}

/// The sample whose margin falls short by the largest fraction of its target, if one does beyond
/// rounding.
fn most_violated(program: &Program, point: &ProgramPoint) -> Option<usize> {
    let margins = program.margins(&point.pre_activations);
    // A bound of every margin, as cosines and slopes are at most 1.
    let terms = |(row, cell): (ArrayView1<'_, f64>, &Cell)| cell.share * row.sum();
    let size: f64 = point
        .weighted
        .rows()
        .into_iter()
        .zip(&program.cells)
        .map(terms)
        .sum();
    let rounding = ROUNDING * size;
    let shortfall = |i: usize| (program.targets[i] - margins[i]) / program.targets[i];
    (0..program.samples())
        .filter(|&i| shortfall(i) > REACHED + rounding / program.targets[i])
        .max_by(|&i, &j| shortfall(i).total_cmp(&shortfall(j)))
}

impl Combination {
    /// The multipliers and products of a point, put back within the bounds that rounding may leave.
    pub fn of_point(program: &Program, point: ProgramPoint) -> Self {
        let multipliers: Vec<f64> = point.multipliers.iter().map(|x| x.max(0.0)).collect();
        let slope = |a: usize, i: usize| {
            if multipliers[i] > 0.0 {
                (point.weighted[[a, i]] / multipliers[i]).clamp(program.slope, 1.0)
            } else {
                0.0
            }
        };
        let slopes = Array2::from_shape_fn(point.weighted.dim(), |(a, i)| slope(a, i));
        let mut weighted = slopes.clone();
        for mut row in weighted.rows_mut() {
            for (product, multiplier) in row.iter_mut().zip(&multipliers) {
                *product *= multiplier;
            }
        }
        Self {
            multipliers,
            weighted,
            slopes,
        }
    }

    fn of<'a>(program: &Program, cuts: impl Iterator<Item = (&'a Cut, f64)>) -> Self {
        let (groups, samples) = (program.cells.len(), program.samples());
        let mut multipliers = vec![0.0; samples];
        let mut weighted = Array2::zeros((groups, samples));
        let mut slopes = Array2::<f64>::zeros((groups, samples));
        let mut mixed = Array2::from_elem((groups, samples), false);
        for (cut, weight) in cuts.filter(|(_, weight)| *weight > 0.0) {
            let i = cut.sample;
            for (a, &slope) in cut.slopes.iter().enumerate() {
                mixed[[a, i]] |= multipliers[i] > 0.0 && slopes[[a, i]] != slope;
                slopes[[a, i]] = slope;
                weighted[[a, i]] += weight * slope;
            }
            multipliers[i] += weight;
        }
        for ((a, i), &mixed) in mixed.indexed_iter() {
            if mixed {
                slopes[[a, i]] = weighted[[a, i]] / multipliers[i];
            } else {
                // Summed cut by cut it would differ in the last bits.
                weighted[[a, i]] = slopes[[a, i]] * multipliers[i];
            }
        }
        Self {
            multipliers,
            weighted,
            slopes,
        }
    }
}
