//! A run that begins where a shorter one of the same configuration ended.

use std::path::Path;

use super::build::ReadyEngine;
use super::checkpoint::{self, SavedRun};
use super::choice::{Pick, choose};
use super::manifest::{Manifest, read_manifest};
use super::prepare::Prepared;
use super::sizes::{SQUARES, Sizes};
use crate::config::{RunConfig, read_settings};
use implicit_bias_output::free_memory;
use implicit_bias_record::StopReason;

/// Whether a longer run of this configuration has the engine of the shorter one in a directory, by
/// the sizes that its manifest has; known before any data are read.
pub(crate) fn keeps_engine(path: &Path, config: &RunConfig) -> bool {
    let Ok(manifest) = read_manifest(path) else {
        return false;
    };
    let classes = manifest.data.classes.as_ref();
    let blocks = classes.map_or(2, |classes| classes.names.len());
    let sizes = Sizes {
        samples: manifest.data.n,
        dim: manifest.data.d,
        width: manifest.width,
        blocks,
        // Of the one architecture that has two engines.
        weights: blocks * manifest.width * manifest.data.d,
        squares_in_range: [manifest.data.r_min, manifest.data.r_max]
            .iter()
            .all(|norm| *norm == 0.0 || SQUARES.contains(&(norm * norm))),
    };
    choose(config, sizes, free_memory()).is_ok_and(|choice| match choice.engine {
        Pick::Gram => manifest.engine == "gram",
        Pick::Tensor => manifest.engine != "gram",
    })
}

/// What a shorter run left for a longer one.
pub(super) struct ShorterRun {
    pub manifest: Manifest,
    pub state: SavedRun,
}

impl ShorterRun {
    /// What the run of a directory left for one of this configuration; `None` where it is no shorter
    /// run of the same, has not ended at its horizon, or left nothing to go on from.
    pub fn read(path: &Path, config: &RunConfig) -> Option<Self> {
        let manifest = read_manifest(path).ok()?;
        let ended = matches!(manifest.stop, Some(StopReason::Completed { .. }));
        let settings = read_settings(&path.join("config.toml")).ok()?;
        let own = RunConfig::resolve(&settings).ok()?;
        let longer = RunConfig {
            steps: config.steps,
            ..own.clone()
        };
        if !ended || own.steps >= config.steps || longer.to_toml() != config.to_toml() {
            return None;
        }
        let state = checkpoint::read(path, &mut |_| {}).ok()??;
        Some(Self { manifest, state })
    }

    /// Whether a run that starts and steps like this goes through its last state.
    pub fn is_of(&self, config: &RunConfig, prepared: &Prepared, ready: &ReadyEngine) -> bool {
        let manifest = &self.manifest;
        self.state.start == prepared.sha256(config)
            && manifest.engine == ready.engine.name()
            && manifest.device == ready.device
            && manifest.precision == ready.precision
            && manifest.gradient == ready.gradient
    }
}
