#![cfg_attr(feature = "spectrum", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "spectrum"),
    doc = "Margins, norms, activation patterns and alignment from Burn tensors, without the feature \
           `spectrum`, which adds stable rank and spectral norm."
)]

mod alignment;
#[cfg(feature = "spectrum")]
mod block_spectrum;
mod error;
#[cfg(feature = "spectrum")]
mod gram;
mod host;
mod margins;
#[cfg(feature = "spectrum")]
mod module;
mod norm;
mod pattern;
#[cfg(feature = "spectrum")]
mod spectrum;
mod sums;
#[cfg(feature = "train")]
pub mod train;
pub mod values;

pub use alignment::{alignment, class_direction};
#[cfg(feature = "spectrum")]
pub use block_spectrum::BlockSpectrum;
pub use error::MetricError;
pub use margins::{
    accuracy, class_indices, class_margins, margin_ranges, margins, normalized_margins,
};
#[cfg(feature = "spectrum")]
pub use module::spectra_of;
pub use norm::{frobenius_norm, weight_norm};
pub use pattern::{ActivationPattern, PatternChanges, PatternCounts};
#[cfg(feature = "spectrum")]
pub use spectrum::{Spectra, spectra, spectral_norm, stable_rank};
