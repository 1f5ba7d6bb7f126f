//! Sentences whose next token is told by one of their tokens.

use implicit_bias_settings::{Invalid, Key};
use ndarray::Array2;

use super::law::{DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, generator, index_below};
use crate::{Beside, ClassDataset, DataError, Dataset, TrainingSet};

/// The number of tokens there are.
pub const VOCABULARY: Key = Key::count("vocabulary", "V", "Tokens V there are (sentences)")
    .by_default_count(20)
    .within("2 to 1000", |tokens| (2.0..=1000.0).contains(&tokens));

/// The length of a sentence.
pub const LENGTH: Key = Key::count("length", "L", "Tokens L of a sentence (sentences)")
    .by_default_count(6)
    .within("2 to 10000", |length| (2.0..=10_000.0).contains(&length));

/// The seed of the language, where sentences are to be others of one language.
pub const LANGUAGE: Key = Key::count(
    "language",
    "SEED",
    "Seed of the language, the next token of each token and which token tells it (sentences)",
)
.by_default_count(0);

/// Whether a sentence is there twice, with two targets.
pub const TWO_TARGETS: Key = Key::switch(
    "two-targets",
    "End with the first sentence again, another of its tokens telling the next one (sentences)",
);

/// Whether a token has two successors.
pub const TWO_SUCCESSORS: Key = Key::switch(
    "two-successors",
    "Give the last token the embedding of the first one, not its next token (sentences)",
);

/// [`Sentences`] as users choose it.
pub const SENTENCES: DataLawKind = DataLawKind {
    name: "sentences",
    about: "Random sentences of a language in which one token of each tells the next one",
    keys: &[
        SAMPLES,
        VOCABULARY,
        LENGTH,
        LANGUAGE,
        TWO_TARGETS,
        TWO_SUCCESSORS,
    ],
    make: |settings| {
        Ok(Box::new(Sentences {
            samples: SAMPLES.size_in(settings)?,
            vocabulary: VOCABULARY.size_in(settings)?,
            length: LENGTH.size_in(settings)?,
            language: LANGUAGE.count_in(settings)?,
            two_targets: TWO_TARGETS.switch_in(settings)?.unwrap_or(false),
            two_successors: TWO_SUCCESSORS.switch_in(settings)?.unwrap_or(false),
        }))
    },
};

/// Realizable sentences: each token has a next one, by a random permutation, and each query, the last
/// token, an order of the tokens; the token of a sentence that is first in it tells the next one. That
/// such orders exist is what realizable means (Huang, Liang & Yang, arXiv:2409.17335); the law is this
/// project's.
///
/// Tokens of sentences are independent and uniform. A sentence of one token repeated has nothing to
/// choose, and is drawn again. Beside the sentences are `E`, the identity `[V, V]`, `next_token` and
/// the weights `pi0` `[V]`.
///
/// Both faults that can be asked for take away that weights exist which tell every token apart: of two
/// equal sentences with two targets one is wrong, and a token with two successors, which is two numbers
/// for one embedding, tells neither of them surely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentences {
    /// Number of sentences `n ≥ 2`.
    pub samples: usize,
    /// Tokens `V ≥ 2`.
    pub vocabulary: usize,
    /// Length `L ≥ 2` of a sentence.
    pub length: usize,
    /// The seed of the language.
    pub language: u64,
    /// Whether the last sentence is the first one with another target.
    pub two_targets: bool,
    /// Whether the last token has the embedding of the first one.
    pub two_successors: bool,
}

impl Sentences {
    /// The next token of each token, and for each query the place of each token in its order.
    pub fn language(&self) -> (Vec<usize>, Vec<Vec<usize>>) {
        let mut generator = generator(self.language, Stream::Language);
        let mut permutation = || -> Vec<usize> {
            let mut order: Vec<usize> = (0..self.vocabulary).collect();
            for i in (1..order.len()).rev() {
                order.swap(i, index_below(&mut generator, i + 1));
            }
            order
        };
        let next = permutation();
        let places = (0..self.vocabulary).map(|_| permutation()).collect();
        (next, places)
    }
}

impl DataLaw for Sentences {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.length)
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        VOCABULARY.check(self.vocabulary as f64)?;
        LENGTH.check(self.length as f64)
    }

    /// Sentences have next tokens, no labels.
    fn draw(&self, _: u64) -> Result<Dataset, DataError> {
        Err(DataError::Argument {
            flag: "--network",
            expected: "transformer, for sentences".to_owned(),
            found: "a network of labels ±1".to_owned(),
        })
    }

    fn training_set(&self, seed: u64) -> Result<TrainingSet, DataError> {
        self.validate()?;
        let (next, places) = self.language();
        let mut generator = generator(seed, Stream::Sentences);
        let mut x = Array2::zeros([self.samples, self.length]);
        let mut target = Vec::with_capacity(self.samples);
        for mut row in x.rows_mut() {
            let sentence = loop {
                let draw = |_| index_below(&mut generator, self.vocabulary);
                let sentence: Vec<usize> = (0..self.length).map(draw).collect();
                if sentence.iter().any(|&token| token != sentence[0]) {
                    break sentence;
                }
            };
            let order = &places[sentence[self.length - 1]];
            let best = sentence.iter().min_by_key(|&&token| order[token]);
            target.push(next[best.copied().unwrap_or_default()]);
            let pairs = row.iter_mut().zip(&sentence);
            pairs.for_each(|(entry, &token)| *entry = token as f64);
        }
        if self.two_targets {
            let first = x.row(0).to_owned();
            let order = &places[first[self.length - 1] as usize];
            let last_in_order = first.iter().max_by_key(|&&token| order[token as usize]);
            let last = self.samples - 1;
            target[last] = next[last_in_order.copied().unwrap_or_default() as usize];
            x.row_mut(last).assign(&first);
        }
        let vocabulary = self.vocabulary;
        let mut embeddings = Array2::from_diag_elem(vocabulary, 1.0);
        if self.two_successors {
            let first = embeddings.row(0).to_owned();
            embeddings.row_mut(vocabulary - 1).assign(&first);
        }
        let next = next.iter().map(|&token| token as f64).collect();
        let next = Array2::from_shape_vec([1, vocabulary], next);
        let arrays = [
            ("E", embeddings),
            ("next_token", next.expect("one a token")),
            (
                "pi0",
                Array2::from_elem([1, vocabulary], 1.0 / vocabulary as f64),
            ),
        ];
        let beside = Beside {
            parts: None,
            arrays: arrays.map(|(name, array)| (name.to_owned(), array)).into(),
        };
        let data = ClassDataset::of_numbers(x, target, vocabulary, beside)?;
        Ok(data.into())
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            vocabulary,
            length,
            language,
            two_targets,
            two_successors,
        } = self;
        let targets = match two_targets {
            true => ", one with two targets",
            false => "",
        };
        let successors = match two_successors {
            true => ", one token with two successors",
            false => "",
        };
        format!(
            "sentences, n = {samples}, L = {length}, V = {vocabulary}, language {language}{targets}\
             {successors}"
        )
    }
}
