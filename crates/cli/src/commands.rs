//! What each command does: call the laboratory, print what came out.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use implicit_bias_data::{Contents, Contradictions, Features, Geometry, TrainingSet, threads};
use implicit_bias_experiments::SYSTEMS;
use implicit_bias_lab::config::keys::data::CLASSES;
use implicit_bias_lab::config::keys::network::NETWORK;
use implicit_bias_lab::config::keys::output::THREADS;
use implicit_bias_lab::config::{DataSource, RunConfig, Settings, of_data, overlay, read_settings};
use implicit_bias_lab::report::{SystemEntry, systems_page};
use implicit_bias_lab::study::{
    Effort, Reproduction, StudyCommand, StudyFolder, System, Watch, identity_of,
};
use implicit_bias_lab::{
    FigurePrinter, Interrupt, LabError, Progress, Report, ResumeRequest, Resumed, RunDirectory,
    RunOptions, RunRecord, compute_on, conditions, execute, print_to_stderr, share,
};
use implicit_bias_model::MultiClassArchitecture;
use implicit_bias_output::{format_number, shell_word};
use implicit_bias_record::StopReason;
use serde_json::{Value, json};

use crate::args::{CheckArgs, ReportArgs, ReproduceArgs, ResumeArgs, TrainArgs};

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

