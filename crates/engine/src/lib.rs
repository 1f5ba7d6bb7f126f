//! Descents that can be advanced, looked at, and taken up again: engines, devices, observations.
//!
//! One run is an [`Engine`] taken along a schedule by [`drive()`], which records [`Observation`]s
//! in two tables ([`Trajectory`]). Another architecture joins by
//! [`Network`](implicit_bias_model::Network): give it to a
//! [`TensorEngine`].
//!
//! | file | what |
//! |---|---|
//! | `engine` | the trait between the dynamics and everything above it |
//! | `tensor` | weight space, for any network on any Burn device |
//! | `follow` | any homogeneous system of margins, given by a trait or a closure |
//! | `host_descent` | an optimizer with its weights in host memory |
//! | `log_time` | any network past its exact steps |
//! | `log_time_stage` | where an engine goes over from steps to log time |
//! | `kkt` | the residual of the direction that a run has reached |
//! | `gram` | the two-layer network in Gram coordinates, exact and in log time |
//! | `networks` | the networks that users choose by name |
//! | `optimizers` | the descents, a file each |
//! | `oracle` | what an optimizer asks for: loss and gradient in host memory |
//! | `batches` | the samples of a step |
//! | `step_sizes` | the step size of every step, and the list of its schedules |
//! | `probes` | the list of further columns |
//! | `linear_gram` | the linear network in Gram coordinates |
//! | `drive` | an engine taken along a schedule |
//! | `observation` | what is measured at a recorded step |
//! | `device` | the backends of this build and their devices; every `cfg` of a backend is there |

mod batches;
mod bytes;
mod device;
mod drive;
mod engine;
mod error;
mod follow;
mod gram;
mod host_descent;
mod kkt;
mod linear_gram;
mod log_time;
mod log_time_stage;
#[cfg(test)]
mod margin_tests;
mod networks;
mod observation;
pub mod optimizers;
mod options;
mod oracle;
pub mod probes;
pub mod step_sizes;
mod targets;
mod tensor;
#[cfg(test)]
mod tests;
mod updates;

pub use batches::Batches;
pub use device::{
    BackendInfo, DeviceInfo, SelectedDevice, all_backends, devices, is_on_host, select_device,
};
pub use drive::{Trajectory, Watcher, drive, drive_from};
pub use engine::Engine;
pub use error::EngineError;
pub use follow::{
    Degree, FollowEngine, FollowOptions, MarginSystem, SystemError, check_degree, margin_system,
};
pub use gram::{GramEngine, GramEngineOptions};
pub use host_descent::{OptimizerRun, TWIN_OFFSET};
pub use linear_gram::LinearGramEngine;
pub use log_time::{Clock, Pace};
pub use log_time_stage::LogTimeOptions;
pub use networks::{NETWORKS, NetworkKind};
pub use observation::{
    BlockObservation, ClassObservation, Observation, PatternObservation, UpdateObservation,
};
pub use options::{Gradient, Precision};
pub use oracle::{Evaluation, FlowPoint, Oracle};
pub use step_sizes::{FormulaSchedule, StepSize};
pub use tensor::{TensorEngine, TensorEngineOptions};
