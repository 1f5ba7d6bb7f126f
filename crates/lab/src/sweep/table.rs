//! `sweep.csv`: one row a run.

use toml::Value;

use super::plan::SweepRun;
use implicit_bias_output::format_exact;

/// The columns that every run has, between its keys and what was measured.
const STATE: [&str; 2] = ["stop_reason", "error"];

/// One run: its values of the keys, then columns by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    name: String,
    values: Vec<Option<Value>>,
    columns: Vec<(String, Field)>,
}

/// An entry of a column.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Number(f64),
    Text(String),
}

impl Row {
    pub fn new(run: &SweepRun) -> Self {
        Self {
            name: run.name().to_owned(),
            values: run.values().to_vec(),
            columns: Vec::new(),
        }
    }

    /// How the run stands: why it ended, or `missing`, `unfinished`, `failed` with the reason.
    pub fn set_stop(&mut self, stop_reason: &str, error: &str) {
        for (name, text) in STATE.into_iter().zip([stop_reason, error]) {
            self.text(name, text);
        }
    }

    pub fn text(&mut self, name: &str, text: &str) {
        self.columns
            .push((name.to_owned(), Field::Text(text.to_owned())));
    }

    /// A number; one that is undefined is an empty field.
    pub fn number(&mut self, name: &str, number: Option<f64>) {
        self.columns
            .push((name.to_owned(), Field::Number(number.unwrap_or(f64::NAN))));
    }

    fn field(&self, name: &str) -> Option<&Field> {
        let column = self.columns.iter().find(|(column, _)| column == name)?;
        Some(&column.1)
    }
}

/// The table of a sweep: `run`, the keys that vary, then what each run ended with. A column that a
/// run does not have, and a quantity that is undefined, are empty fields.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepTable {
    keys: Vec<String>,
    columns: Vec<String>,
    rows: Vec<Row>,
    figures: Vec<String>,
}

impl SweepTable {
    pub(super) fn new(keys: Vec<String>, rows: Vec<Row>) -> Self {
        let mut columns: Vec<String> = STATE.map(str::to_owned).to_vec();
        for row in &rows {
            // Rows of one kind have the same columns: nothing is looked for in most of them.
            let known = row.columns.len() == columns.len()
                && row
                    .columns
                    .iter()
                    .zip(&columns)
                    .all(|((name, _), known)| name == known);
            if !known {
                for (name, _) in &row.columns {
                    if !columns.contains(name) {
                        columns.push(name.clone());
                    }
                }
            }
        }
        Self {
            keys,
            columns,
            rows,
            figures: Vec::new(),
        }
    }

    /// Runs by how they stand: `completed`, `diverged`, `missing`, …, in order of appearance.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let mut counts: Vec<(String, usize)> = Vec::new();
        for index in 0..self.rows.len() {
            let word = self.text(index, STATE[0]);
            match counts.iter_mut().find(|(known, _)| known == word) {
                Some((_, count)) => *count += 1,
                None => counts.push((word.to_owned(), 1)),
            }
        }
        counts
    }

    /// Whether every run has ended.
    pub fn is_whole(&self) -> bool {
        let open = ["missing", "unfinished", "failed"];
        (0..self.rows.len()).all(|index| !open.contains(&self.text(index, STATE[0])))
    }

    /// The names of the figures that were drawn of it.
    pub fn figures(&self) -> &[String] {
        &self.figures
    }

    pub(super) fn has_figure(&mut self, name: String) {
        self.figures.push(name);
    }

    /// Number of runs.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no run.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number in a column of a run, `NaN` where there is none.
    pub fn number(&self, run: usize, column: &str) -> f64 {
        match self.rows[run].field(column) {
            Some(Field::Number(number)) => *number,
            _ => f64::NAN,
        }
    }

    /// The text in a column of a run, empty where there is none.
    pub fn text(&self, run: usize, column: &str) -> &str {
        match self.rows[run].field(column) {
            Some(Field::Text(text)) => text,
            _ => "",
        }
    }

    /// The table as CSV.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = std::iter::once("run")
            .chain(self.keys.iter().map(String::as_str))
            .chain(self.columns.iter().map(String::as_str));
        let into_memory = "memory takes every row";
        writer.write_record(header).expect(into_memory);
        for row in &self.rows {
            let keys = row
                .values
                .iter()
                .map(|value| value.as_ref().map_or(String::new(), plain));
            // Most rows have all columns in order.
            let field = |(index, name): (usize, &String)| {
                let field = match row.columns.get(index) {
                    Some((own, field)) if own == name => Some(field),
                    _ => row.field(name),
                };
                match field {
                    Some(Field::Number(number)) => format_exact(*number),
                    Some(Field::Text(text)) => text.clone(),
                    None => String::new(),
                }
            };
            let fields = self.columns.iter().enumerate().map(field);
            let record = std::iter::once(row.name.clone()).chain(keys).chain(fields);
            writer.write_record(record).expect(into_memory);
        }
        let bytes = writer.into_inner().expect(into_memory);
        String::from_utf8(bytes).expect("made of texts")
    }
}

/// A value as a table shows it: a string without its quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Sweep;
    use std::path::Path;

    #[test]
    fn rows_of_different_kinds_share_one_header_and_any_text_stays_one_field() {
        let plan = "[[list]]\ndevice = 'a,\"b\"\\c'\n[[list]]\nwidth = 3\n[[list]]\nwidth = 4";
        let sweep = Sweep::from_toml(plan, Path::new("")).unwrap();
        let mut rows: Vec<Row> = sweep.runs().iter().map(Row::new).collect();
        rows[0].set_stop("failed", "line one\nline two");
        rows[1].set_stop("completed", "");
        rows[1].number("loss", Some(0.25));
        rows[1].number("stable_rank", None);
        rows[2].set_stop("completed", "");
        rows[2].number("stable_rank", Some(1e-300));
        let names: Vec<String> = sweep
            .runs()
            .iter()
            .map(|run| run.name().to_owned())
            .collect();
        let table = SweepTable::new(sweep.keys().to_vec(), rows);
        let mut reader = csv::Reader::from_reader(table.to_csv().into_bytes().leak() as &[u8]);
        let header = reader.headers().unwrap().clone();
        let expected = [
            "run",
            "device",
            "width",
            "stop_reason",
            "error",
            "loss",
            "stable_rank",
        ];
        assert_eq!(header.iter().collect::<Vec<_>>(), expected);
        let records: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let row = |name: &str, rest: [&str; 6]| {
            let fields = std::iter::once(name).chain(rest);
            fields.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            records[0],
            row(
                &names[0],
                ["a,\"b\"\\c", "", "failed", "line one\nline two", "", ""]
            )
        );
        assert_eq!(
            records[1],
            row(&names[1], ["", "3", "completed", "", "0.25", ""])
        );
        assert_eq!(
            records[2],
            row(&names[2], ["", "4", "completed", "", "", "1e-300"])
        );
        assert!(!table.is_whole());
        assert_eq!(
            table.counts(),
            [("failed".to_owned(), 1), ("completed".to_owned(), 2)]
        );
    }
}
