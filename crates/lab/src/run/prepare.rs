//! From a configuration to an engine that is ready to step.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{Dataset, Geometry, read_weights_npz};
use implicit_bias_model::{TwoLayerConfig, Weights};
use ndarray::Array2;

use crate::config::{InitSource, RunConfig};
use crate::device::{SelectedDevice, select_device};
use crate::engine::{TensorEngine, TensorEngineOptions};
use crate::{Engine, LabError};

/// Most weights of a network, and most pre-activations: 2²⁸ numbers are 2 GiB in double precision.
const MAX_ENTRIES: usize = 1 << 28;

/// Past this a step number is no longer exact, and no machine gets there one step at a time.
const MAX_STEPS: f64 = 9_007_199_254_740_992.0;

/// The data and the initial weights of a run, validated, in host memory.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The data set.
    pub data: Dataset,
    /// Its geometry.
    pub geometry: Geometry,
    /// The initial weights.
    pub weights: Weights,
    /// Width `m`.
    pub width: usize,
}

impl Prepared {
    /// Loads or draws everything a run starts from.
    ///
    /// # Errors
    ///
    /// Those of the readers and generators; [`LabError::Config`] for sizes that do not fit each other
    /// or that no memory would hold.
    pub fn new(config: &RunConfig) -> Result<Self, LabError> {
        if let InitSource::Gaussian { width, .. } = config.init {
            // Before the data: a typing error should not cost a long load.
            check_size("width", width, 1)?;
        }
        let data = config.data.load(config.seed)?;
        let dim = data.dim();
        let (pos, neg) = match &config.init {
            InitSource::Gaussian { scale, width } => {
                check_size("width", *width, dim.max(data.samples()))?;
                let block = |stream| gaussian_matrix(*width, dim, *scale, config.seed, stream);
                (block(Stream::WeightsPos)?, block(Stream::WeightsNeg)?)
            }
            InitSource::File(path) => {
                if path
                    .extension()
                    .is_some_and(|extension| extension == "safetensors")
                {
                    read_safetensors(path)?
                } else {
                    read_weights_npz(path)?
                }
            }
        };
        if pos.dim() != neg.dim() || pos.ncols() != dim || pos.nrows() == 0 {
            return Err(LabError::Config {
                key: "init".into(),
                expected: format!(
                    "W_pos and W_neg of one shape [m, {dim}], as the data have d = {dim}"
                ),
                found: format!("{:?} and {:?}", pos.shape(), neg.shape()),
            });
        }
        let width = pos.nrows();
        check_size("width", width, dim.max(data.samples()))?;
        let [pos_name, neg_name] = TwoLayerConfig::BLOCKS.map(str::to_owned);
        let weights = Weights::new(vec![(pos_name, pos), (neg_name, neg)])?;
        Ok(Self {
            geometry: Geometry::of(&data),
            data,
            weights,
            width,
        })
    }

    /// An engine at step 0, and the words that say which was picked and why.
    ///
    /// # Errors
    ///
    /// Those of the device and the engine.
    pub fn engine(&self, config: &RunConfig, threads: usize) -> Result<ReadyEngine, LabError> {
        if config.steps.get() > MAX_STEPS {
            return Err(LabError::Config {
                key: "steps".into(),
                expected: "at most 2^53 for the tensor engine, which takes every step".into(),
                found: config.steps.to_string(),
            });
        }
        let device = select_device(config.device.as_deref(), config.precision)?;
        let options = TensorEngineOptions {
            loss: config.loss,
            step_size: config.step_size,
            gradient: config.gradient,
            threads,
        };
        let network = TwoLayerConfig::new(self.width, self.data.dim(), config.activation);
        let engine = TensorEngine::new(&self.data, &device, options, |device| {
            Ok(network.init_with(&self.weights, device)?)
        })?;
        let gradient = engine.gradient();
        let reason = format!(
            "weight space on {}, gradient {gradient}: the one engine of this version",
            device.name
        );
        Ok(ReadyEngine {
            engine: Box::new(engine),
            device,
            gradient,
            reason,
        })
    }
}

/// An engine ready to step, with what the manifest says about it.
pub struct ReadyEngine {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Where it runs.
    pub device: SelectedDevice,
    /// How it gets its gradient.
    pub gradient: &'static str,
    /// Why it was picked.
    pub reason: String,
}

fn check_size(key: &str, width: usize, other: usize) -> Result<(), LabError> {
    match width
        .checked_mul(2)
        .and_then(|rows| rows.checked_mul(other))
    {
        Some(entries) if entries <= MAX_ENTRIES => Ok(()),
        _ => Err(LabError::Config {
            key: key.into(),
            expected: format!("2·m·max(n, d) ≤ {MAX_ENTRIES}"),
            found: format!("m = {width}, max(n, d) ≥ {other}"),
        }),
    }
}

fn read_safetensors(path: &std::path::Path) -> Result<(Array2<f64>, Array2<f64>), LabError> {
    let weights = Weights::from_safetensors(path, &TwoLayerConfig::BLOCKS)?;
    let [(_, pos), (_, neg)] = weights.blocks() else {
        unreachable!("the reader returns the blocks it was asked for")
    };
    Ok((pos.clone(), neg.clone()))
}
