//! Tables: one sample a line, numbers but for one column of labels.

mod blanks;
mod columns;
mod head;
mod number;
mod unnamed;

use std::io::{self, Read};
use std::path::Path;

use csv::{ByteRecord, Reader};
use ndarray::Array2;

use self::columns::{Columns, is_empty, short};
use self::head::{Head, records, stream};
use self::number::{Commas, is_unclear, number};
use self::unnamed::Unnamed;
use super::contents::{Contents, Features};
use super::labels::{LABEL_EXPECTED, LabelList, Labels, finite, is_missing};
use super::options::{Separator, TableOptions};
use super::packed::open_text;
use super::reading::{Mismatch, check_count, io_error, make_room};
use crate::DataError;
use crate::room::require_room;

/// The labels: numbers if every one of them is one, names otherwise.
pub(super) fn labels(path: &Path, options: &TableOptions) -> Result<Labels, DataError> {
    let mut table = Table::open(path, options)?;
    let mut labels = LabelList::default();
    while table.next()? {
        table.append_label(&mut labels)?;
    }
    Ok(table.finish(labels))
}

/// The rows `keep`, which rise, without the column of labels and those left out.
pub(super) fn rows(
    path: &Path,
    options: &TableOptions,
    keep: &[usize],
    expected: usize,
) -> Result<Array2<f64>, DataError> {
    let mut table = Table::open(path, options)?;
    let dim = table.columns.dim();
    let entries = require_room(keep.len(), dim)?;
    let mut values = Vec::new();
    let mut wanted = keep.iter().copied().peekable();
    let mut row = 0;
    while table.next()? {
        table.note_commas();
        if wanted.next_if_eq(&row).is_some() {
            table.append_numbers(&mut values, entries)?;
        }
        row += 1;
    }
    check_count(row, expected)?;
    table.check_commas()?;
    Ok(Array2::from_shape_vec((keep.len(), dim), values).expect("every row was read whole"))
}

/// What the table has, and what of that was told by its contents alone.
pub(super) fn contents(path: &Path, options: &TableOptions) -> Result<Contents, DataError> {
    let mut table = Table::open(path, options)?;
    let mut labels = LabelList::default();
    let columns = 0..table.columns.fields;
    let mut features = columns.filter(|&column| table.columns.is_feature(column));
    let ends = features
        .next()
        .map(|first| (first, features.next_back().unwrap_or(first)));
    let mut counter: Option<(usize, Option<f64>)> = ends.map(|(first, _)| (first, None));
    let mut rows = 0_usize;
    while table.next()? {
        table.append_label(&mut labels)?;
        table.note_commas();
        counter = counter.filter(|(first, next)| {
            let number = number_of(&table.record[*first]);
            number.is_some_and(|number| next.is_none_or(|next| number == next))
        });
        if let Some((first, next)) = &mut counter {
            *next = number_of(&table.record[*first]).map(|number| number + 1.0);
        }
        rows += 1;
    }
    table.check_commas()?;
    if let Some((first, _)) = counter.filter(|_| rows > 2) {
        let name = table.columns.show(first);
        table.notes.push(format!(
            "column {name} counts the rows; if it is no measurement, leave it out with \
             --drop-columns"
        ));
    }
    table.add_notes();
    let show = |column: usize| table.columns.show(column);
    Ok(Contents {
        label: format!("column {}", show(table.columns.label)),
        label_name: table.columns.name(table.columns.label),
        features: ends.map(|(first, last)| Features {
            first: table.columns.name(first),
            last: table.columns.name(last),
            count: table.columns.dim(),
        }),
        notes: std::mem::take(&mut table.notes),
        counts: table.finish(labels).counts(),
    })
}

/// What can be done about a cell that is no number.
fn advice(field: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(field);
    let text = text.trim();
    let is_grouped = |c: char| c.is_ascii_digit() || "+-.,'".contains(c);
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return "write 1 and 0 instead, in Python: astype(float)";
    }
    if text.contains(',') && text.chars().all(is_grouped) {
        return "write numbers with a decimal point and nothing between thousands, in Python: \
                pd.read_csv(FILE, thousands=',') or decimal=',', then to_csv";
    }
    "rows with missing values have to be removed first, and columns of text (--drop-columns)"
}

/// A field as a whole number.
fn number_of(field: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(field.trim_ascii()).ok()?;
    finite(text).filter(|number| number.fract() == 0.0)
}

/// A table, at one of its rows.
struct Table<'a> {
    path: &'a Path,
    separator: Separator,
    /// Bytes and lines before the first record.
    start: (usize, u64),
    columns: Columns,
    reader: Reader<Box<dyn Read>>,
    record: ByteRecord,
    commas: Commas,
    /// What was told by the contents.
    notes: Vec<String>,
    /// Comments, fields beyond the last column, and rows without values that were passed over.
    passed: Passed,
}

/// What was passed over among the rows.
#[derive(Default)]
struct Passed {
    comments: usize,
    longer: usize,
    empty: usize,
}

