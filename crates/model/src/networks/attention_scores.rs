//! Scores of self-attention and their gradients in host memory.

use ndarray::{Array2, ArrayView1, Axis};

use super::attention_logits::Logits;
use crate::host_scores::{MarginGap, log_excess_loss};
use crate::softmax_mixture::{ByToken, Shares, log_mean};
use crate::{HostScores, Objective, Span, Targets};

/// Scores by differences to the token of most attention, from weights or from their coordinates in
/// what the samples span.
pub(super) struct AttentionScores {
    logits: Logits,
    /// The tokens, `[n T, d]`.
    tokens: Array2<f64>,
    /// Tokens of a sample.
    count: usize,
    /// The decoder, where it is not trained.
    fixed: Option<Vec<f64>>,
    /// `⟨u, x_t⟩`, `[n T]`.
    values: Vec<f64>,
    /// The rows of the last scores.
    rows: Vec<usize>,
    /// The values of these.
    of_rows: ByToken,
    /// Those rows whose values these are.
    known: Option<Vec<usize>>,
    shares: Shares,
    exponents: [i64; 2],
    /// Values less that of the token of most attention.
    differences: ByToken,
    /// Room for slopes.
    slopes: ByToken,
}

impl AttentionScores {
    /// Those of samples in the rows of `x`, `[n, (T + 1) d]`.
    pub fn new(x: &Array2<f64>, dim: usize, fixed: Option<Vec<f64>>) -> Self {
        let (samples, entries) = x.dim();
        let count = entries / dim - 1;
        let (tokens, queries) = x.view().split_at(Axis(1), count * dim);
        let tokens = tokens.as_standard_layout().into_owned();
        let tokens = tokens.into_shape_with_order([samples * count, dim]);
        let tokens = tokens.expect("the tokens of a sample are one after another");
        let logits = Logits::direct(queries.as_standard_layout().into_owned());
        Self::by(logits, tokens, count, fixed)
    }

    fn by(logits: Logits, tokens: Array2<f64>, count: usize, fixed: Option<Vec<f64>>) -> Self {
        let values = fixed.as_ref().map_or_else(Vec::new, |decoder| {
            let decoder = ArrayView1::from(decoder);
            tokens.dot(&decoder).to_vec()
        });
        Self {
            logits,
            tokens,
            count,
            fixed,
            values,
            rows: Vec::new(),
            of_rows: ByToken::default(),
            known: None,
            shares: Shares::default(),
            exponents: [0; 2],
            differences: ByToken::default(),
            slopes: ByToken::default(),
        }
    }

    fn samples(&self) -> usize {
        self.tokens.nrows() / self.count
    }

    /// `⟨u, x_t⟩` of a sample's tokens.
    fn values(&self, sample: usize) -> &[f64] {
        &self.values[sample * self.count..(sample + 1) * self.count]
    }

    /// Arranges the values of the rows that are asked for.
    fn arrange(&mut self) {
        if self.fixed.is_some() && self.known.as_ref() == Some(&self.rows) {
            return;
        }
        self.of_rows.resize(self.count, self.rows.len());
        self.of_rows.fill(0.0);
        for (place, row) in self.rows.iter().enumerate() {
            let values = &self.values[row * self.count..][..self.count];
            for (token, value) in values.iter().enumerate() {
                self.of_rows.token_mut(token)[place] = *value;
            }
        }
        self.known = Some(self.rows.clone());
    }

    /// The gradient of the decoder, `Σ_i c_i Σ_t s_t x_t`.
    fn pull_back_decoder(&self, cotangent: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        for (place, (&sample, c)) in self.rows.iter().zip(cotangent).enumerate() {
            for (t, share) in self.shares.shares().sample(place).enumerate() {
                let factor = c * share;
                let token = self.tokens.row(sample * self.count + t);
                let each = gradient.iter_mut().zip(token);
                each.for_each(|(g, x)| *g += factor * x);
            }
        }
    }
}

