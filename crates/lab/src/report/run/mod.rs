//! The figures and the report of a run.

mod limit;
mod settings;
mod summary;

use implicit_bias_claims::{Claim, Hypothesis, fit_line};
use implicit_bias_model::{Activation, Loss};
use implicit_bias_output::format_number;
use implicit_bias_plot::Figure;
use implicit_bias_record::LimitOf;

use self::limit::limit_summary;
pub(crate) use self::settings::{provenance_of, settings_of};
use super::claim_row::ClaimRow;
use super::contents::{Quantity, ReportFigure, RunReport, Setting};
use super::html::run_report;
use super::latex::claims_table_latex;
use super::table::claims_table_markdown;
use crate::LabError;
use crate::conclusion::RunRecord;
use crate::config::{column_of, theories};
use crate::figures::{ClassSamples, LogFit, RunContext, quantity_label, run_figures};
use crate::run::RunDirectory;

impl RunRecord {
    /// The figures of the run.
    pub fn figures(&self) -> Vec<Figure> {
        run_figures(&self.series, &self.margins, &run_context(self))
    }

    /// Writes figures, report, and the table of claims for a paper.
    pub(crate) fn write_report(&self, directory: &RunDirectory) -> Result<(), LabError> {
        let mut figures = Vec::new();
        for figure in self.figures() {
            let rendered = ReportFigure::new(&figure)?;
            directory.write(
                &format!("figures/{}.svg", figure.name),
                rendered.svg().as_bytes(),
            )?;
            figures.push(rendered);
        }
        if !self.claims.is_empty() {
            let row = |claim| ClaimRow::new(claim, self.network_words());
            let rows: Vec<ClaimRow> = self.claims.iter().map(row).collect();
            directory.write("claims.md", claims_table_markdown(&rows).as_bytes())?;
            directory.write("claims.tex", claims_table_latex(&rows).as_bytes())?;
        }
        let report = run_report(&run_report_of(self, figures))?;
        directory.write("report.html", report.as_bytes())
    }
}

/// What the figures of a run need to know besides its tables.
fn run_context(record: &RunRecord) -> RunContext {
    RunContext {
        title: format!(
            "n = {}, d = {}",
            record.manifest.data.n, record.manifest.data.d
        ),
        activation: record.network_words(),
        blocks: blocks_of(record),
        labels: record.manifest.data.label_values(),
        classes: classes_of(record),
        limits: record.prediction.of_columns().0,
        limits_of: (record.prediction.limit()).map_or(LimitOf::ThisRun, |limit| limit.of),
        limits_proven: (record.prediction.limit()).is_some_and(|limit| limit.proven),
        of_paper: record.config.descent_of_kou().is_some(),
        margins_not_normalized: record.manifest.not_homogeneous,
        limits_of_pattern: record.prediction.limit().is_some(),
        norm_fit: norm_fit(record),
        rank_one: (record.config.descent_of_kou())
            .is_some_and(|descent| descent.activation != Activation::RELU),
    }
}

/// The names of the network's blocks.
fn blocks_of(record: &RunRecord) -> Vec<String> {
    let network = &record.config.network;
    let blocks = network
        .network_kind()
        .blocks(&network.settings, record.manifest.data.d);
    let blocks = blocks.unwrap_or_default().into_iter();
    blocks.map(|(name, _)| name).collect()
}

/// The classes of the run with their samples, where they are chosen by name.
fn classes_of(record: &RunRecord) -> Vec<ClassSamples> {
    let Some(classes) = &record.manifest.data.classes else {
        return Vec::new();
    };
    let name = |name: &String| ClassSamples {
        name: name.clone(),
        samples: Vec::new(),
    };
    let mut found: Vec<ClassSamples> = classes.names.iter().map(name).collect();
    for (sample, class) in classes.class_numbers().into_iter().enumerate() {
        found[class].samples.push(sample);
    }
    found
}

/// The line through the weight norm against log t over the last two decades, if there are enough.
fn norm_fit(record: &RunRecord) -> Option<LogFit> {
    let horizon = record.series.last("step")?;
    // Two decades, as most claims; the norm's own criterion compares slopes, and draws no line.
    let window = [horizon / 100.0, horizon];
    let points: Vec<(f64, f64)> = record
        .series
        .steps()
        .into_iter()
        .zip(record.series.column("weight_norm")?)
        .filter(|&(step, norm)| step >= window[0].max(1.0) && norm.is_finite())
        .map(|(step, norm)| (step.ln(), norm))
        .collect();
    let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
    let line = fit_line(&x, &y)?;
    Some(LogFit {
        intercept: line.intercept,
        slope: line.slope,
        window,
    })
}

/// What a reader must know before the verdicts: of the data as the run noted it, of the steps as
/// the series shows it.
fn notices_of(record: &RunRecord) -> Vec<String> {
    let noted = record.manifest.notes.iter();
    let data = noted.filter(|note| note.starts_with("data: ")).cloned();
    data.chain(record.notices.clone()).collect()
}

