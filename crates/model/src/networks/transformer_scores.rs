//! Scores of the transformer and their gradients in host memory.

use implicit_bias_scalar::log_sum_of_exponentials;
use implicit_bias_scalar::vector::{LANES, Lanes};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use crate::softmax_mixture::{ByToken, Shares};
use crate::{HostScores, Objective, Targets};

/// Scores by way of `E W_ovᵀ` and `E W_kq Eᵀ`, `[V, V]`: `4 V² d` and `8 V² d` operations a step besides
/// `4 n L V`; where `E` is the identity products with it are copies.
pub(super) struct TransformerScores {
    /// The tokens of all sentences, one after another.
    tokens: Vec<usize>,
    /// Where those of each sentence begin, and where those of the last end; the last token of a
    /// sentence is the query.
    starts: Vec<usize>,
    /// `[V, d]`.
    embeddings: Array2<f64>,
    /// Whether they are the identity.
    is_identity: bool,
    /// The scores `W_ov x_l` that attention to a token alone gives, a token a row, `[V, V]`, in whole
    /// lanes.
    values: Vec<Lanes>,
    /// `W_ov` that the values are of.
    values_of: Vec<f64>,
    /// `e_lᵀ W_kq e_q`, `[V, V]`; where embeddings are the identity, those are the weights.
    logits: Array2<f64>,
    /// The rows of the last scores.
    rows: Vec<usize>,
    /// Whether these are all.
    is_all: bool,
    /// The tokens of the longest of them.
    longest: usize,
    /// Of each token of these, its place beside those of others, and that of its logit in `[V, V]`.
    pairs: Vec<[usize; 2]>,
    /// Places past the ends of shorter sentences.
    missing: Vec<usize>,
    shares: Shares,
    exponents: [i64; 2],
    /// Room for a product `[V, d]`.
    room: Array2<f64>,
    /// Room for a number a token of each sentence.
    slopes: ByToken,
    /// 1 for each row.
    ones: Vec<f64>,
}

impl TransformerScores {
    /// Those of sentences in the rows of `x`, `[n, L]`, tokens by number with −1 past the end.
    pub fn new(x: &Array2<f64>, embeddings: Array2<f64>) -> Self {
        let (vocabulary, dim) = embeddings.dim();
        let (mut tokens, mut starts) = (Vec::new(), vec![0]);
        for row in x.rows() {
            let own = row.iter().take_while(|&&token| token >= 0.0);
            tokens.extend(own.map(|&token| token as usize));
            starts.push(tokens.len());
        }
        let width = vocabulary.div_ceil(LANES);
        Self {
            tokens,
            starts,
            is_identity: vocabulary == dim && embeddings == Array2::<f64>::eye(dim),
            values: vec![[0.0; LANES]; vocabulary * width],
            values_of: Vec::new(),
            logits: Array2::zeros([vocabulary, vocabulary]),
            rows: Vec::new(),
            is_all: false,
            longest: 0,
            pairs: Vec::new(),
            missing: Vec::new(),
            shares: Shares::default(),
            exponents: [0; 2],
            room: Array2::zeros([vocabulary, dim]),
            slopes: ByToken::default(),
            ones: Vec::new(),
            embeddings,
        }
    }

    /// Lanes of a row of scores.
    fn width(&self) -> usize {
        self.embeddings.nrows().div_ceil(LANES)
    }

    fn sentence(&self, row: usize) -> &[usize] {
        &self.tokens[self.starts[row]..self.starts[row + 1]]
    }

    /// The scores of a token alone.
    fn value(&self, token: usize) -> &[f64] {
        let own = &self.values[token * self.width()..][..self.width()];
        &own.as_flattened()[..self.embeddings.nrows()]
    }

    /// The scores of each token alone.
    fn set_values(&mut self, block: &[f64]) {
        let (vocabulary, dim) = self.embeddings.dim();
        let block = ArrayView2::from_shape([vocabulary, dim], block).expect("W_ov is [V, d]");
        let product;
        let values = if self.is_identity {
            block.t()
        } else {
            product = self.embeddings.dot(&block.t());
            product.view()
        };
        let width = self.width();
        for (lanes, values) in self.values.chunks_exact_mut(width).zip(values.rows()) {
            let entries = lanes.as_flattened_mut().iter_mut().zip(values);
            entries.for_each(|(entry, value)| *entry = *value);
        }
    }

