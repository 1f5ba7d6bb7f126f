//! Sparse matrices of convex programs.

use clarabel::algebra::CscMatrix;

/// A compressed sparse column matrix under construction, column after column.
pub struct Columns {
    starts: Vec<usize>,
    rows: Vec<usize>,
    values: Vec<f64>,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            starts: vec![0],
            rows: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl Columns {
    /// Puts a number into the present column, in a row below those that it has; zeros are left out.
    pub fn push(&mut self, row: usize, value: f64) {
        if value != 0.0 {
            self.rows.push(row);
            self.values.push(value);
        }
    }

    /// Ends the present column.
    pub fn close(&mut self) {
        self.starts.push(self.rows.len());
    }

    /// The matrix of so many rows, of the columns that were ended.
    pub fn finish(self, rows: usize) -> CscMatrix<f64> {
        let columns = self.starts.len() - 1;
        CscMatrix::new(rows, columns, self.starts, self.rows, self.values)
    }
}
