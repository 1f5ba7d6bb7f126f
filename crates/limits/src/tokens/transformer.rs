//! The programs of the two stages of the transformer.

use std::collections::{BTreeMap, BTreeSet};

use implicit_bias_data::TrainingSet;
use ndarray::Array2;

use crate::direction_limit::{DirectionLimit, DirectionProblem, DirectionSolution};
use crate::least_norm::{LeastNorm, least_norm};
use implicit_bias_record::NamedLimit;

/// Where both matrices turn in two stages.
pub(crate) const TRANSFORMER: DirectionLimit = DirectionLimit {
    name: "maximum margins of two stages",
    source: "normalized gradient descent in two stages turns both matrices there on realizable \
             sentences (Huang, Liang & Yang, arXiv:2409.17335; the second program recalled, not \
             verified), which is not checked",
    has_directions: true,
    is_of_pattern: false,
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

/// Most entries of the constraints of a program in coordinates of what they span: beyond that their
/// solver takes none, and to find such coordinates takes minutes.
const MOST_ENTRIES: usize = 1 << 21;

/// What tokens are, as a data file says it.
struct Language<'a> {
    data: &'a TrainingSet,
    embeddings: &'a Array2<f64>,
    /// The next token of each.
    next: Vec<usize>,
}

impl<'a> Language<'a> {
    fn of(data: &'a TrainingSet) -> Result<Self, String> {
        let numbers = |name: &str| {
            let array = data.beside().arrays.get(name);
            array.ok_or_else(|| format!("there is no array `{name}` beside the sentences"))
        };
        Ok(Self {
            data,
            embeddings: numbers("E")?,
            next: numbers("next_token")?
                .iter()
                .map(|&token| token as usize)
                .collect(),
        })
    }

    /// Whether a sentence or token has weight in its loss, where weights are given; those without it
    /// ask for nothing.
    fn has_weight(&self, weights: &str, place: usize) -> bool {
        let weights = self.data.beside().arrays.get(weights);
        let own = weights.and_then(|weights| weights.iter().nth(place));
        own.is_none_or(|weight| *weight != 0.0)
    }

    /// The program of `W_ov`.
    fn ov(&self) -> Result<LeastNorm, String> {
        let (vocabulary, dim) = self.embeddings.dim();
        let told = |token: &usize| self.has_weight("pi0", *token);
        let tokens: Vec<usize> = (0..self.next.len()).filter(told).collect();
        let count = tokens.len() * (vocabulary - 1);
        let mut rows = Vec::with_capacity(checked(count, vocabulary * dim)?);
        for token in tokens {
            let (own, next) = (self.embeddings.row(token), self.next[token]);
            for other in (0..vocabulary).filter(|&other| other != next) {
                let mut row = Array2::zeros([vocabulary, dim]);
                row.row_mut(next).assign(&own);
                row.row_mut(other).scaled_add(-1.0, &own);
                rows.extend(row);
            }
        }
        let rows = Array2::from_shape_vec([count, vocabulary * dim], rows);
        program(rows.map_err(|error| error.to_string())?, [vocabulary, dim])
    }

    /// The best token of each sentence, and the query, the best and another token of each constraint of
    /// `W_kq`.
    fn told(&self) -> Result<(Vec<usize>, Vec<[usize; 3]>), String> {
        let classes = self.data.classes();
        let classes = classes.ok_or("the sentences have no next token")?;
        let mut best = Vec::new();
        let mut pairs = BTreeSet::new();
        for (sample, &target) in classes.class().iter().enumerate() {
            let sentence = self.data.x().row(sample);
            let sentence: Vec<usize> = (sentence.iter().take_while(|&&token| token >= 0.0))
                .map(|&token| token as usize)
                .collect();
            let leads = |token: &usize| self.next.get(*token) == Some(&target);
            let leading: BTreeSet<usize> = sentence.iter().copied().filter(leads).collect();
            let found = leading.len();
            let (Some(&own), 1) = (leading.first(), found) else {
                return Err(format!(
                    "sentence {sample}: one token leads to its target in a realizable sentence, \
                     {found} do here"
                ));
            };
            let query = *sentence.last().ok_or("a sentence is empty")?;
            best.push(own);
            if self.has_weight("pi", sample) {
                let others = sentence.iter().filter(|&&token| token != own);
                pairs.extend(others.map(|&other| [query, own, other]));
            }
        }
        Ok((best, pairs.into_iter().collect()))
    }

    /// The program of `W_kq` for such constraints.
    fn kq(&self, pairs: &[[usize; 3]]) -> Result<LeastNorm, String> {
        let dim = self.embeddings.ncols();
        // What no solver has to find out: two constraints that are opposite.
        let all: BTreeSet<_> = pairs.iter().collect();
        let opposite = |[query, own, other]: &&[usize; 3]| all.contains(&[*query, *other, *own]);
        if let Some([query, own, other]) = pairs.iter().find(opposite) {
            return Err(format!(
                "infeasible: before the last token {query}, token {own} is to be preferred to {other}, \
                 and {other} to {own} (proven)"
            ));
        }
        let mut rows = Vec::with_capacity(checked(pairs.len(), dim * dim)?);
        for &[query, own, other] in pairs {
            let difference = &self.embeddings.row(own) - &self.embeddings.row(other);
            let query = self.embeddings.row(query);
            rows.extend((difference.iter()).flat_map(|x| query.iter().map(move |z| x * z)));
        }
        let rows = Array2::from_shape_vec([pairs.len(), dim * dim], rows);
        program(rows.map_err(|error| error.to_string())?, [dim, dim])
    }
}

