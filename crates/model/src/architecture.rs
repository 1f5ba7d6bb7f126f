//! An architecture that users choose by name.

use burn::tensor::Device;
use implicit_bias_record::Family;
use implicit_bias_settings::{Invalid, Key, Settings};

use crate::{ModelError, Network, Weights};

/// A kind of network with its name, its keys, and how one of it is made.
///
/// One of these and one line in a list make a network everything that a user sees of it: flags,
/// help, configuration files, initial weights, runs, sweeps.
pub trait Architecture: Send + Sync + 'static {
    /// The networks of this kind.
    type Network: Network + 'static;

    /// The name by which users choose it: `linear`.
    fn name(&self) -> &'static str;

    /// What it computes, in a line: `⟨w, x⟩`.
    fn about(&self) -> &'static str;

    /// The keys that it asks for.
    fn keys(&self) -> &'static [Key] {
        &[]
    }

    /// The names and shapes `[rows, columns]` of its weight blocks, in the order of
    /// [`Network::blocks`], for samples of dimension `dim`.
    ///
    /// Initial weights are drawn in these shapes, and read from files by the names: `W_<name>`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a setting that cannot be.
    fn blocks(&self, settings: &Settings, dim: usize)
    -> Result<Vec<(String, [usize; 2])>, Invalid>;

    /// The number of classes that its networks have a score each for; `None` where they have one
    /// score, whose sign is the prediction.
    fn classes(&self, _settings: &Settings) -> Option<usize> {
        None
    }

    /// A network with the given weights, of the blocks' names; their shapes may be others than
    /// those of [`blocks`](Self::blocks) where they come from a file.
    ///
    /// # Errors
    ///
    /// [`ModelError`] for weights whose shapes do not fit samples of dimension `dim` or one
    /// another.
    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Self::Network, ModelError>;

    /// Which of the networks that theorems are about it is.
    fn family(&self) -> Family {
        Family::Other
    }

    /// A network of these settings in words: `leaky ReLU, γ = 0.1`.
    fn describe(&self, _settings: &Settings) -> String {
        self.name().to_owned()
    }
}
