//! One run: from a validated configuration to the tables, weights and manifest of a run directory.
//!
//! Once through: data and weights (`prepare`), choice of engine (`choice`, by `sizes` and
//! `memory`), engine (`build`), directory (`directory`, `lock`, `manifest`), steps (`steps`, with
//! `keeper`, `checkpoint` and `snapshots` on the way). `execute` begins a run and `resume` goes on
//! with one. What is concluded from a run is written by whoever called, before the manifest says
//! that the run has ended.

mod blocks;
mod build;
mod checkpoint;
mod choice;
mod directory;
mod execute;
#[cfg(fuzzing)]
pub mod fuzzing;

mod lock;
mod manifest;
mod memory;
mod options;
mod prepare;
mod resume;
mod shorter;
mod sizes;
mod snapshots;
mod steps;
mod tables;
mod updater;

pub(crate) use blocks::two_blocks;
pub use build::ReadyEngine;
pub use directory::RunDirectory;
pub(crate) use directory::{HeldDirectory, write_atomically};
pub(crate) use execute::{Place, execute};
pub use lock::Owner;
pub(crate) use manifest::{CHANGED_CONFIG, read_manifest};
pub use manifest::{ClassManifest, Continuation, DataManifest, FORMAT, Manifest, RawGeometry};
pub use options::RunOptions;
pub use prepare::Prepared;
pub use resume::ResumeRequest;
pub(crate) use resume::{ResumeOutcome, resume};
pub(crate) use shorter::keeps_engine;
pub(crate) use steps::{EndedRun, Messages};
pub(crate) use tables::read_last_row;
