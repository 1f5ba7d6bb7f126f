//! A run and everything concluded from it.

use std::path::{Path, PathBuf};

use implicit_bias_claims::{Claim, Hypotheses, RunView, limit_of};
use implicit_bias_data::TrainingSet;
use implicit_bias_model::Weights;
use implicit_bias_output::{format_step, sha256, to_json};
use implicit_bias_record::{Prediction, Series, StopReason};

use super::facts::{end, facts_of_run};
use super::predict::{WhereTo, predict_again};
use crate::LabError;
use crate::config::{MovedFiles, RunConfig, read_settings, theories};
use crate::run::{CHANGED_CONFIG, Manifest, Owner, RunDirectory, read_manifest};

/// A run that ended, with what was recorded and the claims judged on it.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// The run directory.
    pub path: PathBuf,
    /// The configuration.
    pub config: RunConfig,
    /// Versions, machine, data.
    pub manifest: Manifest,
    /// `series.csv`.
    pub series: Series,
    /// `margins.csv`.
    pub margins: Series,
    /// `limit.json`: where the run ends, by the limit program (docs/theory.md §6, derived), or why
    /// that is not known.
    pub prediction: Prediction,
    /// What a reader must know of the run before the verdicts, a sentence each.
    pub notices: Vec<String>,
    /// Those of the notices that nobody could know before the run ended.
    pub outcome: Vec<String>,
    /// `claims.json`; none of a run that no claim is about.
    pub claims: Vec<Claim>,
    /// Who is in the run directory, where the run has not ended.
    pub owner: Owner,
}

impl RunRecord {
    /// A record with its claims judged.
    pub(crate) fn new(
        path: PathBuf,
        config: RunConfig,
        manifest: Manifest,
        series: Series,
        margins: Series,
        where_to: WhereTo,
    ) -> Self {
        let prediction = where_to.prediction.with_limit_of(limit_of(&series));
        let view = RunView {
            facts: &facts_of_run(&config, &manifest),
            series: &series,
            margins: &margins,
            end: end(manifest.stop),
            prediction: &prediction,
            numbers: where_to.numbers.as_ref().map_err(String::as_str),
        };
        let (mut claims, mut notices, mut outcome) = (Vec::new(), Vec::new(), Vec::new());
        for judgement in theories().filter_map(|theory| (theory.judge)(&view)) {
            claims.extend(judgement.claims);
            notices.extend(judgement.notices);
            outcome.extend(judgement.outcome);
        }
        let parts = sensitivity_notice(&series);
        notices.extend(parts.clone());
        outcome.extend(parts);
        Self {
            path,
            config,
            manifest,
            series,
            margins,
            prediction,
            notices,
            outcome,
            claims,
            owner: Owner::Nobody,
        }
    }

    /// Reads a run directory and judges its claims anew. Its limit is computed from its weights and
    /// its data, or read from `limit.json` where the data cannot be loaded again.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] or [`LabError::Content`] names the file that is missing or damaged.
    pub fn read(path: &Path) -> Result<Self, LabError> {
        Self::read_moved(path, &MovedFiles::default())
    }

    /// The same of a run whose files were moved since.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); [`LabError::Config`] for a file that the run does not have.
    pub fn read_moved(path: &Path, moved: &MovedFiles) -> Result<Self, LabError> {
        let read = |name: &str| {
            let path = path.join(name);
            std::fs::read_to_string(&path).map_err(|source| LabError::Read { path, source })
        };
        let content = |name: &str, reason: String| LabError::Content {
            path: path.join(name),
            reason,
        };
        let table = |name: &str| {
            Series::from_csv(&read(name)?).map_err(|error| content(name, error.to_string()))
        };
        let manifest = read_manifest(path)?;
        let text = read("config.toml")?;
        let config = read_settings(&path.join("config.toml"));
        let config = config.and_then(|settings| RunConfig::resolve(&settings));
        let is_own = sha256(&text) == manifest.config_sha256;
        if !is_own && !config.as_ref().is_ok_and(|config| manifest.is_of(config)) {
            return Err(content("config.toml", CHANGED_CONFIG.to_owned()));
        }
        let config = moved.apply(config?)?;
        let (mut series, mut margins) = (table("series.csv")?, table("margins.csv")?);
        if manifest.stop.is_none() {
            // Cut off between the two renames: the newer table is ahead by what was then recorded.
            let rows = series.len().min(margins.len());
            (series, margins) = (first_rows(series, rows), first_rows(margins, rows));
        }
        for (name, table) in [("series.csv", &series), ("margins.csv", &margins)] {
            let steps = table.steps();
            let rising = steps.windows(2).all(|pair| pair[0] < pair[1]);
            let sound = rising && steps.iter().all(|step| step.is_finite() && *step >= 0.0);
            if table.columns()[0] != "step" || !sound || steps != series.steps() {
                let reason =
                    "expected a first column `step` of rising steps, the same in both tables";
                return Err(content(name, reason.to_owned()));
            }
        }
        let found = manifest.data.labelled();
        if found != manifest.data.n {
            let reason = format!("expected {} labels, found {found}", manifest.data.n);
            return Err(content("manifest.json", reason));
        }
        let columns = if series.is_empty() || manifest.data.real_targets {
            1
        } else {
            manifest.data.n + 1
        };
        if margins.columns().len() != columns || series.len() != margins.len() {
            let expected = format!("{columns} columns and {} rows", series.len());
            let found = format!("{} and {}", margins.columns().len(), margins.len());
            return Err(content(
                "margins.csv",
                format!("expected {expected}, found {found}"),
            ));
        }
        let where_to = predict_again(path, &config, &manifest, &series);
        let owner = match manifest.stop {
            None => Owner::of(path),
            Some(_) => Owner::Nobody,
        };
        let path = path.to_owned();
        Ok(Self {
            owner,
            ..Self::new(path, config, manifest, series, margins, where_to)
        })
    }

