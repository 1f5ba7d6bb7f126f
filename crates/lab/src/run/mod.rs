//! One run: from a validated configuration to a run directory.

mod batch;
mod checkpoint;
mod choice;
mod conclusions;
mod conditions;
mod directory;
mod drive;
mod export;
#[cfg(fuzzing)]
pub mod fuzzing;
mod lock;
mod manifest;
mod memory;
mod pool;
mod predict;
mod prepare;
mod record;
mod resume;

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

pub(crate) use batch::cost;
pub use batch::execute_all;
pub(crate) use conclusions::{provenance_of, settings_of};
pub use conditions::conditions;
pub use directory::{RunDirectory, write_atomically};
pub use drive::{Trajectory, Watcher, drive};
pub use manifest::{DataManifest, FORMAT, Manifest, RawGeometry};
pub(crate) use pool::{cores, in_parallel};
pub use prepare::{Prepared, ReadyEngine};
pub use record::RunRecord;
pub use resume::{Resumed, resume};
pub(crate) use resume::{begin_or_resume, read_manifest};

use checkpoint::RunState;
use choice::{Choice, Pick};
use drive::drive_from;
use predict::{Snapshots, predict};

use crate::config::RunConfig;
use crate::{Engine, LabError, Series, StopReason, schedule};

/// How often the tables of a running run are written, in seconds, at most.
const SAVE_INTERVAL: f64 = 2.0;

/// Tables that take long to write are written less often: after this many times as long.
const SAVE_SHARE: f64 = 20.0;

/// What a run is said to be at while it takes its steps.
const STEPS: &str = "steps";

/// Where and how a run executes; nothing here changes its numbers.
pub struct RunOptions<'a> {
    /// Folder that holds run directories, for a configuration without `out`.
    pub parent: &'a Path,
    /// Threads that one step may use.
    pub threads: usize,
    /// Whether a run that reached its horizon leaves its last checkpoint, from which it can be extended.
    pub keep_checkpoint: bool,
    /// Whether figures and `report.html` are made; `report` makes them later.
    pub draw: bool,
    /// Told the fraction of the horizon after each chunk of steps; `false` interrupts.
    pub progress: &'a mut dyn FnMut(f64) -> bool,
    /// Told before the first step and after the last one what is going on, and the fraction of it that is
    /// done; `steps` when they begin.
    pub stage: &'a mut dyn FnMut(&str, f64),
    /// Told which engine was picked, and why; and at the end what it noted.
    pub announce: &'a mut dyn FnMut(&str),
}

/// Keeps the run directory current while the run goes.
struct Keeper<'a> {
    directory: &'a RunDirectory,
    manifest: Manifest,
    horizon: f64,
    progress: &'a mut dyn FnMut(f64) -> bool,
    /// SHA-256 of data and initial weights.
    start: String,
    /// When this process began, and the seconds of those before it.
    clock: (Instant, f64),
    saved: Instant,
    /// Seconds from one writing of the tables to the next.
    interval: f64,
    /// Rows that the tables on disk have already: they are not replaced by shorter ones.
    rows: usize,
    checkpointed: Instant,
    checkpoint_interval: f64,
    snapshots: Snapshots<'a>,
}

impl Keeper<'_> {
    fn seconds(&self) -> f64 {
        self.clock.1 + self.clock.0.elapsed().as_secs_f64()
    }

    fn checkpoint(
        &mut self,
        engine: &dyn Engine,
        series: &Series,
        margins: &Series,
    ) -> Result<(), LabError> {
        let Some(engine) = engine.checkpoint() else {
            return Ok(());
        };
        let clock = Instant::now();
        let state = RunState {
            start: self.start.clone(),
            engine,
            series: series.clone(),
            margins: margins.clone(),
            snapshots: self.snapshots.to_plain(),
        };
        checkpoint::write(self.directory, &state)?;
        self.manifest.wall_seconds = self.seconds();
        self.directory
            .write("manifest.json", &to_json(&self.manifest))?;
        self.checkpointed = Instant::now();
        let share = SAVE_SHARE * clock.elapsed().as_secs_f64();
        self.checkpoint_interval = self.checkpoint_interval.max(share);
        Ok(())
    }
}

impl Watcher for Keeper<'_> {
    fn advanced(&mut self, step: f64) -> bool {
        (self.progress)(fraction(step, self.horizon))
    }

    fn between(
        &mut self,
        engine: &dyn Engine,
        series: &Series,
        margins: &Series,
        last: bool,
    ) -> Result<(), LabError> {
        if last || self.checkpointed.elapsed().as_secs_f64() > self.checkpoint_interval {
            self.checkpoint(engine, series, margins)?;
        }
        Ok(())
    }

    fn observed(&mut self, engine: &mut dyn Engine) {
        self.snapshots.keep(engine);
    }

    fn recorded(&mut self, series: &Series, margins: &Series) -> Result<(), LabError> {
        let due = series.len() == 1 || self.saved.elapsed().as_secs_f64() > self.interval;
        if due && series.len() > self.rows {
            let clock = Instant::now();
            self.directory
                .write_for_now("series.csv", series.to_csv().as_bytes())?;
            self.directory
                .write_for_now("margins.csv", margins.to_csv().as_bytes())?;
            self.saved = Instant::now();
            self.interval = SAVE_INTERVAL.max(SAVE_SHARE * clock.elapsed().as_secs_f64());
        }
        Ok(())
    }
}

