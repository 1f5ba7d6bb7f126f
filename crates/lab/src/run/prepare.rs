//! The data and the initial weights of a run.

use std::path::Path;

use implicit_bias_data::{
    Dataset, Geometry, InitialBlocks, Labelled, TrainingSet, npz_names, read_matrix_npz,
    read_weights_npz,
};
use implicit_bias_model::{TwoLayerConfig, Weights};
use implicit_bias_output::{Bytes, free_memory, free_words, sha256};
use implicit_bias_record::Family;

use super::sizes::{SQUARES, Sizes};
use crate::LabError;
use crate::config::{DataSource, HeldOutSource, InitSource, RunConfig};
use crate::pool::decompose_on_one_thread;

/// Most weights of a network, and most pre-activations: 2²⁸ numbers are 2 GiB in double precision.
const MAX_ENTRIES: usize = 1 << 28;

/// The data and the initial weights of a run, validated, in host memory.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The data set.
    pub data: TrainingSet,
    /// Its geometry, without the rank.
    pub geometry: Geometry,
    /// Samples that no step sees, prepared as the data set is; `None` where none are asked for.
    pub held_out: Option<Dataset>,
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
        if let Some(width) = config.width() {
            // Before the data: a typing error should not cost a long load.
            check_size("width", width, 1)?;
        }
        require_memory_for_data(config)?;
        watcher("data", 0.0);
        let raw = config.load_raw()?;
        let raw_geometry = (!config.preparation.is_none()).then(|| {
            Geometry::watched(&raw, &mut |done| {
                watcher("geometry before preparation", done)
            })
        });
        let held_out = held_out(config, &raw)?;
        let data = config.prepare(raw)?;
        let dim = data.dim();
        let weights = initial_weights(config, &data)?;
        let width = weights
            .blocks()
            .first()
            .map_or(0, |(_, block)| block.nrows());
        check_size("width", width, dim.max(data.samples()))?;
        Ok(Self {
            geometry: Geometry::watched(&data, &mut |done| watcher("geometry", done)),
            held_out,
            raw_geometry,
            data,
            weights,
            width,
        })
    }

    /// The data set of a run that is about labels ±1 alone, such as one in Gram coordinates.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for a data set of classes by name.
    pub fn signs(&self) -> Result<&Dataset, LabError> {
        self.data.signs().ok_or_else(|| LabError::Config {
            key: "classes".into(),
            expected: "two classes, by --positive and --negative, for Gram coordinates".into(),
            found: match self.data.reals() {
                Some(_) => "real targets".into(),
                None => "classes by name".into(),
            },
        })
    }

    /// SHA-256 of the data and the initial weights: two runs that agree in it start at the same
    /// place. Held-out samples of a law follow from it, those of a file are part of it.
    pub(crate) fn sha256(&self, config: &RunConfig) -> String {
        let weights = sha256(self.weights.to_safetensors());
        let of_file = matches!(config.held_out, Some(HeldOutSource::File(..)));
        if let Some(held_out) = self.held_out.as_ref().filter(|_| of_file) {
            let data = format!("{} {}", self.data.sha256(), held_out.sha256());
            return sha256(format!("{data} {weights}").as_bytes());
        }
        sha256(format!("{} {weights}", self.data.sha256()).as_bytes())
    }

    /// The sizes of the problem.
    pub(super) fn sizes(&self) -> Sizes {
        Sizes {
            samples: self.data.samples(),
            dim: self.data.dim(),
            width: self.width,
            blocks: self.data.class_count().max(2),
            weights: self
                .weights
                .blocks()
                .iter()
                .map(|(_, block)| block.len())
                .sum(),
            squares_in_range: self.data.x().rows().into_iter().all(|x| {
                let square = x.dot(&x);
                SQUARES.contains(&square) || x.iter().all(|&entry| entry == 0.0)
            }),
        }
    }
}

