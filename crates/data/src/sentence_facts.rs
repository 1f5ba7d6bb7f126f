//! What sentences are like: their lengths, their tokens, and which of them no transformer can fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::contradictions::{LISTED, listed_pairs, pairs_that_differ};
use crate::{NamedArrays, TrainingSet};

/// Counts of sentences and their tokens, of data with embeddings `E` beside the sentences.
///
/// A transformer of one layer sees which tokens a sentence has, how often, and which is the last. Two
/// sentences that are the same to it have one distribution of the next token, whatever the weights:
/// with two targets one of them gets no more than half.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SentenceFacts {
    /// Number of sentences.
    pub samples: usize,
    /// Tokens of the shortest sentence.
    pub shortest: usize,
    /// Tokens of the longest sentence.
    pub longest: usize,
    /// Tokens `V` there are.
    pub vocabulary: usize,
    /// The dimension `d` of their embeddings.
    pub dim: usize,
    /// How many of the tokens are in some sentence.
    pub tokens_seen: usize,
    /// How many of the tokens are the target of some sentence.
    pub targets_seen: usize,
    /// Number of pairs of sentences that are the same to a transformer, with two targets.
    pub contradictions: u64,
    /// The first of them, at most twenty, each with the smaller index first; indices count from 0.
    pub contradicting_pairs: Vec<[usize; 2]>,
    /// Where each token has a next one: in how many sentences no token leads to the target, exactly one
    /// does, and more do, repeated tokens counted once.
    pub leading: Option<[usize; 3]>,
    /// Where each token has a next one: the first pairs of tokens, at most twenty, of one embedding and
    /// two next tokens.
    pub two_successors: Vec<[usize; 2]>,
}

impl SentenceFacts {
    /// Those of data that are sentences; `None` of others.
    pub fn of(data: &TrainingSet) -> Option<Self> {
        let arrays: &NamedArrays = &data.beside().arrays;
        let embeddings = arrays.get("E")?;
        let targets = data.classes()?.class();
        let sentences: Vec<Vec<usize>> = (data.x().rows().into_iter())
            .map(|row| {
                let tokens = row.into_iter().take_while(|token| **token >= 0.0);
                tokens.map(|&token| token as usize).collect()
            })
            .collect();
        let lengths = || sentences.iter().map(Vec::len);
        let mut found = Self {
            samples: sentences.len(),
            shortest: lengths().min().unwrap_or(0),
            longest: lengths().max().unwrap_or(0),
            vocabulary: embeddings.nrows(),
            dim: embeddings.ncols(),
            tokens_seen: sentences.iter().flatten().collect::<BTreeSet<_>>().len(),
            targets_seen: targets.iter().collect::<BTreeSet<_>>().len(),
            ..Self::default()
        };
        found.contradict(&sentences, targets);
        if let Some(next) = arrays.get("next_token") {
            let next: Vec<usize> = next.iter().map(|&token| token as usize).collect();
            let mut leading = [0; 3];
            for (sentence, target) in sentences.iter().zip(targets) {
                let leads = |token: &&usize| next.get(**token) == Some(target);
                let tokens: BTreeSet<&usize> = sentence.iter().filter(leads).collect();
                leading[tokens.len().min(2)] += 1;
            }
            found.leading = Some(leading);
            // Equal to the bit, but for the sign of 0.
            let mut first: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
            for (token, row) in embeddings.rows().into_iter().enumerate() {
                let bits = row.iter().map(|&entry| (entry + 0.0).to_bits()).collect();
                let same = *first.entry(bits).or_insert(token);
                if next.get(same) != next.get(token) && found.two_successors.len() < LISTED {
                    found.two_successors.push([same, token]);
                }
            }
        }
        Some(found)
    }

    /// Counts pairs of sentences with the same tokens and the same last one.
    fn contradict(&mut self, sentences: &[Vec<usize>], targets: &[usize]) {
        let mut same: BTreeMap<(Vec<usize>, Option<usize>), Vec<usize>> = BTreeMap::new();
        for (sample, sentence) in sentences.iter().enumerate() {
            let mut tokens = sentence.clone();
            tokens.sort_unstable();
            same.entry((tokens, sentence.last().copied()))
                .or_default()
                .push(sample);
        }
        for group in same.values() {
            let pairs = pairs_that_differ(group.iter().map(|&sample| targets[sample]));
            if pairs > 0 {
                self.contradictions += pairs;
                self.contradicting_pairs
                    .extend(listed_pairs(group, targets));
            }
        }
        self.contradicting_pairs.sort_unstable();
        self.contradicting_pairs.truncate(LISTED);
    }

    /// Whether nothing of it rules out that all sentences are fitted.
    pub fn is_consistent(&self) -> bool {
        self.contradictions == 0 && self.two_successors.is_empty()
    }

    /// A sentence for each reason that something cannot be fitted, naming the first; empty for none.
    pub fn warning(&self) -> String {
        const NAMED: usize = 5;
        let listed = |pairs: &[[usize; 2]], all: u64| {
            let named = pairs.iter().take(NAMED);
            let named: Vec<String> = named.map(|[i, k]| format!("{i} and {k}")).collect();
            let more = match all - named.len() as u64 {
                0 => String::new(),
                more => format!(" (and {more} more pairs)"),
            };
            format!("{}{more}", named.join(", "))
        };
        let mut said = Vec::new();
        if self.contradictions > 0 {
            let pairs = listed(&self.contradicting_pairs, self.contradictions);
            said.push(format!(
                "sentences {pairs} have the same tokens, the same last one and different targets \
                 (counted from 0): one of two such targets gets no more than half, so the loss cannot \
                 tend to 0"
            ));
        }
        if !self.two_successors.is_empty() {
            let pairs = listed(&self.two_successors, self.two_successors.len() as u64);
            said.push(format!(
                "tokens {pairs} have one embedding and different next tokens (counted from 0): the loss \
                 of the first stage cannot tend to 0 where both have weight"
            ));
        }
        said.join("; ")
    }
}

