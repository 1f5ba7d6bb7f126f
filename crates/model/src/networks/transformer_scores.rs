//! Scores of the transformer and their gradients in host memory.

use implicit_bias_scalar::log_sum_of_exponentials;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use crate::softmax_mixture::{Shares, common_exponent};
use crate::{HostScores, Objective, Targets};

/// Scores by way of `E W_ovᵀ` and `E W_kq Eᵀ`, `[V, V]`: `4 V² d` and `8 V² d` operations a step besides
/// `n L V`.
pub(super) struct TransformerScores {
    /// The tokens of each sentence; the last is the query.
    sentences: Vec<Vec<usize>>,
    /// `[V, d]`.
    embeddings: Array2<f64>,
    /// The scores `W_ov x_l` that attention to a token alone gives, `[V, V]`, a token a row.
    values: Array2<f64>,
    /// `W_ov` that the values are of.
    values_of: Vec<f64>,
    /// `e_lᵀ W_kq e_q`, `[V, V]`.
    logits: Array2<f64>,
    /// The rows of the last scores.
    rows: Vec<usize>,
    shares: Vec<Shares>,
    exponents: [i64; 2],
    /// Room for a product `[V, d]`.
    room: Array2<f64>,
}

impl TransformerScores {
    /// Those of sentences in the rows of `x`, `[n, L]`, tokens by number with −1 past the end.
    pub fn new(x: &Array2<f64>, embeddings: Array2<f64>) -> Self {
        let (vocabulary, dim) = embeddings.dim();
        let sentence = |row: ndarray::ArrayView1<'_, f64>| -> Vec<usize> {
            let tokens = row.iter().take_while(|&&token| token >= 0.0);
            tokens.map(|&token| token as usize).collect()
        };
        Self {
            sentences: x.rows().into_iter().map(sentence).collect(),
            values: Array2::zeros([vocabulary, vocabulary]),
            values_of: Vec::new(),
            logits: Array2::zeros([vocabulary, vocabulary]),
            rows: Vec::new(),
            shares: Vec::new(),
            exponents: [0; 2],
            room: Array2::zeros([vocabulary, dim]),
            embeddings,
        }
    }

    /// The scores of each token alone.
    fn set_values(&mut self, block: &[f64]) {
        let block = ArrayView2::from_shape(self.embeddings.dim(), block).expect("W_ov is [V, d]");
        general_mat_mul(1.0, &self.embeddings, &block.t(), 0.0, &mut self.values);
    }

    /// `E W_kq Eᵀ`.
    fn set_logits(&mut self, block: &[f64]) {
        let dim = self.embeddings.ncols();
        let block = ArrayView2::from_shape([dim, dim], block).expect("W_kq is [d, d]");
        general_mat_mul(1.0, &self.embeddings, &block, 0.0, &mut self.room);
        general_mat_mul(1.0, &self.room, &self.embeddings.t(), 0.0, &mut self.logits);
    }

    /// `∂/∂(logit of token l) Σ_v c_v s_v` of a sentence, as differences to the token of most
    /// attention: `Σ_v c_v (value of l − value of top)`.
    fn differences(&self, place: usize, cotangent: &[f64]) -> Vec<f64> {
        let sentence = &self.sentences[self.rows[place]];
        let top = self.values.row(sentence[self.shares[place].top]);
        let difference = |&token: &usize| {
            if token == sentence[self.shares[place].top] {
                return 0.0;
            }
            let pairs = self.values.row(token).into_iter().zip(top);
            let pairs = pairs.zip(cotangent);
            pairs.map(|((value, top), c)| c * (value - top)).sum()
        };
        sentence.iter().map(difference).collect()
    }

    /// `Eᵀ A E` into a gradient, for `A` `[V, V]`.
    fn pull_between(&mut self, inner: &Array2<f64>, gradient: &mut [f64]) {
        let dim = self.embeddings.ncols();
        general_mat_mul(1.0, inner, &self.embeddings, 0.0, &mut self.room);
        let mut gradient = ArrayViewMut2::from_shape([dim, dim], gradient).expect("W_kq is [d, d]");
        general_mat_mul(1.0, &self.embeddings.t(), &self.room, 0.0, &mut gradient);
    }

    /// The cross-entropy of each sentence where attention is on its best token alone, less that, and
    /// how much attention is elsewhere: `[log(ℓ_i − ℓ*_i), log(1 − s_*)]`, and whether the token of most
    /// attention is the best one.
    fn beyond_best(&self, place: usize, target: usize) -> ([f64; 2], bool) {
        let sentence = &self.sentences[self.rows[place]];
        let alone = |&token: &usize| {
            let scores = self.values.row(token);
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
            scores[target] - largest - sum.ln()
        };
        let best = sentence
            .iter()
            .max_by(|a, b| alone(a).total_cmp(&alone(b)))
            .copied()
            .unwrap_or_default();
        let shares = &self.shares[place];
        // log s_l of the tokens that are not the best one.
        let others = || {
            let each = sentence.iter().zip(&shares.log_shares);
            each.filter(|(token, _)| **token != best)
        };
        let largest = others().fold(f64::NEG_INFINITY, |most: f64, (_, log)| most.max(*log));
        if largest == f64::NEG_INFINITY {
            return ([f64::NEG_INFINITY; 2], true);
        }
        let elsewhere: f64 = others().map(|(_, log)| (log - largest).exp()).sum();
        let best_scores = self.values.row(best);
        let top = best_scores
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = best_scores.iter().map(|s| (s - top).exp()).sum();
        // What each score is below its value at the best token, over e^largest.
        let mut below = vec![0.0; best_scores.len()];
        for (token, log) in others() {
            let share = (log - largest).exp();
            let pairs = self.values.row(*token).into_iter().zip(best_scores);
            for (below, (value, best)) in below.iter_mut().zip(pairs) {
                *below += share * (best - value);
            }
        }
        // ℓ − ℓ* = log Σ_v p_v e^{d_target − d_v} with d = e^largest · below.
        let scale = largest.exp();
        let excess = |v: usize| {
            let d = below[target] - below[v];
            let weight = (best_scores[v] - top).exp() / sum;
            if scale * d.abs() > 1e-9 {
                weight * (scale * d).exp_m1() / scale
            } else {
                weight * d * (1.0 + 0.5 * scale * d)
            }
        };
        let mean: f64 = (0..below.len()).map(excess).sum();
        let log_gap = if scale * mean > 1e-9 {
            (scale * mean).ln_1p().ln()
        } else {
            largest + (mean * (1.0 - 0.5 * scale * mean)).ln()
        };
        let is_selected = sentence[shares.top] == best;
        ([log_gap, largest + elsewhere.ln()], is_selected)
    }
}