/// The hypotheses of the theorems, one line each.
fn hypotheses_of(record: &RunRecord) -> Vec<Setting> {
    let line = |one: &Hypothesis| {
        let status = one.status.words();
        let value = match one.measured {
            Some(measured) => format!("{status} ({})", format_number(measured)),
            None => status.to_owned(),
        };
        Setting::new(one.name.as_str(), value).with_note(one.sentence.as_str())
    };
    let sets = record.hypotheses().into_iter();
    sets.flat_map(|set| set.each.iter().map(line)).collect()
}

/// What intervals are, for a reader of verdicts.
const INTERVALS: &str = "Intervals are those of least squares with a correction for autocorrelated \
                         residuals. A trajectory is no random sample: they say how well a law fits \
                         the window, not how often a repetition would fall inside.";

/// What the run is, and which claims are judged on it.
fn about(record: &RunRecord) -> Vec<String> {
    let Some(descent) = record.config.descent_of_kou() else {
        let (network, optimizer) = (&record.config.network, &record.config.optimizer);
        let mut said = vec![format!(
            "The network {}, {}, trained by {}, {}. The claims of Kou, Chen & Gu (NeurIPS 2023, \
             arXiv:2310.18935) are not about it{}.",
            network.name,
            network.network_kind().about().replace('`', ""),
            optimizer.name,
            optimizer.optimizer_kind().about.replace('`', ""),
            if record.claims.is_empty() {
                ", and none is judged"
            } else {
                ""
            }
        )];
        if record.manifest.not_homogeneous {
            said.push(
                "The network is not homogeneous, so that there is no power of the norm to divide \
                 margins by: they are recorded as they are."
                    .to_owned(),
            );
        }
        let judged = theories().filter(|theory| {
            let own = |claim: &Claim| theory.claims.iter().any(|(id, _)| *id == claim.id);
            record.claims.iter().any(own)
        });
        let judged: Vec<&str> = judged.map(|theory| theory.source).collect();
        if !judged.is_empty() {
            said.push(format!(
                "Judged are claims of {}. The settings are this run's, not theirs.",
                judged.join(" and of ")
            ));
            said.push(INTERVALS.to_owned());
        }
        return said;
    };
    let loss = match descent.loss {
        Loss::Logistic => "The claims are about the logistic loss, as here.",
        _ => {
            "The paper's claims are about the logistic loss; this run has the exponential one, \
             which has the same tail."
        }
    };
    let network = "A two-layer network with fixed second layer, trained by plain full-batch gradient \
                   descent, and the claims of Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) \
                   judged on it. The settings are this run's, not the paper's.";
    [network, loss, INTERVALS].map(str::to_owned).to_vec()
}

/// The last row of the series, in words.
fn last_row(record: &RunRecord) -> Vec<Quantity> {
    let meaning = |column: &str| {
        let meaning = column_of(column).map_or("", |column| column.meaning);
        // The meaning of a margin has two halves, the second for networks without a degree.
        match (column, meaning.split_once("; ")) {
            ("margin_min" | "margin_max", Some((normalized, plain))) => {
                let plain = plain.split(" where").next().unwrap_or_default();
                let own = if record.manifest.not_homogeneous {
                    plain
                } else {
                    normalized
                };
                own.to_owned()
            }
            _ => meaning.to_owned(),
        }
    };
    let quantity = |(column, value): (String, f64)| Quantity {
        meaning: meaning(&column),
        label: match (record.manifest.not_homogeneous, quantity_label(&column)) {
            (true, label) => label.replace("normalized ", ""),
            (false, label) => label,
        },
        column,
        value,
    };
    record.last_row().into_iter().map(quantity).collect()
}

/// The report of a run.
fn run_report_of(record: &RunRecord, figures: Vec<ReportFigure>) -> RunReport {
    RunReport {
        of_paper: record.config.descent_of_kou().is_some(),
        title: format!(
            "{} on {}",
            record.network_words(),
            record.manifest.data.source
        ),
        paragraphs: about(record),
        settings: settings_of(record),
        notices: notices_of(record),
        hypotheses: hypotheses_of(record),
        stop_reason: record.stop().map_or_else(
            || record.stop_words(),
            |stop| {
                let shown = notices_of(record);
                let notes = record
                    .manifest
                    .notes
                    .iter()
                    .filter(|note| !shown.contains(note));
                let notes = notes.map(String::as_str);
                let stop = stop.to_string();
                std::iter::once(stop.as_str())
                    .chain(notes)
                    .collect::<Vec<_>>()
                    .join("; ")
            },
        ),
        limit: Some(limit_summary(record)),
        claims: record.claims.clone(),
        figures,
        last_row: last_row(record),
        provenance: provenance_of(record),
        command: "implicit-bias train config.toml --out again".to_owned(),
    }
}
