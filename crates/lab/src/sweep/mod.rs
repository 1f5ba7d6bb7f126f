//! Many runs that differ in some keys: planned in one TOML file, run in parallel, gathered in one
//! table.
//!
//! A [`Sweep`] is the list of its runs and nothing else: every run has a directory of its own,
//! named by the hash of its configuration, and what is there decides what is left to do. Killed
//! processes, other machines and added values need no bookkeeping besides.

mod claims;
mod compare;
mod execute;
mod figures;
mod files;
mod gather;
mod page;
mod plan;
mod prune;
mod quantity;
mod shard;
mod shorter;
mod slurm;
mod status;
mod table;

pub use compare::{Comparison, compare};
pub use execute::{SweepOptions, SweepOutcome};
pub use gather::RunState;
pub use plan::{Precisions, Sweep, SweepRun};
pub use prune::Leftover;
pub use shard::Shard;
pub use slurm::SlurmScript;
pub use status::{RunningRun, SweepStatus};
pub use table::SweepTable;
