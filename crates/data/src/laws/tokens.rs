//! Samples of several tokens, for attention.

use implicit_bias_settings::{Invalid, Key, Settings};

use super::law::{DIM, DataLaw, DataLawKind, SAMPLES};
use crate::random::{Stream, gaussian_matrix, generator, index_below, random_labels};
use crate::{Beside, DataError, Dataset};

/// The number of parts of a sample.
pub const PARTS: Key = Key::count(
    "parts",
    "P",
    "Parts of a generated sample, each of dimension d: tokens (tokens) or patches (patches)",
)
.by_default_count(4)
.within("at least 2", |parts| parts >= 2.0);

/// Whether all tokens of a sample but one have one score.
pub const EQUAL_SCORES: Key = Key::switch(
    "equal-scores",
    "Give all tokens of a sample but one the score 0 under the decoder (tokens)",
);

/// [`Tokens`] as users choose it.
pub const TOKENS: DataLawKind = DataLawKind {
    name: "tokens",
    about: "Gaussian tokens of norm near 1, --parts of them a sample, and a decoder `u`",
    keys: &[SAMPLES, DIM, PARTS, EQUAL_SCORES],
    make: |settings| {
        Ok(Box::new(Tokens {
            samples: SAMPLES.size_in(settings)?,
            dim: DIM.size_in(settings)?,
            tokens: PARTS.size_in(settings)?,
            equal_scores: EQUAL_SCORES.switch_in(settings)?.unwrap_or(false),
        }))
    },
};

/// Tokens `x_it ~ N(0, I_d/d)`, `t = 1..T`, one after another in the row of a sample, with a decoder
/// `u` beside them, uniform on the unit sphere. Labels are i.i.d. uniform on `±1`, conditioned on both
/// being present.
///
/// With `equal_scores`, tokens are projected off `u`, and `√2 y_i u` is added to one token of each
/// sample, drawn uniformly: its score `y ⟨u, x⟩` is √2, that of every other token 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// Number of samples `n ≥ 2`.
    pub samples: usize,
    /// Dimension `d` of a token.
    pub dim: usize,
    /// Tokens `T ≥ 2` of a sample.
    pub tokens: usize,
    /// Whether all tokens of a sample but one have the score 0.
    pub equal_scores: bool,
}

impl DataLaw for Tokens {
    fn shape(&self) -> (usize, usize) {
        (self.samples, self.dim.saturating_mul(self.tokens))
    }

    fn check_parameters(&self) -> Result<(), Invalid> {
        PARTS.check(self.tokens as f64)?;
        if self.equal_scores && self.dim < 2 {
            let expected = "at least 2, for tokens that the decoder does not see";
            return Err(Invalid::new(DIM.name, expected, self.dim));
        }
        Ok(())
    }

    fn draw(&self, seed: u64) -> Result<Dataset, DataError> {
        let Self {
            samples,
            dim,
            tokens,
            ..
        } = *self;
        let y = random_labels(samples, seed, Stream::Labels);
        let scale = 1.0 / (dim as f64).sqrt();
        let mut x = gaussian_matrix(samples, dim * tokens, scale, seed, Stream::Noise)?;
        let mut decoder = gaussian_matrix(1, dim, 1.0, seed, Stream::Decoder)?;
        let norm = decoder.iter().map(|u| u * u).sum::<f64>().sqrt();
        decoder /= norm;
        if self.equal_scores {
            let u = decoder.row(0);
            let mut chosen = generator(seed, Stream::Places);
            for (mut row, &label) in x.rows_mut().into_iter().zip(&y) {
                let best = index_below(&mut chosen, tokens);
                let chunks = row.as_slice_mut().expect("rows are in one piece");
                for (t, token) in chunks.chunks_exact_mut(dim).enumerate() {
                    let score: f64 = token.iter().zip(u).map(|(x, u)| x * u).sum();
                    let wanted = if t == best { 2f64.sqrt() * label } else { 0.0 };
                    let pairs = token.iter_mut().zip(u);
                    pairs.for_each(|(x, u)| *x += (wanted - score) * u);
                }
            }
        }
        Dataset::new(x, y)?.with_beside(Beside {
            parts: Some(tokens),
            arrays: [("u".to_owned(), decoder)].into(),
        })
    }

    fn describe(&self) -> String {
        let Self {
            samples,
            dim,
            tokens,
            equal_scores,
        } = self;
        let equal = if *equal_scores { ", equal scores" } else { "" };
        format!("tokens, n = {samples}, T = {tokens}, d = {dim}{equal}")
    }

    fn computed(&self) -> Settings {
        Settings::default().with(EQUAL_SCORES.name, self.equal_scores)
    }
}