impl HostScores for AttentionScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.rows.clear();
        match rows {
            Some(rows) => self.rows.extend(rows),
            None => self.rows.extend(0..self.samples()),
        }
        if self.fixed.is_none() {
            let decoder = &weights[self.logits.weights(weights.len())..];
            self.values = self.tokens.dot(&ArrayView1::from(decoder)).to_vec();
        }
        self.arrange();
        let logits = self.shares.logits(self.count, self.rows.len());
        self.logits.fill(weights, &self.tokens, &self.rows, logits);
        self.shares.attend();
        let differences = &mut self.differences;
        self.shares.mix(&self.of_rows, differences, scores);
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let mut slopes = std::mem::take(&mut self.slopes);
        slopes.clone_from(&self.differences);
        // c_i s_t (v_t − f_i), up to a power of two.
        self.exponents = [self.shares.pull_back(cotangent, &mut slopes), 0];
        let size = self.logits.weights(gradient.len());
        let (own, rest) = gradient.split_at_mut(size);
        let logits = &mut self.logits;
        logits.pull_back(&slopes, &self.tokens, &self.rows, own);
        self.slopes = slopes;
        if !rest.is_empty() {
            self.pull_back_decoder(cotangent, rest);
        }
    }

    /// Where the decoder is fixed and that takes less than half of the operations.
    fn span(&self) -> Option<Span> {
        self.fixed.as_ref()?;
        let (basis, logits) = self.logits.spanned(&self.tokens)?;
        let tokens = self.tokens.clone();
        let scores = Self::by(logits, tokens, self.count, self.fixed.clone());
        Some(Span::new(basis, Box::new(scores)))
    }

    fn exponents(&self) -> Option<&[i64]> {
        let blocks = if self.fixed.is_some() { 1 } else { 2 };
        Some(&self.exponents[..blocks])
    }

    fn gaps(&self) -> Option<Vec<[MarginGap; 2]>> {
        // With a decoder that is trained margins have no supremum.
        self.fixed.as_ref()?;
        let of_row = |(place, &sample): (usize, &usize)| {
            let values = self.values(sample);
            [1.0, -1.0].map(|label| {
                let supremum = values.iter().map(|v| label * v);
                let supremum = supremum.fold(f64::NEG_INFINITY, f64::max);
                let gap = |t: usize| supremum - label * values[t];
                let log_gap = log_mean(self.shares.logs(place), gap);
                MarginGap { supremum, log_gap }
            })
        };
        Some(self.rows.iter().enumerate().map(of_row).collect())
    }

    /// `log_gap`, `log(L − L*)` of the mean losses, for a fixed decoder; `log_unselected`, the
    /// largest `log(1 − s_o)` of a sample, `o` its token of the largest `y ⟨u, x_t⟩`; `selected`, the
    /// fraction of the samples whose token of most attention it is.
    fn probes(&mut self, weights: &[f64], objective: &Objective) -> Vec<(String, f64)> {
        let Targets::Signs(labels) = objective.targets() else {
            return Vec::new();
        };
        let mut scores = vec![0.0; labels.len()];
        self.scores(weights, None, &mut scores);
        let mut unselected = f64::NEG_INFINITY;
        let mut selected = 0;
        for (sample, label) in labels.iter().enumerate() {
            let best = best_token(self.values(sample), *label);
            let is_other = |t: usize| f64::from(u8::from(t != best));
            unselected = unselected.max(log_mean(self.shares.logs(sample), is_other));
            selected += usize::from(self.shares.top(sample) == best);
        }
        let mut probes = Vec::new();
        if let Some(gaps) = self.gaps() {
            let gap = log_excess_loss(objective, &gaps, None);
            probes.push(("log_gap".to_owned(), gap.unwrap_or(f64::NAN)));
        }
        probes.push(("log_unselected".to_owned(), unselected));
        let fraction = selected as f64 / labels.len() as f64;
        probes.push(("selected".to_owned(), fraction));
        probes
    }
}

/// The first token of the largest `y v_t`.
fn best_token(values: &[f64], label: f64) -> usize {
    let mut best = 0;
    for (token, value) in values.iter().enumerate() {
        if label * value > label * values[best] {
            best = token;
        }
    }
    best
}
