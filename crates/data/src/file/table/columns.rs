//! Which columns a table has, and what each of them is.

use csv::ByteRecord;

use super::head::{Head, filled, records, stream};
use super::number::number;
use crate::file::options::{LABEL_COLUMN, Separator, TableOptions, position};

/// Records by which the first line is told from the others.
const RECORDS: usize = 64;

/// The columns of a table.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The name of each field of a row; `None` for a table without names.
    pub names: Option<ByteRecord>,
    /// Whether the first record is the names and no sample.
    pub first_is_names: bool,
    /// The number of fields of a row.
    pub fields: usize,
    /// The field with the label.
    pub label: usize,
    /// The fields that are left out by name, rising.
    pub dropped: Vec<usize>,
    /// Whether the comment before the table gave the names.
    pub names_in_comment: bool,
    /// Whether the rows have a name in front, which the line of names does not count.
    pub has_row_names: bool,
}

/// What is wrong with the columns that were asked for: what was expected, and what was found.
pub(super) type Refusal = (String, String);

impl Columns {
    /// The columns of a table that begins like this.
    pub fn of(head: &Head, separator: Separator, options: &TableOptions) -> Result<Self, Refusal> {
        let records = head.records(separator, RECORDS);
        let Some(first) = records.first() else {
            return Err((label_words(options), "an empty file".to_owned()));
        };
        let mut columns = Self {
            fields: without_empty_ends(&records),
            first_is_names: options.no_header != Some(true),
            ..Self::default()
        };
        if let Some(mut names) = names_in_comment(head, first, separator)
            && options.no_header.is_none()
        {
            names.truncate(columns.fields);
            columns.names = Some(names);
            columns.first_is_names = false;
            columns.names_in_comment = true;
        } else if columns.first_is_names {
            columns.name_by(first, &records[1..]);
        }
        columns.label = columns.find(label_of(options)).map_err(|found| {
            let headless = columns.first_is_names && options.no_header.is_none();
            match headless && has_numbers(first, None, separator) {
                true => no_names(first),
                false => {
                    let alone = match columns.fields {
                        1 => "; one column alone: --separator says what is between columns",
                        _ => "",
                    };
                    let list = || columns.list() + alone;
                    (label_words(options), found.unwrap_or_else(list))
                }
            }
        })?;
        if columns.first_is_names && options.no_header.is_none() {
            columns.require_names(&records, separator)?;
        }
        columns.drop_columns(options)?;
        Ok(columns)
    }

    /// Takes the names from the first record, after an empty one where all rows are longer by one.
    fn name_by(&mut self, first: &ByteRecord, rows: &[ByteRecord]) {
        let longer = |row: &ByteRecord| {
            row.len() == first.len() + 1 && !row[first.len()].trim_ascii().is_empty()
        };
        let mut rows = rows.iter().filter(|row| !is_empty(row)).peekable();
        let row_names = rows.peek().is_some() && rows.all(longer);
        let mut names = ByteRecord::new();
        if row_names {
            names.push_field(b"");
        }
        names.extend(first.iter().take(self.fields));
        self.fields = names.len();
        self.names = Some(names);
        self.has_row_names = row_names;
    }

    /// The field that a text names, or why it names none: what was found in place of it, unless
    /// that is the names.
    fn find(&self, text: &str) -> Result<usize, Option<String>> {
        let names = self.names.as_ref().into_iter().flatten().enumerate();
        let mut named = names.filter(|(_, name)| name.trim_ascii() == text.trim().as_bytes());
        let first = named.next();
        match (first, named.count()) {
            (Some((column, _)), 0) => Ok(column),
            (Some(_), more) => Err(Some(format!(
                "{} of that name; a position tells them apart",
                more + 1
            ))),
            (None, _) => position(text, self.fields).ok_or_else(|| {
                let columns = self.fields;
                let is_number = text.trim().parse::<i64>().is_ok();
                is_number.then(|| format!("{columns} columns, which are counted from 1"))
            }),
        }
    }

    /// Refuses a first line that may be a sample.
    fn require_names(&self, records: &[ByteRecord], separator: Separator) -> Result<(), Refusal> {
        let first = &records[0];
        let shift = usize::from(self.has_row_names);
        let label = self.label - shift.min(self.label);
        if !has_numbers(first, Some(label), separator) {
            return Ok(());
        }
        let name = first.get(label).unwrap_or_default().trim_ascii();
        let text = |field: &[u8]| String::from_utf8_lossy(field.trim_ascii()).into_owned();
        let recurs = records[1..].iter().any(|row| {
            let field = row.get(self.label).unwrap_or_default();
            field.trim_ascii() == name
        });
        let names: Vec<String> = first
            .iter()
            .enumerate()
            .filter(|(column, name)| *column != label && !is_unnamed(name))
            .map(|(_, name)| text(name))
            .collect();
        let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
        // As pandas names columns that have no names.
        let counts = numbers.is_some_and(|numbers| {
            numbers.len() > 1
                && numbers.windows(2).all(|pair| pair[1] - pair[0] == 1)
                && matches!(numbers[0], 0 | 1)
        });
        match counts && !recurs && number(&text(name), true).is_none() {
            true => Ok(()),
            false => Err(no_names(first)),
        }
    }