/// The text of a table from its first record on.
fn open_stream(
    path: &Path,
    start: usize,
    separator: Separator,
) -> Result<Box<dyn Read>, DataError> {
    let mut text = open_text(path)?;
    // What was looked at before can be read again.
    let passed = io::copy(&mut text.by_ref().take(start as u64), &mut io::sink());
    passed.map_err(|source| io_error(path, source))?;
    Ok(stream(text, separator))
}

impl<'a> Table<'a> {
    fn open(path: &'a Path, options: &TableOptions) -> Result<Self, DataError> {
        let head = Head::read(path)?;
        let tabs = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        let usual = if tabs {
            Separator::TAB
        } else {
            Separator::COMMA
        };
        let (separator, was_told) = match options.separator {
            Some(separator) => (separator, false),
            None => head.separator(usual),
        };
        let columns = Columns::of(&head, separator, options).map_err(|(expected, found)| {
            DataError::Format {
                path: path.to_owned(),
                expected,
                found,
            }
        })?;
        let mut table = Self {
            path,
            separator,
            start: (head.start, head.lines),
            reader: records(open_stream(path, head.start, separator)?, separator),
            columns,
            record: ByteRecord::new(),
            commas: Commas::default(),
            notes: Vec::new(),
            passed: Passed::default(),
        };
        if was_told {
            table.notes.push(format!(
                "fields are taken to be separated by: {separator} (--separator says otherwise)"
            ));
        }
        if table.columns.names_in_comment {
            table
                .notes
                .push("the names of the columns are in the comment before the rows".into());
        } else if head.comments > 0 {
            table.notes.push(format!(
                "passed over: comments before the table ({})",
                head.comments
            ));
        }
        if table.columns.has_row_names {
            table
                .notes
                .push("the rows have one field more than the first line has names".into());
        }
        table.pass_names()?;
        table.leave_out_unnamed()?;
        Ok(table)
    }

    /// Passes over the line of names, if there is one.
    fn pass_names(&mut self) -> Result<(), DataError> {
        if self.columns.first_is_names {
            let read = self.reader.read_byte_record(&mut self.record);
            read.map_err(|error| self.error("a readable table", error.to_string()))?;
        }
        Ok(())
    }

    /// Leaves out columns without a name that are empty, or number or name the rows.
    fn leave_out_unnamed(&mut self) -> Result<(), DataError> {
        let unnamed = self.columns.unnamed();
        if unnamed.is_empty() {
            return Ok(());
        }
        let mut unnamed: Vec<Unnamed> = unnamed.into_iter().map(Unnamed::new).collect();
        while self.next()? {
            for column in &mut unnamed {
                let value = &self.record[column.column];
                if !column.look(value) {
                    let number = column.column + 1;
                    let expected = format!(
                        "a name for column {number} in the first line, or --drop-columns {number} \
                         to leave it out"
                    );
                    return Err(
                        self.error(expected, format!("none, and the value `{}`", short(value)))
                    );
                }
            }
        }
        self.notes.extend(unnamed.iter().map(Unnamed::reason));
        self.columns
            .dropped
            .extend(unnamed.iter().map(|column| column.column));
        self.columns.dropped.sort_unstable();
        self.passed = Passed::default();
        let text = open_stream(self.path, self.start.0, self.separator)?;
        self.reader = records(text, self.separator);
        self.pass_names()
    }

    /// Goes to the next row; `false` at the end.
    fn next(&mut self) -> Result<bool, DataError> {
        let mut first_empty = None;
        loop {
            let read = self.reader.read_byte_record(&mut self.record);
            match read {
                Ok(true) => {}
                Ok(false) => {
                    return Ok(false);
                }
                Err(error) => return Err(self.error("a readable table", error.to_string())),
            }
            let fields = self.columns.fields;
            if self.record.len() != fields && self.record[0].trim_ascii().starts_with(b"#") {
                self.pass_comment()?;
            } else if fields > 1 && is_empty(&self.record) {
                self.passed.empty += 1;
                first_empty.get_or_insert(self.byte());
            } else {
                break;
            }
        }
        if let Some(byte) = first_empty {
            let found = "a row without any value among the others";
            return Err(self.error_at(byte, LABEL_EXPECTED, found));
        }
        self.check_fields()?;
        Ok(true)
    }

    /// Passes over a comment among the rows.
    fn pass_comment(&mut self) -> Result<(), DataError> {
        // A quote in it may have swallowed rows.
        if self
            .record
            .iter()
            .any(|field| field.contains(&b'\n') || field.contains(&b'\r'))
        {
            let expected = "comments among the rows without a field that begins with a quote";
            return Err(self.error(expected, "one"));
        }
        self.passed.comments += 1;
        Ok(())
    }

    /// Refuses a row with other than its number of fields, but for empty ones beyond the last.
    fn check_fields(&mut self) -> Result<(), DataError> {
        let fields = self.columns.fields;
        let count = self.record.len();
        if count == fields {
            return Ok(());
        }
        let beyond = self.record.iter().skip(fields);
        if count > fields && beyond.clone().all(|field| field.trim_ascii().is_empty()) {
            self.passed.longer += 1;
            return Ok(());
        }
        let like = match self.columns.first_is_names {
            true => "as in the header",
            false => "as in the first line",
        };
        Err(self.error(format!("{fields} fields, {like}"), count.to_string()))
    }

