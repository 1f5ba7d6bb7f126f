//! The two programs of a maximum margin, solved by Clarabel.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, SupportedConeT,
};
use implicit_bias_gram::sparse::Columns;
use ndarray::{Array1, ArrayView2};

/// Relative tolerances of the solver, tried in this order: where rounding keeps it from one, it
/// may give up far from the solution.
const TOLERANCES: [f64; 3] = [1e-13, 1e-10, 1e-8];

/// A point near the centre of the solutions of a program, and which constraints seem to hold there
/// with equality.
pub(super) struct InteriorPoint {
    /// The weights `w`, `d`.
    pub weights: Array1<f64>,
    /// The multipliers of the samples, `n`, nonnegative.
    pub multipliers: Array1<f64>,
    /// The slacks of the samples' margins, `n`, nonnegative.
    pub slacks: Array1<f64>,
    /// For each coordinate, whether `|w_k|` seems to be at its bound; all `false` without bounds.
    pub bound: Vec<bool>,
}

/// Solves `max γ` over `⟨z_i, w⟩ ≥ γ`, `−1 ≤ w_k ≤ 1`, for rows `z_i`, `n × d`.
///
/// The multipliers `p` solve the dual, `min ‖Σ_i p_i z_i‖_1` over the simplex.
pub(super) fn linear_program(rows: ArrayView2<'_, f64>) -> Result<InteriorPoint, String> {
    let (samples, dim) = rows.dim();
    let mut columns = Columns::default();
    for (k, column) in rows.columns().into_iter().enumerate() {
        for (i, &entry) in column.iter().enumerate() {
            columns.push(i, -entry);
        }
        columns.push(samples + k, 1.0);
        columns.push(samples + dim + k, -1.0);
        columns.close();
    }
    (0..samples).for_each(|i| columns.push(i, 1.0));
    columns.close();
    let constraints = columns.finish(samples + 2 * dim);
    let mut objective = vec![0.0; dim + 1];
    objective[dim] = -1.0;
    let mut right = vec![0.0; samples];
    right.resize(samples + 2 * dim, 1.0);
    let nothing = CscMatrix::<f64>::zeros((dim + 1, dim + 1));
    let solution = solve(&nothing, &objective, &constraints, &right)?;
    let margin = solution.x[dim].max(1e-10);
    let pull = |k: usize| solution.z[samples + k] + solution.z[samples + dim + k];
    let room = |k: usize| solution.s[samples + k].min(solution.s[samples + dim + k]);
    Ok(InteriorPoint {
        weights: Array1::from_iter(solution.x[..dim].iter().copied()),
        multipliers: nonnegative(&solution.z[..samples]),
        slacks: nonnegative(&solution.s[..samples]),
        bound: (0..dim)
            .map(|k| pull(k) * dim as f64 > room(k) * margin)
            .collect(),
    })
}

/// Solves `min ½ ‖w‖²` over `⟨z_i, w⟩ ≥ 1`, for rows `z_i`, `n × d`.
///
/// The multipliers `α` satisfy `w = Σ_i α_i z_i`.
pub(super) fn quadratic_program(rows: ArrayView2<'_, f64>) -> Result<InteriorPoint, String> {
    let (samples, dim) = rows.dim();
    let mut columns = Columns::default();
    for column in rows.columns() {
        for (i, &entry) in column.iter().enumerate() {
            columns.push(i, -entry);
        }
        columns.close();
    }
    let constraints = columns.finish(samples);
    let square = CscMatrix::identity(dim);
    let solution = solve(&square, &vec![0.0; dim], &constraints, &vec![-1.0; samples])?;
    Ok(InteriorPoint {
        weights: Array1::from_iter(solution.x.iter().copied()),
        multipliers: nonnegative(&solution.z),
        slacks: nonnegative(&solution.s),
        bound: vec![false; dim],
    })
}

struct Answer {
    x: Vec<f64>,
    z: Vec<f64>,
    s: Vec<f64>,
}

/// Solves `min ½ xᵀ P x + qᵀ x` over `A x ≤ b`.
fn solve(
    square: &CscMatrix<f64>,
    objective: &[f64],
    constraints: &CscMatrix<f64>,
    right: &[f64],
) -> Result<Answer, String> {
    let mut reason = String::new();
    let mut rough = None;
    for tolerance in TOLERANCES {
        let settings = DefaultSettings {
            verbose: false,
            tol_gap_abs: tolerance,
            tol_gap_rel: tolerance,
            tol_feas: tolerance,
            max_iter: 200,
            ..DefaultSettings::default()
        };
        let cones: [SupportedConeT<f64>; 1] = [NonnegativeConeT(right.len())];
        let mut solver =
            DefaultSolver::new(square, objective, constraints, right, &cones, settings)
                .map_err(|error| format!("the solver refused the program: {error}"))?;
        solver.solve();
        let found = solver.solution;
        let parts = [&found.x, &found.z, &found.s];
        let finite = parts
            .iter()
            .all(|part| part.iter().all(|entry| entry.is_finite()));
        let answer = finite.then_some(Answer {
            x: found.x,
            z: found.z,
            s: found.s,
        });
        match (found.status, answer) {
            (SolverStatus::Solved, Some(answer)) => return Ok(answer),
            (
                SolverStatus::AlmostSolved
                | SolverStatus::InsufficientProgress
                | SolverStatus::MaxIterations,
                Some(answer),
            ) => rough = Some(answer),
            (status, _) => {
                let iterations = found.iterations;
                reason = format!("the solver stopped after {iterations} iterations: {status:?}");
            }
        }
    }
    rough.ok_or(reason)
}

fn nonnegative(values: &[f64]) -> Array1<f64> {
    values.iter().map(|value| value.max(0.0)).collect()
}
