//! What can go wrong.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrintError {
    /// A width on paper that is none.
    #[error("expected a width from 1cm to 50cm, such as 8.5cm, 3.25in or 240pt, found `{0}`")]
    Width(String),
    /// A font that is neither a file nor installed.
    #[error(
        "expected a file (.ttf, .otf) or the family of an installed font, found `{found}`; installed \
         are {installed}"
    )]
    Font {
        /// What was asked for.
        found: String,
        /// Families that there are.
        installed: String,
    },
    /// A font file that cannot be read, or has no font.
    #[error("{}: expected a font (.ttf, .otf), found {reason}", path.display())]
    FontFile {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A figure that cannot be read or converted.
    #[error("expected an SVG figure, found one that cannot be drawn: {0}")]
    Figure(String),
}
