//! A one-layer transformer that tells the next token.

use burn::module::{Module, Param};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};
use implicit_bias_settings::{Asked, AskedArray, Invalid, Settings};
use ndarray::Array2;

use super::transformer_scores::TransformerScores;
use crate::{
    Architecture, Block, FirstStage, HostScores, Loss, ModelError, Network, SampleShape,
    TargetKind, Weights, to_tensor,
};

/// The blocks: what is made of the attended token, and the attention of keys and queries.
const OV: &str = "ov";
const KQ: &str = "kq";

/// `W_ov Σ_l softmax_l(x_lᵀ W_kq x_last) x_l` over the tokens of a sentence, a score for each token of
/// the vocabulary to be the next; `W_ov` is `[V, d]`, `W_kq` `[d, d]`, and the tokens `x_l` are rows of
/// the embeddings `E`, `[V, d]`.
///
/// A sample is the row of the numbers of its tokens, `[L]`, with −1 past the end of a shorter
/// sentence. Not homogeneous.
#[derive(Module, Debug)]
pub struct Transformer {
    ov: Param<Tensor<2>>,
    kq: Param<Tensor<2>>,
    embeddings: Param<Tensor<2>>,
}

impl Transformer {
    /// The network with `W_ov`, `[V, d]`, `W_kq`, `[d, d]`, and embeddings `[V, d]`, which stay.
    pub fn new(ov: Tensor<2>, kq: Tensor<2>, embeddings: Tensor<2>) -> Self {
        Self {
            ov: Param::from_tensor(ov),
            kq: Param::from_tensor(kq),
            embeddings: Param::from_tensor(embeddings).set_require_grad(false),
        }
    }
}

impl Network for Transformer {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let [samples, length] = x.dims();
        let embeddings = self.embeddings.val();
        let dim = embeddings.dims()[1];
        // 1 for a token, 0 past the end; of the last token alone, what the next lacks of it.
        let is_token = x.clone().greater_equal_elem(0.0).float();
        let none = x.clone().narrow(1, 0, 1).zeros_like();
        let after = match length {
            1 => none,
            _ => Tensor::cat(vec![is_token.clone().narrow(1, 1, length - 1), none], 1),
        };
        let is_last = (is_token.clone() - after).reshape([samples, length, 1]);
        let numbers: Tensor<1, Int> = x.clamp_min(0.0).reshape([samples * length]).int();
        let tokens = embeddings.select(0, numbers);
        let tokens = tokens.reshape([samples, length, dim]);
        let query = (tokens.clone() * is_last)
            .sum_dim(1)
            .reshape([samples, dim]);
        let looked_for = query.matmul(self.kq.val().transpose());
        let looked_for = looked_for.reshape([samples, 1, dim]);
        let logits: Tensor<2> = (tokens.clone() * looked_for)
            .sum_dim(2)
            .reshape([samples, length]);
        // The lowest f32 stands for −∞: finite on every device, and e to it is 0.
        let past = is_token.equal_elem(0.0);
        let shares = softmax(logits.mask_fill(past, f32::MIN), 1);
        let mixture: Tensor<2> = (tokens * shares.reshape([samples, length, 1]))
            .sum_dim(1)
            .reshape([samples, dim]);
        mixture.matmul(self.ov.val().transpose())
    }

    fn blocks(&self) -> Vec<Block> {
        let block = |name: &str, weight: Tensor<2>| Block {
            name: name.to_owned(),
            weight,
            sign: None,
        };
        vec![block(OV, self.ov.val()), block(KQ, self.kq.val())]
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let [ov, kq] = <[_; 2]>::try_from(weights).expect("a transformer has two blocks");
        Self::new(ov, kq, self.embeddings.val())
    }

    fn homogeneity(&self) -> Option<f64> {
        None
    }

    fn has_host_probes(&self) -> bool {
        true
    }

    fn host_scores(&self, x: &Array2<f64>, _threads: usize) -> Option<Box<dyn HostScores>> {
        let embeddings = Weights::host(&self.embeddings.val());
        Some(Box::new(TransformerScores::new(x, embeddings)))
    }
}

/// [`Transformer`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct TransformerArchitecture;

/// The arrays of a data file beside `sentences` and `target`.
const EMBEDDINGS: &str = "E";
const WEIGHTS: &str = "pi";
const NEXT_TOKEN: &str = "next_token";
const TOKEN_WEIGHTS: &str = "pi0";

/// What a data file may have, and must.
const ARRAYS: &[AskedArray] = &[
    AskedArray {
        name: EMBEDDINGS,
        shape: "[V, d]",
        required: true,
        of_classes: true,
    },
    optional(WEIGHTS, "[n]"),
    optional(NEXT_TOKEN, "[V]"),
    optional(TOKEN_WEIGHTS, "[V]"),
];

const fn optional(name: &'static str, shape: &'static str) -> AskedArray {
    AskedArray {
        name,
        shape,
        required: false,
        of_classes: false,
    }
}