/// The entries of a program that is not too large.
fn checked(constraints: usize, entries: usize) -> Result<usize, String> {
    if constraints.saturating_mul(constraints.min(entries)) > MOST_ENTRIES {
        return Err(format!(
            "a program of {constraints} constraints on {entries} weights is not solved"
        ));
    }
    Ok(constraints * entries)
}

/// Solves a program; a constraint that is 0 holds for no weights.
fn program(rows: Array2<f64>, shape: [usize; 2]) -> Result<LeastNorm, String> {
    let is_zero = |row: ndarray::ArrayView1<'_, f64>| row.iter().all(|&entry| entry == 0.0);
    if rows.rows().into_iter().any(is_zero) {
        return Err("infeasible: two tokens of one embedding are to be told apart (proven)".into());
    }
    least_norm(rows, shape)
}

/// Solves both programs. Tokens and sentences without weight ask for nothing.
///
/// # Errors
///
/// A phrase: it begins with `infeasible` where it is proven that no matrix does it; sentences in which
/// no token, or more than one, leads to the target have no program.
pub fn transformer_programs(data: &TrainingSet) -> Result<TransformerPrograms, String> {
    let language = Language::of(data)?;
    let (best, pairs) = language.told()?;
    Ok(TransformerPrograms {
        ov: language.ov()?,
        kq: language.kq(&pairs)?,
        pairs,
        best,
    })
}

/// Whether matrices exist that tell the next token of each token, and the best token of each sentence
/// from the others: `ov_realizable` and `kq_realizable`, each 1 where its program is solved, 0 where it
/// is proven that it has no solution, and missing where neither is known. A limit that is `known` is not
/// solved for again.
///
/// # Errors
///
/// A phrase, where the data say nothing of it.
pub fn realizable(
    data: &TrainingSet,
    known: Option<&NamedLimit>,
) -> Result<BTreeMap<String, f64>, String> {
    if known.is_some_and(|known| known.limit == TRANSFORMER.name) {
        return Ok(REALIZABLE.map(|name| (name.to_owned(), 1.0)).into());
    }
    let language = Language::of(data)?;
    let told = language.told();
    let kq = told.and_then(|(_, pairs)| language.kq(&pairs));
    let answers = REALIZABLE.into_iter().zip([language.ov(), kq]);
    let known = |(name, program): (&str, Result<LeastNorm, String>)| match program {
        Ok(_) => Some((name.to_owned(), 1.0)),
        Err(reason) if reason.starts_with("infeasible") => Some((name.to_owned(), 0.0)),
        Err(_) => None,
    };
    Ok(answers.filter_map(known).collect())
}

/// The answers of [`realizable`].
const REALIZABLE: [&str; 2] = ["ov_realizable", "kq_realizable"];

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

#[cfg(test)]
mod tests {
    use super::*;
    use implicit_bias_data::{DataLaw, Sentences};

    const SOUND: Sentences = Sentences {
        samples: 6,
        vocabulary: 5,
        length: 3,
        language: 0,
        two_targets: false,
        two_successors: false,
    };

    fn known(law: Sentences) -> Vec<f64> {
        let found = realizable(&law.training_set(1).unwrap(), None).unwrap();
        REALIZABLE.map(|name| found[name]).to_vec()
    }

    #[test]
    fn each_fault_takes_away_the_solution_of_its_program() {
        assert_eq!(known(SOUND), [1.0, 1.0]);
        let two_targets = Sentences {
            two_targets: true,
            ..SOUND
        };
        assert_eq!(known(two_targets), [1.0, 0.0]);
        // Of more sentences, where the solver comes to no answer.
        let more = Sentences {
            samples: 12,
            vocabulary: 8,
            length: 4,
            ..two_targets
        };
        let data = more.training_set(0).unwrap();
        assert_eq!(realizable(&data, None).unwrap()["kq_realizable"], 0.0);
        let two_successors = Sentences {
            two_successors: true,
            ..SOUND
        };
        assert_eq!(known(two_successors)[0], 0.0);
    }

    /// A token that is in no loss asks for nothing, whatever its next one.
    #[test]
    fn what_has_no_weight_is_not_asked_for() {
        let law = Sentences {
            two_successors: true,
            ..SOUND
        };
        let data = law.training_set(1).unwrap();
        let mut beside = data.beside().clone();
        beside.arrays.get_mut("pi0").unwrap()[[0, 4]] = 0.0;
        let classes = data.classes().unwrap();
        let weighted = implicit_bias_data::ClassDataset::of_numbers(
            data.x().clone(),
            classes.class().to_vec(),
            5,
            beside,
        );
        let found = realizable(&weighted.unwrap().into(), None).unwrap();
        assert_eq!(found["ov_realizable"], 1.0);
    }
}
