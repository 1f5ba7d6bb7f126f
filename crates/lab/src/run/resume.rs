//! A run that goes on.

use std::path::Path;

use implicit_bias_engine::Gradient;
use implicit_bias_output::{format_step, sha256, to_json};
use implicit_bias_record::{Series, StopReason, is_on_the_way};

use super::build::ReadyEngine;
use super::checkpoint::{self, SavedRun};
use super::choice::{EngineChoice, Pick, require_reachable};
use super::directory::{HeldDirectory, RunDirectory};
use super::execute::{Notices, ready};
use super::manifest::{CHANGED_CONFIG, DataManifest, Manifest, read_manifest};
use super::options::RunOptions;
use super::prepare::Prepared;
use super::snapshots::Snapshots;
use super::steps::{EndedRun, Messages, RunInProgress};
use crate::LabError;
use crate::config::{
    EngineKind, MovedFiles, RunConfig, Steps, read_settings, resolve_checkpoint_interval,
};

/// The configuration of an extended run until its manifest knows it.
const NEXT_CONFIG: &str = "config.toml.next";

/// How a run is to go on.
#[derive(Clone, Debug, Default)]
pub struct ResumeRequest {
    /// The horizon; `None` for the run's own.
    pub steps: Option<Steps>,
    /// Seconds between two checkpoints; `None` for the default.
    pub checkpoint_interval: Option<f64>,
    /// Where its files are now.
    pub moved: MovedFiles,
    /// The same configuration with all files where they are now, in place of `moved`.
    pub config: Option<RunConfig>,
}

/// What [`resume`] came to.
pub(crate) enum ResumeOutcome<T> {
    /// The run had ended before; nothing was done.
    AlreadyEnded,
    /// The run went on, and this was concluded from it.
    WentOn(T),
}

/// Goes on with the run of a directory from its last checkpoint, or from its start if it has none.
/// The finished directory is, but for the times in its manifest, byte for byte that of a run that
/// was never cut off.
///
/// Steps beyond the run's horizon extend it, also where it had ended.
///
/// # Errors
///
/// [`LabError::Read`] and [`LabError::Content`] name the file that is missing, damaged or edited;
/// [`LabError::Config`] for steps short of those taken; [`LabError::Checkpoint`] where data or
/// initial weights have changed; [`LabError::Locked`] if another process is at it; and those of a
/// run.
pub(crate) fn resume<T>(
    path: &Path,
    held: Option<HeldDirectory>,
    request: &ResumeRequest,
    mut options: RunOptions<'_>,
    notices: Notices<'_>,
    conclude: impl FnOnce(EndedRun<'_>, &mut Messages<'_>) -> Result<(T, Manifest), LabError>,
) -> Result<ResumeOutcome<T>, LabError> {
    require_begun(path)?;
    // Before the lock, which would make a folder.
    read_manifest(path)?;
    let held = match held {
        Some(held) => held,
        None => RunDirectory::open(path).hold(options.warn)?,
    };
    let directory = &held.directory;
    directory.remove_unfinished()?;
    let mut manifest = read_manifest(path)?;
    let ended = manifest.stop;
    let config = read_config(path, directory, &manifest)?;
    let by_hand = sha256(config.to_toml()) != manifest.config_sha256;
    let are_elsewhere = by_hand || !request.moved.is_empty() || request.config.is_some();
    let mut config = match &request.config {
        Some(config) => config.clone(),
        None => request.moved.apply(config)?,
    };
    config.checkpoint_interval = resolve_checkpoint_interval(request.checkpoint_interval)?;
    let longer = match plan(&config, &manifest, request.steps)? {
        Plan::Nothing => return Ok(ResumeOutcome::AlreadyEnded),
        Plan::GoOn => None,
        Plan::Extend(steps) => Some(steps),
    };
    let state = checkpoint::read(path, options.announce)?;
    let prepared = Prepared::watched(&config, options.stage);
    let prepared = prepared.map_err(|error| config.or_missing(error))?;
    require_same_start(&config, &prepared, &manifest, state.as_ref())?;
    let mut choice = choice_of(&manifest);
    if let Some(steps) = longer {
        config = config.extended_to(steps, choice.engine == Pick::Tensor)?;
        require_reachable(choice.engine, &config, "asked for when the run began")?;
        choice = stay_with(choice, &mut config, &prepared, options.announce)?;
    }
    let as_before = with_gradient_of(&config, &manifest);
    let ready = ready(&as_before, &prepared, choice, &mut options, notices)?;
    require_same_engine(&ready, &manifest)?;
    manifest.engine_reason.clone_from(&ready.reason);
    if are_elsewhere {
        manifest.data = DataManifest::new(&config, &prepared);
    }
    if sha256(config.to_toml()) != manifest.config_sha256 {
        change(directory, &config, &mut manifest)?;
    }
    let mut engine = ready.engine;
    let mut snapshots = Snapshots::of(&prepared.data, prepared.width);
    let mut tables = None;
    if let Some(state) = state {
        engine.restore(&state.engine)?;
        snapshots = snapshots.with(state.snapshots, prepared.width)?;
        tables = Some((state.series, state.margins));
    }
    if let (Some(end), Some(tables)) = (longer.and(ended).map(StopReason::step), &mut tables) {
        leave_out_the_end(tables, end, &config, options.announce);
    }
    (options.announce)(&match &tables {
        Some(_) => format!("goes on from step {}", format_step(engine.step())),
        None => "no checkpoint: starts again from step 0".to_owned(),
    });
    manifest.stop = None;
    manifest.goes_on(engine.step());
    directory.write("manifest.json", &to_json(&manifest))?;
    // Rows of a run that is extended may be others than those on the disk.
    let rows = match longer {
        Some(_) => 0,
        None => rows_on_disk(path),
    };
    let run = RunInProgress {
        config: &config,
        prepared: &prepared,
        directory,
        engine,
        manifest,
        tables,
        rows,
        snapshots,
    };
    run.finish(options, conclude).map(ResumeOutcome::WentOn)
}

