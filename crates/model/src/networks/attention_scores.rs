//! Scores of self-attention and their gradients in host memory.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use crate::host_scores::{MarginGap, log_excess_loss};
use crate::softmax_mixture::{Shares, common_exponent, log_mean};
use crate::{HostScores, Objective, Targets};

/// Scores by differences to the token of most attention: `4 n d² + 4 n T d` operations a step.
pub(super) struct AttentionScores {
    /// The tokens, `[n T, d]`.
    tokens: Array2<f64>,
    /// The queries, `[n, d]`.
    queries: Array2<f64>,
    /// Tokens of a sample.
    count: usize,
    /// The decoder, where it is not trained.
    fixed: Option<Vec<f64>>,
    /// `⟨u, x_t⟩`, `[n T]`.
    values: Vec<f64>,
    /// The rows of the last scores.
    rows: Vec<usize>,
    shares: Vec<Shares>,
    exponents: [i64; 2],
    /// `z Wᵀ`, `[rows, d]`.
    looked_for: Array2<f64>,
    /// Room for a sample.
    differences: Vec<f64>,
    slopes: Vec<f64>,
    logits: Vec<f64>,
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
        let values = fixed.as_ref().map_or_else(Vec::new, |decoder| {
            let decoder = ArrayView1::from(decoder);
            tokens.dot(&decoder).to_vec()
        });
        Self {
            queries: queries.as_standard_layout().into_owned(),
            tokens,
            count,
            fixed,
            values,
            rows: Vec::new(),
            shares: Vec::new(),
            exponents: [0; 2],
            looked_for: Array2::zeros((0, dim)),
            differences: Vec::new(),
            slopes: Vec::new(),
            logits: Vec::new(),
        }
    }

    fn dim(&self) -> usize {
        self.queries.ncols()
    }

    /// The token `t` of a sample.
    fn token(&self, sample: usize, t: usize) -> &[f64] {
        let (dim, row) = (self.dim(), sample * self.count + t);
        let tokens = self
            .tokens
            .as_slice()
            .expect("tokens are one after another");
        &tokens[row * dim..(row + 1) * dim]
    }

    /// `⟨u, x_t⟩` of a sample's tokens.
    fn values(&self, sample: usize) -> &[f64] {
        &self.values[sample * self.count..(sample + 1) * self.count]
    }

    /// The gradient of the decoder, `Σ_i c_i Σ_t s_t x_t`.
    fn pull_back_decoder(&self, cotangent: &[f64], gradient: &mut [f64]) {
        gradient.fill(0.0);
        for ((&sample, shares), c) in self.rows.iter().zip(&self.shares).zip(cotangent) {
            for (t, share) in shares.shares.iter().enumerate() {
                let factor = c * share;
                let token = self.token(sample, t);
                gradient
                    .iter_mut()
                    .zip(token)
                    .for_each(|(g, x)| *g += factor * x);
            }
        }
    }

    /// Fills the queries of the rows that are asked for into `looked_for` as `z Wᵀ`.
    fn look(&mut self, weights: &[f64]) {
        let dim = self.dim();
        let attention = ArrayView2::from_shape([dim, dim], &weights[..dim * dim])
            .expect("the first block is the attention");
        if self.looked_for.nrows() != self.rows.len() {
            self.looked_for = Array2::zeros((self.rows.len(), dim));
        }
        if self.rows.len() == self.queries.nrows()
            && self.rows.iter().enumerate().all(|(i, r)| i == *r)
        {
            general_mat_mul(
                1.0,
                &self.queries,
                &attention.t(),
                0.0,
                &mut self.looked_for,
            );
        } else {
            let queries = self.queries.select(Axis(0), &self.rows);
            general_mat_mul(1.0, &queries, &attention.t(), 0.0, &mut self.looked_for);
        }
    }
}

