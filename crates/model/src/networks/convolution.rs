//! A convolution of one layer, its second layer fixed.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use crate::activations::{ACTIVATION, SharedActivation, activation, describe_activation};
use crate::descent::Output;
use crate::first_layer::FirstLayer;
use crate::{Architecture, Block, HostScores, ModelError, Network, TwoLayerConfig, WIDTH, Weights};

/// `f(x) = (1/m) Σ_r Σ_p φ(⟨w_{+1,r}, x⁽ᵖ⁾⟩) − (1/m) Σ_r Σ_p φ(⟨w_{−1,r}, x⁽ᵖ⁾⟩)` over the patches
/// `x⁽ᵖ⁾`, `p = 1..P`, of a sample; `W_pos` and `W_neg` are `[m, d]`, one filter a row.
///
/// A sample is the row of its patches one after another, `[P d]`. Homogeneous where `φ` is, of its
/// degree. With one patch it is the two-layer network.
#[derive(Module, Debug)]
pub struct Convolution {
    first: FirstLayer,
    patches: usize,
}

/// The signs of the blocks.
const SIGNS: [f64; 2] = [1.0, -1.0];

impl Convolution {
    /// The network of `patches` patches a sample, with filters `[width, dim]` in the blocks `pos`
    /// and `neg`; zeros without weights.
    ///
    /// # Errors
    ///
    /// [`ModelError::Zero`] for a width, a dimension or a number of patches of 0,
    /// [`ModelError::Shape`] for weights of another shape.
    pub fn new(
        size: [usize; 2],
        patches: usize,
        activation: SharedActivation,
        weights: Option<&Weights>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        if patches == 0 {
            return Err(ModelError::Zero { what: "patches" });
        }
        let names = TwoLayerConfig::BLOCKS.map(str::to_owned);
        let first = FirstLayer::new(&names, size, activation, weights, device)?;
        Ok(Self { first, patches })
    }
}

impl Network for Convolution {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let [samples, entries] = x.dims();
        let patches = x.reshape([samples * self.patches, entries / self.patches]);
        let mut means = self.first.block_sums(patches);
        let mut next = || means.next().expect("a convolution has two blocks");
        // [1, n P] to [n, P]: the patches of a sample are one after another.
        let each = (next() - next()).reshape([samples, self.patches]);
        each.sum_dim(1)
    }

    fn blocks(&self) -> Vec<Block> {
        let blocks = TwoLayerConfig::BLOCKS.into_iter().zip(SIGNS);
        blocks
            .zip(self.first.weights())
            .map(|((name, sign), weight)| Block {
                name: name.to_owned(),
                weight,
                sign: Some(sign),
            })
            .collect()
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        Self {
            first: self.first.with_weights(weights),
            patches: self.patches,
        }
    }

    fn homogeneity(&self) -> Option<f64> {
        self.first.activation().degree()
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let (samples, entries) = x.dim();
        let flat = x.as_standard_layout().into_owned();
        let shape = [samples * self.patches, entries / self.patches];
        let patches = flat.into_shape_with_order(shape).ok()?;
        let head = SIGNS.map(|sign| Output { index: 0, sign });
        Some(Box::new(ConvolutionScores {
            each: self.first.host_scores(&patches, head.to_vec(), 1, threads),
            patches: self.patches,
            samples,
            scores: Vec::new(),
        }))
    }
}

/// Scores of the patches, and their sums.
struct ConvolutionScores {
    each: Box<dyn HostScores>,
    patches: usize,
    samples: usize,
    /// Of the patches, `[rows P]`.
    scores: Vec<f64>,
}

impl HostScores for ConvolutionScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        let patches = self.patches;
        let chosen: Option<Vec<usize>> = rows.map(|rows| {
            let of_sample = |row: &usize| row * patches..(row + 1) * patches;
            rows.iter().flat_map(of_sample).collect()
        });
        let samples = rows.map_or(self.samples, <[usize]>::len);
        self.scores.resize(samples * patches, 0.0);
        self.each
            .scores(weights, chosen.as_deref(), &mut self.scores);
        let each = self.scores.chunks_exact(patches);
        for (score, of_patches) in scores.iter_mut().zip(each) {
            *score = of_patches.iter().sum();
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let repeated = cotangent.iter();
        let repeated = repeated.flat_map(|c| std::iter::repeat_n(*c, self.patches));
        let repeated: Vec<f64> = repeated.collect();
        self.each.pull_back(&repeated, gradient);
    }
}

/// The number of patches of a sample.
pub const PATCHES: Key = Key::count(
    "patches",
    "P",
    "Patches of a sample, one after another in its row (convolution); d/P coordinates each",
)
.by_default_count(1)
.within("at least 1 patch", |patches| patches >= 1.0);

/// [`Convolution`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct ConvolutionArchitecture;

impl Architecture for ConvolutionArchitecture {
    type Network = Convolution;

    fn name(&self) -> &'static str {
        "convolution"
    }

    fn about(&self) -> &'static str {
        "`(1/m) Σ_r Σ_p φ(⟨w₊r, x⁽ᵖ⁾⟩) − (1/m) Σ_r Σ_p φ(⟨w₋r, x⁽ᵖ⁾⟩)` over the patches of a sample"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION, PATCHES]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let width = WIDTH.size_in(settings)?;
        activation(settings)?;
        // Whether they fit the samples is asked when there are samples.
        let columns = (dim / PATCHES.size_in(settings)?).max(1);
        Ok(TwoLayerConfig::BLOCKS
            .map(|name| (name.to_owned(), [width, columns]))
            .to_vec())
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Convolution, ModelError> {
        let patches = PATCHES.size_in(settings)?;
        if !dim.is_multiple_of(patches) {
            let expected = format!("a divisor of the {dim} coordinates of a sample");
            return Err(Invalid::new(PATCHES.name, &expected, patches.to_string()).into());
        }
        let first = weights.blocks().first();
        let width = first.map_or(0, |(_, block)| block.nrows());
        let size = [width, dim / patches];
        Convolution::new(size, patches, activation(settings)?, Some(weights), device)
    }

    fn describe(&self, settings: &Settings) -> String {
        let patches = PATCHES.count_in(settings).unwrap_or_default();
        let plural = if patches == 1 { "" } else { "es" };
        let activation = describe_activation(settings);
        format!("convolution over {patches} patch{plural}, {activation}")
    }
}
