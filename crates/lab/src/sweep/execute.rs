//! The runs of a sweep, in parallel, and what they came to in one table.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use implicit_bias_record::StopReason;

use super::figures;
use super::gather::RunState;
use super::plan::{Sweep, SweepRun};
use super::shard::Shard;
use super::table::SweepTable;
use crate::batch::cost;
use crate::pool::{cores, in_parallel};
use crate::run::{RunOptions, write_atomically};
use crate::spine::{Report, begin_or_resume};
use crate::{LabError, Progress};

/// Where and how the runs of a sweep execute; nothing here changes their numbers.
pub struct SweepOptions<'a> {
    /// Folder of the sweep.
    pub directory: &'a Path,
    /// Runs at a time.
    pub jobs: usize,
    /// The part of the runs to do; `None` for all.
    pub shard: Option<Shard>,
    /// Whether runs that failed before are tried again.
    pub retry_failed: bool,
    /// Whether every run gets figures and a report.
    pub draw: bool,
    /// One bar over all runs.
    pub progress: &'a Progress,
    /// Whether the user asked to stop: runs in flight are then left with a checkpoint.
    pub interrupted: &'a (dyn Fn() -> bool + Sync),
}

/// What became of the runs that a process was to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepOutcome {
    /// Runs that ended now.
    pub ended: usize,
    /// Runs that had ended before.
    pub skipped: usize,
    /// Runs that could not be done, with the reason, in the order of the sweep.
    pub failed: Vec<(String, String)>,
    /// Runs that another process is at.
    pub busy: usize,
    /// Runs that the interruption left.
    pub left: usize,
}

/// What became of one run.
enum Done {
    Ended,
    Skipped,
    Failed(String),
    Busy,
    Left,
}

impl Sweep {
    /// Does the runs that are left, and waits for those in flight when interrupted.
    ///
    /// # Errors
    ///
    /// [`LabError::Write`] as soon as a file cannot be written, once the runs in flight have ended:
    /// the next ones could not write theirs. A run that fails otherwise leaves the others alone and
    /// is in the outcome.
    pub fn run(&self, options: &SweepOptions<'_>) -> Result<SweepOutcome, LabError> {
        let runs: Vec<&SweepRun> = self
            .runs()
            .iter()
            .enumerate()
            .filter(|(index, _)| options.shard.is_none_or(|shard| shard.has(*index)))
            .map(|(_, run)| run)
            .collect();
        let costs: Vec<f64> = runs.iter().map(|run| cost(run.config())).collect();
        let broken: Mutex<Option<LabError>> = Mutex::new(None);
        let stopped = AtomicBool::new(false);
        let goes_on = || !stopped.load(Ordering::Relaxed) && !(options.interrupted)();
        let threads = (cores() / options.jobs.max(1)).max(1);
        let count = AtomicUsize::new(0);
        let work = |index: usize, advance: &mut dyn FnMut(f64)| {
            let done = self.run_one(runs[index], threads, options, &mut |fraction| {
                advance(fraction);
                goes_on()
            });
            let count = count.fetch_add(1, Ordering::Relaxed) + 1;
            options
                .progress
                .set_message(&format!("sweep: {count} of {}", runs.len()));
            done.unwrap_or_else(|error| {
                stopped.store(true, Ordering::Relaxed);
                broken
                    .lock()
                    .expect("no assignment panics")
                    .get_or_insert(error);
                Done::Left
            })
        };
        let done = in_parallel(&costs, options.jobs, options.progress, &goes_on, &work);
        if let Some(error) = broken.into_inner().expect("no assignment panics") {
            return Err(error);
        }
        let mut outcome = SweepOutcome::default();
        for (run, done) in runs.iter().zip(done) {
            match done.unwrap_or(Done::Left) {
                Done::Ended => outcome.ended += 1,
                Done::Skipped => outcome.skipped += 1,
                Done::Busy => outcome.busy += 1,
                Done::Left => outcome.left += 1,
                Done::Failed(reason) => outcome.failed.push((run.name().to_owned(), reason)),
            }
        }
        Ok(outcome)
    }

    /// One run, unless it has ended or failed before.
    fn run_one(
        &self,
        run: &SweepRun,
        threads: usize,
        options: &SweepOptions<'_>,
        goes_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Done, LabError> {
        match self.state(options.directory, run) {
            RunState::Ended(_) => return Ok(Done::Skipped),
            RunState::Failed(reason) if !options.retry_failed => return Ok(Done::Failed(reason)),
            RunState::Failed(_) | RunState::Begun | RunState::Missing => {}
        }
        let path = self.run_directory(options.directory, run);
        let report = if options.draw {
            Report::Written
        } else {
            Report::LeftOut
        };
        let execute = || {
            let options = RunOptions {
                parent: options.directory,
                threads,
                keep_checkpoint: false,
                progress: goes_on,
                stage: &mut |_, _| {},
                announce: &mut |_| {},
            };
            begin_or_resume(run.config(), &path, options, report)
        };
        // A bug that one run meets should not cost the others of a night.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(execute));
        let reason = match result {
            Ok(Ok(record)) => {
                self.forget_failure(options.directory, run)?;
                return Ok(match record.stop() {
                    Some(StopReason::Interrupted { .. }) => Done::Left,
                    _ => Done::Ended,
                });
            }
            Ok(Err(LabError::Locked { .. })) => return Ok(Done::Busy),
            Ok(Err(error @ LabError::Write { .. })) => return Err(error),
            Ok(Err(error)) => error.to_string(),
            Err(panic) => format!("internal error: {}", words(&*panic)),
        };
        self.note_failure(options.directory, run, &reason)?;
        Ok(Done::Failed(reason))
    }

    /// Gathers what the run directories hold, whoever wrote them, and writes `sweep.csv` and the
    /// figures.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] and [`LabError::Content`] name a file of an ended run that is damaged;
    /// [`LabError::Write`] and [`LabError::Plot`] for what cannot be written or drawn.
    pub fn collect_results(
        &self,
        directory: &Path,
        progress: &Progress,
    ) -> Result<SweepTable, LabError> {
        let mut table = self.gather(directory, progress)?;
        std::fs::create_dir_all(directory).map_err(|source| LabError::Write {
            path: directory.to_owned(),
            source,
        })?;
        write_atomically(&directory.join("sweep.csv"), table.to_csv().as_bytes())?;
        for figure in figures::figures(self, &table) {
            let folder = directory.join("figures");
            std::fs::create_dir_all(&folder).map_err(|source| LabError::Write {
                path: folder.clone(),
                source,
            })?;
            let path = folder.join(format!("{}.svg", figure.name));
            write_atomically(&path, figure.render()?.as_bytes())?;
            table.has_figure(figure.name);
        }
        Ok(table)
    }
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
}
