//! What every array of samples has to be.

use ndarray::Array2;

use crate::DataError;

/// Validates samples for `labels` labels, and lays them out row by row.
pub(crate) fn check_samples(x: Array2<f64>, labels: usize) -> Result<Array2<f64>, DataError> {
    let (samples, dim) = x.dim();
    if samples < 2 || dim == 0 {
        return Err(DataError::TooSmall { samples, dim });
    }
    if labels != samples {
        return Err(DataError::Length { samples, labels });
    }
    check_finite("X", &x)?;
    for (row, sample) in x.outer_iter().enumerate() {
        let squared_norm = sample.dot(&sample);
        if !(squared_norm.is_normal() || sample.iter().all(|&entry| entry == 0.0)) {
            return Err(DataError::Scale { row, squared_norm });
        }
    }
    Ok(if x.is_standard_layout() {
        x
    } else {
        x.as_standard_layout().into_owned()
    })
}

/// Refuses a matrix with an entry that is NaN or infinite.
pub(crate) fn check_finite(array: &'static str, matrix: &Array2<f64>) -> Result<(), DataError> {
    match matrix.indexed_iter().find(|(_, entry)| !entry.is_finite()) {
        Some(((row, column), &value)) => Err(DataError::NotFinite {
            array,
            row,
            column,
            value,
        }),
        None => Ok(()),
    }
}