    /// The attention of the rows that are asked for.
    fn attend(&mut self, keys: &[f64]) {
        let dim = self.embeddings.ncols();
        if !self.is_identity {
            let block = ArrayView2::from_shape([dim, dim], keys).expect("W_kq is [d, d]");
            general_mat_mul(1.0, &self.embeddings, &block, 0.0, &mut self.room);
            general_mat_mul(1.0, &self.room, &self.embeddings.t(), 0.0, &mut self.logits);
        }
        let logits = match self.is_identity {
            true => keys,
            false => self.logits.as_slice().expect("rows one after another"),
        };
        let own = self.shares.logits(self.longest, self.rows.len());
        let own = own.all_mut();
        for [place, pair] in &self.pairs {
            own[*place] = logits[*pair];
        }
        for place in &self.missing {
            own[*place] = f64::NEG_INFINITY;
        }
        self.shares.attend();
    }

    /// Finds the places of the tokens of the rows that are asked for, where they are others than
    /// before.
    fn choose(&mut self, rows: Option<&[usize]>) {
        let is_known = match rows {
            Some(rows) => self.rows == rows,
            None => self.is_all,
        };
        if is_known {
            return;
        }
        self.is_all = rows.is_none();
        self.rows.clear();
        match rows {
            Some(rows) => self.rows.extend(rows),
            None => self.rows.extend(0..self.starts.len() - 1),
        }
        let sentences = self.rows.iter().map(|&row| self.sentence(row));
        let longest = sentences.clone().map(<[usize]>::len).max().unwrap_or(0);
        let vocabulary = self.embeddings.nrows();
        let (mut pairs, mut missing) = (Vec::new(), Vec::new());
        let mut slopes = ByToken::default();
        slopes.resize(longest, self.rows.len());
        for (sample, sentence) in sentences.enumerate() {
            let query = *sentence.last().expect("a sentence has a token");
            for (l, token) in sentence.iter().enumerate() {
                pairs.push([slopes.place(l, sample), token * vocabulary + query]);
            }
            missing.extend((sentence.len()..longest).map(|l| slopes.place(l, sample)));
        }
        (self.longest, self.pairs, self.missing) = (longest, pairs, missing);
        self.slopes = slopes;
        self.ones = vec![1.0; self.rows.len()];
    }

    /// The gradient of `W_ov` into its block.
    fn pull_back_values(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let (vocabulary, dim) = self.embeddings.dim();
        // Of the scores of each token alone, a token a row.
        let mut of_values = Array2::<f64>::zeros([vocabulary, vocabulary]);
        let entries = of_values.as_slice_mut().expect("rows one after another");
        for (place, c) in cotangent.chunks_exact(vocabulary).enumerate() {
            let sentence = self.sentence(self.rows[place]);
            let shares = self.shares.shares().sample(place);
            for (&token, share) in sentence.iter().zip(shares) {
                let own = &mut entries[token * vocabulary..][..vocabulary];
                own.iter_mut().zip(c).for_each(|(g, c)| *g += share * c);
            }
        }
        let mut own =
            ArrayViewMut2::from_shape([vocabulary, dim], gradient).expect("W_ov is [V, d]");
        if self.is_identity {
            own.assign(&of_values.t());
        } else {
            general_mat_mul(1.0, &of_values.t(), &self.embeddings, 0.0, &mut own);
        }
    }

    /// The gradient of `W_kq` into its block, up to the exponent that is returned.
    fn pull_back_keys(&mut self, cotangent: &[f64], gradient: &mut [f64]) -> i64 {
        let mut slopes = std::mem::take(&mut self.slopes);
        slopes.fill(0.0);
        pulp::Arch::new().dispatch(Differences {
            of: self,
            cotangent,
            differences: &mut slopes,
        });
        let exponent = self.shares.pull_back(&self.ones, &mut slopes);
        let dim = self.embeddings.ncols();
        let mut inner = match self.is_identity {
            true => Array2::zeros([0, 0]),
            false => std::mem::take(&mut self.logits),
        };
        let of_logits = match self.is_identity {
            true => &mut *gradient,
            false => inner.as_slice_mut().expect("rows one after another"),
        };
        of_logits.fill(0.0);
        for [place, pair] in &self.pairs {
            of_logits[*pair] += slopes.all()[*place];
        }
        if !self.is_identity {
            // Eᵀ A E.
            general_mat_mul(1.0, &inner, &self.embeddings, 0.0, &mut self.room);
            let mut own = ArrayViewMut2::from_shape([dim, dim], gradient).expect("W_kq is [d, d]");
            general_mat_mul(1.0, &self.embeddings.t(), &self.room, 0.0, &mut own);
            self.logits = inner;
        }
        self.slopes = slopes;
        exponent
    }

