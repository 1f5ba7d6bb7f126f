//! An architecture that users choose by name.

use std::collections::BTreeMap;

use burn::tensor::Device;
use implicit_bias_record::Family;
use implicit_bias_settings::{Asked, Invalid, Key, Settings};
use ndarray::Array2;

use crate::{Loss, ModelError, Network, Weights};

/// What an architecture is told of the samples.
#[derive(Clone, Copy, Debug)]
pub struct SampleShape<'a> {
    /// The length `d` of a sample's row.
    pub dim: usize,
    /// The number of parts of equal length that the row has, where the data say so.
    pub parts: Option<usize>,
    /// The arrays that the architecture [asks](Architecture::asks) for, those that are there.
    pub arrays: &'a BTreeMap<String, Array2<f64>>,
}

/// What the targets of the samples are to an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Labels ±1, for one score a sample; real numbers where the loss is squared and users ask for
    /// them.
    Signs,
    /// As [`Signs`](Self::Signs), but real numbers unasked where the loss is squared.
    Reals,
    /// One of so many classes by name, for a score a class.
    Classes(usize),
    /// The number of a class, for a score a class; the data say how many there are.
    Numbers,
}

/// The samples of the first of two stages.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstStage {
    /// The samples, one a row, of the same length as the others.
    pub x: Array2<f64>,
    /// The number of each sample's class.
    pub class: Vec<usize>,
    /// The number of classes.
    pub count: usize,
    /// The weights `π_i`, `[n]`.
    pub weights: Vec<f64>,
}

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

    /// What the targets are: by default labels ±1, the sign of one score being the prediction.
    fn targets(&self, _settings: &Settings) -> TargetKind {
        TargetKind::Signs
    }

    /// The data law that samples are drawn from where users name none and give no file; without, that
    /// of all networks.
    fn law(&self, _loss: Loss) -> Option<&'static str> {
        None
    }

    /// What it asks of a data file beside samples and labels.
    fn asks(&self) -> Asked {
        Asked::default()
    }

    /// As [`blocks`](Self::blocks), for an architecture that looks at more of the samples than their
    /// dimension.
    ///
    /// # Errors
    ///
    /// As [`blocks`](Self::blocks).
    fn blocks_on(
        &self,
        settings: &Settings,
        samples: &SampleShape<'_>,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        self.blocks(settings, samples.dim)
    }

    /// As [`network`](Self::network), for an architecture that looks at more of the samples than
    /// their dimension.
    ///
    /// # Errors
    ///
    /// As [`network`](Self::network).
    fn network_on(
        &self,
        settings: &Settings,
        weights: &Weights,
        samples: &SampleShape<'_>,
        device: &Device,
    ) -> Result<Self::Network, ModelError> {
        self.network(settings, weights, samples.dim, device)
    }

    /// The rows, `[n, …]`, that [`Network::scores`] takes, of samples `x`, `[n, d]`; the samples
    /// themselves without.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for arrays beside the samples that do not fit them.
    fn rows(
        &self,
        _settings: &Settings,
        _samples: &SampleShape<'_>,
        _x: &Array2<f64>,
    ) -> Result<Option<Array2<f64>>, Invalid> {
        Ok(None)
    }

    /// The weights `π_i`, `[n]`, of the samples in the loss; all equal without.
    fn sample_weights(&self, _samples: &SampleShape<'_>) -> Option<Vec<f64>> {
        None
    }

    /// The samples and targets of the first of two stages, where training has such a stage: what
    /// [`Network::scores`] takes, the classes of the rows, and their weights.
    fn first_stage(&self, _samples: &SampleShape<'_>) -> Option<FirstStage> {
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
