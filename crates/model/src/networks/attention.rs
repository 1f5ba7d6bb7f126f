//! One self-attention layer with a linear decoder.

use burn::module::{Module, Param};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Asked, AskedArray, Invalid, Key, Name, Settings};
use ndarray::{Array2, Axis, concatenate};

use super::attention_scores::AttentionScores;
use crate::{
    Architecture, Block, HostScores, Loss, ModelError, Network, SampleShape, Weights, to_tensor,
};

/// The blocks: the attention matrix `W`, and the decoder `u` where it is trained.
const ATTENTION: &str = "attention";
const DECODER_BLOCK: &str = "decoder";

/// `f(X, z) = Σ_t s_t ⟨u, x_t⟩` with `s = softmax_t(x_tᵀ W z)`, over the tokens `x_t`, `t = 1..T`, of a
/// sample and its query `z`; `W_attention` is `[d, d]`, `W_decoder` is `u`, `[1, d]`, where it is
/// trained.
///
/// A sample is the row of its tokens one after another and then its query, `[(T + 1) d]`. Not
/// homogeneous.
#[derive(Module, Debug)]
pub struct Attention {
    attention: Param<Tensor<2>>,
    decoder: Param<Tensor<2>>,
    is_decoder_trained: bool,
}

impl Attention {
    /// The network with the attention matrix `[d, d]` and the decoder `[1, d]`.
    pub fn new(attention: Tensor<2>, decoder: Tensor<2>, is_decoder_trained: bool) -> Self {
        let decoder = Param::from_tensor(decoder);
        Self {
            attention: Param::from_tensor(attention),
            decoder: if is_decoder_trained {
                decoder
            } else {
                decoder.set_require_grad(false)
            },
            is_decoder_trained,
        }
    }
}

impl Network for Attention {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let [samples, entries] = x.dims();
        let dim = self.attention.val().dims()[0];
        let tokens = entries / dim - 1;
        let query = x.clone().narrow(1, tokens * dim, dim);
        let x = x.narrow(1, 0, tokens * dim);
        let x = x.reshape([samples, tokens, dim]);
        let looked_for = query.matmul(self.attention.val().transpose());
        let looked_for = looked_for.reshape([samples, 1, dim]);
        let shares = softmax((x.clone() * looked_for).sum_dim(2), 1);
        let decoder = self.decoder.val().reshape([1, 1, dim]);
        let values = (x * decoder).sum_dim(2);
        (shares * values).sum_dim(1).reshape([samples, 1])
    }

    fn blocks(&self) -> Vec<Block> {
        let block = |name: &str, weight: Tensor<2>| Block {
            name: name.to_owned(),
            weight,
            sign: None,
        };
        let mut blocks = vec![block(ATTENTION, self.attention.val())];
        if self.is_decoder_trained {
            blocks.push(block(DECODER_BLOCK, self.decoder.val()));
        }
        blocks
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        let mut weights = weights.into_iter();
        let attention = weights.next().expect("the first block is the attention");
        self.attention = Param::from_tensor(attention);
        if let Some(decoder) = weights.next() {
            self.decoder = Param::from_tensor(decoder);
        }
        self
    }

    fn homogeneity(&self) -> Option<f64> {
        None
    }

    fn has_suprema(&self) -> bool {
        !self.is_decoder_trained
    }

    fn has_host_probes(&self) -> bool {
        true
    }

    fn host_scores(&self, x: &Array2<f64>, _threads: usize) -> Option<Box<dyn HostScores>> {
        let decoder = Weights::host(&self.decoder.val());
        let fixed = (!self.is_decoder_trained).then(|| decoder.iter().copied().collect());
        Some(Box::new(AttentionScores::new(x, decoder.ncols(), fixed)))
    }
}

/// Whether the decoder is trained.
pub const DECODER: Key = Key::one_of(
    "decoder",
    &[
        Name::new("fixed", "The array `u` of the data file"),
        Name::new(
            "trained",
            "Trained beside the attention, as the block W_decoder",
        ),
    ],
    "Decoder u (attention) [default: fixed]",
);

/// The number of tokens of a sample.
pub const TOKENS: Key = Key::count(
    "tokens",
    "T",
    "Tokens of a sample, one after another in its row (attention) [default: those of an array \
     [n, T, d]]",
)
.within("at least 1 token", |tokens| tokens >= 1.0);

/// [`Attention`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct AttentionArchitecture;

impl AttentionArchitecture {
    fn is_decoder_trained(settings: &Settings) -> Result<bool, Invalid> {
        Ok(DECODER.text_in(settings)?.as_deref() == Some("trained"))
    }

