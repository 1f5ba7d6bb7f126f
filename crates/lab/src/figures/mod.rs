//! Figures as SVG text: a small declarative layer, and the figures of a run and of a sweep.
//!
//! A [`Figure`] is one or more [`Panel`]s side by side; a panel has two [`Axis`] and a list of
//! [`Layer`]s. [`Figure::render`] turns it into a self-contained SVG: log axes with decades labelled
//! 10⁰, 10¹, …, labels at the right ends of the curves instead of a legend, Okabe–Ito colours together
//! with dashes and markers. Equal input gives equal bytes.

mod draw;
mod labels;
mod limit;
mod number;
mod plot;
mod render;
mod run;
mod scale;
mod style;
mod svg;
mod sweep;
mod trace;

pub use draw::cells::Cells;
pub use draw::pictures::{Picture, Pictures, Tint};
pub use number::format_number;
pub use plot::{Axis, Figure, Layer, Panel, Scale};
pub use run::{LogFit, RunContext, quantity_label, run_figures};
pub use style::{Colour, Dash, Marker, Style};
pub use sweep::{CurveEntry, PointEntry, curves_by_parameter, final_against};
