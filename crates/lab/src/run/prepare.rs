//! The data and the initial weights of a run.

use std::path::Path;

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{Dataset, Geometry, read_weights_npz};
use implicit_bias_model::{TwoLayerConfig, Weights};
use implicit_bias_output::sha256;
use ndarray::Array2;

use super::sizes::Sizes;
use crate::LabError;
use crate::config::{InitSource, RunConfig};

/// Most weights of a network, and most pre-activations: 2²⁸ numbers are 2 GiB in double precision.
const MAX_ENTRIES: usize = 1 << 28;

/// The data and the initial weights of a run, validated, in host memory.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The data set.
    pub data: Dataset,
    /// Its geometry, without the rank.
    pub geometry: Geometry,
    /// The geometry before the preparation; `None` if there was none.
    pub raw_geometry: Option<Geometry>,
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
    /// Those of the readers and generators; [`LabError::Config`] for sizes that do not fit each
    /// other or that no memory would hold.
    pub fn new(config: &RunConfig) -> Result<Self, LabError> {
        Self::watched(config, &mut |_, _| {})
    }

    /// The same, with a watcher that is told what is going on and the fraction of it that is done.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn watched(
        config: &RunConfig,
        watcher: &mut dyn FnMut(&str, f64),
    ) -> Result<Self, LabError> {
        decompose_on_one_thread();
        if let InitSource::Gaussian { width, .. } = config.init {
            // Before the data: a typing error should not cost a long load.
            check_size("width", width, 1)?;
        }
        watcher("data", 0.0);
        let raw = config.data.load(config.seed)?;
        let raw_geometry = (!config.preparation.is_none()).then(|| {
            Geometry::watched(&raw, &mut |done| {
                watcher("geometry before preparation", done)
            })
        });
        let data = config.prepare(raw)?;
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
            geometry: Geometry::watched(&data, &mut |done| watcher("geometry", done)),
            raw_geometry,
            data,
            weights,
            width,
        })
    }

    /// SHA-256 of the data and the initial weights: two runs that agree in it start at the same
    /// place.
    pub(super) fn sha256(&self) -> String {
        let weights = sha256(self.weights.to_safetensors());
        sha256(format!("{} {weights}", self.data.sha256()).as_bytes())
    }

    /// The sizes of the problem.
    pub(super) fn sizes(&self) -> Sizes {
        Sizes {
            samples: self.data.samples(),
            dim: self.data.dim(),
            width: self.width,
            squares_in_range: self.data.x().rows().into_iter().all(|x| {
                let square = x.dot(&x);
                (1e-290..1e300).contains(&square) || x.iter().all(|&entry| entry == 0.0)
            }),
        }
    }
}

/// Sets faer to decompose matrices on one thread, for the process: with more, the last bits depend
/// on how many there are. Those of its products, which are most of the work, do not.
pub(crate) fn decompose_on_one_thread() {
    faer::set_global_parallelism(faer::Par::Seq);
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

fn read_safetensors(path: &Path) -> Result<(Array2<f64>, Array2<f64>), LabError> {
    let weights = Weights::from_safetensors(path, &TwoLayerConfig::BLOCKS)?;
    let [(_, pos), (_, neg)] = weights.blocks() else {
        unreachable!("the reader returns the blocks it was asked for")
    };
    Ok((pos.clone(), neg.clone()))
}
