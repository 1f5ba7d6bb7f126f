//! The programs of the two stages of the transformer.

use std::collections::BTreeSet;

use implicit_bias_data::{NamedArrays, TrainingSet};
use ndarray::Array2;

use super::program::{LeastNorm, least_norm};
use crate::direction_limit::{DirectionLimit, DirectionProblem, DirectionSolution};

/// Where both matrices turn in two stages.
pub(crate) const TRANSFORMER: DirectionLimit = DirectionLimit {
    name: "maximum margins of two stages",
    source: "normalized gradient descent in two stages turns both matrices there on realizable \
             sentences (Huang, Liang & Yang, arXiv:2409.17335; the second program recalled, not \
             verified), which is not checked",
    has_directions: true,
    applies: |facts| facts.network == "transformer" && facts.optimizer == "two-stage",
    solve,
};

/// The programs of both stages.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerPrograms {
    /// `min ½ ‖W‖_F²` over `(e_next − e_v)ᵀ W x_l ≥ 1` for each token `l` and each `v` other than the
    /// next one, `e_v` being the unit vectors of `R^V`; `[V, d]`.
    pub ov: LeastNorm,
    /// `min ½ ‖W‖_F²` over `(x_* − x)ᵀ W x_q ≥ 1` for each sentence with the query `x_q`, its best token
    /// `x_*` and each other one.
    pub kq: LeastNorm,
    /// The query, the best and the other token of each constraint of `kq`.
    pub pairs: Vec<[usize; 3]>,
    /// The best token of each sentence, the one whose next token is its target.
    pub best: Vec<usize>,
}

fn numbers<'a>(arrays: &'a NamedArrays, name: &str) -> Result<&'a Array2<f64>, String> {
    let array = arrays.get(name);
    array.ok_or_else(|| format!("there is no array `{name}` beside the sentences"))
}

/// Solves both programs.
///
/// # Errors
///
/// A phrase: it begins with `infeasible` where it is proven that no matrix does it; sentences in which
/// no token, or more than one, leads to the target have no program.
pub fn transformer_programs(data: &TrainingSet) -> Result<TransformerPrograms, String> {
    let classes = data.classes().ok_or("the sentences have no next token")?;
    let arrays = &data.beside().arrays;
    let embeddings = numbers(arrays, "E")?;
    let next: Vec<usize> = numbers(arrays, "next_token")?
        .iter()
        .map(|&token| token as usize)
        .collect();
    let (vocabulary, dim) = embeddings.dim();
    let row = |of: usize, less: usize, with: usize| -> Vec<f64> {
        let difference = &embeddings.row(of) - &embeddings.row(less);
        let with = embeddings.row(with);
        let entries = difference
            .iter()
            .flat_map(|x| with.iter().map(move |z| x * z));
        entries.collect()
    };
    let mut rows = Vec::new();
    let mut count = 0;
    for (token, &next) in next.iter().enumerate() {
        for other in (0..vocabulary).filter(|&other| other != next) {
            let mut row = Array2::zeros([vocabulary, dim]);
            row.row_mut(next).assign(&embeddings.row(token));
            row.row_mut(other).scaled_add(-1.0, &embeddings.row(token));
            rows.extend(row);
            count += 1;
        }
    }
    let matrix = |rows: Vec<f64>, [count, entries]: [usize; 2]| {
        let matrix = Array2::from_shape_vec([count, entries], rows);
        matrix.map_err(|error| error.to_string())
    };
    let rows = matrix(rows, [count, vocabulary * dim])?;
    let ov = least_norm(rows, [vocabulary, dim])?;
    let mut best = Vec::new();
    let mut pairs = BTreeSet::new();
    for (sample, &target) in classes.class().iter().enumerate() {
        let sentence = data.x().row(sample);
        let sentence: Vec<usize> = (sentence.iter().take_while(|&&token| token >= 0.0))
            .map(|&token| token as usize)
            .collect();
        let leads = |token: &usize| next.get(*token) == Some(&target);
        let leading: BTreeSet<usize> = sentence.iter().copied().filter(leads).collect();
        let found = leading.len();
        let (Some(&own), 1) = (leading.first(), found) else {
            return Err(format!(
                "sentence {sample}: one token leads to its target in a realizable sentence, {found} \
                 do here"
            ));
        };
        let query = *sentence.last().ok_or("a sentence is empty")?;
        best.push(own);
        pairs.extend((sentence.iter().filter(|&&token| token != own)).map(|&t| [query, own, t]));
    }
    let pairs: Vec<[usize; 3]> = pairs.into_iter().collect();
    let rows = pairs
        .iter()
        .flat_map(|&[query, own, other]| row(own, other, query));
    let rows = matrix(rows.collect(), [pairs.len(), dim * dim])?;
    let kq = least_norm(rows, [dim, dim])?;
    Ok(TransformerPrograms {
        ov,
        kq,
        pairs,
        best,
    })
}

fn solve(problem: &DirectionProblem<'_>) -> Result<DirectionSolution, String> {
    let programs = transformer_programs(problem.data)?;
    let positive = |program: &LeastNorm| {
        let support = program.multipliers.iter().filter(|&&lambda| lambda > 0.0);
        support.count() as f64
    };
    let tight = programs
        .kq
        .slack
        .iter()
        .filter(|slack| slack.abs() < 1e-9)
        .count();
    let numbers = [
        ("norm_ov", programs.ov.norm),
        ("norm_kq", programs.kq.norm),
        ("constraints_kq", programs.kq.multipliers.len() as f64),
        ("support_kq", positive(&programs.kq)),
        ("tight_kq", tight as f64),
        ("curvature_kq", programs.kq.curvature),
    ];
    let zero = |block: &str| (format!("direction_distance_{block}"), 0.0);
    Ok(DirectionSolution {
        numbers: numbers.map(|(name, value)| (name.to_owned(), value)).into(),
        series: ["ov", "kq"].map(zero).into(),
        unique: Some(true),
        kkt_residual: programs.ov.kkt_residual.max(programs.kq.kkt_residual),
        directions: vec![
            ("ov".to_owned(), programs.ov.weights),
            ("kq".to_owned(), programs.kq.weights),
        ],
    })
}
