//! Arrays of NumPy, in and out.

use std::path::PathBuf;

use implicit_bias_data::write_npz_arrays;
use implicit_bias_metrics::{MetricError, normalized_margins as normalize, values};
use implicit_bias_record::Series;
use ndarray::{Array2, ArrayViewD};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArrayDyn,
};
use pyo3::prelude::*;

use crate::error::invalid;

/// Writes float64 arrays by name to an archive of NumPy, equal arrays as equal bytes.
#[pyfunction]
pub fn write_arrays(
    path: PathBuf,
    arrays: Vec<(String, PyReadonlyArrayDyn<'_, f64>)>,
) -> PyResult<()> {
    let views = arrays
        .iter()
        .map(|(name, array)| (name.as_str(), array.as_array()));
    let views: Vec<(&str, ArrayViewD<'_, f64>)> = views.collect();
    write_npz_arrays(path, &views).map_err(invalid)
}

/// A table as its columns and an array `[rows, columns]`.
pub fn table<'py>(py: Python<'py>, series: &Series) -> (Vec<String>, Bound<'py, PyArray2<f64>>) {
    let columns = series.columns().to_vec();
    let values = series.rows().concat();
    let shape = [series.len(), columns.len()];
    let values = Array2::from_shape_vec(shape, values).expect("rows of a table have its columns");
    (columns, values.into_pyarray(py))
}

fn row_by_row(array: &PyReadonlyArray2<'_, f64>) -> (Vec<f64>, [usize; 2]) {
    let view = array.as_array();
    (view.iter().copied().collect(), [view.nrows(), view.ncols()])
}

fn undefined(error: MetricError) -> PyErr {
    invalid(error)
}

/// The stable rank of a matrix.
#[pyfunction]
pub fn stable_rank(weight: PyReadonlyArray2<'_, f64>) -> PyResult<f64> {
    let (entries, shape) = row_by_row(&weight);
    values::stable_rank(entries, shape).map_err(undefined)
}

/// The norm of all weights.
#[pyfunction]
pub fn weight_norm(blocks: Vec<PyReadonlyArrayDyn<'_, f64>>) -> PyResult<f64> {
    let blocks = blocks
        .iter()
        .map(|block| block.as_array().iter().copied().collect());
    values::weight_norm(blocks.collect()).map_err(undefined)
}

/// Normalized margins of scores `[n]` and labels ±1.
#[pyfunction]
pub fn margins_of_signs<'py>(
    py: Python<'py>,
    scores: PyReadonlyArray1<'py, f64>,
    labels: PyReadonlyArray1<'py, f64>,
    norm: f64,
    homogeneity: f64,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let [scores, labels] = [scores, labels].map(|array| array.as_array().to_vec());
    let margins = values::margins(scores, labels);
    let margins = margins.and_then(|margins| normalize(&margins, norm, homogeneity));
    Ok(margins.map_err(undefined)?.into_pyarray(py))
}

/// Normalized margins of scores `[n, classes]` and numbers of classes.
#[pyfunction]
pub fn margins_of_classes<'py>(
    py: Python<'py>,
    scores: PyReadonlyArray2<'py, f64>,
    classes: Vec<usize>,
    norm: f64,
    homogeneity: f64,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (scores, shape) = row_by_row(&scores);
    let margins = values::class_margins(scores, shape, &classes);
    let margins = margins.and_then(|margins| normalize(&margins, norm, homogeneity));
    Ok(margins.map_err(undefined)?.into_pyarray(py))
}
