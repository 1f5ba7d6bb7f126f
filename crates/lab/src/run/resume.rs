//! A run that goes on.

use std::path::Path;

use super::choice::{Choice, Pick};
use super::predict::Snapshots;
use super::{
    FORMAT, Manifest, Prepared, Run, RunDirectory, RunOptions, RunRecord, checkpoint, execute,
    ready, sha256, to_json,
};
use crate::config::{RunConfig, Settings, Steps, resolve_checkpoint_interval};
use crate::{LabError, StopReason};

/// The configuration of an extended run until its manifest knows it.
const NEXT_CONFIG: &str = "config.toml.next";

/// What [`resume`] came to.
#[derive(Clone, Debug)]
pub enum Resumed {
    /// The run had ended before; nothing was done.
    AlreadyEnded(RunRecord),
    /// The run went on.
    WentOn(RunRecord),
}

/// Goes on with the run of a directory from its last checkpoint, or from its start if it has none. The
/// finished directory is, but for the times in its manifest, byte for byte that of a run that was never
/// cut off.
///
/// `steps` beyond the run's horizon extend it, also where it had ended; `checkpoint_interval` is that of
/// [`RunConfig`], in seconds.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`] name the file that is missing, damaged or edited;
/// [`LabError::Config`] for `steps` short of those taken; [`LabError::Checkpoint`] where data or initial
/// weights have changed; [`LabError::Locked`] if another process is at it; and those of a run.
pub fn resume(
    path: &Path,
    steps: Option<Steps>,
    checkpoint_interval: Option<f64>,
    mut options: RunOptions<'_>,
) -> Result<Resumed, LabError> {
    if !path.join("manifest.json").exists() && path.join("config.toml").exists() {
        return Err(LabError::Content {
            path: path.to_owned(),
            reason: "expected a run, found one that was cut off before it began; start it again as before"
                .to_owned(),
        });
    }
    // Before the lock, which would make a folder.
    read_manifest(path)?;
    let directory = RunDirectory::open(path);
    let lock = directory.lock()?;
    directory.remove_unfinished()?;
    let mut manifest = read_manifest(path)?;
    let mut config = read_config(path, &directory, &manifest)?;
    config.checkpoint_interval = resolve_checkpoint_interval(checkpoint_interval)?;
    let horizon = steps.map_or(config.steps.get(), Steps::get);
    let longer = horizon > config.steps.get();
    let ended = match manifest.stop {
        None | Some(StopReason::Interrupted { .. }) => None,
        stop => stop,
    };
    if horizon < config.steps.get() {
        return Err(LabError::Config {
            key: "steps".into(),
            expected: format!("at least the {} steps of the run", config.steps),
            found: format!("{horizon}"),
        });
    }
    match ended {
        None => {}
        Some(_) if !longer => {
            drop(lock);
            return Ok(Resumed::AlreadyEnded(RunRecord::read(path)?));
        }
        Some(StopReason::Completed { .. }) => {}
        Some(stop) => {
            return Err(LabError::Config {
                key: "steps".into(),
                expected: "a run that can go on".into(),
                found: format!("one that ended as {stop}"),
            });
        }
    }
    let state = checkpoint::read(path, options.announce)?;
    let prepared = Prepared::watched(&config, options.stage)?;
    if prepared.data.sha256() != manifest.data.sha256 {
        return Err(LabError::Checkpoint(
            "expected the data that the run was started with, found others".into(),
        ));
    }
    let start = prepared.sha256();
    if state.as_ref().is_some_and(|state| state.start != start) {
        return Err(LabError::Checkpoint(
            "expected the initial weights that the run was started with, found others".into(),
        ));
    }
    let choice = Choice {
        engine: if manifest.engine == "gram" {
            Pick::Gram
        } else {
            Pick::Tensor
        },
        reason: manifest.engine_reason.clone(),
    };
    let ready = ready(&config, &prepared, choice, &mut options)?;
    let found = (ready.device.as_str(), ready.precision, ready.gradient);
    let expected = (
        manifest.device.as_str(),
        manifest.precision,
        manifest.gradient.as_str(),
    );
    if found != expected {
        return Err(LabError::Checkpoint(format!(
            "expected the run's device, precision and gradient {expected:?}, found {found:?}"
        )));
    }
    if longer {
        config.steps = steps.expect("there are more of them than before");
        extend(&directory, &config, &mut manifest)?;
    }
    let mut engine = ready.engine;
    let mut snapshots = Snapshots::of(&prepared.data, prepared.width);
    let tables = match state {
        Some(state) => {
            engine.restore(&state.engine)?;
            snapshots = snapshots.with(state.snapshots, prepared.width)?;
            (options.announce)(&format!(
                "goes on from step {}",
                crate::format_step(engine.step())
            ));
            Some((state.series, state.margins))
        }
        None => {
            (options.announce)("no checkpoint: starts again from step 0");
            None
        }
    };
    manifest.stop = None;
    directory.write("manifest.json", &to_json(&manifest))?;
    let rows = std::fs::read_to_string(path.join("series.csv"))
        .map_or(0, |text| text.lines().count().saturating_sub(1));
    let run = Run {
        config: &config,
        prepared: &prepared,
        directory: &directory,
        engine,
        manifest,
        tables,
        rows,
        snapshots,
    };
    let record = run.finish(options);
    drop(lock);
    record.map(Resumed::WentOn)
}