/// The samples that errors are counted on, prepared as the training samples `raw` will be.
fn held_out(config: &RunConfig, raw: &TrainingSet) -> Result<Option<Dataset>, LabError> {
    let Some(source) = &config.held_out else {
        return Ok(None);
    };
    let refuse = |key: &str, expected: &str, found: String| LabError::Config {
        key: key.into(),
        expected: expected.into(),
        found,
    };
    let (key, drawn) = match (source, &config.data) {
        (HeldOutSource::Law(count), DataSource::Law(law)) => {
            let drawn = law.law().draw_held_out(*count, config.seed);
            let expected = "a data law with fresh samples, such as mixture";
            let drawn = drawn.ok_or_else(|| refuse("held-out", expected, law.name.into()))??;
            ("held-out", TrainingSet::Signs(drawn))
        }
        (HeldOutSource::File(file, choice), _) => {
            ("held-out-data", file.training_set(choice, config.seed)?)
        }
        (HeldOutSource::Law(count), DataSource::File { .. }) => {
            let expected = "a data law, which fresh samples are drawn from";
            return Err(refuse("held-out", expected, count.to_string()));
        }
    };
    let TrainingSet::Signs(drawn) = drawn else {
        return Err(refuse(key, "labels ±1", "classes by name".into()));
    };
    if drawn.dim() != raw.dim() {
        let expected = format!("samples of {} coordinates, as the data have", raw.dim());
        return Err(refuse(key, &expected, drawn.dim().to_string()));
    }
    if config.preparation.is_none() {
        return Ok(Some(drawn));
    }
    let x = (config.preparation).apply_to_held_out(drawn.x().clone(), raw.x())?;
    Ok(Some(Dataset::new(x, drawn.y().clone())?))
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

/// The initial weights: drawn, or read from a file.
fn initial_weights(config: &RunConfig, data: &TrainingSet) -> Result<Weights, LabError> {
    let network = &config.network;
    let blocks = network.network_kind().blocks_on(&network.settings, data)?;
    let path = match &config.init {
        InitSource::Drawn { law, scale } => {
            if let Some(width) = config.width() {
                check_size("width", width, data.dim().max(data.samples()))?;
            }
            require_room(config, &blocks)?;
            let drawn = (law.initial_law_kind().draw)(&InitialBlocks {
                shapes: &blocks,
                scale: *scale,
                seed: config.seed,
                settings: &law.settings,
            })?;
            let names = blocks.into_iter().map(|(name, _)| name);
            return Ok(Weights::new(names.zip(drawn).collect())?);
        }
        InitSource::File(path) => path,
    };
    let names: Vec<&str> = blocks.iter().map(|(name, _)| name.as_str()).collect();
    if is_safetensors(path) {
        let weights = Weights::from_safetensors(path, &names)?;
        require_two_blocks(config, data.dim(), &weights)?;
        return Ok(weights);
    }
    let read = |name: &str| Ok::<_, LabError>(read_matrix_npz(path, &format!("W_{name}"))?);
    let matrices = if names == TwoLayerConfig::BLOCKS {
        let (pos, neg) = read_weights_npz(path)?;
        vec![pos, neg]
    } else {
        names
            .iter()
            .map(|name| read(name))
            .collect::<Result<_, _>>()?
    };
    let names = names.into_iter().map(str::to_owned);
    let weights = Weights::new(names.zip(matrices).collect())?;
    require_two_blocks(config, data.dim(), &weights)?;
    Ok(weights)
}

fn is_safetensors(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
}

/// What to say of arrays of a file of initial weights that the network does not read; `None` where
/// there are none, and for an archive of samples too, which has more for other uses.
pub(super) fn unread_weights(
    config: &RunConfig,
    weights: &Weights,
) -> Result<Option<String>, LabError> {
    let InitSource::File(path) = &config.init else {
        return Ok(None);
    };
    if is_safetensors(path) {
        return Ok(None);
    }
    let names = weights.blocks().iter().map(|(name, _)| format!("W_{name}"));
    let read: Vec<String> = names.collect();
    let mut unread = npz_names(path)?;
    let has_samples = unread.iter().any(|name| name == "X");
    unread.retain(|name| !read.contains(name));
    Ok((!unread.is_empty() && !has_samples).then(|| {
        format!(
            "warning: init: {} {} not read: the network has {}",
            unread.join(", "),
            if unread.len() == 1 { "is" } else { "are" },
            read.join(", ")
        )
    }))
}

/// Refuses more weights than memory is meant to hold, before any is drawn.
fn require_room(config: &RunConfig, blocks: &[(String, [usize; 2])]) -> Result<(), LabError> {
    let sizes = blocks
        .iter()
        .map(|(_, [rows, columns])| *rows as u128 * *columns as u128);
    let weights: u128 = sizes.sum();
    let needed = Bytes::numbers(weights as f64);
    let free = free_memory();
    if weights <= MAX_ENTRIES as u128 && needed.fit(free) {
        return Ok(());
    }
    let key = if config.width().is_some() {
        "width"
    } else {
        "network"
    };
    Err(LabError::Config {
        key: key.into(),
        expected: format!(
            "at most {MAX_ENTRIES} weights in all, 2 GiB of numbers, and no more than {} of memory \
             hold",
            free_words(free)
        ),
        found: format!("{weights} in {} blocks, {needed}", blocks.len()),
    })
}

/// Refuses samples of a law that memory has no room for, before any is drawn.
fn require_memory_for_data(config: &RunConfig) -> Result<(), LabError> {
    let DataSource::Law(law) = &config.data else {
        return Ok(());
    };
    let (samples, dim) = law.law().shape();
    let needed = Bytes::numbers(samples as f64 * dim as f64);
    let free = free_memory();
    if needed.fit(free) {
        return Ok(());
    }
    Err(LabError::Config {
        key: "samples".into(),
        expected: format!("samples that {} of memory hold", free_words(free)),
        found: format!("n = {samples}, d = {dim}, {needed}"),
    })
}

/// Refuses blocks of the two-layer network that fit neither each other nor the data.
fn require_two_blocks(config: &RunConfig, dim: usize, weights: &Weights) -> Result<(), LabError> {
    if config.family() != Family::TwoLayer {
        // The network says what does not fit.
        return Ok(());
    }
    let [(_, pos), (_, neg)] = weights.blocks() else {
        unreachable!("the reader returns the blocks it was asked for")
    };
    if pos.dim() == neg.dim() && pos.ncols() == dim && pos.nrows() > 0 {
        return Ok(());
    }
    Err(LabError::Config {
        key: "init".into(),
        expected: format!("W_pos and W_neg of one shape [m, {dim}], as the data have d = {dim}"),
        found: format!("{:?} and {:?}", pos.shape(), neg.shape()),
    })
}
