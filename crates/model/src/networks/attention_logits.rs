//! Logits of self-attention and their gradients, from weights or from coordinates of these.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2};

use crate::matrix_kernels::{Operator, inner_products, sums_of_multiples};
use crate::softmax_mixture::ByToken;
use crate::span::{MOST_OF_BASIS, orthonormal};

/// How the logits `x_tᵀ W z` of samples follow from weights.
pub(super) enum Logits {
    /// `2 n d² + 2 n T d` operations, and as many back.
    Direct {
        /// The queries, `[n, d]`.
        queries: Array2<f64>,
        /// `z Wᵀ`, `[rows, d]`.
        looked_for: Array2<f64>,
        /// Room for a number a token.
        room: Vec<f64>,
    },
    /// `(x_t − x_1)ᵀ W z = ⟨Φ_t, Θ⟩` in coordinates of the span of `(x_t − x_1) zᵀ`: about `n² T²`
    /// operations, and as many back. The first logit of each sample is 0.
    Spanned {
        /// `Φ`, `[(T − 1) n, r]`.
        forward: Operator,
        /// `Φᵀ`.
        back: Operator,
        /// Room for a number a row of `Φ`.
        room: Vec<f64>,
    },
}

/// Whether rows are all of so many, in their order.
fn is_all(rows: &[usize], count: usize) -> bool {
    rows.len() == count && rows.iter().enumerate().all(|(i, r)| i == *r)
}

/// The rows of a matrix that are named; without a copy where these are all.
fn chosen<'a>(matrix: &'a Array2<f64>, rows: &[usize]) -> CowArray<'a, f64, Ix2> {
    if is_all(rows, matrix.nrows()) {
        matrix.into()
    } else {
        matrix.select(Axis(0), rows).into()
    }
}

impl Logits {
    /// Those of queries in the rows of a matrix, from weights.
    pub fn direct(queries: Array2<f64>) -> Self {
        Self::Direct {
            looked_for: Array2::zeros((0, queries.ncols())),
            queries,
            room: Vec::new(),
        }
    }

    /// A basis of what tokens, `[n T, d]`, and these queries span, and the logits from coordinates in
    /// it, where that takes less than half of the operations.
    pub fn spanned(&self, tokens: &Array2<f64>) -> Option<(Array2<f64>, Self)> {
        let Self::Direct { queries, .. } = self else {
            return None;
        };
        let (samples, dim) = queries.dim();
        let count = tokens.nrows() / samples;
        let size = samples * (count - 1);
        // A step of the descent reads and writes the weights besides.
        let direct = 2 * samples * (dim + count) * dim + 3 * dim * dim;
        let is_cheaper = 2 * size * (size + 3) <= direct;
        if size == 0 || !is_cheaper || size * size * dim * dim > MOST_OF_BASIS {
            return None;
        }
        let mut vectors = Array2::zeros([size, dim * dim]);
        for (row, mut vector) in vectors.rows_mut().into_iter().enumerate() {
            let (t, sample) = (row / samples + 1, row % samples);
            let first = sample * count;
            let token = &tokens.row(first + t) - &tokens.row(first);
            for (i, x) in token.iter().enumerate() {
                let own = vector.iter_mut().skip(i * dim);
                own.zip(queries.row(sample)).for_each(|(v, z)| *v = x * z);
            }
        }
        let (basis, coordinates) = orthonormal(&vectors);
        let logits = Self::Spanned {
            forward: Operator::new(coordinates.view()),
            back: Operator::new(coordinates.t()),
            room: vec![0.0; size],
        };
        Some((basis, logits))
    }

    /// How many weights they are of, of `all` that there are.
    pub fn weights(&self, all: usize) -> usize {
        match self {
            Self::Direct { queries, .. } => queries.ncols() * queries.ncols(),
            Self::Spanned { .. } => all,
        }
    }

    /// Fills in the logits of the samples that rows name, for tokens `[n T, d]`.
    pub fn fill(
        &mut self,
        weights: &[f64],
        tokens: &Array2<f64>,
        rows: &[usize],
        logits: &mut ByToken,
    ) {
        match self {
            Self::Direct {
                queries,
                looked_for,
                room,
            } => {
                let (samples, dim) = queries.dim();
                let attention = ArrayView2::from_shape([dim, dim], &weights[..dim * dim])
                    .expect("the first block is the attention");
                if looked_for.nrows() != rows.len() {
                    *looked_for = Array2::zeros((rows.len(), dim));
                }
                let queries = chosen(queries, rows);
                general_mat_mul(1.0, &queries, &attention.t(), 0.0, looked_for);
                let looked_for = looked_for.as_slice().expect("rows one after another");
                let tokens = tokens.as_slice().expect("rows one after another");
                let size = tokens.len() / samples;
                room.resize(size / dim, 0.0);
                let each = looked_for.chunks_exact(dim).zip(rows).enumerate();
                for (place, (vector, row)) in each {
                    inner_products(&tokens[row * size..][..size], vector, room);
                    for (token, logit) in room.iter().enumerate() {
                        logits.token_mut(token)[place] = *logit;
                    }
                }
            }
            Self::Spanned { forward, room, .. } => {
                forward.times(weights, room);
                let samples = tokens.nrows() - room.len();
                let is_all = is_all(rows, samples);
                for (token, own) in room.chunks_exact(samples).enumerate() {
                    let logits = logits.token_mut(token + 1);
                    if is_all {
                        logits[..samples].copy_from_slice(own);
                        continue;
                    }
                    let places = logits.iter_mut().zip(rows);
                    places.for_each(|(logit, row)| *logit = own[*row]);
                }
            }
        }
    }

    /// `Σ_i Σ_t c_it x_t zᵀ` of the samples that rows name, in the shape of the weights.
    pub fn pull_back(
        &mut self,
        slopes: &ByToken,
        tokens: &Array2<f64>,
        rows: &[usize],
        gradient: &mut [f64],
    ) {
        match self {
            Self::Direct {
                queries,
                looked_for,
                room,
            } => {
                let (samples, dim) = queries.dim();
                // Σ_t of a sample's tokens, [rows, d], in the room of what was looked for.
                let sums = looked_for.as_slice_mut().expect("rows one after another");
                let tokens = tokens.as_slice().expect("rows one after another");
                let size = tokens.len() / samples;
                let each = sums.chunks_exact_mut(dim).zip(rows).enumerate();
                for (place, (sum, row)) in each {
                    room.clear();
                    room.extend(slopes.sample(place));
                    sums_of_multiples(room, &tokens[row * size..][..size], sum);
                }
                let mut own = ArrayViewMut2::from_shape([dim, dim], gradient)
                    .expect("the attention is d × d");
                let queries = chosen(queries, rows);
                general_mat_mul(1.0, &looked_for.t(), &queries, 0.0, &mut own);
            }
            Self::Spanned { back, room, .. } => {
                let samples = tokens.nrows() - room.len();
                let is_all = is_all(rows, samples);
                for (token, own) in room.chunks_exact_mut(samples).enumerate() {
                    let slopes = slopes.token(token + 1);
                    if is_all {
                        own.copy_from_slice(&slopes[..samples]);
                        continue;
                    }
                    own.fill(0.0);
                    let places = slopes.iter().zip(rows);
                    places.for_each(|(slope, row)| own[*row] += slope);
                }
                back.times(room, gradient);
            }
        }
    }
}
