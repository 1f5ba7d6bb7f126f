//! What the run directories of a sweep hold.

use std::path::{Path, PathBuf};

use super::claims::SweepClaims;
use super::plan::{Sweep, SweepRun};
use super::table::{Row, SweepTable};
use crate::run::write_atomically;
use crate::run::{Manifest, read_last_row, read_manifest};
use crate::{LabError, Progress};
use implicit_bias_claims::Claim;
use implicit_bias_record::{LimitOf, Prediction, StopReason};

/// What is there of a run.
#[derive(Clone, Debug)]
pub enum RunState {
    /// Nothing.
    Missing,
    /// Some of it, or what cannot be told from that.
    Begun,
    /// All of it.
    Ended(Box<Manifest>),
    /// The reason why it could not be done.
    Failed(String),
}

impl Sweep {
    /// Where the reason is noted why a run failed.
    fn failure(&self, directory: &Path, run: &SweepRun) -> PathBuf {
        directory.join("failed").join(format!("{}.txt", run.name()))
    }

    /// Writes why a run failed, so that it is not tried again unasked.
    pub(super) fn note_failure(
        &self,
        directory: &Path,
        run: &SweepRun,
        reason: &str,
    ) -> Result<(), LabError> {
        let path = self.failure(directory, run);
        let folder = path.parent().expect("it is in a folder");
        std::fs::create_dir_all(folder).map_err(|source| LabError::Write {
            path: folder.to_owned(),
            source,
        })?;
        write_atomically(&path, format!("{reason}\n").as_bytes())
    }

    /// Removes what an earlier failure of a run left.
    pub(super) fn forget_failure(&self, directory: &Path, run: &SweepRun) -> Result<(), LabError> {
        let path = self.failure(directory, run);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(LabError::Write { path, source })
            }
            _ => Ok(()),
        }
    }

    /// What is there of a run.
    pub fn state(&self, directory: &Path, run: &SweepRun) -> RunState {
        let path = self.run_directory(directory, run);
        if let Ok(manifest) = read_manifest(&path)
            && manifest.has_configuration(run.config())
            && !matches!(manifest.stop, None | Some(StopReason::Interrupted { .. }))
        {
            return RunState::Ended(Box::new(manifest));
        }
        match std::fs::read_to_string(self.failure(directory, run)) {
            Ok(reason) => RunState::Failed(reason.trim().to_owned()),
            Err(_) if path.exists() => RunState::Begun,
            Err(_) => RunState::Missing,
        }
    }

    /// The table of all runs, in the order of the sweep, and their claims; nothing is written.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] and [`LabError::Content`] name a file of an ended run that is damaged.
    pub(super) fn gather(
        &self,
        directory: &Path,
        progress: &Progress,
    ) -> Result<(SweepTable<'_>, SweepClaims), LabError> {
        let mut all = SweepClaims::default();
        let mut rows = Vec::with_capacity(self.runs().len());
        for (index, run) in self.runs().iter().enumerate() {
            let mut row = Row::new(run);
            match self.state(directory, run) {
                RunState::Missing => row.set_stop("missing", ""),
                RunState::Begun => row.set_stop("unfinished", ""),
                RunState::Failed(reason) => row.set_stop("failed", &reason),
                RunState::Ended(manifest) => {
                    let path = self.run_directory(directory, run);
                    all.add(self, run, &fill(&mut row, &path, &manifest)?);
                }
            }
            rows.push(row);
            progress.set((index + 1) as f64 / self.runs().len() as f64);
        }
        Ok((SweepTable::new(self, rows), all))
    }
}

/// Everything of an ended run that a row has; its claims.
fn fill(row: &mut Row, path: &Path, manifest: &Manifest) -> Result<Vec<Claim>, LabError> {
    row.set_stop(manifest.stop.map_or("", StopReason::word), "");
    row.text("engine", &manifest.engine);
    row.number("ratio", manifest.data.ratio);
    for (column, value) in read_last_row(&path.join("series.csv"))? {
        row.number(&column, Some(value));
    }
    let claims: Vec<Claim> = json(&path.join("claims.json"))?;
    for claim in &claims {
        let name = word(&claim.id)?.replace('-', "_");
        let block = claim
            .block
            .as_ref()
            .map_or(String::new(), |block| format!("_{block}"));
        row.text(&format!("verdict_{name}{block}"), &word(&claim.verdict)?);
    }
    let prediction = json(&path.join("limit.json"))?;
    if let Prediction::Named(limit) = &prediction {
        for (column, value) in &limit.series {
            row.number(&format!("limit_{column}"), Some(*value));
        }
    }
    if let Prediction::Solved(limit) = prediction
        && limit.of == LimitOf::ThisRun
    {
        row.number("limit_stable_rank_pos", limit.stable_rank_pos);
        row.number("limit_stable_rank_neg", limit.stable_rank_neg);
        row.number("limit_stable_rank", limit.stable_rank);
        row.number("limit_margin_min", Some(limit.normalized_margin_min));
        row.number("limit_margin_max", Some(limit.normalized_margin_max));
        row.number("limit_margin_mean", Some(limit.normalized_margin_mean));
        row.text(
            "limit_consistent",
            if limit.consistent { "true" } else { "false" },
        );
        row.text("limit_proven", if limit.proven { "true" } else { "false" });
    }
    Ok(claims)
}

fn read(path: &Path) -> Result<String, LabError> {
    std::fs::read_to_string(path).map_err(|source| LabError::Read {
        path: path.to_owned(),
        source,
    })
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, LabError> {
    serde_json::from_str(&read(path)?).map_err(|error| LabError::Content {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// A name as files spell it.
fn word(name: &impl serde::Serialize) -> Result<String, LabError> {
    let value = serde_json::to_value(name).expect("a name has a JSON form");
    Ok(value.as_str().expect("a name is a string").to_owned())
}
