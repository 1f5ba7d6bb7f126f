//! A run from its configuration to its directory: data, geometry, choice of engine, engine,
//! directory.

use std::time::{SystemTime, UNIX_EPOCH};

use implicit_bias_output::{sha256, to_json};

use super::build::ReadyEngine;
use super::choice::{EngineChoice, Pick};
use super::directory::RunDirectory;
use super::manifest::{DataManifest, FORMAT, Manifest};
use super::options::RunOptions;
use super::prepare::Prepared;
use super::snapshots::Snapshots;
use super::steps::{EndedRun, Messages, RunInProgress};
use crate::LabError;
use crate::config::RunConfig;

/// Who says what a user should know before a run takes its first step.
pub(crate) type Notices<'a> = &'a dyn Fn(&RunConfig, &Prepared) -> Vec<String>;

/// Runs a configuration and leaves a finished run directory; `conclude` writes what is concluded
/// from it and gives the manifest its last notes.
///
/// The directory is readable at any moment: configuration and manifest are there from the start,
/// the tables follow every two seconds, a checkpoint for [`resume`] every
/// [`checkpoint_interval`](RunConfig::checkpoint_interval), and each file is replaced by rename.
///
/// # Errors
///
/// Those of the configuration, the data, the engine and the file system. A diverging run is a
/// [`StopReason`] in the record.
pub(crate) fn execute<T>(
    config: &RunConfig,
    mut options: RunOptions<'_>,
    notices: Notices<'_>,
    conclude: impl FnOnce(EndedRun<'_>, &mut Messages<'_>) -> Result<(T, Manifest), LabError>,
) -> Result<T, LabError> {
    let config_text = config.to_toml();
    // A directory in use is refused before any work.
    let asked = config.out.as_deref();
    let asked = asked.map(|path| RunDirectory::begin(path, &config_text));
    let asked = asked.transpose()?;
    let prepared = Prepared::watched(config, options.stage)?;
    for note in config.data.notes()? {
        (options.announce)(&format!("data: {note}"));
    }
    let choice = prepared.choice(config)?;
    let ready = ready(config, &prepared, choice, &mut options, notices)?;
    let directory = match asked {
        Some(directory) => directory,
        None => RunDirectory::create_numbered(options.parent, &config.run_name())?,
    };
    let manifest = Manifest {
        format: FORMAT,
        implicit_bias: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("IMPLICIT_BIAS_COMMIT").map(str::to_owned),
        burn: env!("IMPLICIT_BIAS_BURN").to_owned(),
        engine: ready.engine.name().to_owned(),
        engine_reason: ready.reason,
        gradient: ready.gradient.to_owned(),
        device: ready.device,
        precision: ready.precision,
        config_sha256: sha256(&config_text),
        seed: config.seed,
        width: prepared.width,
        data: DataManifest::new(config, &prepared),
        started: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs()),
        wall_seconds: 0.0,
        notes: Vec::new(),
        stop: None,
    };
    let lock = directory.lock()?;
    directory.write_first("config.toml", &config_text)?;
    directory.write("manifest.json", &to_json(&manifest))?;
    let run = RunInProgress {
        config,
        prepared: &prepared,
        directory: &directory,
        engine: ready.engine,
        manifest,
        tables: None,
        rows: 0,
        snapshots: Snapshots::of(&prepared.data, prepared.width),
    };
    let record = run.finish(options, conclude);
    drop(lock);
    record
}

/// The engine of a choice, announced.
pub(super) fn ready(
    config: &RunConfig,
    prepared: &Prepared,
    choice: EngineChoice,
    options: &mut RunOptions<'_>,
    notices: Notices<'_>,
) -> Result<ReadyEngine, LabError> {
    (options.stage)(
        &match choice.engine {
            Pick::Gram => format!("inner products of {} samples", prepared.data.samples()),
            Pick::Tensor => "network".to_owned(),
        },
        0.0,
    );
    let ready = prepared.engine_of(config, options.threads, choice)?;
    (options.announce)(&format!("engine {}: {}", ready.engine.name(), ready.reason));
    for notice in notices(config, prepared) {
        (options.announce)(&notice);
    }
    Ok(ready)
}
