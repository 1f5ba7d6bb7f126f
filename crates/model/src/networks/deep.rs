//! Fully connected networks with all layers trained.

use burn::tensor::Device;
use implicit_bias_settings::{Invalid, Key, Settings};

use crate::activations::{ACTIVATION, activation, describe_activation};
use crate::{Architecture, FullyConnected, ModelError, WIDTH, Weights};

/// The number of hidden layers.
pub const DEPTH: Key = Key::count("depth", "K", "Hidden layers k (deep)")
    .by_default_count(2)
    .within("1 to 100 hidden layers", |depth| {
        (1.0..=100.0).contains(&depth)
    });

/// [`FullyConnected`] of `k` hidden layers, as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct DeepArchitecture;

impl Architecture for DeepArchitecture {
    type Network = FullyConnected;

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
    ) -> Result<FullyConnected, ModelError> {
        let names = self.blocks(settings, dim)?.into_iter();
        let names = names.map(|(name, _)| name).collect();
        FullyConnected::new(names, weights, dim, activation(settings)?, device)
    }

    fn describe(&self, settings: &Settings) -> String {
        let layers = DEPTH.count_in(settings).unwrap_or_default();
        let activation = describe_activation(settings);
        let plural = if layers == 1 { "" } else { "s" };
        format!("deep, {layers} hidden layer{plural}, {activation}")
    }
}