impl fmt::Display for SentenceFacts {
    /// A table of two columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match (self.shortest, self.longest) {
            (one, other) if one == other => format!("of {one} tokens"),
            (shortest, longest) => format!("of {shortest} to {longest} tokens"),
        };
        let mut rows = vec![
            ("sentences", format!("{}, {length}", self.samples)),
            (
                "tokens",
                format!(
                    "V = {}, embedded in d = {}; {} are in sentences",
                    self.vocabulary, self.dim, self.tokens_seen
                ),
            ),
            ("different targets", self.targets_seen.to_string()),
        ];
        rows.push(match self.leading {
            None => (
                "next token of a token",
                "not given: both stages train on the sentences".to_owned(),
            ),
            Some([none, one, several]) => (
                "tokens that lead to the target",
                format!("one in {one} sentences, none in {none}, several in {several}"),
            ),
        });
        for (name, value) in rows {
            writeln!(f, "{name:<32}{value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;
    use crate::{Beside, ClassDataset, DataLaw, Dataset, Sentences};

    fn facts(x: Array2<f64>, targets: &[usize], next: &[f64]) -> SentenceFacts {
        let next = Array2::from_shape_vec([1, next.len()], next.to_vec()).unwrap();
        let mut embeddings = Array2::eye(4);
        embeddings.row_mut(3).assign(&array![1.0, 0.0, 0.0, -0.0]);
        let beside = Beside {
            parts: None,
            arrays: [
                ("E".to_owned(), embeddings),
                ("next_token".to_owned(), next),
            ]
            .into(),
        };
        let data = ClassDataset::of_numbers(x, targets.to_vec(), 4, beside).unwrap();
        SentenceFacts::of(&data.into()).unwrap()
    }

    /// The order of the tokens before the last one is nothing to a transformer; how often a token comes,
    /// and which is the last, is.
    #[test]
    fn the_same_tokens_under_the_same_query_contradict_each_other() {
        let x = array![
            [0.0, 1.0, 2.0, -1.0],
            [1.0, 0.0, 2.0, -1.0],
            [0.0, 2.0, 1.0, -1.0],
            [0.0, 0.0, 1.0, 2.0],
            [2.0, 1.0, -1.0, -1.0],
            // Positive multiples of each other, as rows of numbers.
            [1.0, 2.0, -1.0, -1.0],
        ];
        let found = facts(x, &[1, 2, 2, 2, 1, 3], &[1.0, 2.0, 3.0, 1.0]);
        assert_eq!(
            (found.contradictions, &found.contradicting_pairs[..]),
            (1, &[[0, 1]][..])
        );
        assert_eq!(
            (found.shortest, found.longest, found.tokens_seen),
            (2, 4, 3)
        );
        // Next of 0, 1, 2 are 1, 2, 3: of the fifth sentence, of 2 and 1, none leads to 1.
        assert_eq!(found.leading, Some([1, 5, 0]));
        assert!(found.two_successors.is_empty() && !found.is_consistent());
        assert!(
            found
                .warning()
                .starts_with("sentences 0 and 1 have the same tokens")
        );
    }

    /// Pairs are counted, not listed: of these there are 10¹⁰.
    #[test]
    fn many_contradictions_take_no_room() {
        let samples = 200_000;
        let x = Array2::from_elem((samples, 1), 2.0);
        let targets: Vec<usize> = (0..samples).map(|sample| sample % 2).collect();
        let found = facts(x, &targets, &[1.0, 2.0, 3.0, 1.0]);
        assert_eq!(found.contradictions, 10_000_000_000);
        let first: Vec<[usize; 2]> = (0..LISTED).map(|pair| [0, 2 * pair + 1]).collect();
        assert_eq!(found.contradicting_pairs, first);
    }

    #[test]
    fn one_embedding_with_two_next_tokens_is_named() {
        let x = array![[0.0, 1.0], [2.0, 1.0]];
        let found = facts(x, &[1, 2], &[1.0, 2.0, 3.0, 0.0]);
        assert_eq!(found.two_successors, [[0, 3]]);
        assert!(
            found
                .warning()
                .contains("tokens 0 and 3 have one embedding")
        );
    }

    #[test]
    fn sentences_of_the_law_have_what_is_asked_for_and_other_data_are_none() {
        let law = |two_targets, two_successors| {
            let law = Sentences {
                samples: 30,
                vocabulary: 9,
                length: 4,
                language: 2,
                two_targets,
                two_successors,
            };
            SentenceFacts::of(&law.training_set(5).unwrap()).unwrap()
        };
        let sound = law(false, false);
        assert!(sound.is_consistent() && sound.warning().is_empty());
        assert_eq!(sound.leading, Some([0, 30, 0]));
        let two = law(true, false);
        assert_eq!(two.contradicting_pairs, [[0, 29]]);
        assert_eq!(law(false, true).two_successors, [[0, 8]]);
        let others = Dataset::new(array![[1.0], [2.0]], array![1.0, -1.0]).unwrap();
        assert_eq!(SentenceFacts::of(&others.into()), None);
    }
}