    /// The tokens of a sample and their dimension.
    fn size(settings: &Settings, samples: &SampleShape<'_>) -> Result<[usize; 2], Invalid> {
        let asked = TOKENS.count_if_given(settings)?;
        let asked = asked.map(|tokens| usize::try_from(tokens).unwrap_or(usize::MAX));
        let tokens = asked.or(samples.parts).unwrap_or(1);
        if !samples.dim.is_multiple_of(tokens) {
            let expected = format!("a divisor of the {} coordinates of a sample", samples.dim);
            return Err(Invalid::new(TOKENS.name, &expected, tokens.to_string()));
        }
        Ok([tokens, samples.dim / tokens])
    }

    /// An array beside the samples, of the shape it has to have.
    fn array<'a>(
        samples: &SampleShape<'a>,
        name: &str,
        rows: usize,
        dim: usize,
    ) -> Result<Option<&'a Array2<f64>>, Invalid> {
        let Some(array) = samples.arrays.get(name) else {
            return Ok(None);
        };
        if array.dim() != (rows, dim) {
            let expected = format!("an array `{name}` of shape [{rows}, {dim}] in the data file");
            return Err(Invalid::new(
                "data",
                expected,
                format!("{:?}", array.shape()),
            ));
        }
        Ok(Some(array))
    }
}

impl Architecture for AttentionArchitecture {
    type Network = Attention;

    fn name(&self) -> &'static str {
        "attention"
    }

    fn about(&self) -> &'static str {
        "`Σ_t softmax_t(x_tᵀ W z) uᵀ x_t`, one self-attention layer over the tokens of a sample"
    }

    fn keys(&self) -> &'static [Key] {
        &[TOKENS, DECODER]
    }

    fn law(&self, _: Loss) -> Option<&'static str> {
        Some("tokens")
    }

    fn asks(&self) -> Asked {
        Asked {
            parts: true,
            arrays: &[
                AskedArray {
                    name: "u",
                    shape: "[d]",
                    required: false,
                    of_classes: false,
                },
                AskedArray {
                    name: "Z",
                    shape: "[n, d]",
                    required: false,
                    of_classes: false,
                },
            ],
        }
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let arrays = std::collections::BTreeMap::new();
        let parts = None;
        self.blocks_on(
            settings,
            &SampleShape {
                dim,
                parts,
                arrays: &arrays,
            },
        )
    }

    fn blocks_on(
        &self,
        settings: &Settings,
        samples: &SampleShape<'_>,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        // Without samples there is nothing to divide.
        let dim = match samples.dim {
            1 => 1,
            _ => Self::size(settings, samples)?[1],
        };
        let mut blocks = vec![(ATTENTION.to_owned(), [dim, dim])];
        if Self::is_decoder_trained(settings)? {
            blocks.push((DECODER_BLOCK.to_owned(), [1, dim]));
        }
        Ok(blocks)
    }

    fn rows(
        &self,
        settings: &Settings,
        samples: &SampleShape<'_>,
        x: &Array2<f64>,
    ) -> Result<Option<Array2<f64>>, Invalid> {
        let [_, dim] = Self::size(settings, samples)?;
        let first = x.view().split_at(Axis(1), dim).0;
        let query = Self::array(samples, "Z", x.nrows(), dim)?;
        let query = query.map_or(first, |query| query.view());
        let rows = concatenate![Axis(1), x.view(), query];
        Ok(Some(rows.as_standard_layout().into_owned()))
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Attention, ModelError> {
        let arrays = std::collections::BTreeMap::new();
        let samples = SampleShape {
            dim,
            parts: None,
            arrays: &arrays,
        };
        self.network_on(settings, weights, &samples, device)
    }

    fn network_on(
        &self,
        settings: &Settings,
        weights: &Weights,
        samples: &SampleShape<'_>,
        device: &Device,
    ) -> Result<Attention, ModelError> {
        let [_, dim] = Self::size(settings, samples)?;
        let [attention] = weights.shaped([(ATTENTION, [dim, dim])])?;
        let attention = to_tensor(attention, device);
        if Self::is_decoder_trained(settings)? {
            let [decoder] = weights.shaped([(DECODER_BLOCK, [1, dim])])?;
            return Ok(Attention::new(attention, to_tensor(decoder, device), true));
        }
        let decoder = Self::array(samples, "u", 1, dim)?.ok_or_else(|| {
            Invalid::new(
                "data",
                format!(
                    "an array `u` of shape [{dim}] in an .npz file, the decoder (or --decoder \
                     trained)"
                ),
                "none",
            )
        })?;
        Ok(Attention::new(attention, to_tensor(decoder, device), false))
    }

    fn describe(&self, settings: &Settings) -> String {
        match Self::is_decoder_trained(settings) {
            Ok(true) => "self-attention, its decoder trained".to_owned(),
            _ => "self-attention, its decoder fixed".to_owned(),
        }
    }
}
