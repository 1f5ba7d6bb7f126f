//! What goes wrong, as exceptions.

use std::fmt::Display;

use implicit_bias_lab::LabError;
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError};

use crate::words::in_python;

/// `ValueError` for what the user gave, data that have no limit among it, in the words of the command
/// line with the names of keys as Python spells them; `OSError` where a file cannot be written;
/// `RuntimeError` for what goes wrong by itself.
pub fn to_python(error: LabError) -> PyErr {
    let words = in_python(&error.to_string());
    match error {
        LabError::Interrupted => PyKeyboardInterrupt::new_err(words),
        LabError::Write { .. } => PyOSError::new_err(words),
        error if error.is_input() || error.is_without_limit() => PyValueError::new_err(words),
        _ => PyRuntimeError::new_err(words),
    }
}

/// `ValueError` of some words, with the names of keys as Python spells them.
pub fn invalid(words: impl Display) -> PyErr {
    PyValueError::new_err(in_python(&words.to_string()))
}
