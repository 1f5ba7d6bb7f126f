//! `reproduce`: the studies, run together and written up as one report.

use std::fmt::Write as _;
use std::path::PathBuf;

use implicit_bias_claims::{Claim, Verdict};
use implicit_bias_output::format_number;
use implicit_bias_record::StopReason;

use super::definition::{Effort, Study, StudyResult, System};
use super::limits::find_limits;
use super::section::{claim_rows, section};
use crate::batch::execute_all;
use crate::conclusion::RunRecord;
use crate::config::RunConfig;
use crate::report::{
    ClaimRow, ReproductionReport, Setting, SystemEntry, claims_legend, claims_sources,
    claims_table_latex, claims_table_markdown, claims_table_text, provenance_of,
    reproduction_report, settings_of,
};
use crate::run::RunDirectory;
use crate::{LabError, Progress};

/// What a report says of its studies together.
#[derive(Clone, Copy, Debug)]
pub struct Headline<'a> {
    /// The title.
    pub title: &'a str,
    /// As [`System::origin`].
    pub origin: &'a str,
    /// What it is about, in whole sentences.
    pub introduction: &'a str,
    /// The command line that makes it again.
    pub command: &'a str,
}

/// Who looks on while studies go.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// The bar over all runs.
    pub progress: &'a Progress,
    /// Whether the user asked to stop.
    pub interrupted: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Watch<'a> {
    /// Nobody who would stop them.
    pub fn to_the_end(progress: &'a Progress) -> Self {
        Self {
            progress,
            interrupted: &|| false,
        }
    }
}

/// Finished studies, with their report on disk.
#[derive(Clone, Debug)]
pub struct Reproduction {
    folder: PathBuf,
    rows: Vec<ClaimRow>,
    records: Vec<RunRecord>,
    found: Vec<String>,
}

impl Reproduction {
    /// Runs all studies of a system, as [`of`](Self::of) does some; the report says that `command`
    /// makes them again.
    ///
    /// # Errors
    ///
    /// Those of the runs and of the file system.
    pub fn run(
        system: &System,
        effort: Effort,
        command: &str,
        directory: RunDirectory,
        watch: Watch<'_>,
    ) -> Result<Self, LabError> {
        let headline = Headline {
            title: system.title,
            origin: system.origin,
            introduction: system.introduction,
            command,
        };
        Self::of(&(system.studies)(effort), &headline, directory, watch)
    }

    /// Runs some studies into `directory`: the runs in `runs/`, the figures in
    /// `figures/`, the table of claims as `claims.md` and `claims.tex`, and `report.html`. A
    /// configuration that several studies share is run once, and one that is there already is not
    /// run again; nor is a limit, which `limits/` has until all is done.
    ///
    /// # Errors
    ///
    /// Those of the runs and of the file system; [`LabError::Interrupted`] where some runs were left,
    /// which the same call goes on with.
    pub fn of(
        studies: &[Study],
        headline: &Headline<'_>,
        directory: RunDirectory,
        watch: Watch<'_>,
    ) -> Result<Self, LabError> {
        let Watch {
            progress,
            interrupted,
        } = watch;
        let mut configs: Vec<RunConfig> = Vec::new();
        let mut places: Vec<Vec<usize>> = Vec::new();
        for study in studies {
            let mut place = Vec::new();
            for run in &study.runs {
                let config = RunConfig::resolve(&run.settings)?;
                let index = configs.iter().position(|known| *known == config);
                place.push(index.unwrap_or_else(|| {
                    configs.push(config);
                    configs.len() - 1
                }));
            }
            places.push(place);
        }
        let records = execute_all(
            &configs,
            &directory.path().join("runs"),
            progress,
            interrupted,
        )?;
        let kept = directory.path().join("limits");
        let mut limits = Vec::new();
        for study in studies {
            if !study.limits.is_empty() {
                progress.set_message(&format!("limits of {}", study.name));
            }
            limits.push(find_limits(
                &study.limits,
                Some(&kept),
                progress,
                interrupted,
            )?);
        }
        progress.set_message("figures and report");
        let mut found = Vec::new();
        let mut rows = Vec::new();
        let mut sections = Vec::new();
        for ((study, place), limits) in studies.iter().zip(&places).zip(&limits) {
            let results: Vec<StudyResult<'_>> = study
                .runs
                .iter()
                .zip(place)
                .map(|(run, &index)| StudyResult {
                    run,
                    record: &records[index],
                })
                .collect();
            let (section, files) = section(study, &results, limits)?;
            for (name, text) in files {
                directory.write(&format!("figures/{name}"), text.as_bytes())?;
            }
            // What the limits showed comes after what the study says beforehand.
            let said = study.paragraphs.len();
            found.extend(section.paragraphs.iter().skip(said).cloned());
            rows.extend(claim_rows(study, &results));
            sections.push(section);
        }
        let report = ReproductionReport {
            title: headline.title.to_owned(),
            origin: headline.origin.to_owned(),
            summary: summary(headline, &records, limits.iter().map(Vec::len).sum(), &rows),
            claims: rows.clone(),
            sections,
            settings: records
                .first()
                .map(settings_of)
                .map(common)
                .unwrap_or_default(),
            provenance: records.first().map(provenance_of).unwrap_or_default(),
            command: headline.command.to_owned(),
        };
        directory.write("report.html", reproduction_report(&report)?.as_bytes())?;
        directory.write("claims.md", claims_table_markdown(&rows).as_bytes())?;
        directory.write("claims.tex", claims_table_latex(&rows).as_bytes())?;
        // All of it is in the report; where it stays, nothing reads it.
        let _ = std::fs::remove_dir_all(&kept);
        Ok(Self {
            folder: directory.path().to_owned(),
            rows,
            records,
            found,
        })
    }