/// Refuses a run that was cut off before it wrote its manifest.
fn require_begun(path: &Path) -> Result<(), LabError> {
    if path.join("manifest.json").exists() || !path.join("config.toml").exists() {
        return Ok(());
    }
    let reason =
        "expected a run, found one that was cut off before it began; start it again as before";
    Err(LabError::Content {
        path: path.to_owned(),
        reason: reason.to_owned(),
    })
}

/// What is left to do of a run.
enum Plan {
    Nothing,
    GoOn,
    /// To this longer horizon.
    Extend(Steps),
}

/// What is left to do of a run that is asked to go to `steps`, or to its own horizon.
fn plan(config: &RunConfig, manifest: &Manifest, steps: Option<Steps>) -> Result<Plan, LabError> {
    let invalid = |expected: String, found: String| LabError::Config {
        key: "steps".into(),
        expected,
        found,
    };
    let horizon = steps.map_or(config.steps.get(), Steps::get);
    if horizon < config.steps.get() {
        let expected = format!("at least the {} steps of the run", config.steps);
        return Err(invalid(expected, format!("{horizon}")));
    }
    let longer = steps.filter(|_| horizon > config.steps.get());
    match (manifest.stop, longer) {
        (None | Some(StopReason::Interrupted { .. }), None) => Ok(Plan::GoOn),
        (
            None | Some(StopReason::Interrupted { .. } | StopReason::Completed { .. }),
            Some(steps),
        ) => Ok(Plan::Extend(steps)),
        (Some(_), None) => Ok(Plan::Nothing),
        (Some(stop), Some(_)) => Err(invalid(
            "a run that can go on".into(),
            format!("one that ended as {stop}"),
        )),
    }
}

/// Refuses data and initial weights that are not those of the run.
fn require_same_start(
    config: &RunConfig,
    prepared: &Prepared,
    manifest: &Manifest,
    state: Option<&SavedRun>,
) -> Result<(), LabError> {
    if prepared.data.sha256() != manifest.data.sha256 {
        return Err(LabError::Checkpoint(format!(
            "expected the data that the run was started with, found others in {}",
            config.data
        )));
    }
    let start = prepared.sha256(config);
    if state.is_some_and(|state| state.start != start) {
        return Err(LabError::Checkpoint(
            "expected the initial weights that the run was started with, found others".into(),
        ));
    }
    Ok(())
}

/// The engine that the run was started with.
fn choice_of(manifest: &Manifest) -> EngineChoice {
    EngineChoice {
        engine: if manifest.engine == "gram" {
            Pick::Gram
        } else {
            Pick::Tensor
        },
        reason: manifest.engine_reason.clone(),
    }
}

