//! Checkpoints from which a training that was cut off goes on as if it had not been.
//!
//! Burn's learner saves weights, optimizer and schedule after an epoch and can begin at the next
//! one. What it leaves open is here: files that a kill cannot leave in halves, logs that are on the
//! disk before the checkpoint that follows them, and the order of the samples.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderIterator};
use burn::tensor::Device;
use burn::train::checkpoint::{
    Checkpoint, Checkpointer, CheckpointerError, CheckpointingAction, CheckpointingStrategy,
    KeepLastNCheckpoints,
};
use burn::train::metric::store::{Aggregate, EventStoreClient, Split};
use implicit_bias_output::{remove_temporaries, replace};

use crate::learner::Batch;

/// The parts of a checkpoint, in the order in which the learner saves them.
pub const PARTS: [&str; 3] = ["model", "optim", "scheduler"];

/// How many checkpoints are kept.
const KEPT: usize = 2;

/// A part of the checkpoints of a training, in files that are whole or not there.
pub struct WholeFiles {
    folder: PathBuf,
    part: &'static str,
}

impl WholeFiles {
    pub fn new(directory: &Path, part: &'static str) -> Self {
        let folder = folder(directory);
        Self { folder, part }
    }

    fn path(&self, epoch: usize) -> PathBuf {
        self.folder.join(file_name(self.part, epoch))
    }
}

impl<R: Checkpoint> Checkpointer<R> for WholeFiles {
    fn save(&self, epoch: usize, record: R) -> Result<(), CheckpointerError> {
        let bytes = record
            .checkpoint_into_bytes()
            .map_err(CheckpointerError::Record)?;
        fs::create_dir_all(&self.folder)
            .and_then(|()| replace(&self.path(epoch), &bytes))
            .map_err(CheckpointerError::IOError)
    }

    fn delete(&self, epoch: usize) -> Result<(), CheckpointerError> {
        removed(fs::remove_file(self.path(epoch))).map_err(CheckpointerError::IOError)
    }

    fn restore(&self, epoch: usize) -> Result<R, CheckpointerError> {
        R::load(self.path(epoch))
    }
}

/// Keeps the last checkpoints, each once the logs of its epoch are written.
pub struct LastOnes;

impl CheckpointingStrategy for LastOnes {
    fn checkpointing(
        &mut self,
        epoch: usize,
        store: &EventStoreClient,
    ) -> Vec<CheckpointingAction> {
        // The answer comes after everything that was to be logged before it.
        store.find_metric("Loss", epoch, Aggregate::Mean, &Split::Valid);
        KeepLastNCheckpoints::new(KEPT).checkpointing(epoch, store)
    }
}

/// The last epoch of which a directory has a whole checkpoint, 0 where there is none. What was
/// written after it, and what was being written, is removed: the learner does that epoch again.
pub fn last_epoch(directory: &Path) -> io::Result<usize> {
    let folder = folder(directory);
    if folder.is_dir() {
        remove_temporaries(&folder)?;
    }
    let files = names(&folder)?;
    let is_whole = |epoch: &usize| {
        let has = |part: &&str| files.contains(&file_name(part, *epoch));
        PARTS.iter().all(has)
    };
    let epochs = files.iter().filter_map(|name| epoch_of(name));
    let last = epochs.filter(is_whole).max().unwrap_or(0);
    for name in &files {
        let is_kept = |epoch: usize| epoch <= last && epoch + KEPT > last;
        if epoch_of(name).is_some_and(|epoch| !is_kept(epoch)) {
            fs::remove_file(folder.join(name))?;
        }
    }
    for split in ["train", "valid"].map(|split| directory.join(split)) {
        for name in names(&split)? {
            let epoch = name.strip_prefix("epoch-").and_then(|n| n.parse().ok());
            if epoch.is_some_and(|epoch: usize| epoch > last) {
                fs::remove_dir_all(split.join(name))?;
            }
        }
    }
    Ok(last)
}

/// Batches of a training that begins after some epochs: the samples come in the order in which they
/// would have come then.
pub struct After {
    pub epochs: usize,
    pub loader: Arc<dyn DataLoader<Batch>>,
}

impl After {
    /// The loader that the learner asks for batches, past those of the epochs that are done: each
    /// time that it is asked for an epoch it draws an order.
    fn begun(&self, loader: Arc<dyn DataLoader<Batch>>) -> Arc<dyn DataLoader<Batch>> {
        for _ in 0..self.epochs {
            drop(loader.iter());
        }
        loader
    }
}

impl DataLoader<Batch> for After {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Batch> + 'a> {
        self.loader.iter()
    }

    fn num_items(&self) -> usize {
        self.loader.num_items()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<Batch>> {
        self.begun(self.loader.to_device(device))
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Batch>> {
        self.begun(self.loader.slice(start, end))
    }
}

fn folder(directory: &Path) -> PathBuf {
    directory.join("checkpoint")
}

fn file_name(part: &str, epoch: usize) -> String {
    format!("{part}-{epoch}.bpk")
}

fn epoch_of(name: &str) -> Option<usize> {
    let (_, epoch) = name.strip_suffix(".bpk")?.rsplit_once('-')?;
    epoch.parse().ok()
}

/// What is in a folder; nothing where it is not there.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect()
}

/// A removal of what may not be there.
fn removed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