    /// The table of claims for a terminal, with what is measured for each, and what the limits
    /// showed.
    pub fn table_text(&self) -> String {
        let claims: Vec<&Claim> = self
            .records
            .iter()
            .flat_map(|record| &record.claims)
            .collect();
        let mut text = String::new();
        if !self.rows.is_empty() {
            text += &format!(
                "{}\nmeasured\n{}\n{}",
                claims_table_text(&self.rows),
                claims_legend(&claims),
                claims_sources(&self.rows),
            );
        }
        for line in &self.found {
            text += &format!("\n{line}\n");
        }
        text
    }

    /// A row of a page of contents, for a report in the folder `name` beside it.
    pub fn entry(&self, system: &System) -> SystemEntry {
        let count = |verdict: Verdict| {
            let rows = self.rows.iter();
            rows.filter(|row| row.verdict == verdict).count()
        };
        let of_paper = "Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935)";
        let origin = match system.origin {
            "" => format!("An independent reproduction of {of_paper}"),
            origin => origin.to_owned(),
        };
        SystemEntry {
            link: format!("{}/report.html", system.name),
            title: system.title.to_owned(),
            origin,
            runs: self.records.len(),
            verdicts: [Verdict::Supported, Verdict::Refuted, Verdict::Inconclusive].map(count),
        }
    }

    /// The rows of the table of claims.
    pub fn rows(&self) -> &[ClaimRow] {
        &self.rows
    }

    /// The runs, each once.
    pub fn records(&self) -> &[RunRecord] {
        &self.records
    }

    /// Where the report is.
    pub fn report_path(&self) -> PathBuf {
        self.folder.join("report.html")
    }

    /// Whether every run went as far as its engine can: to its horizon, or to where it stalled. A
    /// stalled run is a finding, since its verdicts say what its shorter trajectory decides; one
    /// that diverged, left the finite numbers or was interrupted is a failure.
    pub fn completed(&self) -> bool {
        self.records.iter().all(|record| {
            let stop = record.stop();
            stop.is_some_and(StopReason::is_complete)
                || matches!(stop, Some(StopReason::Stalled { .. }))
        })
    }

    /// The runs that ended before their horizon, a line each; empty where there is none.
    pub fn early_stops_text(&self) -> String {
        let mut text = String::new();
        for record in &self.records {
            match record.stop() {
                None => {}
                Some(stop) if stop.is_complete() => {}
                Some(stop) => {
                    // Writing to a string does not fail.
                    let _ = writeln!(text, "ended early: {} ({stop})", record.path.display());
                }
            }
        }
        text
    }
}

/// The settings of the first run that the report lists; each run has its own in `runs/`.
fn common(settings: Vec<Setting>) -> Vec<Setting> {
    let mut settings = settings;
    settings.push(
        Setting::new("other runs", "as each section says").with_note(
            "every run has its configuration, tables, figures and verdicts in the folder runs/",
        ),
    );
    settings
}

fn summary(
    headline: &Headline<'_>,
    records: &[RunRecord],
    limits: usize,
    rows: &[ClaimRow],
) -> Vec<String> {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let horizon = records
        .iter()
        .map(|record| record.config.steps.get())
        .fold(0.0, f64::max);
    let mut said = Vec::new();
    if !records.is_empty() {
        said.push(format!(
            "{} runs, to horizons of up to {} steps.",
            records.len(),
            format_number(horizon)
        ));
    }
    if limits > 0 {
        said.push(format!(
            "{limits} data sets and networks of which the limit alone was computed."
        ));
    }
    if !rows.is_empty() {
        said.push(format!(
            "Of {} verdicts {} are supported, {} refuted and {} inconclusive.",
            rows.len(),
            count(Verdict::Supported),
            count(Verdict::Refuted),
            count(Verdict::Inconclusive),
        ));
    }
    vec![headline.introduction.to_owned(), said.join(" ")]
}
