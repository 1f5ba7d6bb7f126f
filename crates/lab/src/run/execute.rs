//! A run from its configuration to its directory: data, geometry, choice of engine, engine,
//! directory.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use implicit_bias_output::{sha256, to_json};

use super::build::ReadyEngine;
use super::checkpoint;
use super::choice::{EngineChoice, Pick};
use super::directory::{HeldDirectory, RunDirectory};
use super::manifest::{Continuation, DataManifest, FORMAT, Manifest};
use super::options::RunOptions;
use super::prepare::{Prepared, unread_weights};
use super::shorter::ShorterRun;
use super::snapshots::Snapshots;
use super::steps::{EndedRun, Messages, RunInProgress};
use crate::LabError;
use crate::config::RunConfig;

/// Who says what a user should know before a run takes its first step.
pub(crate) type Notices<'a> = &'a dyn Fn(&RunConfig, &Prepared) -> Vec<String>;

/// Where a run goes, and where it may begin.
#[derive(Default)]
pub(crate) struct Place<'a> {
    /// A directory that is held already; without, that of the configuration.
    pub held: Option<HeldDirectory>,
    /// The directory of a run that may be a shorter one of the same configuration: where it is, the
    /// run begins at its end, with everything that it recorded.
    pub shorter: Option<&'a Path>,
}

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
    place: Place<'_>,
    mut options: RunOptions<'_>,
    notices: Notices<'_>,
    conclude: impl FnOnce(EndedRun<'_>, &mut Messages<'_>) -> Result<(T, Manifest), LabError>,
) -> Result<T, LabError> {
    let Place { held, shorter } = place;
    let config_text = config.to_toml();
    // A directory in use is refused before any work.
    let held_path = held.as_ref().map(|held| held.directory.path());
    let asked = held_path.or(config.out.as_deref());
    let files = config.files();
    let asked = asked.map(|path| RunDirectory::begin(path, &config_text, &files));
    let asked = asked.transpose()?;
    let prepared = Prepared::watched(config, options.stage)?;
    for note in config.data.notes()? {
        (options.announce)(&format!("data: {note}"));
    }
    if let Some(words) = unread_weights(config, &prepared.weights)? {
        (options.announce)(&words);
    }
    let choice = prepared.choice(config)?;
    let mut ready = ready(config, &prepared, choice, &mut options, notices)?;
    let shorter = shorter.and_then(|path| ShorterRun::read(path, config));
    let shorter = shorter.filter(|shorter| shorter.is_of(config, &prepared, &ready));
    let held = match (held, asked) {
        (Some(held), _) => held,
        (None, Some(directory)) => directory.hold(options.warn)?,
        (None, None) => {
            RunDirectory::create_numbered(options.parent, &config.run_name())?.hold(options.warn)?
        }
    };
    let directory = &held.directory;
    let mut manifest = first_manifest(config, &prepared, &ready, &config_text);
    directory.write_first("config.toml", &config_text, &files)?;
    let mut snapshots = Snapshots::of(&prepared.data, prepared.width);
    let mut tables = None;
    if let Some(ShorterRun {
        manifest: first,
        state,
    }) = shorter
    {
        // On the disk before the manifest, which says that a run goes on from what is there.
        checkpoint::write(directory, &state)?;
        ready.engine.restore(&state.engine)?;
        manifest.begins_as(&first, ready.engine.step());
        snapshots = snapshots.with(state.snapshots, prepared.width)?;
        tables = Some((state.series, state.margins));
    }
    directory.write("manifest.json", &to_json(&manifest))?;
    let run = RunInProgress {
        config,
        prepared: &prepared,
        directory,
        engine: ready.engine,
        manifest,
        tables,
        rows: 0,
        snapshots,
    };
    run.finish(options, conclude)
}

/// The manifest of a run that begins.
fn first_manifest(
    config: &RunConfig,
    prepared: &Prepared,
    ready: &ReadyEngine,
    config_text: &str,
) -> Manifest {
    let this = Continuation::by_this_program();
    Manifest {
        format: FORMAT,
        implicit_bias: this.implicit_bias,
        commit: this.commit,
        burn: this.burn,
        engine: ready.engine.name().to_owned(),
        engine_reason: ready.reason.clone(),
        gradient: ready.gradient.to_owned(),
        device: ready.device.clone(),
        precision: ready.precision,
        config_sha256: sha256(config_text),
        seed: config.seed,
        width: prepared.width,
        data: DataManifest::new(config, prepared),
        config_sha256_without_paths: config.sha256_without_paths(),
        continued_by: Vec::new(),
        started: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs()),
        wall_seconds: 0.0,
        not_homogeneous: ready.engine.homogeneity().is_none(),
        notes: Vec::new(),
        stop: None,
    }
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
