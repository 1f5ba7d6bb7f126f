//! The configuration of a run: settings as given, and the validated configuration they resolve to.

mod data;
mod files;
mod kinds;
mod resolve;
mod run_config;
mod settings;
mod source;

#[cfg(test)]
mod tests;

pub(crate) use files::{read_toml, with_flag_spelling};
pub use implicit_bias_record::Steps;
pub use kinds::{
    ActivationKind, EngineKind, ExportKind, GradientKind, LabelKind, LossKind, PrecisionKind,
    SplitKind, SyntheticKind,
};
pub(crate) use resolve::resolve_checkpoint_interval;
pub use run_config::RunConfig;
pub use settings::{DATA_HEADING, PREPARATION_HEADING, Settings};
pub use source::{DataSource, InitSource};