    /// Leaves out the columns that the options name.
    fn drop_columns(&mut self, options: &TableOptions) -> Result<(), Refusal> {
        for text in &options.drop_columns {
            let column = self.find(text).map_err(|found| {
                let expected = format!(
                    "a column `{}` to leave out (see --drop-columns)",
                    text.trim()
                );
                (expected, found.unwrap_or_else(|| self.list()))
            })?;
            if column == self.label {
                let expected = "columns to leave out without that of the labels (--drop-columns)";
                return Err((expected.to_owned(), format!("`{}`", text.trim())));
            }
            self.dropped.push(column);
        }
        self.dropped.sort_unstable();
        self.dropped.dedup();
        Ok(())
    }

    /// The fields without a name that are neither label nor left out.
    pub fn unnamed(&self) -> Vec<usize> {
        let names = self.names.as_ref().into_iter().flatten().enumerate();
        let unnamed = names.filter(|(column, name)| is_unnamed(name) && self.is_feature(*column));
        unnamed.map(|(column, _)| column).collect()
    }

    /// Whether a field is a coordinate of the sample.
    pub fn is_feature(&self, column: usize) -> bool {
        column != self.label && self.dropped.binary_search(&column).is_err()
    }

    /// The number of coordinates of a sample.
    pub fn dim(&self) -> usize {
        self.fields - 1 - self.dropped.len()
    }

    /// A column in a message: its name, or its position.
    pub fn show(&self, column: usize) -> String {
        let name = self.names.as_ref().and_then(|names| names.get(column));
        match name {
            Some(name) if !name.trim_ascii().is_empty() => format!("`{}`", short(name)),
            _ => (column + 1).to_string(),
        }
    }

    /// The name of a column, or its position where it has none.
    pub fn name(&self, column: usize) -> String {
        let name = self.names.as_ref().and_then(|names| names.get(column));
        match name.map(<[u8]>::trim_ascii) {
            Some(name) if !name.is_empty() => String::from_utf8_lossy(name).into_owned(),
            _ => (column + 1).to_string(),
        }
    }

    /// The first column names, for a message.
    fn list(&self) -> String {
        const MOST: usize = 8;
        let Some(names) = &self.names else {
            return format!("{} columns without names", self.fields);
        };
        let shown = names
            .iter()
            .take(MOST)
            .map(|name| format!("`{}`", short(name)));
        let mut shown: Vec<String> = shown.collect();
        if names.len() > MOST {
            shown.push(format!("… ({} columns)", names.len()));
        }
        shown.join(", ")
    }
}

/// What names the column of labels.
fn label_of(options: &TableOptions) -> &str {
    options.label_column.as_deref().unwrap_or(LABEL_COLUMN)
}

fn label_words(options: &TableOptions) -> String {
    format!(
        "one column `{}` of labels (see --label-column)",
        label_of(options)
    )
}

/// The refusal of a first line that may be a sample.
fn no_names(first: &ByteRecord) -> Refusal {
    let shown = first
        .iter()
        .take(4)
        .map(|field| format!("`{}`", short(field)));
    let shown: Vec<String> = shown.collect();
    let more = if first.len() > 4 { ", …" } else { "" };
    (
        "a header line with the names of the columns".to_owned(),
        format!(
            "numbers in the first line ({}{more}), so that the table seems to have none; if that \
             line is a sample, pass --no-header and the position of the labels (--label-column 1, \
             or last); if it holds names, --no-header=false",
            shown.join(", "),
        ),
    )
}

/// The names that the comment before the table gives: as many as the first record has fields,
/// where that holds numbers.
fn names_in_comment(head: &Head, first: &ByteRecord, separator: Separator) -> Option<ByteRecord> {
    if !has_numbers(first, None, separator) {
        return None;
    }
    let comment = head.comment.as_deref()?;
    let separators = [separator].into_iter().chain(Separator::KNOWN);
    separators.into_iter().find_map(|separator| {
        let text = stream(Box::new(comment.as_bytes()), separator);
        let mut reader = records(text, separator);
        let mut names = ByteRecord::new();
        let read = reader.read_byte_record(&mut names).unwrap_or(false);
        (read && names.len() == first.len()).then_some(names)
    })
}

/// Whether a record has a number in a field other than that of the label.
fn has_numbers(record: &ByteRecord, label: Option<usize>, separator: Separator) -> bool {
    let mut fields = record
        .iter()
        .enumerate()
        .filter(|(column, _)| Some(*column) != label);
    fields.any(|(_, field)| {
        let text = std::str::from_utf8(field).unwrap_or_default().trim();
        number(text, separator != Separator::COMMA).is_some()
    })
}

/// Whether a name is none: empty, or what pandas makes of that.
fn is_unnamed(name: &[u8]) -> bool {
    let name = name.trim_ascii();
    let number = name.strip_prefix(b"Unnamed: ");
    name.is_empty() || number.is_some_and(|rest| rest.iter().all(u8::is_ascii_digit))
}

/// The number of fields of the first record, without those at its end that no record has a value
/// in: a separator at the end of each line makes one more.
fn without_empty_ends(records: &[ByteRecord]) -> usize {
    let most = records.iter().map(filled).max().unwrap_or(0);
    match records.first().map_or(0, ByteRecord::len) {
        fields if most == 0 => fields,
        fields => fields.min(most),
    }
}

/// Whether no field of a record has a value.
pub(super) fn is_empty(record: &ByteRecord) -> bool {
    filled(record) == 0
}

/// The beginning of a field, for a message.
pub(super) fn short(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(80)]);
    text.chars().take(24).flat_map(char::escape_debug).collect()
}
