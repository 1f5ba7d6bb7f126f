//! Tables: a header line, then one sample a row, numbers but for one column of labels.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};
use ndarray::Array2;

use super::labels::Labels;
use super::reading::{Mismatch, check_count, check_size, make_room, open};
use crate::DataError;

/// The labels: numbers if every one of them is a finite one, names otherwise.
pub(super) fn labels(path: &Path, label_column: &str) -> Result<Labels, DataError> {
    let mut table = Table::open(path, label_column)?;
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut index = Vec::new();
    while table.next()? {
        let label = std::str::from_utf8(table.label()).map_err(|_| {
            let expected = format!("column `{label_column}`: a label in UTF-8");
            table.error(expected, "other bytes")
        })?;
        let class = match known.get(label) {
            Some(&class) => class,
            None => {
                let class = u32::try_from(known.len())
                    .map_err(|_| table.error("fewer labels", "more than 2^32"))?;
                known.insert(label.to_owned(), class);
                class
            }
        };
        index.push(class);
    }
    let mut names = vec![String::new(); known.len()];
    for (name, class) in known {
        names[class as usize] = name;
    }
    // A `nan` among numbers is not a class that a number could ask for.
    let number = |name: &String| name.parse().ok().filter(|number: &f64| number.is_finite());
    let numbers: Option<Vec<f64>> = names.iter().map(number).collect();
    Ok(match numbers {
        Some(numbers) => {
            Labels::Numbers(index.iter().map(|&class| numbers[class as usize]).collect())
        }
        None => Labels::Names { names, index },
    })
}

/// The rows `keep`, which rise, without the column of labels.
pub(super) fn rows(
    path: &Path,
    label_column: &str,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    let mut table = Table::open(path, label_column)?;
    let dim = table.columns - 1;
    let entries = check_size(keep.len(), dim)?;
    let mut values = Vec::new();
    let mut wanted = keep.iter().copied().peekable();
    let mut row = 0;
    while table.next()? {
        if wanted.next_if_eq(&row).is_some() {
            table.append_numbers(&mut values, entries)?;
        }
        row += 1;
    }
    check_count(row, expected)?;
    Ok(Array2::from_shape_vec((keep.len(), dim), values).expect("every row was read whole"))
}

/// A table, at one of its rows.
struct Table<'a> {
    path: &'a Path,
    reader: Reader<BufReader<File>>,
    header: ByteRecord,
    record: ByteRecord,
    columns: usize,
    label: usize,
}

impl<'a> Table<'a> {
    fn open(path: &'a Path, label_column: &str) -> Result<Self, DataError> {
        let tabs = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        let (file, _) = open(path)?;
        let reader = ReaderBuilder::new()
            .delimiter(if tabs { b'\t' } else { b',' })
            .has_headers(false)
            .from_reader(file);
        let mut table = Self {
            path,
            reader,
            header: ByteRecord::new(),
            record: ByteRecord::new(),
            columns: 0,
            label: 0,
        };
        table.next()?;
        let header = std::mem::take(&mut table.record);
        table.columns = header.len();
        let positions: Vec<usize> = header
            .iter()
            .enumerate()
            .filter(|(_, name)| name.trim_ascii() == label_column.as_bytes())
            .map(|(column, _)| column)
            .collect();
        let [label] = positions[..] else {
            let expected = format!("one column `{label_column}` of labels (see --label-column)");
            let found = if positions.is_empty() {
                named(&header)
            } else {
                format!("{} of that name", positions.len())
            };
            return Err(DataError::Format {
                path: path.to_owned(),
                expected,
                found,
            });
        };
        (table.label, table.header) = (label, header);
        Ok(table)
    }

    /// Goes to the next row; `false` at the end.
    fn next(&mut self) -> Result<bool, DataError> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(more) => Ok(more),
            Err(error) => Err(self.damaged(&error)),
        }
    }

    /// The label of the present row. Space around it counts no more than around a number.
    fn label(&self) -> &[u8] {
        self.record[self.label].trim_ascii()
    }

    /// Appends the numbers of the present row to `values`, which will be `total` in the end.
    fn append_numbers(&mut self, values: &mut Vec<f64>, total: usize) -> Result<(), DataError> {
        make_room(values, self.columns - 1, total)
            .map_err(|Mismatch { expected, found }| self.error(expected, found))?;
        for (column, field) in self.record.iter().enumerate() {
            if column == self.label {
                continue;
            }
            let text = std::str::from_utf8(field).ok().map(str::trim);
            match text.and_then(|text| text.parse::<f64>().ok()) {
                Some(number) if number.is_finite() => values.push(number),
                _ => {
                    let expected =
                        format!("column `{}`: a finite number", short(&self.header[column]));
                    return Err(self.error(expected, format!("`{}`", short(field))));
                }
            }
        }
        Ok(())
    }

    /// An error at the present row.
    fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> DataError {
        DataError::Table {
            path: self.path.to_owned(),
            line: self.line(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The line of the present row, counted anew from the beginning of the file.
    ///
    /// The reader counts too, but takes the line feed of a CRLF and empty lines for the beginning
    /// of the row after them.
    fn line(&self) -> u64 {
        let start = self.record.position().map_or(0, csv::Position::byte);
        let Ok((file, _)) = open(self.path) else {
            return 1;
        };
        let (mut line, mut previous) = (1, b' ');
        for (offset, byte) in (0..).zip(file.bytes().map_while(Result::ok)) {
            let ends = matches!(byte, b'\r' | b'\n');
            if offset >= start && !ends {
                break;
            }
            if ends && !(previous == b'\r' && byte == b'\n') {
                line += 1;
            }
            previous = byte;
        }
        line
    }

    fn damaged(&self, error: &csv::Error) -> DataError {
        let (expected, found) = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => (
                format!("{expected_len} fields, as in the header"),
                len.to_string(),
            ),
            _ => ("a readable table".to_owned(), error.to_string()),
        };
        self.error(expected, found)
    }
}

/// The first column names, for a message.
fn named(header: &ByteRecord) -> String {
    const MOST: usize = 8;
    let mut names: Vec<String> = header
        .iter()
        .take(MOST)
        .map(|name| format!("`{}`", short(name)))
        .collect();
    match header.len() {
        0 => return "an empty file".to_owned(),
        count if count > MOST => names.push(format!("… ({count} columns)")),
        _ => {}
    }
    names.join(", ")
}

/// The beginning of a field, for a message.
fn short(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(80)]);
    text.chars().take(24).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
