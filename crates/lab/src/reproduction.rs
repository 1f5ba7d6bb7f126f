//! `reproduce`: the studies, run together and written up as one report.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::claims::{Claim, Verdict};
use crate::config::RunConfig;
use crate::figures::format_number;
use crate::report::{
    ClaimRow, ReproductionReport, Setting, claims_legend, claims_table_latex,
    claims_table_markdown, claims_table_text, reproduction_report,
};
use crate::run::{RunDirectory, RunRecord, execute_all, provenance_of, settings_of};
use crate::studies::{Scale, Study, StudyResult, all, claim_rows, find_limits, section};
use crate::{LabError, Progress, StopReason};

/// Finished studies, with their report on disk.
#[derive(Clone, Debug)]
pub struct Reproduction {
    folder: PathBuf,
    rows: Vec<ClaimRow>,
    records: Vec<RunRecord>,
    found: Vec<String>,
}

impl Reproduction {
    /// Runs all studies into `directory`: the runs in `runs/`, the figures in
    /// `figures/`, the table of claims as `claims.md` and `claims.tex`, and `report.html`.
    ///
    /// # Errors
    ///
    /// Those of the runs and of the file system.
    pub fn run(
        quick: bool,
        directory: RunDirectory,
        progress: &Progress,
    ) -> Result<Self, LabError> {
        let scale = if quick { Scale::Quick } else { Scale::Full };
        let command = if quick {
            "reproduce --quick"
        } else {
            "reproduce"
        };
        Self::of(
            &all(scale),
            &format!("cargo run --release -- {command}"),
            directory,
            progress,
        )
    }

    /// Runs some studies, as [`run`](Self::run) does all; `command` is what the report says makes
    /// them again. A configuration that several studies share is run once.
    ///
    /// # Errors
    ///
    /// Those of the runs and of the file system.
    pub fn of(
        studies: &[Study],
        command: &str,
        directory: RunDirectory,
        progress: &Progress,
    ) -> Result<Self, LabError> {
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
        let records = execute_all(&configs, &directory.path().join("runs"), progress)?;
        let mut limits = Vec::new();
        for study in studies {
            if !study.limits.is_empty() {
                progress.say(&format!("limits of {}", study.name));
            }
            limits.push(find_limits(&study.limits, progress)?);
        }
        progress.say("figures and report");
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
            title: match studies {
                [only] => only.title.to_owned(),
                _ => "Where gradient descent ends up on nearly orthogonal data".to_owned(),
            },
            origin: String::new(),
            summary: summary(&records, limits.iter().map(Vec::len).sum(), &rows),
            claims: rows.clone(),
            sections,
            settings: records
                .first()
                .map(settings_of)
                .map(common)
                .unwrap_or_default(),
            provenance: records.first().map(provenance_of).unwrap_or_default(),
            command: command.to_owned(),
        };
        directory.write("report.html", reproduction_report(&report)?.as_bytes())?;
        directory.write("claims.md", claims_table_markdown(&rows).as_bytes())?;
        directory.write("claims.tex", claims_table_latex(&rows).as_bytes())?;
        Ok(Self {
            folder: directory.path().to_owned(),
            rows,
            records,
            found,
        })
    }

    /// The table of claims for a terminal, with what is measured for each, and what the limits showed.
    pub fn table_text(&self) -> String {
        let claims: Vec<&Claim> = self
            .records
            .iter()
            .flat_map(|record| &record.claims)
            .collect();
        let mut text = String::new();
        if !self.rows.is_empty() {
            text += &format!(
                "{}\nmeasured\n{}",
                claims_table_text(&self.rows),
                claims_legend(&claims)
            );
        }
        for line in &self.found {
            text += &format!("\n{line}\n");
        }
        text
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

    /// Whether every run went as far as its engine can: to its horizon, or to where it stalled. A stalled
    /// run is a finding, since its verdicts say what its shorter trajectory decides; one that diverged, left
    /// the finite numbers or was interrupted is a failure.
    pub fn completed(&self) -> bool {
        self.records.iter().all(|record| {
            matches!(
                record.stop(),
                Some(StopReason::Completed { .. } | StopReason::Stalled { .. })
            )
        })
    }

    /// The runs that ended before their horizon, a line each; empty where there is none.
    pub fn early_stops_text(&self) -> String {
        let mut text = String::new();
        for record in &self.records {
            match record.stop() {
                None | Some(StopReason::Completed { .. }) => {}
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

fn summary(records: &[RunRecord], limits: usize, rows: &[ClaimRow]) -> Vec<String> {
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
    vec![
        "Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) prove where plain gradient descent takes \
         two-layer ReLU and leaky ReLU networks on nearly orthogonal data. This report trains such \
         networks, measures what the theorems speak of, and judges each claim with a stated \
         criterion. All settings and criteria are this project's own."
            .to_owned(),
        said.join(" "),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::studies::leaky_slope;

    /// Two equal samples with opposite labels stall the Gram engine; a huge step size makes it diverge.
    fn study(folder: &std::path::Path, step_size: f64) -> Reproduction {
        let data = folder.join("contradiction.csv");
        std::fs::write(&data, "a,b,y\n1,0.2,1\n1,0.2,-1\n0.1,1,1\n").unwrap();
        let mut study = leaky_slope(Scale::Quick);
        study.runs.truncate(1);
        study.limits.clear();
        let settings = &mut study.runs[0].settings;
        *settings = crate::config::Settings {
            data: Some(data),
            activation: settings.activation,
            width: Some(4),
            step_size: Some(step_size),
            steps: Some("1e300".parse().unwrap()),
            exact_steps: Some("1e3".parse().unwrap()),
            ..Default::default()
        };
        let directory = RunDirectory::create(&folder.join("out")).unwrap();
        Reproduction::of(&[study], "test", directory, &Progress::new("test")).unwrap()
    }

    #[test]
    fn a_stalled_run_is_named_and_fails_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let found = study(folder.path(), 0.1);
        let stop = found.records()[0].stop().unwrap();
        assert!(matches!(stop, StopReason::Stalled { .. }), "{stop}");
        assert!(found.completed());
        let text = found.early_stops_text();
        assert!(text.contains(&format!("({stop})")), "{text}");
    }

    #[test]
    fn a_diverged_run_is_named_and_fails() {
        let folder = tempfile::tempdir().unwrap();
        let found = study(folder.path(), 1e30);
        assert!(!found.completed(), "{}", found.early_stops_text());
        assert_eq!(found.early_stops_text().lines().count(), 1);
    }
}
