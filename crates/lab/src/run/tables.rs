//! The tables of a run directory, read again.

use std::path::Path;

use implicit_bias_record::Series;

use crate::LabError;

/// The last row of a table, by column.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`].
pub(crate) fn read_last_row(path: &Path) -> Result<Vec<(String, f64)>, LabError> {
    let text = std::fs::read_to_string(path).map_err(|source| LabError::Read {
        path: path.to_owned(),
        source,
    })?;
    let header = text.lines().next().unwrap_or_default();
    let last = text.lines().skip(1).last().unwrap_or_default();
    let end = if text.ends_with('\n') { "\n" } else { "" };
    let series =
        Series::from_csv(&format!("{header}\n{last}{end}")).map_err(|error| LabError::Content {
            path: path.to_owned(),
            reason: format!("last row: {error}"),
        })?;
    let row = series.rows().first().cloned().unwrap_or_default();
    Ok(series.columns().iter().cloned().zip(row).collect())
}
