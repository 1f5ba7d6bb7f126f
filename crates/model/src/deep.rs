//! Fully connected networks with all layers trained.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::Array2;

use crate::activations::{ACTIVATION, SharedActivation, activation, describe_activation};
use crate::deep_scores::DeepScores;
use crate::{Architecture, Block, HostScores, ModelError, Network, WIDTH, Weights, to_tensor};

/// `f(x) = ⟨v, φ(W_k … φ(W_1 x))⟩`, all trained, no biases: `W_1` is `[m, d]`, `W_2` to `W_k` are
/// `[m, m]`, `v` is `[1, m]`. Homogeneous where `φ` is: of degree `k + 1` under
/// ReLU and leaky ReLU.
#[derive(Module, Debug)]
pub struct Deep {
    /// The hidden layers, then the outer one.
    layers: Vec<Param<Tensor<2>>>,
    #[module(skip)]
    names: Vec<String>,
    #[module(skip)]
    activation: SharedActivation,
}

impl Deep {
    /// The network with weights of these names, the last of them the outer layer's, for samples of
    /// dimension `dim`; the width is that of the weights.
    pub(crate) fn new(
        names: Vec<String>,
        weights: &Weights,
        dim: usize,
        activation: SharedActivation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let first = weights.blocks().first();
        let width = first.map_or(1, |(_, first)| first.nrows());
        let layer = |(index, name): (usize, &String)| {
            let rows = if index + 1 == names.len() { 1 } else { width };
            let columns = if index == 0 { dim } else { width };
            let [matrix] = weights.shaped([(name.as_str(), [rows, columns])])?;
            Ok(Param::from_tensor(to_tensor(matrix, device)))
        };
        let layers = names.iter().enumerate().map(layer);
        Ok(Self {
            layers: layers.collect::<Result<_, ModelError>>()?,
            names,
            activation,
        })
    }
}

impl Network for Deep {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let mut products = self.layers.iter().map(|layer| layer.val().transpose());
        let first = products.next().expect("a network has an outer layer");
        products.fold(x.matmul(first), |below, layer| {
            self.activation.forward(below).matmul(layer)
        })
    }

    fn blocks(&self) -> Vec<Block> {
        let block = |(weight, name): (&Param<Tensor<2>>, &String)| Block {
            name: name.clone(),
            weight: weight.val(),
            sign: None,
        };
        self.layers.iter().zip(&self.names).map(block).collect()
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        self.layers = weights.into_iter().map(Param::from_tensor).collect();
        self
    }

    fn homogeneity(&self) -> Option<f64> {
        // Of a hidden layer: `p (1 + that of the layer below)`; the outer layer adds 1.
        let degree = self.activation.degree()?;
        let hidden = self.layers.iter().skip(1);
        Some(1.0 + hidden.fold(0.0, |below, _| degree * (1.0 + below)))
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let shapes = self.layers.iter().map(|layer| layer.val().dims());
        let activation = self.activation.clone();
        Some(Box::new(DeepScores::new(
            x,
            activation,
            shapes.collect(),
            threads,
        )))
    }
}

/// The number of hidden layers.
pub const DEPTH: Key = Key::count("depth", "K", "Hidden layers k (deep)")
    .by_default_count(2)
    .within("1 to 100 hidden layers", |depth| {
        (1.0..=100.0).contains(&depth)
    });

/// [`Deep`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct DeepArchitecture;

impl Architecture for DeepArchitecture {
    type Network = Deep;

    fn name(&self) -> &'static str {
        "deep"
    }

    fn about(&self) -> &'static str {
        "`⟨v, φ(W_k … φ(W_1 x))⟩`, all layers trained"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION, DEPTH]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let (width, depth) = (WIDTH.size_in(settings)?, DEPTH.size_in(settings)?);
        activation(settings)?;
        let layer = |index: usize| {
            let columns = if index == 1 { dim } else { width };
            (index.to_string(), [width, columns])
        };
        let outer = ("outer".to_owned(), [1, width]);
        Ok((1..=depth).map(layer).chain([outer]).collect())
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Deep, ModelError> {
        let names = self.blocks(settings, dim)?.into_iter();
        let names = names.map(|(name, _)| name).collect();
        Deep::new(names, weights, dim, activation(settings)?, device)
    }

    fn describe(&self, settings: &Settings) -> String {
        let layers = DEPTH.count_in(settings).unwrap_or_default();
        let activation = describe_activation(settings);
        let plural = if layers == 1 { "" } else { "s" };
        format!("deep, {layers} hidden layer{plural}, {activation}")
    }
}
