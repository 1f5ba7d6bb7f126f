//! Solutions at machine precision through their active sets: from a state, or from an approximate
//! one.

use implicit_bias_algebra::Mat;
use ndarray::Array2;

use super::program::{Program, ProgramPoint};
use super::residuals::KktResiduals;
use super::sliding::SlidingSamples;
use super::symmetric::PseudoInverse;
use crate::piece::Piece;

/// The most active sets that are tried.
const MAX_ROUNDS: usize = 60;
/// The most rounds without a better point.
const MAX_IDLE: usize = 8;
/// The largest `R n²` for which a state's active set is tried.
const MAX_ENTRIES: usize = 1 << 26;
/// The residual at which a solution needs no other solver.
const CONVERGED: f64 = 1e-12;
/// A `ν_ai` within this fraction of a bound, and a scaled pre-activation within it of the kink,
/// count as on it: a pair at its kink whose slope is at a bound does not slide.
const ON_BOUND: f64 = 1e-12;

/// The constraints and pieces that are taken as active at the solution.
#[derive(Clone, PartialEq)]
struct ActiveSet {
    /// Samples whose constraint holds with equality.
    support: Vec<bool>,
    /// `R × n`.
    pieces: Array2<Piece>,
}

/// A point, how good it is, and the pieces it was computed on.
pub(super) struct Solution {
    pub point: ProgramPoint,
    pub residuals: KktResiduals,
    /// `R × n`.
    pub pieces: Array2<Piece>,
}

/// The best solution met from the active set of `start` on; `start` itself if nothing was better.
pub(super) fn polish(program: &Program, start: ProgramPoint) -> Solution {
    let set = ActiveSet::of(program, &start);
    let given = Solution {
        residuals: KktResiduals::of(program, &start),
        pieces: set.pieces.clone(),
        point: start,
    };
    match search(program, set, &given.point.multipliers) {
        // False for a NaN: never accepted.
        Some(found) if found.residuals.largest() < given.residuals.largest() => found,
        _ => given,
    }
}

/// A solution found from a state alone, without another solver: which samples have a positive
/// multiplier (`support`, `n`), and where each group is active (`active`, `R × n`). `None` if no
/// active set leads to a solution.
pub(super) fn from_state(
    program: &Program,
    support: Vec<bool>,
    active: &Array2<bool>,
) -> Option<Solution> {
    if size(program) > MAX_ENTRIES {
        return None;
    }
    let set = ActiveSet {
        support,
        pieces: ActiveSet::frozen(program, |a, i| {
            if active[[a, i]] {
                Piece::Active
            } else {
                Piece::Inactive
            }
        }),
    };
    search(program, set, &vec![0.0; program.samples()])
        .filter(|found| found.residuals.largest() <= CONVERGED)
}

/// `R n²`, the cost of a round.
fn size(program: &Program) -> usize {
    let samples = program.samples();
    program
        .cells
        .len()
        .saturating_mul(samples)
        .saturating_mul(samples)
}

/// Solves the linear Karush–Kuhn–Tucker system of `set`, puts right the signs that its solution
/// violates, and so on until none is; the best solution met. (A semismooth Newton method.)
fn search(program: &Program, mut set: ActiveSet, near: &[f64]) -> Option<Solution> {
    let mut near = near.to_vec();
    let mut best: Option<Solution> = None;
    let mut idle = 0;
    for _ in 0..MAX_ROUNDS {
        let Some(point) = solve(program, &set, &near) else {
            break;
        };
        let residuals = KktResiduals::of(program, &point);
        if residuals.largest().is_nan() {
            break;
        }
        let next = set.revised(program, &point);
        near.clone_from(&point.multipliers);
        let better = |best: &Solution| residuals.largest() < best.residuals.largest();
        idle += 1;
        if best.as_ref().is_none_or(better) {
            idle = 0;
            best = Some(Solution {
                point,
                residuals,
                pieces: set.pieces.clone(),
            });
        }
        if next == set || idle == MAX_IDLE {
            break;
        }
        set = next;
    }
    best
}

impl ActiveSet {
    fn of(program: &Program, point: &ProgramPoint) -> Self {
        let margins = program.margins(&point.pre_activations);
        let support = (0..program.samples())
            .map(|i| point.multipliers[i] > margins[i] - program.targets[i])
            .collect();
        let gap = 1.0 - program.slope;
        let pieces = Self::frozen(program, |a, i| {
            let h = point.pre_activations[[a, i]];
            let (product, full) = (point.weighted[[a, i]], point.multipliers[i]);
            // Multipliers of u ≥ h and of u ≥ γ h: by strict complementarity the larger
            // decides.
            let upper = (product - program.slope * full) / gap;
            let lower = (full - product) / gap;
            if h > lower {
                Piece::Active
            } else if -h > upper {
                Piece::Inactive
            } else {
                Piece::Sliding
            }
        });
        Self { support, pieces }
    }

    /// Pieces as given on opposite-sign pairs, as the program froze them on same-sign pairs.
    fn frozen(program: &Program, opposite: impl Fn(usize, usize) -> Piece) -> Array2<Piece> {
        Array2::from_shape_fn((program.cells.len(), program.samples()), |(a, i)| {
            if !program.same_sign(a, i) {
                opposite(a, i)
            } else if program.cells[a].active[i] {
                Piece::Active
            } else {
                Piece::Inactive
            }
        })
    }