    /// The cross-entropy of each sentence where attention is on its best token alone, less that, and
    /// how much attention is elsewhere: `[log(ℓ_i − ℓ*_i), log(1 − s_*)]`, and whether the token of most
    /// attention is the best one.
    fn beyond_best(&self, place: usize, target: usize) -> ([f64; 2], bool) {
        let sentence = self.sentence(self.rows[place]);
        let alone = |&token: &usize| {
            let scores = self.value(token);
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|s| (s - largest).exp()).sum();
            scores[target] - largest - sum.ln()
        };
        let best = sentence
            .iter()
            .max_by(|a, b| alone(a).total_cmp(&alone(b)))
            .copied()
            .unwrap_or_default();
        // log s_l of the tokens that are not the best one.
        let others = || {
            let each = sentence.iter().zip(self.shares.logs(place));
            each.filter(|(token, _)| **token != best)
        };
        let largest = others().fold(f64::NEG_INFINITY, |most: f64, (_, log)| most.max(log));
        if largest == f64::NEG_INFINITY {
            return ([f64::NEG_INFINITY; 2], true);
        }
        let elsewhere: f64 = others().map(|(_, log)| (log - largest).exp()).sum();
        let best_scores = self.value(best);
        let top = best_scores
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = best_scores.iter().map(|s| (s - top).exp()).sum();
        // What each score is below its value at the best token, over e^largest.
        let mut below = vec![0.0; best_scores.len()];
        for (token, log) in others() {
            let share = (log - largest).exp();
            let pairs = self.value(*token).iter().zip(best_scores);
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
        let is_selected = sentence[self.shares.top(place)] == best;
        ([log_gap, largest + elsewhere.ln()], is_selected)
    }
}

/// Whether numbers are equal, several at a time.
fn are_equal(one: &[f64], other: &[f64]) -> bool {
    let pairs = one.iter().zip(other);
    one.len() == other.len() && pairs.fold(true, |equal, (a, b)| equal & (a == b))
}

/// Most lanes of a row that are computed together, all in registers.
const BLOCK: usize = 4;

/// Does something for blocks of lanes: `$run::<W>(first)` for `W` lanes from the `first` on.
macro_rules! by_blocks {
    ($width:expr, $self:ident.$run:ident($($argument:expr),*)) => {
        for first in (0..$width).step_by(BLOCK) {
            match $width - first {
                1 => $self.$run::<S, 1>($($argument,)* first),
                2 => $self.$run::<S, 2>($($argument,)* first),
                3 => $self.$run::<S, 3>($($argument,)* first),
                _ => $self.$run::<S, BLOCK>($($argument,)* first),
            }
        }
    };
}

/// Scores of the chosen sentences, in differences to the token of most attention.
struct Mix<'a> {
    of: &'a TransformerScores,
    scores: &'a mut [f64],
}

impl Mix<'_> {
    /// Some lanes of the scores of a sentence: those of its token of most attention, and of the others
    /// where their values begin and their shares.
    #[inline(always)]
    fn block<S: pulp::Simd, const W: usize>(
        &mut self,
        simd: S,
        place: usize,
        top: usize,
        others: &[(usize, f64)],
        first: usize,
    ) {
        let lanes = |begin: usize| -> &[Lanes; W] {
            let lanes = &self.of.values[begin + first..][..W];
            lanes.try_into().expect("as many lanes")
        };
        let top = lanes(top);
        // Of the vectors of a lane as many as the instructions take; others are not used.
        let mut mixture = [[simd.splat_f64s(0.0); LANES]; W];
        for (mixture, top) in mixture.iter_mut().zip(top) {
            let vectors = S::as_simd_f64s(top).0;
            mixture.iter_mut().zip(vectors).for_each(|(m, v)| *m = *v);
        }
        for (begin, share) in others {
            let share = simd.splat_f64s(*share);
            for (mixture, (value, top)) in mixture.iter_mut().zip(lanes(*begin).iter().zip(top)) {
                let pairs = S::as_simd_f64s(value).0.iter().zip(S::as_simd_f64s(top).0);
                for (mixture, (value, top)) in mixture.iter_mut().zip(pairs) {
                    *mixture = simd.mul_add_e_f64s(share, simd.sub_f64s(*value, *top), *mixture);
                }
            }
        }
        let mut room = [[0.0; LANES]; W];
        for (room, mixture) in room.iter_mut().zip(mixture) {
            let own = S::as_mut_simd_f64s(room).0.iter_mut();
            own.zip(mixture).for_each(|(place, m)| *place = m);
        }
        let vocabulary = self.of.embeddings.nrows();
        let scores = &mut self.scores[place * vocabulary..][..vocabulary];
        let own = &mut scores[first * LANES..vocabulary.min((first + W) * LANES)];
        own.copy_from_slice(&room.as_flattened()[..own.len()]);
    }
}