/// Sets how many threads a command that does one thing at a time computes on, where that is asked
/// for.
pub fn compute_alone_on(threads: Option<u64>) -> Result<(), LabError> {
    compute_on(threads)?;
    threads.map_or(Ok(()), |_| share(1).map(|_| ()))
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
                config: None,
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
    if !["data", "data-dir", "synthetic"]
        .iter()
        .any(|key| settings.has(key))
    {
        return Err(LabError::Config {
            key: "DATA".into(),
            expected: "a data file, mnist, or --synthetic".into(),
            found: "none".into(),
        }
        .into());
    }
    let others = settings.clone().without("json").without(THREADS.name);
    if others != of_data(&settings) {
        return Err(LabError::Config {
            key: "check".into(),
            expected: "flags of the data alone (see `implicit-bias check --help`)".into(),
            found: "others".into(),
        }
        .into());
    }
    compute_alone_on(settings.count(THREADS.name))?;
    let config = RunConfig::resolve(&of_classes(settings.clone()))?;
    let raw = config.load_raw()?;
    let contents = match &config.data {
        DataSource::File { file, .. } => Some(file.contents()?),
        DataSource::Law(_) => None,
    };
    let progress = Progress::new("check");
    let measure = |data: &TrainingSet| {
        let geometry = Geometry::watched(data, &mut |fraction| progress.set(fraction));
        progress.set_message("check: rank");
        geometry.with_rank(data)
    };
    let before = (!config.preparation.is_none()).then(|| measure(&raw));
    let data = config.prepare(raw)?;
    let after = measure(&data);
    progress.set_message("check: equal samples");
    let contradictions = Contradictions::of(&data);
    progress.finish();
    if settings.is_on("json") {
        let mut json = serde_json::to_value(&after)?;
        json["preparation"] = serde_json::to_value(config.preparation)?;
        json["before"] = serde_json::to_value(&before)?;
        json["contradictions"] = serde_json::to_value(&contradictions)?;
        json["step_size_bound_per_width"] = conditions(&config, &after, 1)
            .and_then(|conditions| conditions.step_bound())
            .into();
        if let Some(contents) = &contents {
            json["label_column"] = contents.label_name.clone().into();
            json["feature_columns"] = serde_json::to_value(&contents.features)?;
            let counts = contents
                .counts
                .iter()
                .map(|(label, count)| (label.clone(), json!(count)));
            json["labels"] = Value::Object(counts.collect());
            json["notes"] = contents.notes.clone().into();
        }
        print(format_args!("{json}\n"))?;
    } else {
        let table = match &before {
            Some(before) => format!(
                "{}; {}\n{}",
                config.data,
                config.preparation,
                after.beside(before)
            ),
            None => after.to_string(),
        };
        print(format_args!(
            "{table}\n{}{}",
            contents.as_ref().map_or(String::new(), columns_text),
            more_about(&config, &after, &contradictions)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What `check` says of the columns or arrays of a file: where labels and coordinates come from,
/// how many samples have each label, and what was decided unasked.
fn columns_text(contents: &Contents) -> String {
    const MOST: usize = 20;
    let features = contents
        .features
        .as_ref()
        .map_or("none".to_owned(), |features| {
            let Features {
                first, last, count, ..
            } = features;
            format!("{count}, the first `{first}`, the last `{last}`")
        });
    let counts = contents.counts.iter().take(MOST);
    let mut counts: Vec<String> = counts
        .map(|(label, count)| format!("{label} ({count})"))
        .collect();
    if contents.counts.len() > MOST {
        counts.push(format!("… ({} labels)", contents.counts.len()));
    }
    let mut text = format!(
        "label column: {}\nfeature columns: {features}\nsamples of each label in the file: {}\n",
        contents.label,
        counts.join(", "),
    );
    contents
        .notes
        .iter()
        .for_each(|note| text += &format!("note: {note}\n"));
    text
}

/// Settings of data; where they name classes, with a network of so many.
fn of_classes(settings: Settings) -> Settings {
    let has_classes = settings.has(CLASSES.name);
    let network = has_classes.then_some(MultiClassArchitecture::NAME);
    settings.with(NETWORK.name, network)
}

/// What `check` says below its table: the step size, and samples that contradict each other.
fn more_about(config: &RunConfig, geometry: &Geometry, found: &Contradictions) -> String {
    let mut text = String::new();
    if let Some(width) = config.width()
        && let Some(conditions) = conditions(config, geometry, width)
        && let Some(bound) = conditions.step_bound()
    {
        text += &format!(
            "Up to the step size 4 m n/(R_max² + (n − 1) p), {} at the default width m = {width}, \
             no step raises the\nlogistic loss while no pre-activation changes sign (derived; at \
             least 4 m/R_max²). The default is {}.\n",
            format_number(bound),
            config.step_size.first
        );
    }
    if !found.is_empty() {
        text += &format!("warning: {found}\n");
    }
    text
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

/// `reproduce`: systems of the literature, one into the folder itself, several into a folder each.
pub fn reproduce(arguments: &ReproduceArgs) -> Outcome {
    let asked = |system: &&System| {
        let of = |name: &String| name == system.name || name == "all";
        arguments.systems.iter().any(of)
    };
    let systems: Vec<&System> = SYSTEMS.iter().filter(asked).collect();
    let name = match systems.as_slice() {
        [only] if only.name == SYSTEMS[0].name => "reproduce".to_owned(),
        [only] => format!("reproduce-{}", only.name),
        _ => "reproduce-all".to_owned(),
    };
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    compute_on(arguments.threads)?;
    let interrupt = Interrupt::watch()?;
    let effort = if arguments.quick {
        Effort::Quick
    } else {
        Effort::Full
    };
    let identities = systems.iter();
    let identities = identities.map(|system| identity_of(&(system.studies)(effort)));
    let identities: Vec<String> = identities.collect::<Result<_, _>>()?;
    let folder = StudyFolder::open(
        arguments.out.as_deref(),
        (Path::new(RUNS), &name),
        StudyCommand {
            words: &command_of(&arguments.systems, effort),
            identity: &identities.join(" "),
        },
        &mut |text| print_to_stderr(text),
    )?;
    let mut completed = true;
    let mut entries = Vec::new();
    for system in &systems {
        let directory = match systems.as_slice() {
            [_] => folder.directory(),
            _ => folder.inside(system.name)?,
        };
        match reproduce_system(system, effort, directory.clone(), &interrupt) {
            Ok((all, entry)) => {
                completed &= all;
                entries.push(entry);
            }
            Err(error) if matches!(error.downcast_ref(), Some(LabError::Interrupted)) => {
                print_to_stderr(&error.to_string());
                return Ok(interrupt.exit_code());
            }
            Err(error) => return Err(error),
        }
        print_figures(figures.as_ref(), directory.path())?;
    }
    if entries.len() > 1 {
        let command = command_of(&arguments.systems, effort);
        let page = systems_page("Where gradient descent ends up", &entries, &command)?;
        let directory = folder.directory();
        directory.write("report.html", page.as_bytes())?;
        let path = directory.path().join("report.html");
        print(format_args!("contents: {}\n", path.display()))?;
    }
    folder.finish()?;
    Ok(if completed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The command that reproduces some systems.
fn command_of(systems: &[String], effort: Effort) -> String {
    let mut command = "cargo run --release -- reproduce".to_owned();
    if systems != [SYSTEMS[0].name] {
        command += &format!(" {}", systems.join(" "));
    }
    if effort == Effort::Quick {
        command += " --quick";
    }
    command
}

/// Whether all runs of a system ended as they should, and its row of a page of contents.
fn reproduce_system(
    system: &System,
    effort: Effort,
    directory: RunDirectory,
    interrupt: &Interrupt,
) -> anyhow::Result<(bool, SystemEntry)> {
    let progress = Progress::new("reproduce");
    let command = command_of(&[system.name.to_owned()], effort);
    let watch = Watch {
        progress: &progress,
        interrupted: &|| interrupt.came(),
    };
    let reproduction = Reproduction::run(system, effort, &command, directory, watch)?;
    progress.finish();
    print(reproduction.table_text())?;
    print(reproduction.early_stops_text())?;
    print(format_args!(
        "report: {}\n",
        reproduction.report_path().display()
    ))?;
    Ok((reproduction.completed(), reproduction.entry(system)))
}