    /// Appends the label of the present row. Space around it counts no more than around a number.
    fn append_label(&self, labels: &mut LabelList) -> Result<(), DataError> {
        let name = self.columns.show(self.columns.label);
        let field = self.record[self.columns.label].trim_ascii();
        let Ok(label) = std::str::from_utf8(field) else {
            let expected = format!("column {name}: a label in UTF-8");
            let found = "other bytes; save the file as UTF-8";
            return Err(self.error(expected, found));
        };
        if is_missing(label) {
            let expected = format!("column {name}: {LABEL_EXPECTED}");
            return Err(self.error(expected, format!("`{}`", short(field))));
        }
        match labels.push(label) {
            true => Ok(()),
            false => Err(self.error("fewer labels", "more than 2^32")),
        }
    }

    /// The labels that were read.
    fn finish(&self, labels: LabelList) -> Labels {
        let with_commas = self.separator != Separator::COMMA;
        labels.finish(|label| number(label, with_commas && !is_unclear(label)))
    }

    /// Looks for decimal commas in the present row.
    fn note_commas(&mut self) {
        if self.separator == Separator::COMMA {
            return;
        }
        let byte = self.byte();
        let columns = &self.columns;
        let cells = self.record.iter().enumerate().take(columns.fields);
        for (_, cell) in cells.filter(|(column, _)| columns.is_feature(*column)) {
            if let Ok(cell) = std::str::from_utf8(cell.trim_ascii()) {
                self.commas.note(cell, byte);
            }
        }
    }

    /// Refuses a table whose commas may be decimal commas or stand between thousands.
    fn check_commas(&self) -> Result<(), DataError> {
        let Commas {
            decimal,
            unclear,
            point,
        } = self.commas;
        let help = "write the table with decimal points, in Python: \
                    pd.read_csv(FILE, sep=…, decimal=',') or thousands=',', then to_csv";
        match (decimal, unclear, point) {
            (true, _, Some(byte)) => {
                let expected = format!("decimal commas alone, as in other rows; {help}");
                Err(self.error_at(byte, expected, "a decimal point"))
            }
            (false, Some(byte), _) => {
                let expected = format!("numbers whose commas are surely decimal commas; {help}");
                Err(self.error_at(
                    byte,
                    expected,
                    "one that may stand between thousands, as in 1,234",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Appends the numbers of the present row to `values`, which will be `total` in the end.
    fn append_numbers(&mut self, values: &mut Vec<f64>, total: usize) -> Result<(), DataError> {
        make_room(values, self.columns.dim(), total)
            .map_err(|Mismatch { expected, found }| self.error(expected, found))?;
        let with_commas = self.separator != Separator::COMMA;
        let mut dropped = self.columns.dropped.iter().copied().peekable();
        for (column, field) in self.record.iter().enumerate().take(self.columns.fields) {
            if column == self.columns.label || dropped.next_if_eq(&column).is_some() {
                continue;
            }
            let text = std::str::from_utf8(field).ok().map(str::trim);
            match text.and_then(|text| number(text, with_commas)) {
                Some(number) => values.push(number),
                None => {
                    let name = self.columns.show(column);
                    let expected = format!("column {name}: a finite number");
                    let found = format!("`{}`; {}", short(field), advice(field));
                    return Err(self.error(expected, found));
                }
            }
        }
        Ok(())
    }

    /// Says what was passed over, and what commas are.
    fn add_notes(&mut self) {
        let Passed {
            comments,
            longer,
            empty,
        } = self.passed;
        for (count, what) in [
            (comments, "comments among the rows"),
            (longer, "rows with empty fields beyond the last column"),
            (empty, "rows without any value at the end"),
        ] {
            if count > 0 {
                self.notes.push(format!("passed over: {what} ({count})"));
            }
        }
        if self.commas.any() {
            self.notes
                .push("commas in numbers are decimal commas".into());
        }
    }

    /// The byte at which the present row begins, from the first record on.
    fn byte(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    /// An error at the present row.
    fn error(&self, expected: impl Into<String>, found: impl Into<String>) -> DataError {
        self.error_at(self.byte(), expected, found)
    }

    fn error_at(
        &self,
        byte: u64,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> DataError {
        DataError::Table {
            path: self.path.to_owned(),
            line: self.line(byte),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The line of a byte, counted anew from the first record.
    ///
    /// The reader counts too, but takes the line feed of a CRLF and empty lines for the beginning
    /// of the row after them.
    fn line(&self, start: u64) -> u64 {
        let before = self.start.1;
        let Ok(text) = open_stream(self.path, self.start.0, self.separator) else {
            return before + 1;
        };
        let bytes = io::BufReader::new(text).bytes().map_while(Result::ok);
        let (mut line, mut previous) = (before + 1, b' ');
        for (offset, byte) in (0..).zip(bytes) {
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
}

#[cfg(test)]
mod tests;
