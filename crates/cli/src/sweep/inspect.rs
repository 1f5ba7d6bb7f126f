//! What can be asked about a sweep: how it stands, what it would do, what is left over, how it
//! differs from another.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use implicit_bias_lab::sweep::{self, Comparison, Leftover, Sweep, SweepStatus};
use implicit_bias_lab::{LabError, compute_on, print_to_stderr};
use implicit_bias_output::{format_number, format_step};
use serde_json::json;

use crate::args::{SweepArgs, SweepCompareArgs, SweepPruneArgs, SweepStatusArgs};
use crate::commands::{Outcome, print};

/// Entries of a list that are shown, and after that their number.
const SHOWN: usize = 20;

/// The first entries of a list, a line each.
fn lines(entries: impl ExactSizeIterator<Item = String>) -> String {
    let more = entries.len().saturating_sub(SHOWN);
    let mut text: String = entries.take(SHOWN).map(|line| line + "\n").collect();
    if more > 0 {
        text += &format!("… and {more} more\n");
    }
    text
}

/// `sweep status`: what has ended, runs, failed and is left, and the time.
pub fn status(arguments: &SweepStatusArgs, sweep: &Sweep, directory: &Path) -> Outcome {
    let status = sweep.status(directory, None, None, false);
    if arguments.json {
        print(format_args!("{}\n", json_of(&status, directory)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let left = match status.cut_off {
        0 => status.left().to_string(),
        cut_off => format!("{} ({cut_off} of them begun)", status.left()),
    };
    let mut text = format!(
        "{} runs: {} ended, {} running, {} failed, {left} left\ntime: runs took {} in all; left: {}\n",
        status.runs,
        status.ended,
        status.running.len(),
        status.failed.len(),
        status.time_taken(),
        status.time_left()
    );
    text += &lines(status.running.iter().map(|run| {
        let process = run
            .process
            .map_or(String::new(), |number| format!(", process {number}"));
        let step = format_step(run.step);
        format!("running: {} ({}), step {step}{process}", run.name, run.keys)
    }));
    let failed = status.failed.iter();
    text += &lines(failed.map(|[name, keys, reason]| format!("failed: {name} ({keys}): {reason}")));
    print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// The JSON object of how a sweep stands.
fn json_of(status: &SweepStatus, directory: &Path) -> serde_json::Value {
    let running = status.running.iter().map(|run| {
        json!({ "run": run.name, "keys": run.keys, "step": run.step, "process": run.process })
    });
    let failed = status
        .failed
        .iter()
        .map(|[name, keys, reason]| json!({ "run": name, "keys": keys, "reason": reason }));
    json!({
        "sweep_dir": directory,
        "runs": status.runs,
        "ended": status.ended,
        "running": running.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "left": status.left(),
        "begun": status.cut_off,
        "from_shorter": status.from_shorter,
        "operations_left": status.operations_left,
        "seconds_taken": status.seconds_taken,
        "seconds_left": status.seconds_left,
        "at_a_time": status.at_a_time,
    })
}

/// `sweep --dry-run`: the runs that a command would do, and what they cost.
pub fn dry_run(arguments: &SweepArgs, sweep: &Sweep, directory: &Path) -> Outcome {
    compute_on(arguments.threads)?;
    let jobs = arguments.jobs.map(usize::from);
    let status = sweep.status(directory, arguments.shard, jobs, arguments.retry_failed);
    if arguments.json {
        print(format_args!("{}\n", json_of(&status, directory)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "{} runs: {} have ended, {} failed before, another process is at {}, {} to do\n",
        status.runs,
        status.ended,
        status.failed.len(),
        status.running.len(),
        status.left()
    );
    for (count, words) in [
        (status.cut_off, "go on from their checkpoints"),
        (status.from_shorter, "go on from shorter runs"),
    ] {
        if count > 0 {
            text += &format!("{count} of them {words}\n");
        }
    }
    text += &format!(
        "cost: at most {} operations, {} at a time\ntime: {}\n",
        format_number(status.operations_left),
        status.at_a_time,
        status.time_left()
    );
    text += &lines(
        status
            .missing
            .iter()
            .map(|[name, keys]| format!("{name} ({keys})")),
    );
    print(text)?;
    Ok(ExitCode::SUCCESS)
}

/// `sweep prune`: runs that the plan no longer has.
pub fn prune(arguments: &SweepPruneArgs, sweep: &Sweep, directory: &Path) -> Outcome {
    let found = sweep.leftovers(directory)?;
    if found.is_empty() {
        print("nothing to remove: every run there is in the plan\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    let bytes: u64 = found.iter().map(|leftover| leftover.bytes).sum();
    let what = format!(
        "{} runs that the plan does not have, {} MB",
        found.len(),
        format_number((bytes as f64 / 1e6 * 10.0).ceil() / 10.0)
    );
    let listed = found
        .iter()
        .map(|leftover| leftover.path.display().to_string());
    print(lines(listed))?;
    if !arguments.yes && !confirmed(&what)? {
        print_to_stderr("nothing was removed");
        return Ok(ExitCode::FAILURE);
    }
    let mut removed = 0;
    let mut worst = ExitCode::SUCCESS;
    for leftover in &found {
        match Leftover::remove(leftover) {
            Ok(()) => removed += 1,
            Err(error) => {
                print_to_stderr(&format!("error: {error}"));
                worst = ExitCode::FAILURE;
            }
        }
    }
    print(format_args!("removed {removed} of {what}\n"))?;
    Ok(worst)
}

/// Asks, and reads the answer from standard input.
fn confirmed(what: &str) -> anyhow::Result<bool> {
    let mut stderr = std::io::stderr();
    write!(stderr, "remove {what}? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        // Nobody is there to answer.
        print_to_stderr("");
        return Err(LabError::Config {
            key: "yes".into(),
            expected: "this flag, or an answer on standard input".into(),
            found: "neither".into(),
        }
        .into());
    }
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// `sweep compare`: two sweeps run by run.
pub fn compare(arguments: &SweepCompareArgs) -> Outcome {
    let found = sweep::compare(&arguments.first, &arguments.second)?;
    if arguments.json {
        let columns = found.columns.iter().map(|column| {
            json!({
                "column": column.name,
                "runs": column.runs,
                "relative": column.relative,
                "example": column.example,
            })
        });
        let settings = found
            .settings
            .iter()
            .map(|[key, first, second]| json!({ "key": key, "first": first, "second": second }));
        let object = json!({
            "runs": found.runs,
            "matched_by": found.matched_by,
            "both": found.both,
            "equal": found.equal,
            "settings": settings.collect::<Vec<_>>(),
            "columns": columns.collect::<Vec<_>>(),
            "only": found.only,
        });
        print(format_args!("{object}\n"))?;
    } else {
        print(comparison_words(&found))?;
    }
    Ok(if found.is_equal() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn comparison_words(found: &Comparison) -> String {
    let mut text = format!(
        "{} and {} runs; {} in both, by {}; {} of them are equal in every column\n",
        found.runs[0],
        found.runs[1],
        found.both,
        found.matched_by.join(", "),
        found.equal
    );
    for [key, first, second] in &found.settings {
        text += &format!("setting {key}: {first} and {second}\n");
    }
    for (which, names) in ["first", "second"].iter().zip(&found.only) {
        if !names.is_empty() {
            text += &format!("only in the {which}: {}\n", names.join(", "));
        }
    }
    for column in &found.columns {
        let [run, one, other] = &column.example;
        let size = match column.relative {
            Some(relative) => format!("by {} at most", format_number(relative)),
            None => "one of them in words".to_owned(),
        };
        text += &format!(
            "{}: {} runs differ, {size} ({run}: {one} and {other})\n",
            column.name, column.runs
        );
    }
    text
}
