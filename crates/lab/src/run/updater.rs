//! What keeps a run directory current while the run goes.

use std::time::Instant;

use implicit_bias_engine::{Engine, Watcher};
use implicit_bias_output::to_json;
use implicit_bias_record::{Series, is_on_the_way};

use super::checkpoint::{self, SavedRun};
use super::directory::RunDirectory;
use super::manifest::Manifest;
use super::snapshots::Snapshots;
use crate::LabError;
use crate::config::RunConfig;

/// How often the tables of a running run are written, in seconds, at most.
const SAVE_INTERVAL: f64 = 2.0;

/// Tables that take long to write are written less often: after this many times as long.
const SAVE_SHARE: f64 = 20.0;

/// Keeps the run directory current while the run goes.
pub(super) struct DirectoryUpdater<'a> {
    directory: &'a RunDirectory,
    pub manifest: Manifest,
    horizon: f64,
    /// Whether a run with a later horizon records this one's last step as well.
    ends_on_the_way: bool,
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
    pub snapshots: Snapshots<'a>,
}

impl<'a> DirectoryUpdater<'a> {
    /// Of a run that begins, or goes on, now; `rows` are on disk already.
    pub fn new(
        config: &RunConfig,
        directory: &'a RunDirectory,
        manifest: Manifest,
        start: String,
        snapshots: Snapshots<'a>,
        rows: usize,
        progress: &'a mut dyn FnMut(f64) -> bool,
    ) -> Self {
        let now = Instant::now();
        Self {
            directory,
            horizon: config.steps.get(),
            ends_on_the_way: is_on_the_way(config.steps.get(), config.record),
            progress,
            start,
            clock: (now, manifest.wall_seconds),
            manifest,
            saved: now,
            interval: SAVE_INTERVAL,
            rows,
            checkpointed: now,
            checkpoint_interval: config.checkpoint_interval,
            snapshots,
        }
    }

    /// Whether the last step is one from which a longer run goes on as if it had not ended there. If
    /// not, the checkpoint before it is.
    pub fn ends_on_the_way(&self) -> bool {
        self.ends_on_the_way
    }

    /// Seconds that the run has taken so far.
    pub fn seconds(&self) -> f64 {
        self.clock.1 + self.clock.0.elapsed().as_secs_f64()
    }

    /// The run as a checkpoint, where the engine has one.
    fn state(&self, engine: &dyn Engine, series: &Series, margins: &Series) -> Option<SavedRun> {
        Some(SavedRun {
            start: self.start.clone(),
            engine: engine.checkpoint()?,
            series: series.clone(),
            margins: margins.clone(),
            snapshots: self.snapshots.to_plain(),
        })
    }

    /// Writes the checkpoint from which a longer run goes on. Of a run that took less time than there
    /// is between two checkpoints it does not wait for the disk: what that may cost is soon done
    /// again.
    pub fn checkpoint_of_the_end(
        &mut self,
        engine: &dyn Engine,
        series: &Series,
        margins: &Series,
    ) -> Result<(), LabError> {
        if self.seconds() >= self.checkpoint_interval {
            return self.checkpoint(engine, series, margins);
        }
        let state = self.state(engine, series, margins);
        state.map_or(Ok(()), |state| {
            checkpoint::write_for_now(self.directory, &state)
        })
    }

    /// Writes a checkpoint, where the engine has one.
    pub fn checkpoint(
        &mut self,
        engine: &dyn Engine,
        series: &Series,
        margins: &Series,
    ) -> Result<(), LabError> {
        let clock = Instant::now();
        let Some(state) = self.state(engine, series, margins) else {
            return Ok(());
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

impl Watcher for DirectoryUpdater<'_> {
    type Error = LabError;

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
        if engine.step() >= self.horizon && !self.ends_on_the_way {
            return Ok(());
        }
        if last || self.checkpointed.elapsed().as_secs_f64() > self.checkpoint_interval {
            self.checkpoint(engine, series, margins)?;
        }
        Ok(())
    }

    fn before_the_end(
        &mut self,
        engine: &dyn Engine,
        series: &Series,
        margins: &Series,
    ) -> Result<(), LabError> {
        if self.ends_on_the_way {
            return Ok(());
        }
        self.checkpoint_of_the_end(engine, series, margins)
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
