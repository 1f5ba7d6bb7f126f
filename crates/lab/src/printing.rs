//! Figures as files of other formats.

use std::path::{Path, PathBuf};

use implicit_bias_print::{Format, Printer};
use implicit_bias_settings::{Key, Settings};

use crate::LabError;
use crate::config::keys::output::{FIGURE_FONT, FIGURE_WIDTH, FIGURES};
use crate::run::write_atomically;

/// Formats that the figures of a folder are written in beside SVG, with their size and font.
pub struct FigurePrinter {
    formats: Vec<Format>,
    printer: Printer,
}

impl FigurePrinter {
    /// As the keys [`FIGURES`], [`FIGURE_WIDTH`] and [`FIGURE_FONT`] say; `None` where they ask for
    /// no more than SVG.
    ///
    /// # Errors
    ///
    /// [`LabError::Config`] for a format, a width or a font that there is not.
    pub fn of(settings: &Settings) -> Result<Option<Self>, LabError> {
        let text = FIGURES.text_in(settings)?;
        let text = text.unwrap_or_else(|| "svg".to_owned());
        let mut formats = Vec::new();
        for name in text.split(',').map(str::trim) {
            match name {
                "svg" => {}
                "pdf" => formats.push(Format::Pdf),
                "png" => formats.push(Format::Png),
                _ => {
                    return Err(LabError::Config {
                        key: FIGURES.name.to_owned(),
                        expected: "some of svg, pdf, png with commas between them".to_owned(),
                        found: format!("`{text}`"),
                    });
                }
            }
        }
        let error = |key: &Key| {
            let key = key.name.to_owned();
            move |source| LabError::Print { key, source }
        };
        let width = FIGURE_WIDTH.text_in(settings)?;
        let width = width.map(|width| width.parse()).transpose();
        let width = width.map_err(error(&FIGURE_WIDTH))?;
        let font = FIGURE_FONT.text_in(settings)?;
        if formats.is_empty() {
            return Ok(None);
        }
        let printer = Printer::new(width, font.as_deref());
        let printer = printer.map_err(error(&FIGURE_FONT))?;
        Ok(Some(Self { formats, printer }))
    }

    /// Writes every figure `figures/*.svg` of a directory in the formats, beside it.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] and [`LabError::Write`] for files, [`LabError::Content`] for a figure that
    /// cannot be converted.
    pub fn print_all(&self, directory: &Path) -> Result<(), LabError> {
        for path in figures_of(directory)? {
            let read = std::fs::read_to_string(&path);
            let svg = read.map_err(|source| LabError::Read {
                path: path.clone(),
                source,
            })?;
            for &format in &self.formats {
                let printed = self.printer.print(&svg, format);
                let printed = printed.map_err(|error| LabError::Content {
                    path: path.clone(),
                    reason: error.to_string(),
                })?;
                write_atomically(&path.with_extension(format.extension()), &printed)?;
            }
        }
        Ok(())
    }
}

/// The SVG files among the figures of a directory, in their order; none where it has no figures.
fn figures_of(directory: &Path) -> Result<Vec<PathBuf>, LabError> {
    let folder = directory.join("figures");
    let error = |source| LabError::Read {
        path: folder.clone(),
        source,
    };
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
