//! `train` and `resume`: one run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use implicit_bias::compute_alone_on;
use implicit_bias_data::threads;
use implicit_bias_lab::config::keys::descent::STEPS;
use implicit_bias_lab::config::keys::output::{
    CHECKPOINT_INTERVAL, FIGURE_FONT, FIGURE_WIDTH, FIGURES, THREADS,
};
use implicit_bias_lab::config::{RunConfig, Steps};
use implicit_bias_lab::{
    FigurePrinter, LabError, Report, ResumeRequest, Resumed, RunOptions, RunRecord, execute, resume,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::invalid;
use crate::keys::settings_of;
use crate::record::moved_with;
use crate::watch::{Watch, watched};
use crate::words::in_python;

/// Trains as `implicit-bias train` does, into the run directory of the key `out`. Returns what a
/// user must know at once.
#[pyfunction]
#[pyo3(signature = (keys, show=None))]
pub fn train(
    py: Python<'_>,
    keys: &Bound<'_, PyDict>,
    show: Option<Py<PyAny>>,
) -> PyResult<Vec<String>> {
    let settings = settings_of(keys)?;
    watched(py, "train", show.as_ref(), |watch| {
        let config = RunConfig::resolve(&settings)?;
        let figures = FigurePrinter::of(&settings)?;
        compute_alone_on(settings.count(THREADS.name))?;
        let run = |options: RunOptions<'_>| execute(&config, options, Report::Written);
        let (record, warnings) = under(watch, "train", run)?;
        print_figures(figures.as_ref(), &record.path)?;
        Ok(warnings)
    })
}

/// Goes on as `implicit-bias resume` does. Returns whether anything was left to do, and what a user
/// must know at once.
#[pyfunction]
#[pyo3(signature = (path, keys, show=None))]
pub fn resume_run(
    py: Python<'_>,
    path: PathBuf,
    keys: &Bound<'_, PyDict>,
    show: Option<Py<PyAny>>,
) -> PyResult<(bool, Vec<String>)> {
    let settings = settings_of(keys)?;
    let known = [
        STEPS,
        CHECKPOINT_INTERVAL,
        THREADS,
        FIGURES,
        FIGURE_WIDTH,
        FIGURE_FONT,
    ];
    let known = known.map(|key| key.name);
    if let Some((key, _)) = settings.iter().find(|(key, _)| !known.contains(key)) {
        return Err(invalid(format!(
            "{key}: expected one of {}, which a run that goes on may change, found another key",
            known.join(", ")
        )));
    }
    watched(py, "resume", show.as_ref(), |watch| {
        let figures = FigurePrinter::of(&settings)?;
        compute_alone_on(settings.count(THREADS.name))?;
        let steps = settings.number(STEPS.name);
        let request = ResumeRequest {
            steps: steps.and_then(|steps| Steps::try_from(steps).ok()),
            checkpoint_interval: settings.number(CHECKPOINT_INTERVAL.name),
            config: None,
            moved: moved_with(&RunRecord::read(&path)?),
        };
        let run = |options: RunOptions<'_>| resume(&path, &request, options, Report::Written);
        let (resumed, warnings) = under(watch, "resume", run)?;
        Ok(match resumed {
            Resumed::WentOn(record) => {
                print_figures(figures.as_ref(), &record.path)?;
                (true, warnings)
            }
            Resumed::AlreadyEnded(_) => (false, warnings),
        })
    })
}

/// Does a run that `watch` looks after; with what a user must know at once.
fn under<T>(
    watch: &Watch,
    name: &str,
    run: impl FnOnce(RunOptions<'_>) -> Result<T, LabError>,
) -> Result<(T, Vec<String>), LabError> {
    let warnings = RefCell::new(Vec::new());
    let warn = |text: &str| warnings.borrow_mut().push(in_python(text));
    let result = run(RunOptions {
        // Python says where a run goes.
        parent: Path::new(""),
        threads: threads(),
        keep_checkpoint: true,
        progress: &mut |fraction| {
            watch.progress.set(fraction);
            watch.goes_on()
        },
        stage: &mut |what, fraction| watch.progress.stage(&format!("{name}: {what}"), fraction),
        // The manifest has the rest.
        announce: &mut |text| {
            if text.starts_with("warning: ") {
                warn(text);
            }
        },
        warn: &mut |text| warn(text),
    })?;
    Ok((result, warnings.into_inner()))
}

fn print_figures(printer: Option<&FigurePrinter>, directory: &Path) -> Result<(), LabError> {
    printer.map_or(Ok(()), |printer| printer.print_all(directory))
}
