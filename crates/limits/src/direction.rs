//! Limits of the direction of a descent: which program, and its answer as named numbers.

use std::collections::BTreeMap;

use implicit_bias_data::{Dataset, TrainingSet};
use implicit_bias_record::{Family, NamedLimit, StepNorm};
use ndarray::{Array1, Array2};

use crate::direction_limit::{
    DirectionFacts, DirectionLimit, DirectionProblem, DirectionSolution, solved,
};
use crate::linear::{SignedSamples, Uniqueness, max_margin_l2, max_margin_linf};
use crate::{patches, tokens};

/// The limits of directions.
pub const DIRECTION_LIMITS: &[DirectionLimit] = &[
    MAXIMUM_L2,
    MAXIMUM_LINF,
    tokens::ATTENTION,
    tokens::TRANSFORMER,
    patches::CONVOLUTION,
];

const MAXIMUM_L2: DirectionLimit = DirectionLimit {
    name: "maximum L2 margin",
    source: "steepest descents in the Euclidean norm tend there on separable data, gradient \
                 descent first (Soudry et al. 2018), at step sizes small enough, which is not \
                 checked; Adam with ε is one once gradients are far below ε (derived)",
    has_directions: false,
    is_of_pattern: false,
    applies: |facts| {
        facts.family == Family::Linear
            && facts.is_exponentially_tailed
            && facts.norm == StepNorm::L2
    },
    solve: solve_l2,
};

const MAXIMUM_LINF: DirectionLimit = DirectionLimit {
    name: "maximum Linf margin",
    source: "steepest descents in the maximum norm tend there on separable data, and Adam \
                 without ε (Zhang, Zou & Cao, NeurIPS 2024), at step sizes that decay, which is \
                 not checked",
    has_directions: false,
    is_of_pattern: false,
    applies: |facts| {
        facts.family == Family::Linear
            && facts.is_exponentially_tailed
            && facts.norm == StepNorm::Linf
    },
    solve: solve_linf,
};

/// The limit of the direction of a descent on samples that has reached `weights`, by the first limit
/// that is about it; `None` where there is none such.
///
/// # Errors
///
/// Why there is none, as a phrase: samples that no weights separate, and programs that are too
/// large or were not solved.
pub fn predict_direction<'a>(
    limits: impl IntoIterator<Item = &'a DirectionLimit>,
    facts: &DirectionFacts,
    data: &TrainingSet,
    weights: Option<&[(String, Array2<f64>)]>,
) -> Option<Result<NamedLimit, String>> {
    let mut limits = limits.into_iter();
    let limit = limits.find(|limit| (limit.applies)(facts))?;
    let problem = DirectionProblem {
        data,
        facts,
        weights,
    };
    let solution = (limit.solve)(&problem);
    Some(solution.map(|solution| NamedLimit {
        limit: limit.name.to_owned(),
        source: limit.source.to_owned(),
        // Files have no others.
        numbers: finite(solution.numbers),
        series: finite(solution.series),
        unique: solution.unique,
        kkt_residual: solution.kkt_residual,
        status: "candidate".to_owned(),
    }))
}

fn finite(mut numbers: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    numbers.retain(|_, number| number.is_finite());
    numbers
}

/// The maximum margins of labelled samples in both norms, and in the other norm the margins of the
/// weights that have them: `gamma_l2`, `gamma_linf_of_w_l2`, `gamma_linf`, and, where those weights
/// are the only ones, `gamma_l2_of_w_linf`. A limit that is `known` is not solved for again.
///
/// # Errors
///
/// As those of [`predict_direction`].
pub fn direction_numbers(
    data: &Dataset,
    known: Option<&NamedLimit>,
) -> Result<BTreeMap<String, f64>, String> {
    let mut all = BTreeMap::new();
    for (limit, solve) in [
        (MAXIMUM_L2, margin_l2 as fn(&Dataset) -> _),
        (MAXIMUM_LINF, margin_linf),
    ] {
        let (numbers, unique) = match known.filter(|known| known.limit == limit.name) {
            Some(known) => (known.numbers.clone(), known.unique),
            None => {
                let solution: DirectionSolution = solve(data)?;
                (solution.numbers, solution.unique)
            }
        };
        let of_others = |name: &str| name.contains("_of_") && unique != Some(true);
        let kept = numbers.into_iter();
        all.extend(kept.filter(|(name, _)| name.starts_with("gamma_") && !of_others(name)));
    }
    Ok(all)
}

fn signed(data: &Dataset) -> Result<SignedSamples, String> {
    let samples = SignedSamples::labelled(data.x().view(), data.y().view());
    samples.map_err(|error| error.to_string())
}

impl DirectionSolution {
    /// Of weights `w` with these numbers by name, the residual among them.
    fn new(
        samples: &SignedSamples,
        weights: &Array1<f64>,
        numbers: &[(&'static str, f64)],
        unique: Uniqueness,
    ) -> Self {
        let margins = samples.margins(weights.view());
        let norm = weights.dot(weights).sqrt();
        let largest = weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
        let most = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let unique = match unique {
            Uniqueness::Unique => Some(true),
            Uniqueness::NotUnique => Some(false),
            Uniqueness::CannotTell => None,
        };
        let series = [
            ("margin_min", least / norm),
            ("margin_max", most / norm),
            ("margin_linf_min", least / largest),
        ];
        let named = |(name, value): (&str, f64)| (name.to_owned(), value);
        let residual = numbers.iter().find(|(name, _)| *name == "kkt_residual");
        let others = numbers.iter().filter(|(name, _)| *name != "kkt_residual");
        Self {
            numbers: others.copied().map(named).collect(),
            // Where other weights are as good, the run may end at any of them.
            series: match unique {
                Some(true) => series.into_iter().map(named).collect(),
                _ => BTreeMap::new(),
            },
            unique,
            kkt_residual: residual.map_or(f64::NAN, |(_, value)| *value),
            directions: Vec::new(),
        }
    }
}

fn solve_l2(problem: &DirectionProblem<'_>) -> Result<DirectionSolution, String> {
    margin_l2(problem.signs()?)
}

fn solve_linf(problem: &DirectionProblem<'_>) -> Result<DirectionSolution, String> {
    margin_linf(problem.signs()?)
}

fn margin_l2(data: &Dataset) -> Result<DirectionSolution, String> {
    let samples = &signed(data)?;
    let found = solved(max_margin_l2(samples))?;
    let unique = Uniqueness::Unique;
    let numbers = found.columns();
    Ok(DirectionSolution::new(
        samples,
        &found.weights,
        &numbers,
        unique,
    ))
}

fn margin_linf(data: &Dataset) -> Result<DirectionSolution, String> {
    let samples = &signed(data)?;
    let found = solved(max_margin_linf(samples))?;
    let numbers = found.columns();
    Ok(DirectionSolution::new(
        samples,
        &found.weights,
        &numbers,
        found.unique,
    ))
}
