//! What a run directory holds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use implicit_bias_lab::RunRecord;
use implicit_bias_lab::config::MovedFiles;
use implicit_bias_output::to_json;
use implicit_bias_print::{Format, Printer, Width};
use implicit_bias_record::StopReason;
use numpy::{PyArray2, ToPyArray};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::arrays::table;
use crate::error::{invalid, to_python};
use crate::words::in_python;

/// A table: its columns, and its values `[rows, columns]`.
type Table<'py> = (Vec<String>, Bound<'py, PyArray2<f64>>);

/// A run directory that was read.
#[pyclass(frozen, module = "implicit_bias._native")]
pub struct Record(RunRecord);

impl Record {
    /// Reads a run directory; data and initial weights are also looked for in it, where arrays of
    /// Python are written to.
    pub fn read(path: PathBuf) -> PyResult<Self> {
        let record = RunRecord::read(&path).map_err(to_python)?;
        let moved = moved_with(&record);
        if moved.is_empty() {
            return Ok(Self(record));
        }
        let record = RunRecord::read_moved(&path, &moved).map_err(to_python)?;
        Ok(Self(record))
    }
}

/// Files of a run that are no longer where they were, and are in the run directory.
pub fn moved_with(record: &RunRecord) -> MovedFiles {
    let settings = record.config.to_settings();
    let beside = |key: &str| {
        let path = settings.path(key).filter(|path| !path.exists())?;
        let beside = record.path.join(path.file_name()?);
        beside.is_file().then_some(beside)
    };
    MovedFiles {
        data: beside("data"),
        label_file: beside("label-file"),
        data_dir: None,
        init: beside("init"),
    }
}

#[pymethods]
impl Record {
    /// Reads a run directory.
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| Self::read(path))
    }

    /// `series.csv`.
    fn series<'py>(&self, py: Python<'py>) -> Table<'py> {
        table(py, &self.0.series)
    }

    /// `margins.csv`.
    fn margins<'py>(&self, py: Python<'py>) -> Table<'py> {
        table(py, &self.0.margins)
    }

    /// The last weights by the names of their arrays.
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyArray2<f64>>)>> {
        let weights = self.0.weights().map_err(invalid)?;
        let blocks = weights.blocks().iter();
        let array = |(name, block): &(String, _)| (format!("W_{name}"), ndarray_to(py, block));
        Ok(blocks.map(array).collect())
    }

    /// `claims.json`.
    fn claims(&self) -> String {
        String::from_utf8_lossy(&to_json(&self.0.claims)).into_owned()
    }

    /// `limit.json`.
    fn limit(&self) -> String {
        String::from_utf8_lossy(&to_json(&self.0.prediction)).into_owned()
    }

    /// `manifest.json`.
    fn manifest(&self) -> String {
        String::from_utf8_lossy(&to_json(&self.0.manifest)).into_owned()
    }

    /// The configuration as JSON, with every value filled in.
    fn settings(&self) -> PyResult<String> {
        let settings = self.0.config.to_settings();
        let values: BTreeMap<_, _> = settings.iter().collect();
        serde_json::to_string(&values).map_err(invalid)
    }

    /// What the command line prints of the run.
    fn summary(&self) -> String {
        self.0.summary_text()
    }

    /// The network in words.
    fn network(&self) -> String {
        self.0.network_words()
    }

    /// Why the run ended, in a word.
    fn stop_reason(&self) -> &'static str {
        self.0.stop().map_or("interrupted", StopReason::word)
    }

    /// The same in a sentence.
    fn stop_words(&self) -> String {
        self.0.stop_words()
    }

    /// What a reader must know before the verdicts.
    fn notices(&self) -> Vec<String> {
        self.0.notices.iter().map(|text| in_python(text)).collect()
    }

    /// The figures: name, title, SVG.
    fn figures(&self) -> PyResult<Vec<(String, String, String)>> {
        let figures = self.0.figures().into_iter().map(|figure| {
            let svg = figure.render().map_err(invalid)?;
            Ok((figure.name, figure.title, svg))
        });
        figures.collect()
    }
}

/// A figure in another format: `pdf` or `png`, of a width as in `8.5cm`, in a font.
#[pyfunction]
#[pyo3(signature = (svg, format, width=None, font=None))]
pub fn print_figure<'py>(
    py: Python<'py>,
    svg: &str,
    format: &str,
    width: Option<&str>,
    font: Option<&str>,
) -> PyResult<Bound<'py, PyBytes>> {
    let format = match format {
        "pdf" => Format::Pdf,
        "png" => Format::Png,
        other => {
            let expected = "a file that ends in .svg, .pdf or .png";
            return Err(invalid(format!(
                "format: expected {expected}, found `{other}`"
            )));
        }
    };
    let width: Option<Width> = width.map(str::parse).transpose().map_err(invalid)?;
    let printer = Printer::new(width, font).map_err(invalid)?;
    let printed = printer.print(svg, format).map_err(invalid)?;
    Ok(PyBytes::new(py, &printed))
}

fn ndarray_to<'py>(py: Python<'py>, block: &ndarray::Array2<f64>) -> Bound<'py, PyArray2<f64>> {
    block.to_pyarray(py)
}
