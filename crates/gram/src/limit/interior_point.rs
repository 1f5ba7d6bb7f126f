//! The limit program's dual, solved by Clarabel.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettings, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, SupportedConeT,
};
use ndarray::Array2;

use super::program::{Program, ProgramPoint};
use crate::GramError;
use crate::sparse::Columns;

/// The most entries of the dual's quadratic form that are accepted, an upper triangle's worth.
///
/// A hundred groups at `n = 100`, or ten at `n = 1000`, stay below it. Memory is some 100 bytes an
/// entry, and the time of an iteration grows faster than the entries.
pub(super) const MAX_ENTRIES: usize = 1 << 23;

/// Relative tolerance of the solver: enough to read the active set, which is then polished.
const TOLERANCE: f64 = 1e-10;

/// Solves `min ½ Σ_a (n_a/m) ‖w_a‖² − Σ_i b_i λ_i` over the multipliers `λ_i` and the
/// products `γ λ_i ≤ ν_ai ≤ λ_i` of opposite-sign samples, where
/// `w_a = s_a Σ_i D_ai λ_i y_i x̂_i` with `D_ai λ_i = ν_ai` on opposite-sign samples.
///
/// This is the dual of the program of docs/theory.md §6 (derived): it has a variable a sample and a
/// variable an opposite-sign pair, sparse bounds, and needs no factor of a singular `G`.
pub(super) fn solve(program: &Program) -> Result<ProgramPoint, GramError> {
    let quadratic = quadratic_form(program);
    let (bounds, rows) = bounds(program);
    let mut linear = vec![0.0; quadratic.n];
    for (entry, target) in linear.iter_mut().zip(&program.targets) {
        *entry = -target;
    }
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: TOLERANCE,
        tol_gap_rel: TOLERANCE,
        tol_feas: TOLERANCE,
        max_iter: 200,
        ..DefaultSettings::default()
    };
    let cones: [SupportedConeT<f64>; 1] = [NonnegativeConeT(rows)];
    let mut solver = DefaultSolver::new(
        &quadratic,
        &linear,
        &bounds,
        &vec![0.0; rows],
        &cones,
        settings,
    )
    .map_err(|error| GramError::Program(format!("the solver refused the program: {error}")))?;
    solver.solve();
    let solution = &solver.solution;
    match solution.status {
        // Not taken as infeasible: the solver reports that of badly scaled programs, too.
        SolverStatus::Solved
        | SolverStatus::AlmostSolved
        | SolverStatus::InsufficientProgress
        | SolverStatus::MaxIterations
            if solution.x.iter().all(|x| x.is_finite()) => {}
        status => {
            return Err(GramError::Program(format!(
                "the solver stopped after {} iterations: {status:?}",
                solution.iterations
            )));
        }
    }
    Ok(unpack(program, &solution.x))
}

/// Refuses programs whose quadratic form has more than [`MAX_ENTRIES`] entries.
pub(super) fn require_size(program: &Program) -> Result<(), GramError> {
    let samples = program.samples();
    let entries = program.cells.iter().fold(
        samples.saturating_mul(samples) / 2,
        |entries: usize, cell| {
            let opposite = cell.opposite.len();
            entries
                .saturating_add(opposite.saturating_mul(opposite) / 2)
                .saturating_add(opposite.saturating_mul(samples - opposite))
        },
    );
    if entries > MAX_ENTRIES {
        return Err(GramError::Program(format!(
            "too large: {} groups of neurons on {samples} samples make {entries} entries, at most \
             {MAX_ENTRIES} are accepted",
            program.cells.len()
        )));
    }
    Ok(())
}

/// Upper triangle of the dual's quadratic form, columns `λ_0 … λ_{n−1}`, then each group's
/// products.
fn quadratic_form(program: &Program) -> CscMatrix<f64> {
    let samples = program.samples();
    let signed =
        |i: usize, j: usize| program.labels[i] * program.labels[j] * program.cosines[[i, j]];
    // Same-sign pairs of samples: Σ_a share_a D_ai D_aj.
    let mut weights = Array2::<f64>::zeros((samples, samples));
    for (a, cell) in program.cells.iter().enumerate() {
        for j in (0..samples).filter(|&j| program.same_sign(a, j)) {
            for i in (0..=j).filter(|&i| program.same_sign(a, i)) {
                weights[[i, j]] +=
                    cell.share * program.frozen_slope(a, i) * program.frozen_slope(a, j);
            }
        }
    }
    let mut columns = Columns::default();
    for j in 0..samples {
        for i in 0..=j {
            columns.push(i, weights[[i, j]] * signed(i, j));
        }
        columns.close();
    }
    let mut first = samples;
    for (a, cell) in program.cells.iter().enumerate() {
        for (position, &j) in cell.opposite.iter().enumerate() {
            for i in (0..samples).filter(|&i| program.same_sign(a, i)) {
                columns.push(i, cell.share * program.frozen_slope(a, i) * signed(i, j));
            }
            for (row, &i) in cell.opposite[..=position].iter().enumerate() {
                columns.push(first + row, cell.share * signed(i, j));
            }
            columns.close();
        }
        first += cell.opposite.len();
    }
    columns.finish(first)
}

/// Rows `ν − λ ≤ 0` and `γ λ − ν ≤ 0` for each opposite-sign pair, which imply
/// `λ ≥ 0`; that bound itself for samples in no such pair.
fn bounds(program: &Program) -> (CscMatrix<f64>, usize) {
    let samples = program.samples();
    let mut of_sample: Vec<Vec<(usize, f64)>> = vec![Vec::new(); samples];
    let mut rows = 0;
    for cell in &program.cells {
        for &i in &cell.opposite {
            of_sample[i].push((rows, -1.0));
            of_sample[i].push((rows + 1, program.slope));
            rows += 2;
        }
    }
    let pairs = rows / 2;
    for entries in of_sample.iter_mut().filter(|entries| entries.is_empty()) {
        entries.push((rows, -1.0));
        rows += 1;
    }
    let mut columns = Columns::default();
    for entries in of_sample {
        for (row, value) in entries {
            columns.push(row, value);
        }
        columns.close();
    }
    for pair in 0..pairs {
        columns.push(2 * pair, 1.0);
        columns.push(2 * pair + 1, -1.0);
        columns.close();
    }
    (columns.finish(rows), rows)
}

fn unpack(program: &Program, solution: &[f64]) -> ProgramPoint {
    let samples = program.samples();
    let multipliers: Vec<f64> = solution[..samples].to_vec();
    let mut weighted = Array2::zeros((program.cells.len(), samples));
    let mut rest = solution[samples..].iter();
    for (a, cell) in program.cells.iter().enumerate() {
        for i in (0..samples).filter(|&i| program.same_sign(a, i)) {
            weighted[[a, i]] = program.frozen_slope(a, i) * multipliers[i];
        }
        for (&i, &product) in cell.opposite.iter().zip(&mut rest) {
            weighted[[a, i]] = product;
        }
    }
    program.point(multipliers, weighted)
}
