//! The laboratory: everything between the numerical crates and the command line.
//!
//! One run is a [`Settings`](config::Settings) that resolves to a [`RunConfig`](config::RunConfig), an
//! [`Engine`] driven along a [`schedule()`], [`Observation`]s in two [`Series`], a run directory, and the
//! [`claims`] judged on it. [`studies`] are such runs with a question; [`Reproduction`] is all of them
//! with one report.
//!
//! Another architecture joins by [`Network`](implicit_bias_model::Network): give it to a
//! [`TensorEngine`] and [`drive()`] it.

pub mod claims;
pub mod config;
mod device;
mod engine;
mod error;
pub mod figures;
mod limit;
mod observation;
mod prediction;
mod progress;
mod regime;
pub mod report;
mod reproduction;
mod run;
mod schedule;
mod series;
mod stop;
pub mod studies;
pub mod sweep;

pub use device::{BackendInfo, DeviceInfo, SelectedDevice, all_backends, devices, select_device};
pub use engine::{Engine, GramEngine, GramEngineOptions, TensorEngine, TensorEngineOptions};
pub use error::LabError;
pub use limit::{LimitReport, find_limit};
pub use observation::{
    BlockObservation, ClassObservation, Observation, PatternObservation, UpdateObservation,
};
pub use prediction::{LimitOf, PredictedLimit, Prediction};
pub use progress::{Progress, complain};
pub use regime::{AtRest, Regime, Rest, Rises, step_size_notice};
pub use reproduction::Reproduction;
#[cfg(fuzzing)]
#[doc(hidden)]
pub use run::fuzzing;
pub use run::{
    DataManifest, FORMAT, Manifest, Prepared, RawGeometry, ReadyEngine, Resumed, RunDirectory,
    RunOptions, RunRecord, Trajectory, Watcher, conditions, drive, execute, execute_all, resume,
    write_atomically,
};
pub use schedule::schedule;
pub use series::Series;
pub use stop::{StopReason, format_step};
