//! `check` and `limit`: questions about data, which leave no run directory.

use std::path::PathBuf;

use implicit_bias::{Checked, FoundLimit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::invalid;
use crate::keys::settings_of;
use crate::watch::watched;

/// What `implicit-bias check --json` prints.
#[pyfunction]
#[pyo3(signature = (keys, show=None))]
pub fn check(
    py: Python<'_>,
    keys: &Bound<'_, PyDict>,
    show: Option<Py<PyAny>>,
) -> PyResult<String> {
    let settings = settings_of(keys)?;
    let checked = watched(py, "check", show.as_ref(), |watch| {
        Checked::of(&settings, &watch.progress)
    })?;
    Ok(checked.to_json().map_err(invalid)?.to_string())
}

/// What `implicit-bias limit --json` prints; of a run directory where `run` is one.
#[pyfunction]
#[pyo3(signature = (run, keys, show=None))]
pub fn limit(
    py: Python<'_>,
    run: Option<PathBuf>,
    keys: &Bound<'_, PyDict>,
    show: Option<Py<PyAny>>,
) -> PyResult<String> {
    let settings = settings_of(keys)?;
    let found = watched(py, "limit", show.as_ref(), |watch| {
        let goes_on = || watch.goes_on();
        let found = FoundLimit::of(run.as_deref(), &settings, &watch.progress, &goes_on)?;
        found.export()?;
        Ok(found)
    })?;
    Ok(found.to_json().map_err(invalid)?.to_string())
}