/// The part of a run that is done: in steps, or in decades where the horizon is past any loop.
fn fraction(step: f64, horizon: f64) -> f64 {
    if horizon > 1e9 {
        step.ln_1p() / horizon.ln_1p()
    } else {
        step / horizon
    }
}

/// Runs a configuration and leaves a finished run directory.
///
/// The directory is readable at any moment: configuration and manifest are there from the start, the
/// tables follow every two seconds, a checkpoint for [`resume`] every
/// [`checkpoint_interval`](RunConfig::checkpoint_interval), and each file is replaced by rename.
///
/// # Errors
///
/// Those of the configuration, the data, the engine and the file system. A diverging run is a
/// [`StopReason`] in the record.
pub fn execute(config: &RunConfig, mut options: RunOptions<'_>) -> Result<RunRecord, LabError> {
    let config_text = config.to_toml();
    if let Some(path) = &config.out {
        // A directory in use is refused before any work.
        RunDirectory::begin(path, &config_text)?;
    }
    let prepared = Prepared::watched(config, options.stage)?;
    let ready = ready(config, &prepared, prepared.choice(config)?, &mut options)?;
    let directory = match &config.out {
        Some(path) => RunDirectory::begin(path, &config_text)?,
        None => RunDirectory::create_numbered(options.parent, &config.run_name())?,
    };
    let manifest = Manifest {
        format: FORMAT,
        implicit_bias: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("IMPLICIT_BIAS_COMMIT").map(str::to_owned),
        burn: "0.22.1".to_owned(),
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
    let run = Run {
        config,
        prepared: &prepared,
        directory: &directory,
        engine: ready.engine,
        manifest,
        tables: None,
        rows: 0,
        snapshots: Snapshots::of(&prepared.data, prepared.width),
    };
    let record = run.finish(options);
    drop(lock);
    record
}

/// The engine of a choice, announced.
fn ready(
    config: &RunConfig,
    prepared: &Prepared,
    choice: Choice,
    options: &mut RunOptions<'_>,
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
    for notice in conditions::notices_at_the_start(config, prepared) {
        (options.announce)(&notice);
    }
    Ok(ready)
}

/// A run at its start or in its middle.
struct Run<'a> {
    config: &'a RunConfig,
    prepared: &'a Prepared,
    directory: &'a RunDirectory,
    engine: Box<dyn Engine>,
    manifest: Manifest,
    /// What was recorded so far.
    tables: Option<(Series, Series)>,
    /// Rows of the tables on disk.
    rows: usize,
    snapshots: Snapshots<'a>,
}

impl Run<'_> {
    /// Takes the steps that are left and writes everything that a finished run has.
    fn finish(self, options: RunOptions<'_>) -> Result<RunRecord, LabError> {
        let Self {
            config,
            prepared,
            directory,
            mut engine,
            manifest,
            tables,
            rows,
            snapshots,
        } = self;
        let horizon = config.steps.get();
        let now = Instant::now();
        let clock = (now, manifest.wall_seconds);
        let mut keeper = Keeper {
            directory,
            horizon,
            progress: options.progress,
            start: prepared.sha256(),
            manifest,
            clock,
            saved: now,
            interval: SAVE_INTERVAL,
            rows,
            checkpointed: now,
            checkpoint_interval: config.checkpoint_interval,
            snapshots,
        };
        let schedule = schedule(horizon, config.record);
        (options.stage)(STEPS, 0.0);
        let trajectory = drive_from(engine.as_mut(), tables, &schedule, &mut keeper)?;
        let completed = matches!(trajectory.stop, StopReason::Completed { .. });
        let (series, margins) = (trajectory.series, trajectory.margins);
        if completed && options.keep_checkpoint {
            keeper.checkpoint(engine.as_ref(), &series, &margins)?;
        }
        let seconds = keeper.seconds();
        let Keeper {
            mut manifest,
            snapshots,
            ..
        } = keeper;
        manifest.wall_seconds = seconds;
        manifest.stop = Some(trajectory.stop);
        manifest.notes = engine.notes().to_vec();
        for note in &manifest.notes {
            (options.announce)(note);
        }
        directory.write("series.csv", series.to_csv().as_bytes())?;
        directory.write("margins.csv", margins.to_csv().as_bytes())?;
        let weights = engine.weights();
        directory.write("weights.safetensors", &weights.to_safetensors())?;
        (options.stage)("limit", 0.0);
        let prediction = predict(config, &manifest, &weights, &snapshots, &series);
        let path: PathBuf = directory.path().to_owned();
        let mut record =
            RunRecord::new(path, config.clone(), manifest, series, margins, prediction);
        for notice in record.regime.outcome_notices() {
            (options.announce)(&notice);
        }
        let notes = &mut record.manifest.notes;
        notes.extend(conditions::data_notice(prepared));
        notes.extend(record.regime.notices());
        record.write_verdicts(directory)?;
        if options.draw {
            (options.stage)("figures and report", 0.0);
            record.write_report(directory)?;
        }
        if let Some(format) = config.export {
            record.export(format, &prepared.data)?;
        }
        // Last of all: a run that says how it ended has everything that it is to have.
        directory.write("manifest.json", &to_json(&record.manifest))?;
        match record.stop() {
            Some(StopReason::Interrupted { .. }) => {}
            _ if completed && options.keep_checkpoint => checkpoint::remove_previous(directory)?,
            _ => checkpoint::remove(directory)?,
        }
        Ok(record)
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Indented JSON with a final newline.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain data have a JSON form");
    bytes.push(b'\n');
    bytes
}
