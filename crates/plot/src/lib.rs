//! Figures as SVG text, by a small declarative layer.
//!
//! A [`Figure`] is one or more [`Panel`]s side by side; a panel has two [`Axis`] and a list of
//! [`Layer`]s. [`Figure::render`] turns it into a self-contained SVG: log axes with decades
//! labelled 10⁰, 10¹, …, labels at the right ends of the curves instead of a legend, Okabe–Ito
//! colours together with dashes and markers. Equal input gives equal bytes.
//! [`Figure::render_for_page`] adds the numbers, for a page whose script shows them.
//!
//! The crate knows nothing of what is plotted.

mod axis;
mod canvas;
mod cells;
mod columns;
mod figure;
mod labels;
mod layers;
mod numbers;
mod pictures;
mod render;
mod scale;
mod style;
mod svg;
mod trace;

pub use axis::{Axis, Scale};
pub use cells::Cells;
pub use figure::{Figure, Layer, Panel};
pub use numbers::PageFigure;
pub use pictures::{Picture, Pictures, Tint};
pub use style::{Colour, Dash, Marker, Style};

/// A figure that cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("figure {name}: {reason}")]
pub struct PlotError {
    /// Name of the figure's file.
    pub name: String,
    /// What was expected and what was found.
    pub reason: String,
}

/// The examples of the README, which are compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