    /// The data of the run, read or drawn again.
    ///
    /// # Errors
    ///
    /// Those of the reader or the law; [`LabError::Content`] names a file that is no longer where it
    /// was.
    pub fn load_data(&self) -> Result<TrainingSet, LabError> {
        let data = self.config.load_data();
        data.map_err(|error| self.config.or_missing(error))
    }

    /// How the run ended, or that it goes on, in words.
    pub fn stop_words(&self) -> String {
        match (self.stop(), self.owner) {
            (Some(stop), _) => stop.to_string(),
            (None, Owner::Nobody) => "cut off".to_owned(),
            (None, Owner::Process(number)) => {
                let step = self.series.last("step").unwrap_or(0.0);
                let number = number.map_or(String::new(), |number| format!(", process {number}"));
                format!("running, step {}{number}", format_step(step))
            }
        }
    }

    /// Why the run ended; `None` if it was cut off.
    pub fn stop(&self) -> Option<StopReason> {
        self.manifest.stop
    }

    /// The last row of the series by column name.
    pub fn last_row(&self) -> Vec<(String, f64)> {
        let last = self.series.rows().last().cloned().unwrap_or_default();
        self.series.columns().iter().cloned().zip(last).collect()
    }

    /// The last weights, as the run directory has them.
    ///
    /// # Errors
    ///
    /// [`LabError::Model`] if the file cannot be read or lacks a block.
    pub fn weights(&self) -> Result<Weights, LabError> {
        let network = &self.config.network;
        let kind = network.network_kind();
        let blocks = kind.blocks(&network.settings, self.manifest.data.d)?;
        let names: Vec<&str> = blocks.iter().map(|(name, _)| name.as_str()).collect();
        let path = self.path.join("weights.safetensors");
        Ok(Weights::from_safetensors(&path, &names)?)
    }

    /// The network in words: `ReLU` or `leaky ReLU, γ = 0.1` for two layers, else its name; and the
    /// optimizer, where it is not plain gradient descent.
    pub fn network_words(&self) -> String {
        let network = &self.config.network;
        let words = network.network_kind().describe(&network.settings);
        if self.config.optimizer.optimizer_kind().is_plain {
            words
        } else {
            format!("{words}, {}", self.config.optimizer.name)
        }
    }

    /// The hypotheses of the theorems whose claims are judged on this run, each set once.
    pub fn hypotheses(&self) -> Vec<&Hypotheses> {
        let mut all: Vec<&Hypotheses> = Vec::new();
        for hypotheses in self
            .claims
            .iter()
            .filter_map(|claim| claim.hypotheses.as_ref())
        {
            if !all.contains(&hypotheses) {
                all.push(hypotheses);
            }
        }
        all
    }

    /// Writes claims and limit.
    pub(crate) fn write_verdicts(&self, directory: &RunDirectory) -> Result<(), LabError> {
        directory.write("claims.json", &to_json(&self.claims))?;
        directory.write("limit.json", &to_json(&self.prediction))
    }
}

/// A twin this many times as far away as at first tells that rounding decides (ours).
const SENSITIVE: f64 = 1e3;

/// What a twin shows, if it parted.
fn sensitivity_notice(series: &Series) -> Option<String> {
    let distances = series.column("sensitivity")?;
    let row = distances
        .iter()
        .position(|distance| *distance >= SENSITIVE)?;
    let largest = distances.iter().copied().fold(f64::NAN, f64::max);
    Some(format!(
        "sensitivity: from step {} on a twin is more than {SENSITIVE} times as far away as at first, \
         {largest:.0e} times at most: weights there depend on rounding, and other machines and \
         orders of summation may give others",
        format_step(series.steps()[row])
    ))
}

/// The first rows of a table.
fn first_rows(table: Series, rows: usize) -> Series {
    let mut first = Series::new(table.columns().to_vec());
    for row in table.rows().iter().take(rows) {
        first.push(row.clone());
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_that_parts_is_told_from_the_step_at_which_it_did() {
        let series = |largest: f64| {
            let mut series = Series::new(["step", "sensitivity"]);
            for (step, distance) in [(0.0, 1.0), (10.0, 999.0), (100.0, largest), (1000.0, 2.0)] {
                series.push(vec![step, distance]);
            }
            series
        };
        assert_eq!(sensitivity_notice(&series(999.0)), None);
        assert_eq!(sensitivity_notice(&Series::new(["step"])), None);
        let told = sensitivity_notice(&series(3e7)).unwrap();
        assert!(told.starts_with("sensitivity: from step 100 on"), "{told}");
        assert!(told.contains("3e7 times at most"), "{told}");
    }
}
