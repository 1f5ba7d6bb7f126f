//! Two layers, both trained.

use burn::tensor::Device;
use implicit_bias_settings::{Invalid, Key, Settings};

use crate::activations::{ACTIVATION, activation, describe_activation};
use crate::{Architecture, FullyConnected, ModelError, WIDTH, Weights};

/// `f(x) = Σ_j v_j φ(⟨w_j, x⟩)` with both layers trained: `W_hidden` is `[m, d]`, `W_outer` is
/// `[1, m]`. Homogeneous where `φ` is: of degree 2 under
/// ReLU and leaky ReLU.
#[derive(Clone, Copy, Debug)]
pub struct TwoLayerBothArchitecture;

impl Architecture for TwoLayerBothArchitecture {
    type Network = FullyConnected;

    fn name(&self) -> &'static str {
        "two-layer-both"
    }

    fn about(&self) -> &'static str {
        "`Σ v_j φ(⟨w_j, x⟩)`, both layers trained"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, ACTIVATION]
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        let width = WIDTH.size_in(settings)?;
        activation(settings)?;
        Ok(vec![
            ("hidden".to_owned(), [width, dim]),
            ("outer".to_owned(), [1, width]),
        ])
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<FullyConnected, ModelError> {
        let names = ["hidden", "outer"].map(str::to_owned).to_vec();
        FullyConnected::new(names, weights, dim, activation(settings)?, device)
    }

    fn describe(&self, settings: &Settings) -> String {
        let activation = describe_activation(settings);
        format!("two layers, both trained, {activation}")
    }
}
