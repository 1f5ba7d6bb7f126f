//! SVG figures as PDF and PNG files.
//!
//! A [`Printer`] holds the fonts and the size on paper. Without fonts of the machine, text is set in
//! DejaVu Sans, which the crate `dejavu` brings and which has the mathematical signs of figures:
//! equal figures give equal bytes on every machine. In PDF files text stays text.
//!
//! ```
//! use implicit_bias_print::{Format, Printer};
//! let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="96" height="48">
//!     <text x="4" y="20">‖W‖</text></svg>"#;
//! let printer = Printer::new(Some("5cm".parse()?), None)?;
//! let pdf = printer.print(svg, Format::Pdf)?;
//! assert!(pdf.starts_with(b"%PDF"));
//! # Ok::<(), implicit_bias_print::PrintError>(())
//! ```
//!
//! | file | what |
//! |---|---|
//! | `printer` | fonts, and the two formats |
//! | `width` | a width on paper |
//! | `error` | what can go wrong |

mod error;
mod printer;
mod width;

pub use error::PrintError;
pub use printer::{Format, Printer};
pub use width::Width;
