//! How a sweep stands, while it runs or after.

use std::path::Path;

use super::execute::jobs_of;
use super::gather::RunState;
use super::plan::{Precisions, Sweep, SweepRun};
use super::shard::Shard;
use super::shorter::ShorterRuns;
use crate::batch::cost;
use crate::progress::duration_words;
use crate::run::{Owner, keeps_engine, read_last_row};

/// Operations of a unit of [`cost`]: a multiply-add of each of the two products of a step.
const OPERATIONS: f64 = 4.0;

/// How a sweep stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepStatus {
    /// Runs in the plan, or in the part of it.
    pub runs: usize,
    /// Runs that have ended.
    pub ended: usize,
    /// Runs that a process is at.
    pub running: Vec<RunningRun>,
    /// Runs that could not be done: directory, keys in words, reason.
    pub failed: Vec<[String; 3]>,
    /// Runs that were begun and cut off.
    pub cut_off: usize,
    /// Runs that nobody has begun: directory, keys in words.
    pub missing: Vec<[String; 2]>,
    /// Of those, runs that go on from a shorter one.
    pub from_shorter: usize,
    /// Operations of the runs that have not ended, at most; log time takes fewer.
    pub operations_left: f64,
    /// Seconds that the runs which ended took, all together.
    pub seconds_taken: f64,
    /// Seconds of one run at a time that are left, by what the ended ones took; `None` before one
    /// ended.
    pub seconds_left: Option<f64>,
    /// Runs at a time: those that go on now, or as many as a command would do.
    pub at_a_time: usize,
}

/// A run that a process is at.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningRun {
    /// Its directory.
    pub name: String,
    /// Its keys in words.
    pub keys: String,
    /// The last step that it recorded.
    pub step: f64,
    /// The process, where that is known.
    pub process: Option<u32>,
}

impl SweepStatus {
    /// Runs that have neither ended nor failed, and that nobody is at.
    pub fn left(&self) -> usize {
        self.cut_off + self.missing.len()
    }

    /// The time that is left at so many runs at a time, in words.
    pub fn time_left(&self) -> String {
        let runs = self.at_a_time.max(1) as f64;
        match self.seconds_left {
            _ if self.left() + self.running.len() == 0 => "none".to_owned(),
            None => "not known before a run has ended".to_owned(),
            Some(seconds) => format!(
                "about {} at {} at a time",
                duration_words(std::time::Duration::from_secs_f64(seconds / runs)),
                self.at_a_time
            ),
        }
    }

    /// The time that the runs which ended took, in words.
    pub fn time_taken(&self) -> String {
        duration_words(std::time::Duration::from_secs_f64(self.seconds_taken))
    }
}

impl Sweep {
    /// How the runs of a part stand in a folder; nothing is written. Runs that failed are counted as
    /// left where they are to be tried again.
    pub fn status(
        &self,
        directory: &Path,
        shard: Option<Shard>,
        jobs: Option<usize>,
        retry_failed: bool,
    ) -> SweepStatus {
        let runs = self.asked_for(shard, Precisions::All);
        let shorter = ShorterRuns::of(directory);
        let mut status = SweepStatus {
            runs: runs.len(),
            ..SweepStatus::default()
        };
        let (mut cost_ended, mut cost_left) = (0.0, 0.0);
        for run in runs {
            let cost = cost(run.config());
            let path = self.run_directory(directory, run);
            let name = || run.name().to_owned();
            let state = self.state(directory, run);
            if let RunState::Ended(manifest) = &state {
                status.ended += 1;
                status.seconds_taken += manifest.wall_seconds;
                cost_ended += cost;
                continue;
            }
            if let Owner::Process(process) = Owner::of(&path) {
                let step = last_step(&path);
                cost_left += cost * self.part_left(run, step);
                status.running.push(RunningRun {
                    name: name(),
                    keys: self.describe(run),
                    step,
                    process,
                });
                continue;
            }
            match state {
                RunState::Failed(reason) if !retry_failed => {
                    status.failed.push([name(), self.describe(run), reason]);
                }
                RunState::Begun => {
                    status.cut_off += 1;
                    cost_left += cost * self.part_left(run, last_step(&path));
                }
                _ => {
                    // With another engine a run begins at step 0.
                    let from = shorter.below(run.config());
                    let from = from.filter(|path| keeps_engine(path, run.config()));
                    status.from_shorter += usize::from(from.is_some());
                    cost_left += cost * self.part_left(run, from.map_or(0.0, last_step));
                    status.missing.push([name(), self.describe(run)]);
                }
            }
        }
        status.operations_left = OPERATIONS * cost_left;
        let rate = status.seconds_taken / cost_ended;
        status.seconds_left = (cost_ended > 0.0 && rate.is_finite()).then_some(rate * cost_left);
        status.at_a_time = match status.running.len() {
            0 => jobs_of(jobs, status.left()),
            running => running,
        };
        status
    }

    /// The part of a run's steps that is left at a step.
    fn part_left(&self, run: &SweepRun, step: f64) -> f64 {
        let config = run.config();
        let horizon = config.steps.get().min(config.exact_steps.get().max(step));
        (1.0 - step / horizon).clamp(0.0, 1.0)
    }
}

/// The last step that a run directory has recorded, 0 where it has none.
fn last_step(path: &Path) -> f64 {
    let row = read_last_row(&path.join("series.csv"));
    row.ok()
        .and_then(|row| row.first().map(|(_, step)| *step))
        .unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_said_where_it_is_known() {
        let mut status = SweepStatus {
            cut_off: 1,
            at_a_time: 2,
            ..SweepStatus::default()
        };
        assert_eq!(status.time_left(), "not known before a run has ended");
        status.seconds_left = Some(7200.0);
        assert_eq!(status.time_left(), "about 1 h at 2 at a time");
        status.cut_off = 0;
        assert_eq!(status.time_left(), "none");
    }
}
