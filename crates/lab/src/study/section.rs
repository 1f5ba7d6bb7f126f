//! A study as a section of the report.

use super::definition::{LimitResult, Shown, Study, StudyResult};
use crate::LabError;
use crate::report::{ClaimRow, Finding, ReportFigure, Section, Table};
use implicit_bias_claims::Claim;
use implicit_bias_output::format_number;

/// The section of a finished study, and the files that belong to it, figures and tables, by name.
///
/// # Errors
///
/// [`LabError::Plot`] if a figure cannot be drawn.
pub fn section(
    study: &Study,
    results: &[StudyResult<'_>],
    limits: &[LimitResult<'_>],
) -> Result<(Section, Vec<(String, String)>), LabError> {
    let shown = study
        .show
        .map_or_else(Shown::default, |show| show(results, limits));
    let mut figures = Vec::new();
    let mut files = shown.files;
    let drawn = (study.figures)(results);
    for figure in drawn.into_iter().chain(shown.figures) {
        let rendered = ReportFigure::new(&figure)?;
        files.push((
            format!("{}-{}.svg", study.name, figure.name),
            rendered.svg().to_owned(),
        ));
        figures.push(rendered);
    }
    let mut findings = Vec::new();
    for (claim, result) in claims(study, results) {
        let row = ClaimRow::new(claim, result.run.label.clone());
        let mut letters = claim.reason.chars();
        let first = letters
            .next()
            .map(|letter| letter.to_uppercase().to_string());
        findings.push(Finding {
            setting: format!("{}: {}", row.setting, row.claim),
            verdict: claim.verdict,
            reason: first.unwrap_or_default() + letters.as_str(),
        });
    }
    let mut tables = shown.tables;
    if !(results.is_empty() || study.columns.is_empty()) {
        tables.insert(0, final_values(study, results));
    }
    let section = Section {
        heading: study.title.to_owned(),
        statement: Some(study.statement.clone()),
        setting: study.setting.clone(),
        paragraphs: [study.paragraphs.clone(), shown.paragraphs].concat(),
        figures,
        tables,
        findings,
    };
    Ok((section, files))
}

/// The rows that a study adds to the table of claims.
pub(super) fn claim_rows(study: &Study, results: &[StudyResult<'_>]) -> Vec<ClaimRow> {
    claims(study, results)
        .map(|(claim, result)| ClaimRow::new(claim, result.run.label.clone()))
        .collect()
}

/// The claims that a study reports, each with its run.
fn claims<'a>(
    study: &'a Study,
    results: &'a [StudyResult<'a>],
) -> impl Iterator<Item = (&'a Claim, &'a StudyResult<'a>)> {
    let judged = results.iter().filter(|result| result.run.judged);
    judged.flat_map(|result| {
        let reported = result
            .record
            .claims
            .iter()
            .filter(|claim| study.claims.contains(&claim.id));
        reported.map(move |claim| (claim, result))
    })
}

fn final_values(study: &Study, results: &[StudyResult<'_>]) -> Table {
    let mut header = vec!["run".to_owned(), "R_min²/(n p)".to_owned()];
    header.extend(
        study
            .columns
            .iter()
            .map(|(_, heading)| (*heading).to_owned()),
    );
    let rows = results.iter().map(|result| {
        let name = if result.run.label == result.run.panel {
            result.run.label.clone()
        } else {
            format!("{}, {}", result.run.panel, result.run.label)
        };
        let ratio = result.record.manifest.data.ratio.unwrap_or(f64::INFINITY);
        let mut row = vec![name, format_number(ratio)];
        row.extend(study.columns.iter().map(|(column, _)| {
            format_number(result.record.series.last(column).unwrap_or(f64::NAN))
        }));
        row
    });
    Table {
        caption: "Values at the last recorded step. SR: stable rank.".to_owned(),
        header,
        rows: rows.collect(),
    }
}
