//! The runs of a sweep, in parallel, and what they came to in one table.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use implicit_bias_record::StopReason;

use super::figures;
use super::gather::RunState;
use super::page;
use super::plan::{Precisions, Sweep, SweepRun};
use super::shard::Shard;
use super::shorter::ShorterRuns;
use super::table::SweepTable;
use crate::batch::cost;
use crate::pool::{all_threads, in_parallel, share};
use crate::report::{ReportFigure, comments, paragraphs};
use crate::run::{RunOptions, write_atomically};
use crate::spine::{Report, Resumed, begin_or_resume};
use crate::{LabError, Progress};

/// Where and how the runs of a sweep execute; nothing here changes their numbers.
pub struct SweepOptions<'a> {
    /// Folder of the sweep.
    pub directory: &'a Path,
    /// Runs at a time; `None` for as many as there are threads.
    pub jobs: Option<usize>,
    /// The part of the runs to do; `None` for all.
    pub shard: Option<Shard>,
    /// The runs of which precisions to do.
    pub precisions: Precisions,
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
    /// Runs that had ended before, or in another process meanwhile.
    pub skipped: usize,
    /// Runs that could not be done, with the reason, in the order of the sweep.
    pub failed: Vec<(String, String)>,
    /// Runs that another process is at.
    pub busy: usize,
    /// Runs that the interruption left.
    pub left: usize,
}