impl HostScores for TransformerScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        let (own, keys) = weights.split_at(self.embeddings.len());
        if self.values_of != own {
            self.set_values(own);
            self.values_of = own.to_vec();
        }
        self.set_logits(keys);
        self.rows.clear();
        match rows {
            Some(rows) => self.rows.extend(rows),
            None => self.rows.extend(0..self.sentences.len()),
        }
        self.shares.resize_with(self.rows.len(), Shares::default);
        let vocabulary = self.embeddings.nrows();
        let each = self.rows.iter().zip(&mut self.shares);
        for ((&row, shares), scores) in each.zip(scores.chunks_exact_mut(vocabulary)) {
            let sentence = &self.sentences[row];
            let query = *sentence.last().expect("a sentence has a token");
            let logits: Vec<f64> = (sentence.iter().map(|&l| self.logits[[l, query]])).collect();
            shares.set(&logits);
            // In differences to the token of most attention.
            let top = self.values.row(sentence[shares.top]);
            scores.iter_mut().zip(top).for_each(|(s, v)| *s = *v);
            for (&token, share) in sentence.iter().zip(&shares.shares) {
                if token == sentence[shares.top] {
                    continue;
                }
                let pairs = self.values.row(token).into_iter().zip(top);
                let each = scores.iter_mut().zip(pairs);
                each.for_each(|(s, (value, top))| *s += share * (value - top));
            }
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let vocabulary = self.embeddings.nrows();
        let mut of_values = Array2::zeros([vocabulary, vocabulary]);
        let mut terms = Vec::with_capacity(self.rows.len());
        let mut largest = f64::NEG_INFINITY;
        for (place, c) in cotangent.chunks_exact(vocabulary).enumerate() {
            let shares = &self.shares[place];
            for (&token, share) in self.sentences[self.rows[place]].iter().zip(&shares.shares) {
                for (v, c) in c.iter().enumerate() {
                    of_values[[v, token]] += share * c;
                }
            }
            let mut slopes = Vec::new();
            let scale = shares.slopes(&self.differences(place, c), &mut slopes);
            largest = largest.max(scale);
            terms.push((scale, slopes));
        }
        let exponent = common_exponent(largest);
        let shift = exponent as f64 * std::f64::consts::LN_2;
        let mut of_logits = Array2::zeros([vocabulary, vocabulary]);
        for (place, (scale, slopes)) in terms.iter().enumerate() {
            let sentence = &self.sentences[self.rows[place]];
            let query = *sentence.last().expect("a sentence has a token");
            let factor = (scale - shift).exp();
            for (&token, slope) in sentence.iter().zip(slopes) {
                of_logits[[token, query]] += factor * slope;
            }
        }
        self.exponents = [0, exponent];
        let (own, keys) = gradient.split_at_mut(self.embeddings.len());
        let mut own =
            ArrayViewMut2::from_shape(self.embeddings.dim(), own).expect("W_ov is [V, d]");
        general_mat_mul(1.0, &of_values, &self.embeddings, 0.0, &mut own);
        self.pull_between(&of_logits, keys);
    }

    fn exponents(&self) -> Option<&[i64]> {
        Some(&self.exponents)
    }

    /// `log_gap`, `log(L − L*)` with `L*` that of attention to the best token of each sentence at the
    /// present `W_ov`; `log_unselected`, the largest `log(1 − s_*)` of a sentence; `selected`, the
    /// fraction of the sentences whose token of most attention is the best one. Logistic loss.
    fn probes(&mut self, weights: &[f64], objective: &Objective) -> Vec<(String, f64)> {
        let Targets::Classes { class, count } = objective.targets() else {
            return Vec::new();
        };
        let mut scores = vec![0.0; class.len() * count];
        self.scores(weights, None, &mut scores);
        let weight = |sample: usize| {
            let weights = objective.relative_weights();
            weights.map_or(1.0, |weights| weights[sample])
        };
        let (mut logs, mut unselected, mut selected) = (Vec::new(), f64::NEG_INFINITY, 0);
        for (sample, &target) in class.iter().enumerate() {
            let ([gap, elsewhere], is_selected) = self.beyond_best(sample, target);
            logs.push(gap + (weight(sample) / class.len() as f64).ln());
            unselected = unselected.max(elsewhere);
            selected += usize::from(is_selected);
        }
        let gap = log_sum_of_exponentials(&logs);
        vec![
            ("log_gap".to_owned(), gap),
            ("log_unselected".to_owned(), unselected),
            ("selected".to_owned(), selected as f64 / class.len() as f64),
        ]
    }
}
