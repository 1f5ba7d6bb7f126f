//! The laboratory: everything between the engines and the command line.
//!
//! One run is a [`Settings`](config::Settings) that resolves to a [`RunConfig`](config::RunConfig),
//! an
//! [`Engine`](implicit_bias_engine::Engine) driven along a schedule, a run directory, the
//! [claims](implicit_bias_claims) judged on it, and a report: [`execute`]. [`study`] makes many
//! such runs answer a question, [`sweep`] varies their settings.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | settings, from flags and files to a validated run |
//! | `run` | a run to the tables, weights and manifest of its directory |
//! | `conclusion` | limit, regime and claims of a run |
//! | [`figures`], [`report`] | how a run, a sweep and a reproduction are shown |
//! | `spine` | a run, what is concluded from it, its report |
//! | `export` | the results of a run for another program |
//! | `limit` | the limit of a configuration, found by running until it is proven |
//! | `printing` | figures as PDF and PNG files |
//! | `pool`, `batch` | many runs at once |
//! | [`sweep`], [`study`] | many runs that differ in some keys, or answer a question |
//! | `progress`, `interrupt`, `error` | bars on standard error; signals; what can go wrong |

mod batch;
mod conclusion;
pub mod config;
mod error;
mod export;
pub mod figures;
mod interrupt;
mod limit;
mod pool;
mod printing;
mod progress;
pub mod report;
mod run;
mod spine;
pub mod study;
pub mod sweep;

pub use batch::execute_all;
pub use conclusion::{RunRecord, conditions};
pub use error::LabError;
pub use interrupt::{Interrupt, exit_instead_of_abort};
pub use limit::{LimitReport, direction_by_descent, direction_limit, find_limit};
pub use pool::{compute_on, share};
pub use printing::FigurePrinter;
pub use progress::{Progress, print_to_stderr};
#[cfg(fuzzing)]
#[doc(hidden)]
pub use run::fuzzing;
pub use run::{
    ClassManifest, Continuation, DataManifest, FORMAT, Manifest, Owner, Prepared, RawGeometry,
    ReadyEngine, ResumeRequest, RunDirectory, RunOptions,
};
pub use spine::{Report, Resumed, execute, resume};
