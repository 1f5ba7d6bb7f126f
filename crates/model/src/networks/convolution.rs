//! A convolution of one layer, its second layer fixed.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Asked, AskedArray, Invalid, Key, Settings};
use ndarray::Array2;

use crate::activations::{ACTIVATION, SharedActivation, activation, describe_activation};
use crate::descent::{DescentProblem, Output};
use crate::first_layer::FirstLayer;
use crate::{
    Architecture, Block, Descent, HostScores, ModelError, Network, SampleShape, Span,
    TwoLayerConfig, WIDTH, Weights, to_tensor,
};

/// `f(x) = (1/m) Σ_r Σ_p φ(⟨w_{+1,r}, x⁽ᵖ⁾⟩) − (1/m) Σ_r Σ_p φ(⟨w_{−1,r}, x⁽ᵖ⁾⟩)` over the patches
/// `x⁽ᵖ⁾`, `p = 1..P`, of a sample; `W_pos` and `W_neg` are `[m, d]`, one filter a row.
///
/// A sample is the row of its patches one after another, `[P d]`. Homogeneous where `φ` is, of its
/// degree. With one patch it is the two-layer network.
#[derive(Module, Debug)]
pub struct Convolution {
    first: FirstLayer,
    patches: usize,
    /// Directions that it is recorded of how much of the filters is along them, `[k, d]`.
    signals: Option<Param<Tensor<2>>>,
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
        Ok(Self {
            first,
            patches,
            signals: None,
        })
    }

    /// This network with orthogonal signals, `[k, d]`: the column `signal_fraction` is then the share
    /// of `‖W‖_F²` that is along them.
    #[must_use]
    pub fn with_signals(self, signals: Tensor<2>) -> Self {
        let signals = Param::from_tensor(signals).set_require_grad(false);
        Self {
            signals: Some(signals),
            ..self
        }
    }

    /// The patches of all samples, `[n P, d]`.
    fn patches_of(&self, x: &Array2<f64>) -> Option<Array2<f64>> {
        let (samples, entries) = x.dim();
        let flat = x.as_standard_layout().into_owned();
        let shape = [samples * self.patches, entries / self.patches];
        flat.into_shape_with_order(shape).ok()
    }
}

/// Both blocks add to the one score.
fn head() -> Vec<Output> {
    let output = |sign| Output { index: 0, sign };
    SIGNS.map(output).to_vec()
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
            ..self
        }
    }

    fn homogeneity(&self) -> Option<f64> {
        self.first.activation().degree()
    }

    fn far_homogeneity(&self) -> Option<f64> {
        self.first.activation().far_degree()
    }

    /// `signal_fraction`, `Σ_k ‖W μ_k/‖μ_k‖‖²/‖W‖_F²` over both blocks, where there are signals.
    fn probes(&self, _: &[f64]) -> Vec<(String, f64)> {
        let Some(signals) = &self.signals else {
            return Vec::new();
        };
        let signals = Weights::host(&signals.val());
        let (mut along, mut all) = (0.0, 0.0);
        for weight in self.first.weights() {
            let weight = Weights::host(&weight);
            all += weight.iter().map(|w| w * w).sum::<f64>();
            for signal in signals.rows() {
                let product = weight.dot(&signal);
                along += product.dot(&product) / signal.dot(&signal);
            }
        }
        vec![("signal_fraction".to_owned(), along / all)]
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let patches = self.patches_of(x)?;
        let each = self.first.host_scores(&patches, head(), 1, threads);
        let scores = ConvolutionScores::new(each, self.patches, x.nrows());
        Some(Box::new(scores))
    }

    /// In single precision; in double precision plain gradient descent goes by
    /// [`host_scores`](Network::host_scores), as every other optimizer.
    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        let is_plain = problem.objective.outputs() == 1 && problem.stop.is_none();
        if !(problem.single_precision && is_plain) {
            return None;
        }
        let x = &self.patches_of(problem.x)?;
        let of_patches = DescentProblem { x, ..*problem };
        self.first.descent(&of_patches, head(), self.patches)
    }
}