/// Leaves the row of a former end out that a longer run does not have, where a version of the program
/// left its checkpoint after it.
fn leave_out_the_end(
    (series, margins): &mut (Series, Series),
    end: f64,
    config: &RunConfig,
    announce: &mut dyn FnMut(&str),
) {
    if is_on_the_way(end, config.record) || series.last("step") != Some(end) {
        return;
    }
    for table in [series, margins] {
        table.pop();
    }
    announce(&format!(
        "the row of step {}, at which the run ended, is left out; changes of activations in the next \
         row are counted from there",
        format_step(end)
    ));
}

/// The engine of a run that is extended, which is the run's, with the reason that a run of so many
/// steps has for it. Where `auto` would pick another one for such a run, whose bytes are others, the
/// configuration asks for this engine by name from here on: the run is then that of its
/// configuration, begun at step 0 and never cut off.
fn stay_with(
    own: EngineChoice,
    config: &mut RunConfig,
    prepared: &Prepared,
    announce: &mut dyn FnMut(&str),
) -> Result<EngineChoice, LabError> {
    let anew = prepared.choice(config)?;
    if anew.engine == own.engine {
        return Ok(anew);
    }
    let (engine, name) = match own.engine {
        Pick::Gram => (EngineKind::Gram, "gram"),
        Pick::Tensor => (EngineKind::Tensor, "tensor"),
    };
    config.engine = engine;
    announce(&format!(
        "the run stays with engine {name}, which its configuration asks for from here on; one of {} \
         steps from its start would have another ({})",
        config.steps, anew.reason
    ));
    prepared.choice(config)
}

/// The configuration with the gradient that the run had: a later version may have a faster one,
/// with other roundings.
fn with_gradient_of(config: &RunConfig, manifest: &Manifest) -> RunConfig {
    let by_autodiff = manifest.engine != "gram" && manifest.gradient == "autodiff";
    RunConfig {
        gradient: match by_autodiff {
            true => Gradient::Autodiff,
            false => config.gradient,
        },
        ..config.clone()
    }
}

/// Refuses another device, precision or gradient than the run's.
fn require_same_engine(ready: &ReadyEngine, manifest: &Manifest) -> Result<(), LabError> {
    let found = (ready.device.as_str(), ready.precision, ready.gradient);
    let expected = (
        manifest.device.as_str(),
        manifest.precision,
        manifest.gradient.as_str(),
    );
    if found == expected {
        return Ok(());
    }
    Err(LabError::Checkpoint(format!(
        "expected the run's device, precision and gradient {expected:?}, found {found:?}"
    )))
}

/// Rows of the series on disk.
fn rows_on_disk(path: &Path) -> usize {
    std::fs::read_to_string(path.join("series.csv"))
        .map_or(0, |text| text.lines().count().saturating_sub(1))
}

fn read_text(path: &Path) -> Result<String, LabError> {
    std::fs::read_to_string(path).map_err(|source| LabError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The configuration that a manifest was written with; an extension that was cut off is brought to
/// its end.
fn read_config(
    path: &Path,
    directory: &RunDirectory,
    manifest: &Manifest,
) -> Result<RunConfig, LabError> {
    let (file, next) = (path.join("config.toml"), path.join(NEXT_CONFIG));
    let text = read_text(&file)?;
    let resolved = || RunConfig::resolve(&read_settings(&file)?);
    if sha256(&text) != manifest.config_sha256 {
        match std::fs::read_to_string(&next) {
            Ok(text) if sha256(&text) == manifest.config_sha256 => {
                directory.write("config.toml", text.as_bytes())?;
            }
            // Files that were moved, by hand.
            _ if resolved().is_ok_and(|config| manifest.is_of(&config)) => {}
            _ => {
                return Err(LabError::Content {
                    path: file,
                    reason: CHANGED_CONFIG.to_owned(),
                });
            }
        }
    }
    directory.remove(NEXT_CONFIG)?;
    resolved()
}

/// Writes a changed configuration and the manifest that knows it, so that a cut anywhere leaves one
/// that belongs to the other.
fn change(
    directory: &RunDirectory,
    config: &RunConfig,
    manifest: &mut Manifest,
) -> Result<(), LabError> {
    let text = config.to_toml();
    directory.write(NEXT_CONFIG, text.as_bytes())?;
    manifest.config_sha256 = sha256(&text);
    manifest.config_sha256_without_paths = config.sha256_without_paths();
    manifest.stop = None;
    directory.write("manifest.json", &to_json(manifest))?;
    directory.write("config.toml", text.as_bytes())?;
    directory.remove(NEXT_CONFIG)
}
