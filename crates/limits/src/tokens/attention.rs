//! The program of one self-attention layer.

use implicit_bias_data::TrainingSet;
use implicit_bias_record::StepNorm;
use ndarray::{Array2, ArrayView1};

use crate::direction_limit::{DirectionLimit, DirectionProblem, DirectionSolution};
use crate::least_norm::{LeastNorm, least_norm};

/// Where the attention matrix turns for a fixed decoder.
pub(crate) const ATTENTION: DirectionLimit = DirectionLimit {
    name: "attention of maximum margin",
    source: "gradient descent, normalized and with Polyak's steps turns the attention matrix there \
             under conditions on the initial weights or the scores of the tokens (Vasudeva, Deora & \
             Thrampoulidis, arXiv:2402.05738), which are not checked",
    has_directions: true,
    is_of_pattern: false,
    applies: |facts| {
        facts.network == "attention"
            && facts.blocks.len() == 1
            && facts.is_exponentially_tailed
            && facts.norm == StepNorm::L2
    },
    solve,
};

/// The program of an attention layer, `min ½ ‖W‖_F²` over `(x_o − x_t)ᵀ W z ≥ 1` for each sample and
/// each token `t` other than its best one `o`.
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionProgram {
    /// The solution; the constraints are in the order of [`pairs`](Self::pairs).
    pub solution: LeastNorm,
    /// The sample and the token of each constraint.
    pub pairs: Vec<[usize; 2]>,
    /// The best token of each sample, that of the largest `y ⟨u, x_t⟩`.
    pub best: Vec<usize>,
    /// `y ⟨u, x_t⟩`, `[n, T]`.
    pub scores: Array2<f64>,
}

/// Solves the program of samples of `tokens` tokens each.
///
/// # Errors
///
/// A phrase: it begins with `infeasible` where it is proven that no matrix tells the best tokens from
/// the others.
pub fn attention_program(data: &TrainingSet, tokens: usize) -> Result<AttentionProgram, String> {
    let signs = data.signs().ok_or("the samples have no labels ±1")?;
    let arrays = &data.beside().arrays;
    let (samples, entries) = data.x().dim();
    if tokens == 0 || entries % tokens != 0 {
        return Err(format!("{entries} coordinates are not {tokens} tokens"));
    }
    let dim = entries / tokens;
    let decoder = arrays.get("u").filter(|u| u.dim() == (1, dim));
    let decoder = decoder
        .ok_or("there is no decoder `u` beside the samples")?
        .row(0);
    let queries = arrays.get("Z").filter(|z| z.dim() == (samples, dim));
    let x = data.x().as_slice().ok_or("the samples lie row after row")?;
    let token = |sample: usize, t: usize| {
        let first = sample * entries + t * dim;
        ArrayView1::from(&x[first..first + dim])
    };
    let scores = Array2::from_shape_fn([samples, tokens], |(i, t)| {
        signs.y()[i] * token(i, t).dot(&decoder)
    });
    let best: Vec<usize> = (scores.rows().into_iter())
        .map(|scores| {
            let better = |best: usize, t: usize| if scores[t] > scores[best] { t } else { best };
            (0..tokens).fold(0, better)
        })
        .collect();
    let mut pairs = Vec::new();
    let mut rows = Vec::new();
    for (sample, &o) in best.iter().enumerate() {
        let query = queries.map_or_else(|| token(sample, 0), |z| z.row(sample));
        for t in (0..tokens).filter(|&t| scores[[sample, t]] < scores[[sample, o]]) {
            let difference = &token(sample, o) - &token(sample, t);
            pairs.push([sample, t]);
            rows.extend(
                difference
                    .iter()
                    .flat_map(|x| query.iter().map(move |z| x * z)),
            );
        }
    }
    let constraints = Array2::from_shape_vec([pairs.len(), dim * dim], rows);
    let constraints = constraints.map_err(|error| error.to_string())?;
    Ok(AttentionProgram {
        solution: least_norm(constraints, [dim, dim])?,
        pairs,
        best,
        scores,
    })
}

fn solve(problem: &DirectionProblem<'_>) -> Result<DirectionSolution, String> {
    let asked = problem
        .facts
        .numbers
        .get("tokens")
        .map(|&tokens| tokens as usize);
    let tokens = asked.or(problem.data.beside().parts).unwrap_or(1);
    let program = attention_program(problem.data, tokens)?;
    let solution = program.solution;
    let support = solution.multipliers.iter().filter(|&&lambda| lambda > 0.0);
    let numbers = [
        ("norm_attention", solution.norm),
        ("constraints", solution.multipliers.len() as f64),
        ("support", support.count() as f64),
        ("curvature", solution.curvature),
    ];
    Ok(DirectionSolution {
        numbers: numbers.map(|(name, value)| (name.to_owned(), value)).into(),
        series: [("direction_distance_attention".to_owned(), 0.0)].into(),
        unique: Some(true),
        kkt_residual: solution.kkt_residual,
        directions: vec![("attention".to_owned(), solution.weights)],
    })
}
