//! The command line that every experiment binary has.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, FromArgMatches};

use implicit_bias_output::shell_word;

use super::definition::{Effort, Study, StudyRun, System};
use super::folder::{StudyCommand, StudyFolder, identity_of};
use super::reproduction::{Headline, Reproduction, Watch};
use crate::config::{FigureArgs, RunConfig, Settings, Steps, overlay};
use crate::pool::compute_on;
use crate::{FigurePrinter, Interrupt, LabError, Progress, exit_instead_of_abort, print_to_stderr};

/// Flags of an experiment; those of a run replace that setting in every run of the study.
#[derive(Args, Debug)]
struct ExperimentArgs {
    /// Narrow networks, few exact steps
    #[arg(long)]
    quick: bool,
    /// Folder for runs, figures and report; new, empty, or left by the same command, which then goes
    /// on [default: runs/NAME, numbered if in use]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Formats of the figures
    #[command(flatten)]
    figures: FigureArgs,
    /// Added to the seed of each run's data and initial weights
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Number of samples n
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// Folder of the MNIST files [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Samples of each class
    #[arg(long, value_name = "N")]
    per_class: Option<usize>,
    /// Width m: neurons in each block
    #[arg(long, value_name = "M")]
    width: Option<usize>,
    /// Step size η
    #[arg(long, value_name = "ETA", allow_negative_numbers = true)]
    step_size: Option<f64>,
    /// Number of steps T; 1e6 is accepted
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    steps: Option<Steps>,
    /// Device, as listed by `implicit-bias devices`, for the runs in weight space: to 10⁶ steps
    /// unless --steps says otherwise
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// Precision; f32 means weight space, to 10⁶ steps unless --steps says otherwise
    #[arg(long, value_parser = ["f32", "f64"])]
    precision: Option<String>,
    /// Threads to compute on [default: as many as there are cores that the process may use]
    #[arg(long, value_name = "N")]
    threads: Option<u64>,
}

/// The horizon of a run that a device or single precision sends to weight space, where no other is
/// asked for.
const WEIGHT_SPACE_STEPS: f64 = 1e6;

impl ExperimentArgs {
    /// The settings of a run under these flags.
    fn apply(&self, run: &mut StudyRun) -> Result<(), LabError> {
        let seed = run.settings.count("seed").unwrap_or(0);
        let seed = seed.wrapping_add(self.seed.unwrap_or(0));
        let mut flags = self.settings();
        if run.settings.text("engine") == Some("gram") {
            // Such runs are on the host, in double precision, whatever the others use.
            flags.remove(&["device", "precision"]);
        }
        let weight_space = flags.has("device") || flags.text("precision") == Some("f32");
        if weight_space && !flags.has("steps") {
            let most = Steps::try_from(WEIGHT_SPACE_STEPS).expect("a whole number");
            let asked = run.settings.number("steps");
            let fewer = asked.and_then(|steps| Steps::try_from(steps).ok());
            let fewer = fewer.filter(|&steps| steps < most);
            flags.set("steps", fewer.unwrap_or(most));
        }
        run.settings = overlay(flags, run.settings.clone()).with("seed", seed);
        if run.settings.text("synthetic") == Some("orthogonal") {
            // n orthogonal samples need n dimensions.
            let [dim, samples] = ["dim", "samples"].map(|key| run.settings.count(key));
            run.settings.set("dim", dim.max(samples));
        }
        RunConfig::resolve(&run.settings).map(|_| ())
    }

    fn settings(&self) -> Settings {
        Settings::default()
            .with("seed", self.seed)
            .with("samples", self.samples)
            .with("data-dir", self.data_dir.clone())
            .with("per-class", self.per_class)
            .with("width", self.width)
            .with("step-size", self.step_size)
            .with("steps", self.steps)
            .with("device", self.device.clone())
            .with("precision", self.precision.clone())
    }
}