/// Runs a configuration in a directory of its own, or goes on with what is there of it.
///
/// # Errors
///
/// [`LabError::Content`] for a directory of another configuration, and those of [`execute`] and [`resume`].
pub(crate) fn begin_or_resume(
    config: &RunConfig,
    path: &Path,
    options: RunOptions<'_>,
) -> Result<RunRecord, LabError> {
    if !path.join("manifest.json").exists() {
        let config = RunConfig {
            out: Some(path.to_owned()),
            ..config.clone()
        };
        return execute(&config, options);
    }
    if read_manifest(path)?.config_sha256 != sha256(config.to_toml()) {
        return Err(LabError::Content {
            path: path.to_owned(),
            reason: "expected a run of this configuration, found one of another".to_owned(),
        });
    }
    match resume(path, None, Some(config.checkpoint_interval), options)? {
        Resumed::AlreadyEnded(record) | Resumed::WentOn(record) => Ok(record),
    }
}

fn read_text(path: &Path) -> Result<String, LabError> {
    std::fs::read_to_string(path).map_err(|source| LabError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The manifest of a run directory.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`].
pub(crate) fn read_manifest(path: &Path) -> Result<Manifest, LabError> {
    let path = path.join("manifest.json");
    let content = |reason| LabError::Content {
        path: path.clone(),
        reason,
    };
    let manifest: Manifest =
        serde_json::from_str(&read_text(&path)?).map_err(|error| content(error.to_string()))?;
    if manifest.format != FORMAT {
        let found = manifest.format;
        return Err(content(format!(
            "expected run format {FORMAT}, found {found}"
        )));
    }
    Ok(manifest)
}

/// The configuration that a manifest was written with; an extension that was cut off is brought to its end.
fn read_config(
    path: &Path,
    directory: &RunDirectory,
    manifest: &Manifest,
) -> Result<RunConfig, LabError> {
    let (file, next) = (path.join("config.toml"), path.join(NEXT_CONFIG));
    if sha256(read_text(&file)?) != manifest.config_sha256 {
        match std::fs::read_to_string(&next) {
            Ok(text) if sha256(&text) == manifest.config_sha256 => {
                directory.write("config.toml", text.as_bytes())?;
            }
            _ => {
                return Err(LabError::Content {
                    path: file,
                    reason:
                        "expected the configuration the run was started with, found another one"
                            .to_owned(),
                });
            }
        }
    }
    directory.remove(NEXT_CONFIG)?;
    RunConfig::resolve(&Settings::from_file(&file)?)
}

/// Writes a longer configuration and the manifest that knows it, so that a cut anywhere leaves one that
/// belongs to the other.
fn extend(
    directory: &RunDirectory,
    config: &RunConfig,
    manifest: &mut Manifest,
) -> Result<(), LabError> {
    let text = config.to_toml();
    directory.write(NEXT_CONFIG, text.as_bytes())?;
    manifest.config_sha256 = sha256(&text);
    manifest.stop = None;
    directory.write("manifest.json", &to_json(manifest))?;
    directory.write("config.toml", text.as_bytes())?;
    directory.remove(NEXT_CONFIG)
}