impl pulp::WithSimd for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        let (of, width) = (self.of, self.of.width());
        let shares = of.shares.shares();
        let mut others = Vec::with_capacity(of.longest);
        for (place, &row) in of.rows.iter().enumerate() {
            let sentence = of.sentence(row);
            let top = sentence[of.shares.top(place)];
            others.clear();
            for (l, &token) in sentence.iter().enumerate() {
                let share = shares.all()[shares.place(l, place)];
                // Of equal values any share is none, but for one that is no number.
                if token != top || share.is_nan() {
                    others.push((token * width, share));
                }
            }
            by_blocks!(width, self.block(simd, place, top * width, &others));
        }
    }
}

/// `∂/∂(logit of token l) Σ_v c_v s_v` of the chosen sentences, as differences to the token of most
/// attention: `Σ_v c_v (value of l − value of top)`.
struct Differences<'a> {
    of: &'a TransformerScores,
    cotangent: &'a [f64],
    /// Zeros.
    differences: &'a mut ByToken,
}

impl Differences<'_> {
    /// Adds some lanes of the sums of a sentence.
    #[inline(always)]
    fn block<S: pulp::Simd, const W: usize>(
        &mut self,
        simd: S,
        place: usize,
        sentence: &[usize],
        top: usize,
        first: usize,
    ) {
        let (vocabulary, width) = (self.of.embeddings.nrows(), self.of.width());
        let lanes = |token: usize| -> &[Lanes; W] {
            let lanes = &self.of.values[token * width + first..][..W];
            lanes.try_into().expect("as many lanes")
        };
        let cotangent = &self.cotangent[place * vocabulary..][..vocabulary];
        let cotangent = &cotangent[first * LANES..vocabulary.min((first + W) * LANES)];
        let mut room = [[0.0; LANES]; W];
        room.as_flattened_mut()[..cotangent.len()].copy_from_slice(cotangent);
        let of_top = lanes(top);
        for (l, &token) in sentence.iter().enumerate() {
            if token == top {
                continue;
            }
            let mut sums = [simd.splat_f64s(0.0); LANES];
            for ((value, top), c) in lanes(token).iter().zip(of_top).zip(&room) {
                let pairs = S::as_simd_f64s(value).0.iter().zip(S::as_simd_f64s(top).0);
                let each = pairs.zip(S::as_simd_f64s(c).0).zip(&mut sums);
                for (((value, top), c), sum) in each {
                    *sum = simd.mul_add_e_f64s(simd.sub_f64s(*value, *top), *c, *sum);
                }
            }
            let used = LANES / S::F64_LANES;
            let sum = sums[1..used]
                .iter()
                .fold(sums[0], |all, sum| simd.add_f64s(all, *sum));
            let at = self.differences.place(l, place);
            self.differences.all_mut()[at] += simd.reduce_sum_f64s(sum);
        }
    }
}

impl pulp::WithSimd for Differences<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        let (of, width) = (self.of, self.of.width());
        for (place, &row) in of.rows.iter().enumerate() {
            let sentence = of.sentence(row);
            let top = sentence[of.shares.top(place)];
            by_blocks!(width, self.block(simd, place, sentence, top));
        }
    }
}

impl HostScores for TransformerScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        let (own, keys) = weights.split_at(self.embeddings.len());
        if !are_equal(&self.values_of, own) {
            self.set_values(own);
            self.values_of = own.to_vec();
        }
        self.choose(rows);
        self.attend(keys);
        pulp::Arch::new().dispatch(Mix { of: self, scores });
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        self.pull_back_from(0, cotangent, gradient);
    }

    fn pull_back_from(&mut self, first: usize, cotangent: &[f64], gradient: &mut [f64]) {
        let (own, keys) = gradient.split_at_mut(self.embeddings.len());
        if first == 0 {
            self.pull_back_values(cotangent, own);
        }
        self.exponents = [0, self.pull_back_keys(cotangent, keys)];
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