impl TransformerArchitecture {
    /// The embeddings `[V, d]`.
    fn embeddings<'a>(samples: &SampleShape<'a>) -> Result<&'a Array2<f64>, Invalid> {
        samples.arrays.get(EMBEDDINGS).ok_or_else(|| {
            Invalid::new(
                "data",
                "an array `E` of shape [V, d] in an .npz file, the embeddings of the tokens",
                "none",
            )
        })
    }

    /// An array of one number a sample or token.
    fn numbers(
        samples: &SampleShape<'_>,
        name: &str,
        count: Option<usize>,
    ) -> Result<Option<Vec<f64>>, Invalid> {
        let Some(array) = samples.arrays.get(name) else {
            return Ok(None);
        };
        let fits = array.nrows() == 1 && count.is_none_or(|count| array.ncols() == count);
        if fits {
            return Ok(Some(array.iter().copied().collect()));
        }
        let count = count.map_or("n".to_owned(), |count| count.to_string());
        Err(Invalid::new(
            "data",
            format!("an array `{name}` of shape [{count}]"),
            format!("{:?}", array.shape()),
        ))
    }
}

impl Architecture for TransformerArchitecture {
    type Network = Transformer;

    fn name(&self) -> &'static str {
        "transformer"
    }

    fn about(&self) -> &'static str {
        "`W_ov Σ_l softmax_l(x_lᵀ W_kq x_last) x_l`, the next token of a sentence by one layer"
    }

    fn targets(&self, _: &Settings) -> TargetKind {
        TargetKind::Numbers
    }

    fn law(&self, _: Loss) -> Option<&'static str> {
        Some("sentences")
    }

    fn asks(&self) -> Asked {
        Asked {
            parts: false,
            arrays: ARRAYS,
        }
    }

    fn blocks(&self, _: &Settings, dim: usize) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        Ok([OV, KQ].map(|name| (name.to_owned(), [dim, dim])).to_vec())
    }

    fn blocks_on(
        &self,
        settings: &Settings,
        samples: &SampleShape<'_>,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let (vocabulary, dim) = Self::embeddings(samples)?.dim();
        let mut blocks = self.blocks(settings, dim)?;
        blocks[0].1 = [vocabulary, dim];
        Ok(blocks)
    }

    fn rows(
        &self,
        _: &Settings,
        samples: &SampleShape<'_>,
        x: &Array2<f64>,
    ) -> Result<Option<Array2<f64>>, Invalid> {
        let vocabulary = Self::embeddings(samples)?.nrows();
        for (sample, sentence) in x.rows().into_iter().enumerate() {
            let length = sentence.iter().take_while(|&&token| token >= 0.0).count();
            let whole = |token: f64| token.fract() == 0.0 && token < vocabulary as f64;
            let tokens = sentence.iter().take(length).all(|&token| whole(token));
            let padding = sentence.iter().skip(length).all(|&token| token == -1.0);
            if length == 0 || !tokens || !padding {
                return Err(Invalid::new(
                    "data",
                    format!(
                        "sentences of tokens 0 … {} and then −1 to their end, as `sentences` \
                         [n, L] of the data file",
                        vocabulary - 1
                    ),
                    format!("{sentence} for sample {sample}"),
                ));
            }
        }
        Self::numbers(samples, WEIGHTS, Some(x.nrows()))?;
        Self::numbers(samples, TOKEN_WEIGHTS, Some(vocabulary))?;
        if let Some(next) = Self::numbers(samples, NEXT_TOKEN, Some(vocabulary))?
            && let Some(token) = next
                .iter()
                .find(|token| token.fract() != 0.0 || !(0.0..vocabulary as f64).contains(*token))
        {
            let expected = format!("tokens 0 … {} in `next_token`", vocabulary - 1);
            return Err(Invalid::new("data", expected, token));
        }
        Ok(None)
    }

    fn sample_weights(&self, samples: &SampleShape<'_>) -> Option<Vec<f64>> {
        Self::numbers(samples, WEIGHTS, None).ok().flatten()
    }

    fn first_stage(&self, samples: &SampleShape<'_>) -> Option<FirstStage> {
        let next = Self::numbers(samples, NEXT_TOKEN, None).ok().flatten()?;
        let count = next.len();
        let weights = Self::numbers(samples, TOKEN_WEIGHTS, None).ok().flatten();
        // A sentence of one token each.
        let x = Array2::from_shape_fn([count, samples.dim], |(token, place)| match place {
            0 => token as f64,
            _ => -1.0,
        });
        Some(FirstStage {
            x,
            class: next.iter().map(|&token| token as usize).collect(),
            count,
            weights: weights.unwrap_or_else(|| vec![1.0 / count as f64; count]),
        })
    }

    fn network(
        &self,
        _: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Transformer, ModelError> {
        let embeddings = Array2::from_diag_elem(dim, 1.0);
        let [ov, kq] = weights.shaped([(OV, [dim, dim]), (KQ, [dim, dim])])?;
        let [ov, kq, embeddings] = [ov, kq, &embeddings].map(|block| to_tensor(block, device));
        Ok(Transformer::new(ov, kq, embeddings))
    }

    fn network_on(
        &self,
        _: &Settings,
        weights: &Weights,
        samples: &SampleShape<'_>,
        device: &Device,
    ) -> Result<Transformer, ModelError> {
        let embeddings = Self::embeddings(samples)?;
        let (vocabulary, dim) = embeddings.dim();
        let [ov, kq] = weights.shaped([(OV, [vocabulary, dim]), (KQ, [dim, dim])])?;
        let [ov, kq, embeddings] = [ov, kq, embeddings].map(|block| to_tensor(block, device));
        Ok(Transformer::new(ov, kq, embeddings))
    }

    fn describe(&self, _: &Settings) -> String {
        "transformer of one layer".to_owned()
    }
}
