//! Programs that the state's own active set does not solve, and what is refused.

use ndarray::ArrayView2;

use super::dual::{self, Combination, DualOutcome};
use super::groups::PatternGroup;
use super::polish::{self, Solution};
use super::program::{Program, ProgramPoint};
use super::{farkas, interior_point};
use crate::{GramError, Problem};

/// The largest [`Limit::kkt_residual`] of an answer; a worse one is an error.
const ACCEPTED_RESIDUAL: f64 = 1e-6;
/// The largest relative error of the norm of an answer that rounding of inner products may cause;
/// above it there is none.
const ACCEPTED_ERROR: f64 = 1e-4;
/// The rounding of a margin, relative to the sum of its terms' sizes.
const FIT_ROUNDING: f64 = 8.0 * f64::EPSILON;

/// The solution of a program that the state's own active set does not solve.
///
/// Clarabel, as it is the faster one; the dual active-set method where that fails. A `state` whose
/// weights give every sample a positive margin is proof that some do.
pub(super) fn solve(
    program: &Program,
    problem: &Problem,
    state: ArrayView2<'_, f64>,
) -> Result<Solution, GramError> {
    interior_point::require_size(program)?;
    let accepted = |solution: &Solution| solution.residuals.largest() <= ACCEPTED_RESIDUAL;
    let interior = interior_point::solve(program)
        .ok()
        .map(|point| polish::polish(program, point))
        .filter(accepted);
    if let Some(solution) = interior {
        return Ok(solution);
    }
    let (combination, vanishes) = match dual::solve(program) {
        DualOutcome::Ended(point) => {
            let solution = polish::polish(program, point);
            if accepted(&solution) {
                return Ok(solution);
            }
            (Combination::of_point(program, solution.point), false)
        }
        DualOutcome::Vanishing(combination) => (combination, true),
    };
    if vanishes && farkas::is_proven(program, &combination) && !fits(problem, state) {
        return Err(GramError::Program(
            "infeasible: no weights with this same-sign pattern give every sample a margin of 1"
                .into(),
        ));
    }
    let bound = farkas::margin_bound(program, &combination);
    Err(GramError::Program(format!(
        "not solved: any weights with this same-sign pattern have a normalized margin below {}, \
         if they fit all samples at all",
        above(bound)
    )))
}

/// A positive number in two digits, rounded up.
fn above(bound: f64) -> String {
    // Rounding to two digits takes at most a twentieth.
    format!("{:.1e}", 1.06 * bound)
}

/// Whether a state gives every sample a margin that is positive beyond rounding: its pattern is
/// feasible.
fn fits(problem: &Problem, state: ArrayView2<'_, f64>) -> bool {
    let size = |i: usize| {
        let terms = state.column(i).into_iter();
        terms
            .map(|&h| problem.activation().apply(h).abs())
            .sum::<f64>()
            / problem.divisor()
    };
    let margins = problem.margins(state);
    (0..margins.len()).all(|i| margins[i] > FIT_ROUNDING * size(i))
}

/// Refuses samples that no weights fit, whatever their pattern.
///
/// For `x_j = c x_i` with `c > 0` and `y_j = −y_i`, any frozen slopes `D ≤ 1` on same-sign
/// pairs give `c q_i + q_j ≤ (c/m) Σ_k [D h_ki − φ(h_ki)] ≤ 0`, as `φ(h) = max(h, γ h)`.
pub(super) fn require_no_contradiction(problem: &Problem) -> Result<(), GramError> {
    let found = problem.contradictions();
    let reason = match (found.zero.first(), found.pairs.first()) {
        (Some(sample), _) => {
            format!("infeasible: sample {sample} is zero, no weights give it a margin of 1")
        }
        (None, Some([i, j])) => format!(
            "infeasible: samples {i} and {j} have one direction and opposite labels, no weights \
             fit both"
        ),
        (None, None) => return Ok(()),
    };
    Err(GramError::Program(reason))
}

/// Refuses a solution whose norm the rounding of inner products leaves open.
pub(super) fn require_digits(program: &Program, point: &ProgramPoint) -> Result<(), GramError> {
    let error = farkas::norm_error(program, point);
    if error <= ACCEPTED_ERROR {
        return Ok(());
    }
    Err(GramError::Program(format!(
        "not solved: inner products in double precision give the normalized margin, some {:.1e}, \
         only to {:.0e} of itself (nearly equal samples of opposite labels?)",
        farkas::margin(program, point),
        error
    )))
}

/// Refuses a sample on which no neuron of its sign is active, when inactive means slope 0.
pub(super) fn require_alive(problem: &Problem, patterns: &[PatternGroup]) -> Result<(), GramError> {
    if problem.activation().slope() > 0.0 {
        return Ok(());
    }
    let dead = (0..problem.samples()).find(|&i| !patterns.iter().any(|pattern| pattern.active[i]));
    match dead {
        Some(sample) => Err(GramError::Program(format!(
            "infeasible: every neuron of its sign is inactive on sample {sample}, whose margin \
             cannot be positive"
        ))),
        None => Ok(()),
    }
}
