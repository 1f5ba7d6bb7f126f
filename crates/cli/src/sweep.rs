//! `sweep`: many runs, their table, and a script for a cluster.

use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use implicit_bias_lab::sweep::{SlurmScript, Sweep, SweepOptions, SweepOutcome, SweepTable};
use implicit_bias_lab::{LabError, Progress, print_to_stderr};
use serde_json::{Value, json};

use crate::args::{SweepArgs, SweepCollectArgs, SweepCommand, SweepPlanArgs, SweepSlurmArgs};
use crate::commands::{Outcome, RUNS, print};
use crate::interrupt::Interrupt;

/// Failures that are told one by one; the table has them all.
const TOLD: usize = 5;

/// `sweep`, or one of its commands.
pub fn sweep(arguments: &SweepArgs) -> Outcome {
    match &arguments.command {
        None => run(arguments),
        Some(SweepCommand::Collect(arguments)) => collect(arguments),
        Some(SweepCommand::Slurm(arguments)) => slurm(arguments),
    }
}

/// A plan and its folder: the one asked for, or one in `runs` with the plan's name.
fn open(plan: &SweepPlanArgs) -> anyhow::Result<(Sweep, PathBuf)> {
    let path = plan.sweep.as_deref().unwrap_or(Path::new(""));
    let sweep = Sweep::from_file(path)?;
    let directory = match &plan.out {
        Some(out) => out.clone(),
        None => Path::new(RUNS).join(path.file_stem().unwrap_or_default()),
    };
    Ok((sweep, directory))
}

/// Does what is left of a sweep, or of one part of it.
fn run(arguments: &SweepArgs) -> Outcome {
    let (sweep, directory) = open(&arguments.plan)?;
    let interrupt = Interrupt::watch()?;
    let progress = Progress::new("sweep");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let outcome = sweep.run(&SweepOptions {
        directory: &directory,
        jobs: arguments.jobs.map_or(cores, usize::from),
        shard: arguments.shard,
        retry_failed: arguments.retry_failed,
        draw: arguments.reports,
        progress: &progress,
        interrupted: &|| interrupt.came(),
    })?;
    // The parts of a sweep write its runs, and `collect` the one table.
    let table = match arguments.shard {
        None => {
            progress.stage("sweep: table", 0.0);
            Some(sweep.collect_results(&directory, &progress)?)
        }
        Some(_) => None,
    };
    progress.finish();
    tell(&sweep, &outcome, &directory);
    if arguments.json {
        let mut summary = summary(&sweep, table.as_ref(), &directory);
        summary["ended"] = outcome.ended.into();
        summary["skipped"] = outcome.skipped.into();
        summary["failed"] = outcome.failed.len().into();
        summary["busy"] = outcome.busy.into();
        summary["left"] = outcome.left.into();
        print(format_args!("{summary}\n"))?;
    } else {
        print(format_args!(
            "{} runs ended, {} had ended before\n",
            outcome.ended, outcome.skipped
        ))?;
        if let Some(table) = &table {
            print(where_words(table, &directory))?;
        }
    }
    Ok(if interrupt.came() {
        print_to_stderr("interrupted; the same command goes on");
        interrupt.exit_code()
    } else if outcome.failed.is_empty() && outcome.busy + outcome.left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Says on standard error what is not done, and why.
fn tell(sweep: &Sweep, outcome: &SweepOutcome, directory: &Path) {
    for (name, reason) in outcome.failed.iter().take(TOLD) {
        let run = sweep.runs().iter().find(|run| run.name() == name);
        let words = run.map_or(String::new(), |run| sweep.describe(run));
        print_to_stderr(&format!("failed: {name} ({words}): {reason}"));
    }
    if outcome.failed.len() > TOLD {
        print_to_stderr(&format!("… and {} more", outcome.failed.len() - TOLD));
    }
    if !outcome.failed.is_empty() {
        print_to_stderr(&format!(
            "runs that failed, now or before: {}; --retry-failed tries them again, reasons are in \
             {}",
            outcome.failed.len(),
            directory.join("failed").display()
        ));
    }
    if outcome.busy > 0 {
        print_to_stderr(&format!(
            "{} runs are another process's at this moment",
            outcome.busy
        ));
    }
    if outcome.left > 0 {
        print_to_stderr(&format!("{} runs are left", outcome.left));
    }
}

/// `sweep collect`: the table of whatever is there.
fn collect(arguments: &SweepCollectArgs) -> Outcome {
    let (sweep, directory) = open(&arguments.plan)?;
    let progress = Progress::new("sweep collect");
    let table = sweep.collect_results(&directory, &progress)?;
    progress.finish();
    if arguments.json {
        print(format_args!(
            "{}\n",
            summary(&sweep, Some(&table), &directory)
        ))?;
    } else {
        print(where_words(&table, &directory))?;
    }
    Ok(if table.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn where_words(table: &SweepTable, directory: &Path) -> String {
    let counts = table.counts();
    let counts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let csv = directory.join("sweep.csv");
    let mut words = format!(
        "{} runs: {}\ntable: {}\n",
        table.len(),
        counts.join(", "),
        csv.display()
    );
    match table.figures() {
        [] => words.push_str(
            "figures: none; at least one key that varies has to be a number, and few others\n",
        ),
        figures => {
            for figure in figures {
                let path = directory.join("figures").join(format!("{figure}.svg"));
                words.push_str(&format!("figure: {}\n", path.display()));
            }
        }
    }
    words
}

/// The JSON object of a sweep.
fn summary(sweep: &Sweep, table: Option<&SweepTable>, directory: &Path) -> Value {
    let states: Option<serde_json::Map<String, Value>> = table.map(|table| {
        let counts = table.counts().into_iter();
        counts.map(|(word, count)| (word, count.into())).collect()
    });
    json!({
        "sweep_dir": directory,
        "runs": sweep.runs().len(),
        "states": states,
    })
}

/// `sweep slurm`: the script of an array job.
fn slurm(arguments: &SweepSlurmArgs) -> Outcome {
    let (sweep, directory) = open(&arguments.plan)?;
    let tasks = usize::from(arguments.tasks);
    if tasks > sweep.runs().len() {
        return Err(LabError::Config {
            key: "tasks".into(),
            expected: format!("at most as many as there are runs, {}", sweep.runs().len()),
            found: tasks.to_string(),
        }
        .into());
    }
    let plan = arguments.plan.sweep.as_deref().unwrap_or(Path::new(""));
    let script = SlurmScript {
        program: &std::env::current_exe()?,
        sweep: &absolute(plan)?,
        directory: &absolute(&directory)?,
        tasks,
        cores: arguments.cores.into(),
    };
    print(script.to_text()?)?;
    print_to_stderr(
        "submit it with sbatch; when its tasks are done, `implicit-bias sweep collect` makes the \
         table",
    );
    Ok(ExitCode::SUCCESS)
}
