//! Tables: a header line, then one sample a row, numbers but for one column of labels.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};
use ndarray::Array2;

use super::{Labels, check_count, check_size, open};
use crate::DataError;

/// The labels: numbers if every one of them is, names otherwise.
pub(super) fn labels(path: &Path, label_column: &str) -> Result<Labels, DataError> {
    let mut table = Table::open(path, label_column)?;
    let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut index = Vec::new();
    while table.next()? {
        let label = table.label();
        let class = match known.get(label) {
            Some(&class) => class,
            None => {
                let name = String::from_utf8(label.to_vec()).map_err(|_| {
                    table.error(
                        format!("column `{label_column}`: a label in UTF-8"),
                        "other bytes",
                    )
                })?;
                let class = u32::try_from(names.len())
                    .map_err(|_| table.error("fewer labels", "more than 2^32"))?;
                known.insert(label.to_vec(), class);
                names.push(name);
                class
            }
        };
        index.push(class);
    }
    let numbers: Option<Vec<f64>> = names.iter().map(|name| name.trim().parse().ok()).collect();
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
    check_size(keep.len(), dim)?;
    let mut values = Vec::new();
    let mut wanted = keep.iter().copied().peekable();
    let mut row = 0;
    while table.next()? {
        if wanted.next_if_eq(&row).is_some() {
            table.append_numbers(&mut values)?;
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
            .from_reader(file);
        let mut table = Self {
            path,
            reader,
            header: ByteRecord::new(),
            record: ByteRecord::new(),
            columns: 0,
            label: 0,
        };
        let header = match table.reader.byte_headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(table.damaged(&error)),
        };
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

    fn label(&self) -> &[u8] {
        &self.record[self.label]
    }

    /// Appends the numbers of the present row.
    fn append_numbers(&mut self, values: &mut Vec<f64>) -> Result<(), DataError> {
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
            line: self.record.position().map_or(1, csv::Position::line),
            expected: expected.into(),
            found: found.into(),
        }
    }

    fn damaged(&self, error: &csv::Error) -> DataError {
        let line = error.position().map_or(1, csv::Position::line);
        let (expected, found) = match error.kind() {
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => (
                format!("{expected_len} fields, as in the header"),
                len.to_string(),
            ),
            _ => ("a readable table".to_owned(), error.to_string()),
        };
        DataError::Table {
            path: self.path.to_owned(),
            line,
            expected,
            found,
        }
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
