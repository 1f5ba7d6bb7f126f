//! The figures of a run and of a sweep.

mod context;
mod limit;
mod run;
mod sweep;

pub use context::{LogFit, RunContext};
pub use run::{quantity_label, run_figures};
pub use sweep::{CurveEntry, PointEntry, curves_by_parameter, final_against};
