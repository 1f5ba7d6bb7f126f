//! `sweep.csv`: one row a run.

use toml::Value;

use super::plan::{Sweep, SweepRun};
use crate::config::{field, key_names, number_field};

/// The columns that every run has, between its keys and what was measured.
const STATE: [&str; 2] = ["stop_reason", "error"];

/// Keys that have the name of a column of what was measured.
const MEASURED_TOO: [&str; 2] = ["engine", "loss"];

/// One run: its keys, then columns by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row<'a> {
    run: &'a SweepRun,
    columns: Vec<(String, Field)>,
}

/// An entry of a column.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Number(f64),
    Text(String),
}

impl<'a> Row<'a> {
    pub fn new(run: &'a SweepRun) -> Self {
        Self {
            run,
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

    /// Some keys, of which the first ones are those of the plan in its order.
    fn keys(&self, names: &[String]) -> Vec<String> {
        let settings = self.run.config().every_setting();
        let one = |(place, name): (usize, &String)| {
            if let Some(value) = settings.get(name) {
                return field(value);
            }
            let planned = self.run.values().get(place).and_then(Option::as_ref);
            planned.map_or(String::new(), plain)
        };
        names.iter().enumerate().map(one).collect()
    }

    fn field(&self, name: &str) -> Option<&Field> {
        let column = self.columns.iter().find(|(column, _)| column == name)?;
        Some(&column.1)
    }
}

/// The table of a sweep: `run`, the keys that vary, all other keys, then what each run ended with. A
/// column that a
/// that a run does not have, and a quantity that is undefined, are empty fields.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepTable<'a> {
    keys: Vec<String>,
    /// How many of the keys vary: the first ones.
    varies: usize,
    columns: Vec<String>,
    rows: Vec<Row<'a>>,
    figures: Vec<String>,
}

impl<'a> SweepTable<'a> {
    pub(super) fn new(sweep: &Sweep, rows: Vec<Row<'a>>) -> Self {
        let mut keys = sweep.keys().to_vec();
        let varies = keys.len();
        let mut present = vec![false; key_names().len()];
        for row in &rows {
            let settings = row.run.config().every_setting();
            for (present, name) in present.iter_mut().zip(key_names()) {
                *present |= settings.has(name);
            }
        }
        for (present, name) in present.into_iter().zip(key_names()) {
            if present && keys.iter().all(|key| key != name) {
                keys.push(name.to_owned());
            }
        }
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
            varies,
            columns,
            rows,
            figures: Vec::new(),
        }
    }

    /// The names of the columns: `run`, the keys, what each run ended with. A key that is called like
    /// something measured, such as `loss`, is `key_loss`.
    pub(super) fn header(&self) -> Vec<String> {
        let is_measured =
            |key: &String| MEASURED_TOO.contains(&key.as_str()) || self.columns.contains(key);
        let keys = self.keys.iter().map(|key| match is_measured(key) {
            true => format!("key_{key}"),
            false => key.clone(),
        });
        let first = std::iter::once("run".to_owned());
        first
            .chain(keys)
            .chain(self.columns.iter().cloned())
            .collect()
    }

    /// The names of the columns of verdicts.
    pub(super) fn verdicts(&self) -> Vec<&str> {
        let columns = self.columns.iter().map(String::as_str);
        columns
            .filter(|name| name.starts_with("verdict_"))
            .collect()
    }

    /// The names of the keys that vary.
    pub(super) fn varying(&self) -> &[String] {
        &self.keys[..self.varies]
    }

    /// The names of the columns that hold numbers of what runs ended with.
    pub(super) fn numeric(&self) -> Vec<&str> {
        let columns = self.columns.iter().map(String::as_str);
        let is_number = |row: &Row<'_>, name: &str| match row.field(name) {
            Some(Field::Number(number)) => number.is_finite(),
            _ => false,
        };
        let holds = |name: &&str| self.rows.iter().any(|row| is_number(row, name));
        columns.filter(holds).collect()
    }

    /// The keys of a run that vary, as texts, empty where it has none.
    pub(super) fn varying_keys(&self, run: usize) -> Vec<String> {
        self.rows[run].keys(self.varying())
    }

    /// The name of a run's directory.
    pub(super) fn name(&self, run: usize) -> &str {
        self.rows[run].run.name()
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
        let into_memory = "memory takes every row";
        writer.write_record(self.header()).expect(into_memory);
        for row in &self.rows {
            let keys = row.keys(&self.keys);
            // Most rows have all columns in order.
            let field = |(index, name): (usize, &String)| {
                let field = match row.columns.get(index) {
                    Some((own, field)) if own == name => Some(field),
                    _ => row.field(name),
                };
                match field {
                    Some(Field::Number(number)) => number_field(*number),
                    Some(Field::Text(text)) => text.clone(),
                    None => String::new(),
                }
            };
            let fields = self.columns.iter().enumerate().map(field);
            let record = std::iter::once(row.run.name().to_owned())
                .chain(keys)
                .chain(fields);
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
        let mut rows: Vec<Row<'_>> = sweep.runs().iter().map(Row::new).collect();
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
        let table = SweepTable::new(&sweep, rows);
        let mut reader = csv::Reader::from_reader(table.to_csv().into_bytes().leak() as &[u8]);
        let header = reader.headers().unwrap().clone();
        let header: Vec<&str> = header.iter().collect();
        // Those that vary first, then all others, then what was measured.
        assert_eq!(header[..3], ["run", "device", "width"]);
        let state = header
            .iter()
            .position(|name| *name == "stop_reason")
            .unwrap();
        assert_eq!(
            header[state..],
            ["stop_reason", "error", "loss", "stable_rank"]
        );
        let others = &header[3..state];
        assert!(
            ["slope", "steps", "seed", "network", "key_loss"]
                .iter()
                .all(|key| others.contains(key))
        );
        let records: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let row = |index: usize| {
            let record: &Vec<String> = &records[index];
            let fields = record[..3].iter().chain(&record[state..]);
            fields.map(String::as_str).collect::<Vec<_>>()
        };
        let device = "a,\"b\"\\c";
        let error = "line one\nline two";
        assert_eq!(
            row(0),
            [&names[0], device, "50", "failed", error, "", ""],
            "a default is filled in"
        );
        assert_eq!(row(1), [&names[1], "", "3", "completed", "", "0.25", ""]);
        assert_eq!(row(2), [&names[2], "", "4", "completed", "", "", "1e-300"]);
        assert!(!table.is_whole());
        assert_eq!(
            table.counts(),
            [("failed".to_owned(), 1), ("completed".to_owned(), 2)]
        );
    }
}
