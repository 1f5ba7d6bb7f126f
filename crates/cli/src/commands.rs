//! What each command does: call the laboratory, print what came out.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use implicit_bias_data::{Contents, Contradictions, Features, Geometry, TrainingSet};
use implicit_bias_experiments::SYSTEMS;
use implicit_bias_lab::config::keys::data::CLASSES;
use implicit_bias_lab::config::keys::network::NETWORK;
use implicit_bias_lab::config::{
    DataSource, RunConfig, Settings, explain, of_data, overlay, read_settings,
};
use implicit_bias_lab::study::{Effort, Reproduction, System};
use implicit_bias_lab::{
    LabError, Progress, Report, Resumed, RunDirectory, RunOptions, RunRecord, conditions, execute,
    print_to_stderr,
};
use implicit_bias_model::MultiClassArchitecture;
use implicit_bias_output::format_number;
use implicit_bias_record::StopReason;
use serde_json::{Value, json};

use crate::args::{
    CheckArgs, Cli, DevicesArgs, HelpArgs, ReportArgs, ReproduceArgs, ResumeArgs, TrainArgs,
};
use crate::interrupt::Interrupt;

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
    run_under(
        "train",
        |options| Ok((execute(&config, options, Report::Written)?, true)),
        settings.is_on("json"),
    )
}

/// `resume`: a run that was cut off.
pub fn resume(arguments: &ResumeArgs) -> Outcome {
    run_under(
        "resume",
        |options| {
            let resumed = implicit_bias_lab::resume(
                &arguments.run,
                arguments.steps,
                arguments.checkpoint_interval,
                options,
                Report::Written,
            )?;
            Ok(match resumed {
                Resumed::WentOn(record) => (record, true),
                Resumed::AlreadyEnded(record) => (record, false),
            })
        },
        arguments.json,
    )
}