/// Scores of the patches, and their sums.
struct ConvolutionScores {
    each: Box<dyn HostScores>,
    patches: usize,
    samples: usize,
    /// Of the patches, `[rows P]`.
    scores: Vec<f64>,
    /// Cotangents of the patches, `[rows P]`.
    cotangents: Vec<f64>,
}

impl ConvolutionScores {
    fn new(each: Box<dyn HostScores>, patches: usize, samples: usize) -> Self {
        Self {
            each,
            patches,
            samples,
            scores: Vec::new(),
            cotangents: Vec::new(),
        }
    }
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
        self.cotangents.clear();
        for c in cotangent {
            let own = std::iter::repeat_n(*c, self.patches);
            self.cotangents.extend(own);
        }
        self.each.pull_back(&self.cotangents, gradient);
    }

    fn span(&self) -> Option<Span> {
        let (patches, samples) = (self.patches, self.samples);
        let of_patches = self.each.span()?;
        Some(of_patches.map(|each| Box::new(ConvolutionScores::new(each, patches, samples))))
    }
}

/// The array of signals beside the samples.
const SIGNALS: &str = "signals";

/// The number of patches of a sample.
pub const PATCHES: Key = Key::count(
    "patches",
    "P",
    "Patches of a sample, one after another in its row (convolution), d/P coordinates each; an \
     array [n, P, d] says it itself",
)
.within("at least 1 patch", |patches| patches >= 1.0);

/// [`Convolution`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct ConvolutionArchitecture;

impl ConvolutionArchitecture {
    /// The patches that are asked for, otherwise those that the data say, otherwise one.
    fn patches(settings: &Settings, parts: Option<usize>) -> Result<usize, Invalid> {
        let asked = PATCHES.count_if_given(settings)?;
        let asked = asked.map(|patches| usize::try_from(patches).unwrap_or(usize::MAX));
        Ok(asked.or(parts).unwrap_or(1))
    }

    fn blocks_of(
        &self,
        settings: &Settings,
        dim: usize,
        parts: Option<usize>,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let width = WIDTH.size_in(settings)?;
        activation(settings)?;
        // Whether they fit the samples is asked when there are samples.
        let columns = (dim / Self::patches(settings, parts)?).max(1);
        Ok(TwoLayerConfig::BLOCKS
            .map(|name| (name.to_owned(), [width, columns]))
            .to_vec())
    }
}

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

    fn asks(&self) -> Asked {
        Asked {
            parts: true,
            arrays: &[AskedArray {
                name: SIGNALS,
                shape: "[k, d]",
                required: false,
                of_classes: false,
            }],
        }
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        self.blocks_of(settings, dim, None)
    }

    fn blocks_on(
        &self,
        settings: &Settings,
        samples: &SampleShape<'_>,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        self.blocks_of(settings, samples.dim, samples.parts)
    }

    fn network_on(
        &self,
        settings: &Settings,
        weights: &Weights,
        samples: &SampleShape<'_>,
        device: &Device,
    ) -> Result<Convolution, ModelError> {
        let patches = Self::patches(settings, samples.parts)?;
        let settings = settings.clone().with(PATCHES.name, patches as u64);
        let network = self.network(&settings, weights, samples.dim, device)?;
        let Some(signals) = samples.arrays.get(SIGNALS) else {
            return Ok(network);
        };
        let dim = samples.dim / patches;
        if signals.ncols() != dim || signals.rows().into_iter().any(|mu| mu.dot(&mu) == 0.0) {
            let expected = format!("an array `signals` of shape [k, {dim}], no row of it zero");
            let found = format!("{:?}", signals.shape());
            return Err(Invalid::new("data", expected, found).into());
        }
        Ok(network.with_signals(to_tensor(signals, device)))
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Convolution, ModelError> {
        let patches = Self::patches(settings, None)?;
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
        let activation = describe_activation(settings);
        match PATCHES.count_if_given(settings) {
            Ok(Some(1)) => format!("convolution over 1 patch, {activation}"),
            Ok(Some(patches)) => format!("convolution over {patches} patches, {activation}"),
            _ => format!("convolution over patches, {activation}"),
        }
    }
}
