//! What each command does: call the laboratory, print what came out.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use implicit_bias_data::threads;
use implicit_bias_lab::config::keys::output::THREADS;
use implicit_bias_lab::config::{RunConfig, Settings, overlay, read_settings};
use implicit_bias_lab::{
    FigurePrinter, Interrupt, LabError, Progress, Report, ResumeRequest, Resumed, RunOptions,
    RunRecord, execute, print_to_stderr,
};
use implicit_bias_output::shell_word;
use implicit_bias_record::StopReason;
use serde_json::{Value, json};

use crate::args::{CheckArgs, ReportArgs, ResumeArgs, TrainArgs};
use crate::check::Checked;
use crate::threads::compute_alone_on;

pub type Outcome = anyhow::Result<ExitCode>;

/// Folder of the runs that are not told where to go.
pub const RUNS: &str = "runs";

/// Prints on stdout. A reader that has gone away, as in `… | head`, is no failure of the command.
pub fn print(text: impl Display) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match write!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// `train`: one run.
pub fn train(arguments: &TrainArgs) -> Outcome {
    let file = match &arguments.config {
        Some(path) => read_settings(path)?,
        None => Settings::default(),
    };
    let settings = overlay(arguments.settings.0.clone(), file);
    let config = RunConfig::resolve(&settings)?;
    let figures = FigurePrinter::of(&settings)?;
    compute_alone_on(settings.count(THREADS.name))?;
    run_under(
        "train",
        |options| Ok((execute(&config, options, Report::Written)?, true)),
        figures,
        settings.is_on("json"),
    )
}

/// `resume`: a run that was cut off.
pub fn resume(arguments: &ResumeArgs) -> Outcome {
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    compute_alone_on(arguments.threads)?;
    run_under(
        "resume",
        |options| {
            let request = ResumeRequest {
                steps: arguments.steps,
                checkpoint_interval: arguments.checkpoint_interval,
                moved: arguments.moved.clone(),
            };
            let run = &arguments.run;
            let resumed = implicit_bias_lab::resume(run, &request, options, Report::Written)?;
            Ok(match resumed {
                Resumed::WentOn(record) => (record, true),
                Resumed::AlreadyEnded(record) => (record, false),
            })
        },
        figures,
        arguments.json,
    )
}

/// A run under a progress bar, which a signal interrupts; `false` beside the record if it had ended
/// before.
fn run_under(
    name: &str,
    run: impl FnOnce(RunOptions<'_>) -> Result<(RunRecord, bool), LabError>,
    figures: Option<FigurePrinter>,
    json: bool,
) -> Outcome {
    let interrupt = Interrupt::watch()?;
    let progress = Progress::new(name);
    let (record, went_on) = run(RunOptions {
        parent: Path::new(RUNS),
        threads: threads(),
        keep_checkpoint: true,
        progress: &mut |fraction| {
            progress.set(fraction);
            !interrupt.came()
        },
        stage: &mut |what, fraction| progress.stage(&format!("{name}: {what}"), fraction),
        announce: &mut |text| progress.line(text),
        warn: &mut |text| progress.line(text),
    })?;
    print_figures(figures.as_ref(), &record.path)?;
    progress.finish();
    let stop = record.stop();
    if !went_on && let Some(stop) = stop {
        let more = match stop {
            StopReason::Completed { .. } => "; more steps with --steps",
            _ => "",
        };
        print_to_stderr(&format!(
            "{}: nothing to do: {stop}{more}",
            record.path.display()
        ));
    }
    let printed = match json {
        true => print(format_args!("{}\n", summary(&record))),
        false => print(record.summary_text()),
    };
    Ok(match stop {
        // Whether anybody still reads: the terminal may be what went away.
        Some(StopReason::Interrupted { .. }) => {
            print_to_stderr(&format!(
                "interrupted; go on with: implicit-bias resume {}",
                shell_word(&record.path.display().to_string())
            ));
            interrupt.exit_code()
        }
        stop => {
            printed?;
            code(stop)
        }
    })
}

/// The figures of a directory in the formats that were asked for.
pub fn print_figures(printer: Option<&FigurePrinter>, directory: &Path) -> Result<(), LabError> {
    printer.map_or(Ok(()), |printer| printer.print_all(directory))
}

/// The contract's JSON object of a run.
fn summary(record: &RunRecord) -> Value {
    // JSON knows no NaN: an undefined quantity is null, which is what `Value::from` makes of it.
    let last: serde_json::Map<String, Value> = record
        .last_row()
        .into_iter()
        .map(|(name, value)| (name, Value::from(value)))
        .collect();
    json!({
        "run_dir": record.path,
        "stop_reason": record.stop().map_or("interrupted", StopReason::word),
        "engine": record.manifest.engine,
        "final": last,
        "claims": record.claims,
    })
}

/// A run that reached neither its horizon nor where it was to stop has failed, whatever it recorded.
fn code(stop: Option<StopReason>) -> ExitCode {
    match stop {
        Some(stop) if stop.is_complete() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// `check`: the geometry of a data set, before and after its preparation.
pub fn check(arguments: &CheckArgs) -> Outcome {
    let mut settings = arguments.settings.0.clone();
    if let Some(path) = &arguments.input {
        if settings.has("data") || settings.has("synthetic") {
            return Err(LabError::Config {
                key: "data".into(),
                expected: format!("no other data beside {}", path.display()),
                found: "--data or --synthetic".into(),
            }
            .into());
        }
        settings.set("data", path.clone());
    }
    let progress = Progress::new("check");
    let checked = Checked::of(&settings, &progress)?;
    progress.finish();
    match settings.is_on("json") {
        true => print(format_args!("{}\n", checked.to_json()?))?,
        false => print(checked.to_text())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `report`: claims, figures and report of finished runs, anew.
pub fn report(arguments: &ReportArgs) -> Outcome {
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    let mut worst = 0;
    for path in &arguments.runs {
        match report_one(path, arguments, figures.as_ref()) {
            Ok(text) => print(text)?,
            Err(error) => {
                print_to_stderr(&format!("error: {error}"));
                worst = worst.max(if error.is_input() { 2 } else { 1 });
            }
        }
    }
    Ok(ExitCode::from(worst))
}

/// Claims, figures and report of one run anew, and what the command says about it.
fn report_one(
    path: &Path,
    arguments: &ReportArgs,
    figures: Option<&FigurePrinter>,
) -> Result<String, LabError> {
    let record = RunRecord::read_moved(path, &arguments.moved)?;
    record.rewrite_conclusions()?;
    print_figures(figures, path)?;
    if let Some(format) = arguments.export {
        record.export(format, &record.load_data()?)?;
    }
    for notice in &record.notices {
        print_to_stderr(notice);
    }
    Ok(record.summary_text())
}