/// A run under a progress bar, which a signal interrupts; `false` beside the record if it had ended
/// before.
fn run_under(
    name: &str,
    run: impl FnOnce(RunOptions<'_>) -> Result<(RunRecord, bool), LabError>,
    json: bool,
) -> Outcome {
    let interrupt = Interrupt::watch()?;
    let progress = Progress::new(name);
    let (record, went_on) = run(RunOptions {
        parent: Path::new(RUNS),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        keep_checkpoint: true,
        progress: &mut |fraction| {
            progress.set(fraction);
            !interrupt.came()
        },
        stage: &mut |what, fraction| progress.stage(&format!("{name}: {what}"), fraction),
        announce: &mut |text| progress.line(text),
    })?;
    progress.finish();
    let stop = record.stop();
    if !went_on && let Some(stop) = stop {
        print_to_stderr(&format!(
            "{}: nothing to do: {stop}; more steps with --steps",
            record.path.display()
        ));
    }
    if json {
        print(format_args!("{}\n", summary(&record)))?;
    } else {
        print(record.summary_text())?;
    }
    Ok(match stop {
        Some(StopReason::Interrupted { .. }) => {
            print_to_stderr(&format!(
                "interrupted; go on with: implicit-bias resume {}",
                record.path.display()
            ));
            interrupt.exit_code()
        }
        stop => code(stop),
    })
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

/// A run that did not reach its horizon has failed, whatever it recorded.
fn code(stop: Option<StopReason>) -> ExitCode {
    match stop {
        Some(StopReason::Completed { .. }) => ExitCode::SUCCESS,
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
    if settings.clone().without("json") != of_data(&settings) {
        return Err(LabError::Config {
            key: "check".into(),
            expected: "flags of the data alone (see `implicit-bias check --help`)".into(),
            found: "others".into(),
        }
        .into());
    }
    let config = RunConfig::resolve(&of_classes(settings.clone()))?;
    let raw = config.data.load(config.seed)?;
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
            config.step_size
        );
    }
    if !found.is_empty() {
        text += &format!("warning: {found}\n");
    }
    text
}

/// `report`: claims, figures and report of finished runs, anew.
pub fn report(arguments: &ReportArgs) -> Outcome {
    for path in &arguments.runs {
        let record = RunRecord::read(path)?;
        record.rewrite_conclusions()?;
        if let Some(format) = arguments.export {
            record.export(format, &record.config.load_data()?)?;
        }
        for notice in &record.notices {
            print_to_stderr(notice);
        }
        print(record.summary_text())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `help`: a command, a flag, or one of its values.
pub fn help(arguments: &HelpArgs) -> Outcome {
    let mut commands = Cli::commands();
    commands.build();
    let mut command = Some(&mut commands);
    for name in &arguments.topic {
        command = command.and_then(|command| command.find_subcommand_mut(name));
    }
    if let Some(command) = command {
        print(command.render_long_help())?;
        return Ok(ExitCode::SUCCESS);
    }
    let reason = match explain(&arguments.topic) {
        Some(Ok(text)) => {
            print(text)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Err(reason)) => reason,
        None => format!(
            "help: expected a command, or a flag without its dashes and perhaps one of its values, \
             found `{}`",
            arguments.topic.join(" ")
        ),
    };
    print_to_stderr(&format!("error: {reason}"));
    Ok(ExitCode::from(2))
}

/// `devices`: what this build can use.
pub fn devices(arguments: &DevicesArgs) -> Outcome {
    let devices = implicit_bias_engine::devices();
    let backends = implicit_bias_engine::all_backends();
    if arguments.json {
        let listed = json!({ "devices": devices, "backends": backends });
        print(format_args!("{listed}\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let line = |name: &str, precisions: &str, hardware: &str| {
        print(format_args!("{name:<10} {precisions:<11} {hardware}\n"))
    };
    line("device", "precisions", "hardware")?;
    for backend in &backends {
        let mut found = devices
            .iter()
            .filter(|device| device.backend == backend.name)
            .peekable();
        if let (Some(needs), None) = (backend.needs, found.peek()) {
            line(backend.name, "none found", &format!("needs {needs}"))?;
        }
        for device in found {
            let precisions: Vec<String> =
                device.precisions.iter().map(ToString::to_string).collect();
            let hardware = device.hardware.as_deref().unwrap_or("unnamed");
            line(&device.name, &precisions.join(", "), hardware)?;
        }
    }
    let left_out: Vec<&str> = backends
        .iter()
        .filter(|backend| !backend.compiled)
        .map(|backend| backend.name)
        .collect();
    if !left_out.is_empty() {
        print(format_args!(
            "not in this build: {}; cargo run --release --features {} adds them\n",
            left_out.join(", "),
            left_out.join(",")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
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
    let directory = RunDirectory::choose(arguments.out.as_deref(), Path::new(RUNS), &name)?;
    let mut completed = true;
    for system in &systems {
        let directory = match systems.as_slice() {
            [_] => directory.clone(),
            _ => RunDirectory::create(&directory.path().join(system.name))?,
        };
        completed &= reproduce_system(system, arguments.quick, directory)?;
    }
    Ok(if completed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether all runs of a system ended as they should.
fn reproduce_system(system: &System, quick: bool, directory: RunDirectory) -> anyhow::Result<bool> {
    let progress = Progress::new("reproduce");
    let effort = if quick { Effort::Quick } else { Effort::Full };
    let mut command = "cargo run --release -- reproduce".to_owned();
    if system.name != SYSTEMS[0].name {
        command += &format!(" {}", system.name);
    }
    if quick {
        command += " --quick";
    }
    let reproduction = Reproduction::run(system, effort, &command, directory, &progress)?;
    progress.finish();
    print(reproduction.table_text())?;
    print(reproduction.early_stops_text())?;
    print(format_args!(
        "report: {}\n",
        reproduction.report_path().display()
    ))?;
    Ok(reproduction.completed())
}
