//! The pages, from the templates.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use implicit_bias_output::sha256_bytes;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Value, context};

use super::claim_row::ClaimRow;
use super::contents::{ReproductionReport, RunReport, SweepReport, SystemEntry};
use super::sources::{source_lines, source_of};
use super::view;
use crate::LabError;

/// The templates with their names; everything but the style sheet is HTML and escaped.
const TEMPLATES: [(&str, &str); 7] = [
    ("style.css", include_str!("templates/style.css")),
    ("page.html", include_str!("templates/page.html.j2")),
    ("parts.html", include_str!("templates/parts.html.j2")),
    ("run.html", include_str!("templates/run.html.j2")),
    (
        "reproduction.html",
        include_str!("templates/reproduction.html.j2"),
    ),
    ("sweep.html", include_str!("templates/sweep.html.j2")),
    ("systems.html", include_str!("templates/systems.html.j2")),
];

/// What makes the figures of a page answer: one module in several files, which share its names.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("scripts/numbers.js"),
    include_str!("scripts/legend.js"),
    include_str!("scripts/scrub.js"),
    include_str!("scripts/hover.js"),
    include_str!("scripts/download.js"),
    include_str!("scripts/main.js"),
);

/// The report of one run as a self-contained HTML page.
///
/// # Errors
///
/// [`LabError::Report`] if a template cannot be filled in.
pub fn run_report(report: &RunReport) -> Result<String, LabError> {
    render(
        "run.html",
        context! {
            title => report.title.as_str(),
            of_paper => report.of_paper,
            paragraphs => view::texts(&report.paragraphs),
            settings => view::list(&report.settings, view::setting),
            stop_reason => report.stop_reason.as_str(),
            notices => view::texts(&report.notices),
            hypotheses => view::list(&report.hypotheses, view::setting),
            limit => report.limit.as_ref().map(view::limit),
            claims => view::list(&report.claims, view::claim),
            sources => source_lines(
                report.claims.iter().map(|claim| (claim.id.as_str(), source_of(claim.id))),
            ),
            figures => view::figures(&report.figures, 1),
            last_row => view::list(&report.last_row, view::quantity),
            provenance => view::list(&report.provenance, view::pair),
            command => report.command.as_str(),
        },
    )
}

/// The report of a whole reproduction as a self-contained HTML page.
///
/// # Errors
///
/// [`LabError::Report`] if a template cannot be filled in.
pub fn reproduction_report(report: &ReproductionReport) -> Result<String, LabError> {
    render(
        "reproduction.html",
        context! {
            title => report.title.as_str(),
            origin => report.origin.as_str(),
            summary => view::texts(&report.summary),
            claims => view::list(&report.claims, view::row),
            sources => ClaimRow::sources(&report.claims),
            sections => view::sections(&report.sections),
            settings => view::list(&report.settings, view::setting),
            provenance => view::list(&report.provenance, view::pair),
            command => report.command.as_str(),
        },
    )
}

/// A page of contents of the reports of several systems.
///
/// # Errors
///
/// [`LabError::Report`] if a template cannot be filled in.
pub fn systems_page(
    title: &str,
    systems: &[SystemEntry],
    command: &str,
) -> Result<String, LabError> {
    let row = |entry: &SystemEntry| {
        let [supported, refuted, inconclusive] = entry.verdicts;
        context! {
            link => entry.link.as_str(),
            title => entry.title.as_str(),
            origin => entry.origin.as_str(),
            runs => entry.runs,
            supported,
            refuted,
            inconclusive,
        }
    };
    let systems: Vec<Value> = systems.iter().map(row).collect();
    render("systems.html", context! { title, systems, command })
}

/// The report of a sweep as a self-contained HTML page.
///
/// # Errors
///
/// [`LabError::Report`] if a template cannot be filled in.
pub fn sweep_report(report: &SweepReport) -> Result<String, LabError> {
    render(
        "sweep.html",
        context! {
            title => report.title.as_str(),
            summary => view::texts(&report.summary),
            sections => view::sections(&report.sections),
        },
    )
}

fn render(name: &str, values: Value) -> Result<String, LabError> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|name| match name {
        "style.css" => AutoEscape::None,
        _ => AutoEscape::Html,
    });
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()?;
    environment.set_syntax(syntax);
    // The page's policy lets this one script run, known by its hash. Browsers take it with plain
    // line ends, whatever those of the source files are.
    let script = SCRIPT.replace('\r', "");
    environment.add_global(
        "script_hash",
        STANDARD.encode(sha256_bytes(script.as_bytes())),
    );
    environment.add_global("script", Value::from_safe_string(script));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment.get_template(name)?.render(values)?)
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
