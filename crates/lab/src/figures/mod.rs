//! The figures of a run and of a sweep.

mod context;
mod limit;
mod margins;
mod residual;
mod run;
mod sweep;

pub use context::{ClassSamples, LogFit, RunContext};
pub use run::{quantity_label, run_figures};
pub use sweep::{CurveEntry, PointEntry, curves_by_parameter, final_against};

#[cfg(test)]
pub(crate) use run::tests::laws;
