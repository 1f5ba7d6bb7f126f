//! `sweep`: many runs and their table, and what can be asked about them.

mod inspect;
mod processes;

use std::path::{Path, PathBuf, absolute};
use std::process::ExitCode;

use implicit_bias_lab::FigurePrinter;
use implicit_bias_lab::sweep::{
    Precisions, SlurmScript, Sweep, SweepOptions, SweepOutcome, SweepTable,
};
use implicit_bias_lab::{Interrupt, LabError, Progress, compute_on, print_to_stderr};
use serde_json::{Value, json};

use crate::args::{SweepArgs, SweepCollectArgs, SweepCommand, SweepPlanArgs, SweepSlurmArgs};
use crate::commands::{Outcome, RUNS, print, print_figures};

/// Failures that are told one by one; the table has them all.
const TOLD: usize = 5;

/// `sweep`, or one of its commands.
pub fn sweep(arguments: &SweepArgs) -> Outcome {
    match &arguments.command {
        None if arguments.dry_run => {
            let (sweep, directory) = open(&arguments.plan)?;
            inspect::dry_run(arguments, &sweep, &directory)
        }
        None => run(arguments),
        Some(SweepCommand::Collect(arguments)) => collect(arguments),
        Some(SweepCommand::Slurm(arguments)) => slurm(arguments),
        Some(SweepCommand::Status(arguments)) => {
            let (sweep, directory) = open(&arguments.plan)?;
            inspect::status(arguments, &sweep, &directory)
        }
        Some(SweepCommand::Prune(arguments)) => {
            let (sweep, directory) = open(&arguments.plan)?;
            inspect::prune(arguments, &sweep, &directory)
        }
        Some(SweepCommand::Compare(arguments)) => inspect::compare(arguments),
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
    Ok((sweep.bound_to(&directory)?, directory))
}

/// The runs of which precisions this process does: a command that is not told otherwise does those in
/// single precision in a process of their own, where there are others.
fn precisions(arguments: &SweepArgs, sweep: &Sweep) -> Precisions {
    match arguments.precisions.as_deref() {
        Some("single") => Precisions::Single,
        Some(_) => Precisions::Others,
        None if sweep.mixes_precisions() => Precisions::Others,
        None => Precisions::All,
    }
}

/// Does what is left of a sweep, or of one part of it.
fn run(arguments: &SweepArgs) -> Outcome {
    let (sweep, directory) = open(&arguments.plan)?;
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    compute_on(arguments.threads)?;
    let interrupt = Interrupt::watch()?;
    let precisions = precisions(arguments, &sweep);
    let is_whole = arguments.precisions.is_none();
    let mut outcome = SweepOutcome::default();
    if is_whole && precisions == Precisions::Others {
        outcome = processes::in_single_precision(arguments, &sweep, &directory, &interrupt)?;
    }
    let progress = Progress::new("sweep");
    outcome = outcome.and(sweep.run(&SweepOptions {
        directory: &directory,
        jobs: arguments.jobs.map(usize::from),
        shard: arguments.shard,
        precisions,
        retry_failed: arguments.retry_failed,
        draw: arguments.reports,
        progress: &progress,
        interrupted: &|| interrupt.came(),
    })?);
    if !is_whole {
        // What the runs came to is in their directories.
        progress.finish();
        return Ok(if interrupt.came() {
            interrupt.exit_code()
        } else {
            ExitCode::SUCCESS
        });
    }
    // The parts of a sweep write its runs, and `collect` the one table.
    let table = match arguments.shard {
        None => {
            progress.stage("sweep: table", 0.0);
            let table = sweep.collect_results(&directory, &arguments.figure, &progress)?;
            print_figures(figures.as_ref(), &directory)?;
            Some(table)
        }
        Some(_) => None,
    };
    progress.finish();
    tell(&sweep, &outcome, &directory);
    let printed = if arguments.json {
        let mut summary = summary(&sweep, table.as_ref(), &directory);
        summary["ended"] = outcome.ended.into();
        summary["skipped"] = outcome.skipped.into();
        summary["failed"] = outcome.failed.len().into();
        summary["busy"] = outcome.busy.into();
        summary["left"] = outcome.left.into();
        print(format_args!("{summary}\n"))
    } else {
        let place = table
            .as_ref()
            .map_or(String::new(), |table| where_words(table, &directory));
        print(format_args!(
            "{} runs ended, {} had ended before\n{place}",
            outcome.ended, outcome.skipped
        ))
    };
    Ok(if interrupt.came() {
        // Whether anybody still reads: the terminal may be what went away.
        print_to_stderr("interrupted; the same command goes on");
        interrupt.exit_code()
    } else {
        printed?;
        if outcome.failed.is_empty() && outcome.busy + outcome.left == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
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
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    let progress = Progress::new("sweep collect");
    let table = sweep.collect_results(&directory, &arguments.figure, &progress)?;
    print_figures(figures.as_ref(), &directory)?;
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

fn where_words(table: &SweepTable<'_>, directory: &Path) -> String {
    let counts = table.counts();
    let counts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let mut words = format!(
        "{} runs: {}\ntable: {}\n",
        table.len(),
        counts.join(", "),
        directory.join("sweep.csv").display()
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
    let page = directory.join("report.html");
    words.push_str(&format!("report: {}\n", page.display()));
    words
}

/// The JSON object of a sweep.
fn summary(sweep: &Sweep, table: Option<&SweepTable<'_>>, directory: &Path) -> Value {
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
