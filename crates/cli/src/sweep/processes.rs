//! Runs in single precision in a process of their own, where a sweep has others too.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use implicit_bias_lab::sweep::{Precisions, RunState, Sweep, SweepOutcome};
use implicit_bias_lab::{Interrupt, LabError, print_to_stderr};

use crate::args::SweepArgs;

/// How often it is looked whether the process has ended or is to be interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// Does the runs in single precision, and waits for them.
pub fn in_single_precision(
    arguments: &SweepArgs,
    sweep: &Sweep,
    directory: &Path,
    interrupt: &Interrupt,
) -> anyhow::Result<SweepOutcome> {
    let runs = sweep.asked_for(arguments.shard, Precisions::Single);
    let state = |index: usize| sweep.state(directory, runs[index]);
    let had_ended: Vec<bool> = (0..runs.len())
        .map(|index| matches!(state(index), RunState::Ended(_)))
        .collect();
    let mut outcome = SweepOutcome {
        skipped: had_ended.iter().filter(|ended| **ended).count(),
        ..SweepOutcome::default()
    };
    let status = if outcome.skipped < runs.len() {
        Some(wait(start(arguments, directory)?, interrupt)?)
    } else {
        None
    };
    for index in (0..runs.len()).filter(|&index| !had_ended[index]) {
        let name = runs[index].name().to_owned();
        match state(index) {
            RunState::Ended(_) => outcome.ended += 1,
            RunState::Failed(reason) => outcome.failed.push((name, reason)),
            RunState::Begun | RunState::Missing => outcome.left += 1,
        }
    }
    // What it could not do it has said.
    if let Some(status) = status
        && !status.success()
        && !interrupt.came()
    {
        print_to_stderr(&format!(
            "the process of the runs in single precision ended with {status}"
        ));
    }
    Ok(outcome)
}

/// The same command for those runs alone.
fn start(arguments: &SweepArgs, directory: &Path) -> anyhow::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    let plan = arguments.plan.sweep.as_deref().unwrap_or(Path::new(""));
    command.arg("sweep").arg(plan).arg("--out").arg(directory);
    command.args(["--precisions", "single"]);
    let flags = [
        ("--jobs", arguments.jobs.map(|jobs| jobs.to_string())),
        (
            "--threads",
            arguments.threads.map(|threads| threads.to_string()),
        ),
        ("--shard", arguments.shard.map(|shard| shard.to_string())),
    ];
    for (flag, value) in flags {
        if let Some(value) = value {
            command.args([flag, &value]);
        }
    }
    let switches = [
        ("--retry-failed", arguments.retry_failed),
        ("--reports", arguments.reports),
    ];
    command.args(switches.iter().filter(|(_, on)| *on).map(|(flag, _)| flag));
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let program = command.get_program().to_owned();
    command.spawn().map_err(|source| {
        LabError::Read {
            path: program.into(),
            source,
        }
        .into()
    })
}

/// Waits for a process; an interruption is handed on to it once.
fn wait(mut child: Child, interrupt: &Interrupt) -> anyhow::Result<ExitStatus> {
    let mut told = false;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupt.came() && !told {
            told = true;
            interrupt.hand_on(&child);
        }
        std::thread::sleep(LOOK);
    }
}
