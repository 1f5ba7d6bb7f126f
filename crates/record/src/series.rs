//! The table of a run: one row a recorded step, one named column a quantity.

use implicit_bias_output::format_exact;
use serde::{Deserialize, Serialize};

/// A line of a table that has the wrong number of fields, a field that is no number, or no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected} numbers and an end of line, found `{found}`")]
pub struct TableError {
    /// One-based line number.
    pub line: usize,
    /// Number of columns.
    pub expected: usize,
    /// Beginning of the line.
    pub found: String,
}

/// A table of numbers with named columns; the first column is `step`.
///
/// `series.csv` and `margins.csv` of a run directory are two of these. A quantity that is undefined
/// at a step (the stable rank of a zero block, say) is `NaN` here and an empty field in the file.
///
/// ```
/// use implicit_bias_record::Series;
/// let mut series = Series::new(["step", "loss"]);
/// series.push(vec![0.0, 0.69]);
/// series.push(vec![1.0, 0.5]);
/// assert_eq!(series.column("loss"), Some(vec![0.69, 0.5]));
/// assert_eq!(Series::from_csv(&series.to_csv()).unwrap(), series);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Series {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl PartialEq for Series {
    /// Equality of names and of bits, so that undefined entries equal themselves.
    fn eq(&self, other: &Self) -> bool {
        let bits = |row: &Vec<f64>| row.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        self.columns == other.columns && self.rows.iter().map(bits).eq(other.rows.iter().map(bits))
    }
}

impl Series {
    /// An empty table with the given column names.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self {
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Appends a row.
    ///
    /// # Panics
    ///
    /// If the row has not one value a column: an internal error of the caller.
    pub fn push(&mut self, row: Vec<f64>) {
        assert_eq!(
            row.len(),
            self.columns.len(),
            "a row needs one value a column"
        );
        self.rows.push(row);
    }

    /// Takes the last row away.
    pub fn pop(&mut self) -> Option<Vec<f64>> {
        self.rows.pop()
    }

    /// Whether every row has one value a column, as a table that was read by serde may not.
    pub fn is_table(&self) -> bool {
        let columns = self.columns.len();
        columns > 0 && self.rows.iter().all(|row| row.len() == columns)
    }

    /// The column names, `step` first.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows, in order of step.
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The values of a column, or `None` if there is no such column.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let index = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.iter().map(|row| row[index]).collect())
    }

    /// The recorded steps (the first column).
    pub fn steps(&self) -> Vec<f64> {
        self.rows.iter().map(|row| row[0]).collect()
    }

    /// The first value of a column.
    pub fn first(&self, name: &str) -> Option<f64> {
        let index = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.first()?[index])
    }

    /// The last value of a column.
    pub fn last(&self, name: &str) -> Option<f64> {
        let index = self.columns.iter().position(|column| column == name)?;
        Some(self.rows.last()?[index])
    }

    /// The table as CSV: shortest decimal that reads back to the same number, empty where
    /// undefined.
    pub fn to_csv(&self) -> String {
        let mut text = self.columns.join(",");
        text.push('\n');
        for row in &self.rows {
            let fields: Vec<String> = row.iter().map(|&value| format_exact(value)).collect();
            text.push_str(&fields.join(","));
            text.push('\n');
        }
        text
    }

    /// Reads what [`to_csv`](Self::to_csv) wrote.
    ///
    /// # Errors
    ///
    /// [`TableError`] names the line that has another number of fields than the header, a field
    /// that is no number, or no end, so that its last number may be half of one.
    pub fn from_csv(text: &str) -> Result<Self, TableError> {
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        let mut series = Self::new(header.split(','));
        let ends = text.is_empty() || text.ends_with('\n');
        let last = text.lines().count().saturating_sub(2);
        for (index, line) in lines.enumerate() {
            let row: Result<Vec<f64>, _> = line
                .split(',')
                .map(|field| {
                    if field.is_empty() {
                        Ok(f64::NAN)
                    } else {
                        field.parse()
                    }
                })
                .collect();
            match row {
                Ok(row) if row.len() == series.columns.len() && (ends || index < last) => {
                    series.rows.push(row);
                }
                _ => {
                    return Err(TableError {
                        line: index + 2,
                        expected: series.columns.len(),
                        found: line.chars().take(80).collect(),
                    });
                }
            }
        }
        Ok(series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn csv_reads_back_to_the_same_bits(
            values in prop::collection::vec(prop::num::f64::NORMAL, 2..20),
        ) {
            let mut series = Series::new((0..values.len()).map(|i| format!("c{i}")));
            series.push(values.clone());
            series.push(values.iter().map(|_| f64::NAN).collect());
            prop_assert_eq!(Series::from_csv(&series.to_csv()).unwrap(), series);
        }
    }

    #[test]
    fn a_short_row_is_named_by_its_line() {
        let error = Series::from_csv("step,loss\n0,1\n1\n").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }

    #[test]
    fn a_last_row_without_its_end_may_be_half_a_number() {
        let error = Series::from_csv("step,loss\n0,1\n1,0.25").unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
        assert_eq!(Series::from_csv("step,loss\n0,1\n").unwrap().len(), 1);
        assert_eq!(Series::from_csv("step,loss\n").unwrap().len(), 0);
    }
}
