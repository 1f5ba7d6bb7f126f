//! The configuration of a run: settings as given, and the validated configuration they resolve to.

pub(crate) mod catalogue;
mod component;
mod data;
mod descent_facts;
mod every;
mod explain;
mod files;
mod flags;
mod horizon;
pub mod keys;
mod kinds;
mod moved;
mod names;
mod overlay;
mod resolve;
mod run_config;
mod source;
mod written;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, column_of, columns};
pub(crate) use catalogue::{limits, theories};
pub use component::Component;
pub(crate) use data::file_keys;
pub(crate) use every::{field, key_names, number_field};
pub use explain::{ListedKey, asked_arrays, explain, listed_keys};
pub use files::{parse_settings, read_settings, settings_of_table};
pub(crate) use files::{read_toml, with_flag_spelling};
pub use flags::{FigureArgs, SettingsArgs, join_switches};
pub use implicit_bias_record::Steps;
pub use implicit_bias_settings::Settings;
pub use kinds::{EngineKind, ExportKind};
pub use moved::MovedFiles;
pub use overlay::{of_data, overlay};
pub(crate) use resolve::resolve_checkpoint_interval;
pub use run_config::{RunConfig, TwoLayerDescent};
pub use source::{DataSource, HeldOutSource, InitSource};