impl SweepOutcome {
    /// What became of the runs of this process and of another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.ended += other.ended;
        self.skipped += other.skipped;
        self.failed.extend(other.failed);
        self.busy += other.busy;
        self.left += other.left;
        self
    }
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
        let asked = self.asked_for(options.shard, options.precisions);
        if !asked.is_empty() {
            self.note_files(options.directory)?;
        }
        let (mut skipped, mut runs, mut failed) = (0, Vec::new(), HashMap::new());
        let mut anew = false;
        for run in asked {
            match self.state(options.directory, run) {
                RunState::Ended(_) => skipped += 1,
                RunState::Failed(reason) if !options.retry_failed => {
                    failed.insert(run.name(), reason);
                }
                state => {
                    anew |= matches!(state, RunState::Missing);
                    runs.push(run);
                }
            }
        }
        let shorter = match anew {
            true => ShorterRuns::of(options.directory),
            false => ShorterRuns::default(),
        };
        let done = self.do_all(&runs, &shorter, options)?;
        let mut outcome = SweepOutcome {
            skipped,
            ..SweepOutcome::default()
        };
        for (run, done) in runs.iter().zip(done) {
            match done.unwrap_or(Done::Left) {
                Done::Ended => outcome.ended += 1,
                Done::Skipped => outcome.skipped += 1,
                // Another process may have ended it meanwhile.
                Done::Busy => match self.state(options.directory, run) {
                    RunState::Ended(_) => outcome.skipped += 1,
                    _ => outcome.busy += 1,
                },
                Done::Left => outcome.left += 1,
                Done::Failed(reason) => {
                    failed.insert(run.name(), reason);
                }
            }
        }
        let in_order = self.runs().iter();
        outcome.failed = in_order
            .filter_map(|run| Some((run.name().to_owned(), failed.remove(run.name())?)))
            .collect();
        Ok(outcome)
    }

    /// Does some runs; `None` for those whose turn did not come.
    fn do_all(
        &self,
        runs: &[&SweepRun],
        shorter: &ShorterRuns,
        options: &SweepOptions<'_>,
    ) -> Result<Vec<Option<Done>>, LabError> {
        let costs: Vec<f64> = runs.iter().map(|run| cost(run.config())).collect();
        let broken: Mutex<Option<LabError>> = Mutex::new(None);
        let stopped = AtomicBool::new(false);
        let goes_on = || !stopped.load(Ordering::Relaxed) && !(options.interrupted)();
        let jobs = jobs_of(options.jobs, runs.len());
        let threads = share(jobs)?;
        let count = AtomicUsize::new(0);
        let work = |index: usize, advance: &mut dyn FnMut(f64)| {
            let shorter = shorter.below(runs[index].config());
            let done = self.run_one(runs[index], shorter, threads, options, &mut |fraction| {
                advance(fraction);
                goes_on()
            });
            let count = count.fetch_add(1, Ordering::Relaxed) + 1;
            let message = format!("sweep: {count} of {} runs", runs.len());
            options.progress.set_message(&message);
            done.unwrap_or_else(|error| {
                stopped.store(true, Ordering::Relaxed);
                broken
                    .lock()
                    .expect("no assignment panics")
                    .get_or_insert(error);
                Done::Left
            })
        };
        let done = in_parallel(&costs, jobs, options.progress, &goes_on, &work);
        match broken.into_inner().expect("no assignment panics") {
            Some(error) => Err(error),
            None => Ok(done),
        }
    }

    /// One run.
    fn run_one(
        &self,
        run: &SweepRun,
        shorter: Option<&Path>,
        threads: usize,
        options: &SweepOptions<'_>,
        goes_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Done, LabError> {
        let path = self.run_directory(options.directory, run);
        let report = if options.draw {
            Report::Written
        } else {
            Report::LeftOut
        };
        let progress = options.progress;
        let execute = || {
            let options = RunOptions {
                parent: options.directory,
                threads,
                // So that a plan of more steps goes on with it.
                keep_checkpoint: true,
                progress: goes_on,
                stage: &mut |_, _| {},
                announce: &mut |_| {},
                warn: &mut |text| progress.line(text),
            };
            begin_or_resume(run.config(), &path, shorter, options, report)
        };
        // A bug that one run meets should not cost the others of a night.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(execute));
        let reason = match result {
            Ok(Ok(Resumed::AlreadyEnded(_))) => return Ok(Done::Skipped),
            Ok(Ok(Resumed::WentOn(record))) => {
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

    /// Gathers what the run directories hold, whoever wrote them, and writes `sweep.csv`, the table of
    /// claims as `claims.md` and `claims.tex`, the figures, those of some columns among them, and
    /// `report.html`.
    ///
    /// # Errors
    ///
    /// [`LabError::Read`] and [`LabError::Content`] name a file of an ended run that is damaged;
    /// [`LabError::Config`] a column that is none of numbers, once the table is written;
    /// [`LabError::Write`] and [`LabError::Plot`] for what cannot be written or drawn.
    pub fn collect_results(
        &self,
        directory: &Path,
        columns: &[String],
        progress: &Progress,
    ) -> Result<SweepTable<'_>, LabError> {
        let (mut table, claims) = self.gather(directory, progress)?;
        std::fs::create_dir_all(directory).map_err(|source| LabError::Write {
            path: directory.to_owned(),
            source,
        })?;
        write_atomically(&directory.join("sweep.csv"), table.to_csv().as_bytes())?;
        if let Some(table) = claims.table() {
            let sources = claims.sources();
            let markdown = table.to_markdown() + &paragraphs(&sources);
            let latex = table.to_latex() + &comments(&sources);
            write_atomically(&directory.join("claims.md"), markdown.as_bytes())?;
            write_atomically(&directory.join("claims.tex"), latex.as_bytes())?;
        }
        let mut drawn = Vec::new();
        for figure in figures::figures(self, &table, columns)? {
            let folder = directory.join("figures");
            std::fs::create_dir_all(&folder).map_err(|source| LabError::Write {
                path: folder.clone(),
                source,
            })?;
            let path = folder.join(format!("{}.svg", figure.name));
            let rendered = ReportFigure::new(&figure)?;
            write_atomically(&path, rendered.svg().as_bytes())?;
            drawn.push(rendered);
            table.has_figure(figure.name);
        }
        let page = page::page(self, &table, drawn)?;
        write_atomically(&directory.join("report.html"), page.as_bytes())?;
        Ok(table)
    }
}

/// How many of some runs go on at a time.
pub(super) fn jobs_of(asked: Option<usize>, runs: usize) -> usize {
    asked.unwrap_or_else(all_threads).clamp(1, runs.max(1))
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic")
}
