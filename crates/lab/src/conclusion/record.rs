//! A run and everything concluded from it.

use std::path::{Path, PathBuf};

use implicit_bias_claims::{
    Claim, ClaimContext, Hypotheses, RankClaim, Regime, RunEnd, judge, limit_of,
};
use implicit_bias_model::{Activation, TwoLayerConfig, Weights};
use implicit_bias_output::{sha256, to_json};
use implicit_bias_record::{Prediction, Series, StopReason};

use super::conditions::regime;
use super::predict::predict_again;
use crate::LabError;
use crate::config::{RunConfig, TwoLayerDescent, read_settings};
use crate::run::{Manifest, RunDirectory, read_manifest};

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
    /// The step size beside the smoothness of the loss, and what the loss shows of it; `None` for a
    /// run that the theorems of Kou, Chen & Gu are not about.
    pub regime: Option<Regime>,
    /// `claims.json`; none of a run that no claim is about.
    pub claims: Vec<Claim>,
}

impl RunRecord {
    /// A record with its claims judged.
    pub(crate) fn new(
        path: PathBuf,
        config: RunConfig,
        manifest: Manifest,
        series: Series,
        margins: Series,
        prediction: Prediction,
    ) -> Self {
        let prediction = prediction.with_limit_of(limit_of(&series));
        let regime = regime(&config, &manifest, &series);
        let mut claims = Vec::new();
        if let Some((regime, descent)) = regime.as_ref().zip(config.two_layer_descent()) {
            let context = claim_context(descent, &manifest, &prediction);
            claims = judge(&series, &margins, &context);
            regime.withhold(&mut claims);
            Hypotheses::of(regime.conditions()).write(&mut claims);
        }
        Self {
            path,
            config,
            manifest,
            series,
            margins,
            prediction,
            regime,
            claims,
        }
    }

    /// Reads a run directory and judges its claims anew. Its limit is computed from its weights and
    /// its data, or read from `limit.json` where the data cannot be loaded again.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] or [`LabError::Content`] names the file that is missing or damaged.
    pub fn read(path: &Path) -> Result<Self, LabError> {
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
        if sha256(&read("config.toml")?) != manifest.config_sha256 {
            let reason = "expected the configuration the run was started with, found another one";
            return Err(content("config.toml", reason.to_owned()));
        }
        let config = RunConfig::resolve(&read_settings(&path.join("config.toml"))?)?;
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
        let columns = if series.is_empty() {
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
        let prediction = predict_again(path, &config, &manifest, &series);
        Ok(Self::new(
            path.to_owned(),
            config,
            manifest,
            series,
            margins,
            prediction,
        ))
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

    /// The hypotheses of the theorems on this run, where they are about it.
    pub fn hypotheses(&self) -> Option<Hypotheses> {
        let regime = self.regime.as_ref()?;
        Some(Hypotheses::of(regime.conditions()))
    }

    /// What a reader must know of the steps before the verdicts.
    pub fn regime_notices(&self) -> Vec<String> {
        self.regime
            .as_ref()
            .map(Regime::notices)
            .unwrap_or_default()
    }

    /// Writes claims and limit.
    pub(crate) fn write_verdicts(&self, directory: &RunDirectory) -> Result<(), LabError> {
        directory.write("claims.json", &to_json(&self.claims))?;
        directory.write("limit.json", &to_json(&self.prediction))
    }
}

/// The first rows of a table.
fn first_rows(table: Series, rows: usize) -> Series {
    let mut first = Series::new(table.columns().to_vec());
    for row in table.rows().iter().take(rows) {
        first.push(row.clone());
    }
    first
}

/// What the claims need to know about a run besides its tables.
fn claim_context(
    descent: TwoLayerDescent,
    manifest: &Manifest,
    prediction: &Prediction,
) -> ClaimContext {
    let bounded = descent.activation == Activation::RELU;
    ClaimContext {
        rank_claim: Some(if bounded {
            RankClaim::Bounded
        } else {
            RankClaim::OnePerBlock
        }),
        blocks: TwoLayerConfig::BLOCKS.map(str::to_owned).to_vec(),
        homogeneity: 1.0,
        prediction: Some(prediction.clone()),
        largest_rank: Some(manifest.width.min(manifest.data.n).min(manifest.data.d)),
        end: match manifest.stop {
            Some(StopReason::Diverged { step }) => RunEnd::Diverged { step },
            Some(StopReason::NonFinite { step }) => RunEnd::NonFinite { step },
            Some(
                StopReason::Completed { .. }
                | StopReason::Stalled { .. }
                | StopReason::Interrupted { .. },
            )
            | None => RunEnd::Sound,
        },
    }
}
