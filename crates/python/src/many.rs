//! Many runs: sweeps, and the systems of the literature.

use std::path::{Path, PathBuf};

use implicit_bias::{ReproduceRequest, reproduce_systems};
use implicit_bias_experiments::SYSTEMS;
use implicit_bias_lab::config::keys::output::THREADS;
use implicit_bias_lab::study::{Effort, Watch as StudyWatch};
use implicit_bias_lab::sweep::{Precisions, Sweep, SweepOptions};
use implicit_bias_lab::{LabError, compute_on};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use toml::{Table, Value};

use crate::error::invalid;
use crate::keys::{scalar_of, table_of};
use crate::watch::watched;

/// What became of the runs of a sweep: ended now, ended before, failed (name and reason), busy.
type Outcome = (usize, usize, Vec<(String, String)>, usize);

/// Does a sweep as `implicit-bias sweep` does, into `out`.
#[pyfunction]
#[pyo3(signature = (grid, list, seeds, keys, out, jobs=None, retry_failed=false, show=None))]
#[expect(clippy::too_many_arguments, reason = "Python names them")]
pub fn sweep(
    py: Python<'_>,
    grid: &Bound<'_, PyDict>,
    list: &Bound<'_, PyList>,
    seeds: Option<&Bound<'_, PyAny>>,
    keys: &Bound<'_, PyDict>,
    out: PathBuf,
    jobs: Option<usize>,
    retry_failed: bool,
    show: Option<Py<PyAny>>,
) -> PyResult<Outcome> {
    let mut table = table_of(keys)?;
    let threads = match table.remove(THREADS.name) {
        Some(Value::Integer(count)) => u64::try_from(count).ok(),
        _ => None,
    };
    if !grid.is_empty() {
        table.insert("grid".into(), Value::Table(lists_of(grid)?));
    }
    let mut entries = Vec::new();
    for entry in list {
        entries.push(Value::Table(table_of(entry.cast::<PyDict>()?)?));
    }
    if !entries.is_empty() {
        table.insert("list".into(), Value::Array(entries));
    }
    if let Some(seeds) = seeds {
        let value = match seeds.hasattr("__iter__")? {
            true => Value::Array(values_of("seeds", seeds)?),
            false => scalar_of("seeds", seeds)?,
        };
        table.insert("seeds".into(), value);
    }
    let plan = Sweep::from_table(table, Path::new("")).map_err(invalid)?;
    if plan.mixes_precisions() {
        return Err(invalid(
            "precision: expected one for all runs, as a process computes in one, found several; \
             `implicit-bias sweep` takes a process for each",
        ));
    }
    if jobs == Some(0) {
        return Err(invalid("jobs: expected at least 1, found 0"));
    }
    watched(py, "sweep", show.as_ref(), |watch| {
        compute_on(threads)?;
        let outcome = plan.run(&SweepOptions {
            directory: &out,
            jobs,
            shard: None,
            precisions: Precisions::All,
            retry_failed,
            draw: false,
            progress: &watch.progress,
            interrupted: &|| !watch.goes_on(),
        })?;
        watch.progress.stage("sweep: table", 0.0);
        plan.collect_results(&out, &[], &watch.progress)?;
        Ok((outcome.ended, outcome.skipped, outcome.failed, outcome.busy))
    })
}

/// The lists of a grid.
fn lists_of(grid: &Bound<'_, PyDict>) -> PyResult<Table> {
    let mut table = Table::new();
    for (name, values) in grid {
        let name: String = name.extract()?;
        let values = values_of(&name, &values)?;
        table.insert(name, Value::Array(values));
    }
    Ok(table)
}

/// The values of a list, a tuple, a range or an array.
fn values_of(name: &str, values: &Bound<'_, PyAny>) -> PyResult<Vec<Value>> {
    if values.extract::<String>().is_ok() || !values.hasattr("__iter__")? {
        return Err(invalid(format!(
            "{name}: expected a list of values, found {}",
            values.repr()?
        )));
    }
    let entries = values.try_iter()?;
    entries.map(|entry| scalar_of(name, &entry?)).collect()
}

/// One system that was reproduced: its name, title, number of runs, and numbers of supported,
/// refuted and inconclusive verdicts.
type Reproduced = (String, String, usize, [usize; 3]);

/// Does what `implicit-bias reproduce` does, into `out`; whether all runs ended as they should, the
/// tables in words, and the systems.
#[pyfunction]
#[pyo3(signature = (systems, quick, out, threads=None, show=None))]
pub fn reproduce(
    py: Python<'_>,
    systems: Vec<String>,
    quick: bool,
    out: PathBuf,
    threads: Option<u64>,
    show: Option<Py<PyAny>>,
) -> PyResult<(bool, String, Vec<Reproduced>)> {
    let names = SYSTEMS.iter().map(|system| system.name).chain(["all"]);
    let names: Vec<&str> = names.collect();
    if let Some(other) = systems.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(invalid(format!(
            "system: expected one of {}, found `{other}`",
            names.join(", ")
        )));
    }
    watched(py, "reproduce", show.as_ref(), |watch| {
        compute_on(threads)?;
        let effort = if quick { Effort::Quick } else { Effort::Full };
        let request = ReproduceRequest {
            systems: &systems,
            effort,
            out: Some(&out),
            figures: None,
        };
        let mut words = String::new();
        let mut reproduced = Vec::new();
        let completed = reproduce_systems(&request, &mut |system| {
            let looked_on = StudyWatch {
                progress: &watch.progress,
                interrupted: &|| !watch.goes_on(),
            };
            let found = system.run(looked_on)?;
            words += &found.table_text();
            words += &found.early_stops_text();
            let entry = found.entry(system.system);
            reproduced.push((
                system.system.name.to_owned(),
                entry.title,
                entry.runs,
                entry.verdicts,
            ));
            Ok::<_, LabError>(found)
        })?;
        Ok((completed, words, reproduced))
    })
}
