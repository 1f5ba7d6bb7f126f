//! What goes wrong, as exceptions.

use std::fmt::Display;

use implicit_bias_lab::LabError;
use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError, PyRuntimeError, PyValueError};

/// `ValueError` for what the user gave, in the words of the command line; `OSError` where a file
/// cannot be written; `RuntimeError` for what goes wrong by itself.
pub fn to_python(error: LabError) -> PyErr {
    match error {
        LabError::Interrupted => PyKeyboardInterrupt::new_err(error.to_string()),
        LabError::Write { .. } => PyOSError::new_err(error.to_string()),
        error if error.is_input() => PyValueError::new_err(error.to_string()),
        error => PyRuntimeError::new_err(error.to_string()),
    }
}

/// `ValueError` of some words.
pub fn invalid(words: impl Display) -> PyErr {
    PyValueError::new_err(words.to_string())
}
