//! `report.html` of a sweep: figures, failures, and a table of its runs.

use implicit_bias_output::format_number;

use super::plan::Sweep;
use super::table::SweepTable;
use crate::LabError;
use crate::report::{ReportFigure, Section, SweepReport, Table, sweep_report};

/// Most rows of a table of the page; `sweep.csv` has them all.
const MOST_ROWS: usize = 500;

/// Columns of what runs ended with that the page shows, where they are.
const SHOWN: [&str; 7] = [
    "step",
    "loss",
    "weight_norm",
    "stable_rank",
    "margin_min",
    "margin_linf_min",
    "accuracy",
];

/// The page of a sweep with its figures.
pub(super) fn page(
    sweep: &Sweep,
    table: &SweepTable<'_>,
    figures: Vec<ReportFigure>,
) -> Result<String, LabError> {
    let counts = table.counts().into_iter();
    let counts: Vec<String> = counts
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let mut sections = Vec::new();
    if !figures.is_empty() {
        sections.push(Section {
            heading: "Figures".to_owned(),
            figures,
            ..Section::default()
        });
    }
    let failed: Vec<usize> = of_word(table, "failed");
    if !failed.is_empty() {
        sections.push(Section {
            heading: "Failures".to_owned(),
            paragraphs: vec![
                "Runs that could not be done, and why; --retry-failed tries them again.".to_owned(),
            ],
            tables: vec![failures(table, &failed)],
            ..Section::default()
        });
    }
    sections.push(Section {
        heading: "Runs".to_owned(),
        tables: vec![runs(table)],
        ..Section::default()
    });
    sweep_report(&SweepReport {
        title: "Sweep".to_owned(),
        summary: vec![format!(
            "{} runs: {}. They differ in {}. The table sweep.csv has all of their keys and everything \
             that they ended with; runs/ has a directory each.",
            sweep.runs().len(),
            counts.join(", "),
            table.varying().join(", "),
        )],
        sections,
    })
}

fn of_word(table: &SweepTable<'_>, word: &str) -> Vec<usize> {
    let all = 0..table.len();
    all.filter(|&run| table.text(run, "stop_reason") == word)
        .collect()
}

/// What is said above a table that may not have all rows.
fn caption(rows: usize) -> String {
    match rows > MOST_ROWS {
        true => format!("The first {MOST_ROWS} of {rows}; sweep.csv has them all."),
        false => String::new(),
    }
}

fn failures(table: &SweepTable<'_>, failed: &[usize]) -> Table {
    let keys = table.varying().iter().cloned();
    let row = |&run: &usize| {
        let first = std::iter::once(table.name(run).to_owned());
        let reason = table.text(run, "error").to_owned();
        first
            .chain(table.varying_keys(run))
            .chain([reason])
            .collect()
    };
    Table {
        caption: caption(failed.len()),
        header: std::iter::once("run".to_owned())
            .chain(keys)
            .chain(["reason".to_owned()])
            .collect(),
        rows: failed.iter().take(MOST_ROWS).map(row).collect(),
    }
}

fn runs(table: &SweepTable<'_>) -> Table {
    let numeric = table.numeric();
    let shown: Vec<&str> = SHOWN
        .into_iter()
        .filter(|name| numeric.contains(name))
        .collect();
    let verdicts = table.verdicts();
    let keys = table.varying().iter().cloned();
    let row = |run: usize| {
        let stop = table.text(run, "stop_reason").to_owned();
        let numbers = shown
            .iter()
            .map(|name| format_number(table.number(run, name)));
        let words = verdicts.iter().map(|name| table.text(run, name).to_owned());
        let last = [table.name(run).to_owned()];
        let keys = table.varying_keys(run).into_iter();
        keys.chain([stop])
            .chain(numbers)
            .chain(words)
            .chain(last)
            .collect()
    };
    let names = shown
        .iter()
        .chain(&verdicts)
        .map(|name| name.replace('_', " "));
    Table {
        caption: caption(table.len()),
        header: keys
            .chain(["ended".to_owned()])
            .chain(names)
            .chain(["run".to_owned()])
            .collect(),
        rows: (0..table.len().min(MOST_ROWS)).map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Row;
    use super::*;
    use std::path::Path;

    #[test]
    fn the_page_names_failures_and_shows_the_first_runs_of_many() {
        let sweep = Sweep::from_toml("seeds = 600", Path::new("")).unwrap();
        let rows = sweep.runs().iter().enumerate().map(|(index, run)| {
            let mut row = Row::new(run);
            match index {
                7 => row.set_stop("failed", "no <such> file"),
                _ => {
                    row.set_stop("completed", "");
                    row.number("loss", Some(2.5e-7));
                    row.text("verdict_loss", "supported");
                }
            }
            row
        });
        let table = SweepTable::new(&sweep, rows.collect());
        let page = page(&sweep, &table, Vec::new()).unwrap();
        for said in [
            "600 runs: 599 completed, 1 failed. They differ in seed.",
            "no &lt;such&gt; file",
            "The first 500 of 600; sweep.csv has them all.",
            "2.5×10⁻⁷",
            "supported",
            sweep.runs()[7].name(),
        ] {
            assert!(page.contains(said), "{said}");
        }
        assert!(!page.contains(sweep.runs()[550].name()));
        assert!(!page.contains("An independent reproduction"));
    }
}
