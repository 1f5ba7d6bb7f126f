#![doc = include_str!("../README.md")]

mod alignment;
mod block_spectrum;
mod error;
mod gram;
mod host;
mod margins;
mod module;
mod norm;
mod pattern;
mod spectrum;
mod sums;
#[cfg(feature = "train")]
pub mod train;
pub mod values;

pub use alignment::{alignment, class_direction};
pub use block_spectrum::BlockSpectrum;
pub use error::MetricError;
pub use margins::{
    accuracy, class_indices, class_margins, margin_ranges, margins, normalized_margins,
};
pub use module::spectra_of;
pub use norm::{frobenius_norm, weight_norm};
pub use pattern::{ActivationPattern, PatternChanges, PatternCounts};
pub use spectrum::{Spectra, spectra, spectral_norm, stable_rank};