/// The whole `main` of an experiment binary: reads the flags, runs the study, prints its verdicts
/// and where the report is. Exits with 0 when done, 1 if a run failed, 2 for bad usage, and with 128
/// and the number of a signal that stopped it.
pub fn main(system: &System, study: fn(Effort) -> Study) -> ExitCode {
    let interrupt = match exit_instead_of_abort(1).and_then(|()| Interrupt::watch()) {
        Ok(interrupt) => interrupt,
        Err(error) => {
            print_to_stderr(&format!("error: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match run(system, study, &interrupt) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error @ LabError::Interrupted) => {
            print_to_stderr(&error.to_string());
            interrupt.exit_code()
        }
        Err(error) => {
            print_to_stderr(&format!("error: {error}"));
            ExitCode::from(if error.is_input() { 2 } else { 1 })
        }
    }
}

/// A flag of this command line as a shell takes it.
fn shell_flag(flag: &str) -> String {
    match flag.split_once('=') {
        Some((name, value)) if name.starts_with("--") => format!("{name}={}", shell_word(value)),
        _ if flag.starts_with('-') => flag.to_owned(),
        _ => shell_word(flag),
    }
}

fn run(
    system: &System,
    study: fn(Effort) -> Study,
    interrupt: &Interrupt,
) -> Result<bool, LabError> {
    let about = study(Effort::Full);
    let reads_files = about.runs.iter().any(|run| run.settings.has("data"));
    let command = ExperimentArgs::augment_args(clap::Command::new(about.name))
        .version(env!("CARGO_PKG_VERSION"))
        .about(about.title)
        .long_about(format!(
            "{}\n\n{} [{}]\n\nSetting: {}.",
            about.title, about.statement.text, about.statement.source, about.setting
        ))
        .max_term_width(100)
        .mut_args(|argument| {
            let misplaced: &[&str] = if reads_files {
                &["samples"]
            } else {
                &["data_dir", "per_class"]
            };
            let hidden = misplaced.contains(&argument.get_id().as_str());
            argument.hide(hidden)
        });
    let matches = command.get_matches();
    let arguments = ExperimentArgs::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    compute_on(arguments.threads)?;
    let mut study = study(if arguments.quick {
        Effort::Quick
    } else {
        Effort::Full
    });
    for run in study.runs.iter_mut().chain(&mut study.limits) {
        arguments.apply(run)?;
    }
    // Where the files are changes nothing.
    let changed = arguments.settings().without("data-dir");
    if !changed.is_empty() {
        study.setting += "; changed by flags, see each run's configuration";
    }
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    let flags = std::env::args().skip(1);
    let flags: Vec<String> = flags.map(|flag| shell_flag(&flag)).collect();
    let command = format!(
        "cargo run --release -p implicit-bias-experiments --bin {} -- {}",
        study.name,
        flags.join(" ")
    );
    let headline = Headline {
        title: about.title,
        origin: system.origin,
        introduction: system.introduction,
        command: &command,
    };
    let studies = std::slice::from_ref(&study);
    let identity = identity_of(studies)?;
    let folder = StudyFolder::open(
        arguments.out.as_deref(),
        (Path::new("runs"), study.name),
        StudyCommand {
            words: &command,
            identity: &identity,
        },
        &mut |text| print_to_stderr(text),
    )?;
    let progress = Progress::new(study.name);
    let watch = Watch {
        progress: &progress,
        interrupted: &|| interrupt.came(),
    };
    let reproduction = Reproduction::of(studies, &headline, folder.directory(), watch)?;
    if let Some(figures) = figures {
        figures.print_all(folder.directory().path())?;
    }
    folder.finish()?;
    progress.finish();
    let report = reproduction.report_path();
    // A reader that has gone away, as in `… | head`, is no failure of the experiment.
    let _ = writeln!(
        std::io::stdout(),
        "{}{}report: {}",
        reproduction.table_text(),
        reproduction.early_stops_text(),
        report.display()
    );
    Ok(reproduction.completed())
}