impl HostScores for AttentionScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        let dim = self.dim();
        self.rows.clear();
        match rows {
            Some(rows) => self.rows.extend(rows),
            None => self.rows.extend(0..self.queries.nrows()),
        }
        if self.fixed.is_none() {
            let decoder = ArrayView1::from(&weights[dim * dim..]);
            self.values = self.tokens.dot(&decoder).to_vec();
        }
        self.look(weights);
        self.shares.resize_with(self.rows.len(), Shares::default);
        let mut logits = std::mem::take(&mut self.logits);
        let mut of_rows = std::mem::take(&mut self.shares);
        for (place, shares) in of_rows.iter_mut().enumerate() {
            let sample = self.rows[place];
            let looked_for = self.looked_for.row(place);
            let looked_for = looked_for.to_slice().expect("rows are in one piece");
            logits.clear();
            logits.extend((0..self.count).map(|t| {
                let token = self.token(sample, t).iter();
                token.zip(looked_for).map(|(x, w)| x * w).sum::<f64>()
            }));
            shares.set(&logits);
            let values = self.values(sample);
            let top = values[shares.top];
            let others = shares.shares.iter().zip(values);
            scores[place] = top + others.map(|(s, v)| s * (v - top)).sum::<f64>();
        }
        (self.logits, self.shares) = (logits, of_rows);
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let (dim, count) = (self.dim(), self.count);
        let rows = self.rows.len();
        // c_i s_t (v_t − f_i), each sample up to the power of e that it falls like.
        let mut coefficients = vec![0.0; rows * count];
        let mut scales = Vec::with_capacity(rows);
        for place in 0..rows {
            let mut differences = std::mem::take(&mut self.differences);
            let values = self.values(self.rows[place]);
            let top = values[self.shares[place].top];
            differences.clear();
            differences.extend(values.iter().map(|v| v - top));
            let mut slopes = std::mem::take(&mut self.slopes);
            let scale = self.shares[place].slopes(&differences, &mut slopes);
            scales.push(scale + cotangent[place].abs().ln());
            let sign = cotangent[place].signum();
            let own = &mut coefficients[place * count..(place + 1) * count];
            own.iter_mut()
                .zip(&slopes)
                .for_each(|(c, slope)| *c = sign * slope);
            (self.differences, self.slopes) = (differences, slopes);
        }
        let largest = scales.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.exponents = [common_exponent(largest), 0];
        let shift = self.exponents[0] as f64 * std::f64::consts::LN_2;
        // Σ_t of a sample's tokens, [rows, d], in the room of what was looked for.
        let mut sums = std::mem::take(&mut self.looked_for);
        for (place, mut sum) in sums.rows_mut().into_iter().enumerate() {
            sum.fill(0.0);
            let factor = (scales[place] - shift).exp();
            let sum = sum.as_slice_mut().expect("rows are in one piece");
            for t in 0..count {
                let coefficient = factor * coefficients[place * count + t];
                let token = self.token(self.rows[place], t);
                sum.iter_mut()
                    .zip(token)
                    .for_each(|(s, x)| *s += coefficient * x);
            }
        }
        let (own, rest) = gradient.split_at_mut(dim * dim);
        let mut own = ArrayViewMut2::from_shape([dim, dim], own).expect("the attention is d × d");
        let queries = if rows == self.queries.nrows() {
            self.queries.view().to_owned()
        } else {
            self.queries.select(Axis(0), &self.rows)
        };
        general_mat_mul(1.0, &sums.t(), &queries, 0.0, &mut own);
        self.looked_for = sums;
        if !rest.is_empty() {
            self.pull_back_decoder(cotangent, rest);
        }
    }

    fn exponents(&self) -> Option<&[i64]> {
        let blocks = if self.fixed.is_some() { 1 } else { 2 };
        Some(&self.exponents[..blocks])
    }

    fn gaps(&self) -> Option<Vec<[MarginGap; 2]>> {
        // With a decoder that is trained margins have no supremum.
        self.fixed.as_ref()?;
        let of_row = |(&sample, shares): (&usize, &Shares)| {
            let values = self.values(sample);
            [1.0, -1.0].map(|label| {
                let supremum = values.iter().map(|v| label * v);
                let supremum = supremum.fold(f64::NEG_INFINITY, f64::max);
                let log_gap = log_mean(&shares.log_shares, |t| supremum - label * values[t]);
                MarginGap { supremum, log_gap }
            })
        };
        Some(self.rows.iter().zip(&self.shares).map(of_row).collect())
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
        for (sample, shares) in self.shares.iter().enumerate() {
            let values = self.values(sample);
            let best = best_token(values, labels[sample]);
            let others = log_mean(&shares.log_shares, |t| f64::from(u8::from(t != best)));
            unselected = unselected.max(others);
            selected += usize::from(shares.top == best);
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
