//! Keyword arguments as settings, by the lists of the command line.

use std::collections::BTreeMap;
use std::path::Path;

use implicit_bias_lab::config::{Settings, asked_arrays, explain, listed_keys, settings_of_table};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use toml::{Table, Value};

use crate::error::invalid;

/// The settings of keyword arguments: underscores for dashes, `None` for what is not given.
pub fn settings_of(keys: &Bound<'_, PyDict>) -> PyResult<Settings> {
    let table = table_of(keys)?;
    if table.contains_key("json") {
        return Err(invalid(
            "json: expected no such key, results are objects here, found a value",
        ));
    }
    settings_of_table(table, Path::new("")).map_err(invalid)
}

/// A dictionary of keys as the table of a TOML file.
pub fn table_of(keys: &Bound<'_, PyDict>) -> PyResult<Table> {
    let mut table = Table::new();
    for (name, value) in keys {
        if value.is_none() {
            continue;
        }
        let name: String = name.extract()?;
        let value = value_of(&name, &value)?;
        table.insert(name, value);
    }
    Ok(table)
}

/// The value of a key; a list is what a comma separates on the command line.
fn value_of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let mut words = Vec::new();
        for entry in value.try_iter()? {
            words.push(match scalar_of(name, &entry?)? {
                Value::String(text) => text,
                other => other.to_string(),
            });
        }
        return Ok(Value::String(words.join(",")));
    }
    scalar_of(name, value)
}

/// One value: a bool, a number of Python or NumPy, text, or a path.
pub fn scalar_of(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if value.is_instance_of::<PyBool>() {
        return Ok(Value::Boolean(value.extract()?));
    }
    if value.is_instance_of::<PyString>() {
        return Ok(Value::String(value.extract()?));
    }
    if value.is_instance_of::<PyInt>() {
        // 10**300 is a number of steps.
        return Ok(match value.extract::<i64>() {
            Ok(whole) => Value::Integer(whole),
            Err(_) => Value::Float(value.extract()?),
        });
    }
    if value.is_instance_of::<PyFloat>() {
        return Ok(Value::Float(value.extract()?));
    }
    if value.hasattr("__fspath__")? {
        let path: String = value.call_method0("__fspath__")?.extract()?;
        return Ok(Value::String(path));
    }
    // A number of NumPy, PyTorch or JAX.
    let is_one = !value.hasattr("shape")? || value.getattr("shape")?.len()? == 0;
    if is_one && value.hasattr("item")? {
        return scalar_of(name, &value.call_method0("item")?);
    }
    let found = value.get_type().name()?;
    Err(invalid(format!(
        "{name}: expected one value, found an object of type {found}"
    )))
}

/// All keys of a run, each as a dictionary of what the command line says of it.
#[pyfunction]
pub fn keys(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for key in listed_keys() {
        let entry = PyDict::new(py);
        entry.set_item("name", key.name.replace('-', "_"))?;
        let aliases = key.aliases.iter().map(|alias| alias.replace('-', "_"));
        entry.set_item("aliases", aliases.collect::<Vec<_>>())?;
        entry.set_item("heading", key.heading)?;
        entry.set_item("kind", key.kind)?;
        entry.set_item("help", key.help)?;
        entry.set_item("names", key.names)?;
        list.append(entry)?;
    }
    Ok(list)
}

/// The names of the arrays that each network reads beside samples and labels.
#[pyfunction]
pub fn arrays_of_networks() -> BTreeMap<&'static str, Vec<&'static str>> {
    let asked = asked_arrays().into_iter();
    asked
        .map(|(network, arrays)| (network, arrays.iter().map(|array| array.name).collect()))
        .collect()
}

/// What `implicit-bias help` says of a key, or of one of its names.
#[pyfunction]
#[pyo3(signature = (*topic))]
pub fn help_of(topic: Vec<String>) -> PyResult<String> {
    match explain(&topic) {
        Some(found) => found.map_err(invalid),
        None => Err(invalid(format!(
            "help: expected a key and perhaps one of its values, found `{}`",
            topic.join(" ")
        ))),
    }
}
