//! What columns without a name are.

use super::number::number;

/// What the values of a column without a name have been so far.
#[derive(Debug)]
pub(super) struct Unnamed {
    /// The field.
    pub column: usize,
    has_values: bool,
    is_text: bool,
    is_rising: bool,
    last: Option<f64>,
}

impl Unnamed {
    /// A column of which nothing is known.
    pub fn new(column: usize) -> Self {
        Self {
            column,
            has_values: false,
            is_text: true,
            is_rising: true,
            last: None,
        }
    }

    /// Looks at the next value; `false` once the column is neither empty nor, as the first one,
    /// numbers or names of the rows.
    pub fn look(&mut self, value: &[u8]) -> bool {
        let text = String::from_utf8_lossy(value);
        let text = text.trim();
        let number = number(text, true);
        self.is_text &= number.is_none() && !text.is_empty();
        let counts = number.filter(|number| {
            let whole = number.fract() == 0.0 && *number >= 0.0;
            whole && self.last.is_none_or(|last| *number > last)
        });
        self.is_rising &= counts.is_some();
        self.last = number;
        self.has_values |= !text.is_empty();
        !self.has_values || self.column == 0 && (self.is_text || self.is_rising)
    }

    /// Why the column is left out.
    pub fn reason(&self) -> String {
        let column = self.column + 1;
        match (self.has_values, self.is_rising) {
            (false, _) => format!(
                "column {column} has no name and no values (a separator at the end of each line?) \
                 and is left out"
            ),
            (true, true) => {
                format!("column {column} has no name and numbers the rows; it is left out")
            }
            (true, false) => {
                format!("column {column} has no name and names the rows; it is left out")
            }
        }
    }
}