    /// The set after every violated sign has been put right.
    fn revised(&self, program: &Program, point: &ProgramPoint) -> Self {
        let margins = program.margins(&point.pre_activations);
        let support: Vec<bool> = (0..program.samples())
            .map(|i| {
                if self.support[i] {
                    point.multipliers[i] > 0.0
                } else {
                    margins[i] < program.targets[i]
                }
            })
            .collect();
        let pieces = Self::frozen(program, |a, i| {
            let h = point.pre_activations[[a, i]];
            let (product, full) = (point.weighted[[a, i]], point.multipliers[i]);
            match self.pieces[[a, i]] {
                // Without a multiplier the slope has no effect.
                Piece::Sliding if !self.support[i] => Piece::Inactive,
                Piece::Sliding if product >= full * (1.0 - ON_BOUND) => Piece::Active,
                Piece::Sliding if product <= full * (program.slope + ON_BOUND) => Piece::Inactive,
                Piece::Active if h < -ON_BOUND && support[i] => Piece::Sliding,
                Piece::Inactive if h > ON_BOUND && support[i] => Piece::Sliding,
                Piece::Active | Piece::Inactive if !support[i] => {
                    if h > 0.0 {
                        Piece::Active
                    } else {
                        Piece::Inactive
                    }
                }
                piece => piece,
            }
        });
        Self { support, pieces }
    }
}

/// The sliding samples of one group.
fn sliding(program: &Program, set: &ActiveSet, cell: usize) -> Option<SlidingSamples> {
    let samples = program.cells[cell]
        .opposite
        .iter()
        .copied()
        .filter(|&i| set.support[i] && set.pieces[[cell, i]] == Piece::Sliding)
        .collect();
    SlidingSamples::of(&program.cosines, samples)
}

/// The point that satisfies with equality all constraints of `set`.
///
/// Eliminating the sliding products by Schur complement leaves the constraints as `Ã λ = b` on
/// the support, `Ã = Σ_a share_a (D_a D_aᵀ) ∘ (y yᵀ) ∘ G_a` with `G_a` the Gram matrix of
/// the samples projected off those that slide in group `a`. (derived)
fn solve(program: &Program, set: &ActiveSet, near: &[f64]) -> Option<ProgramPoint> {
    let samples = program.samples();
    let support: Vec<usize> = (0..samples).filter(|&i| set.support[i]).collect();
    let mut system = Mat::<f64>::zeros(support.len(), support.len());
    let mut parts = Vec::with_capacity(program.cells.len());
    for (a, cell) in program.cells.iter().enumerate() {
        let held = sliding(program, set, a)?;
        let factors: Vec<f64> = (0..samples)
            .map(|i| match set.pieces[[a, i]] {
                Piece::Active => program.labels[i],
                Piece::Inactive => program.labels[i] * program.slope,
                Piece::Sliding => 0.0,
            })
            .collect();
        let projected = held.projected(&program.cosines, &support);
        for (column, &j) in support.iter().enumerate() {
            for (row, &i) in support.iter().enumerate() {
                system[(row, column)] +=
                    cell.share * factors[i] * factors[j] * projected[(row, column)];
            }
        }
        parts.push((held, factors));
    }
    let mut multipliers = vec![0.0; samples];
    for (&i, value) in support
        .iter()
        .zip(on_support(program, system, &support, near)?)
    {
        multipliers[i] = value;
    }
    let mut weighted = Array2::zeros((program.cells.len(), samples));
    for (a, (held, factors)) in parts.iter().enumerate() {
        let signed: Vec<f64> = factors
            .iter()
            .zip(&multipliers)
            .map(|(d, x)| d * x)
            .collect();
        for (i, signed) in signed.iter().enumerate() {
            weighted[[a, i]] = program.labels[i] * signed;
        }
        for (&i, product) in held
            .samples
            .iter()
            .zip(held.projection_coefficients(&signed))
        {
            weighted[[a, i]] = program.labels[i] * product;
        }
    }
    let mut point = program.point(multipliers, weighted);
    for (a, (held, _)) in parts.iter().enumerate() {
        for &i in &held.samples {
            point.pre_activations[[a, i]] = 0.0;
        }
    }
    Some(point)
}

/// Solves `Ã λ = b` on the support.
///
/// The least-norm solution, which shares a multiplier equally among repeated samples; where the
/// system is singular and that one has a negative entry, the solution nearest to `near`.
fn on_support(
    program: &Program,
    system: Mat<f64>,
    support: &[usize],
    near: &[f64],
) -> Option<Vec<f64>> {
    let target = |row: usize| program.targets[support[row]];
    let near: Vec<f64> = support.iter().map(|&i| near[i]).collect();
    let shortfall: Vec<f64> = (0..support.len())
        .map(|row| {
            let reached: f64 = (0..support.len())
                .map(|column| system[(row, column)] * near[column])
                .sum();
            target(row) - reached
        })
        .collect();
    let inverse = PseudoInverse::of(system)?;
    let right: Vec<f64> = (0..support.len()).map(target).collect();
    let solution = inverse.solve_vector(&right);
    if solution.iter().all(|&multiplier| multiplier > 0.0) {
        return Some(solution);
    }
    let correction = inverse.solve_vector(&shortfall);
    Some(near.iter().zip(correction).map(|(a, b)| a + b).collect())
}
