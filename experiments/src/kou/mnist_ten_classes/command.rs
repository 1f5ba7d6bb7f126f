//! The command line of the experiment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, FromArgMatches};

use super::report::write;
use super::report::{QUESTION, SOURCE, TITLE};
use super::settings::{Samples, TenClasses};
use super::train::train;
use implicit_bias_lab::config::Steps;
use implicit_bias_lab::study::Effort;
use implicit_bias_lab::{LabError, Progress, RunDirectory, print_to_stderr};
use implicit_bias_record::StopReason;

/// The name of the binary.
const NAME: &str = "mnist_ten_classes";

#[derive(Args, Debug)]
struct Arguments {
    /// Narrow networks, few steps
    #[arg(long)]
    quick: bool,
    /// Folder for tables, figures and report; must be new or empty [default:
    /// runs/mnist_ten_classes, numbered if in use]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed of the choice of samples and of the initial weights [default: 0]
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// Folder of the MNIST files [default: where `implicit-bias fetch mnist` leaves them]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Training samples of each digit [default: 10]
    #[arg(long, value_name = "N")]
    per_class: Option<usize>,
    /// Width m: neurons in each block [default: 50]
    #[arg(long, value_name = "M")]
    width: Option<usize>,
    /// Number of steps T; 1e6 is accepted [default: 1e5]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    steps: Option<Steps>,
    /// Step size η [default: 0.4 m]
    #[arg(long, value_name = "ETA", allow_negative_numbers = true)]
    step_size: Option<f64>,
}

impl Arguments {
    fn settings(&self) -> TenClasses {
        let settings = TenClasses::new(if self.quick {
            Effort::Quick
        } else {
            Effort::Full
        });
        let width = self.width.unwrap_or(settings.width);
        TenClasses {
            data_dir: self.data_dir.clone(),
            per_class: self.per_class.unwrap_or(settings.per_class),
            width,
            steps: self.steps.map_or(settings.steps, Steps::get),
            step_size: self
                .step_size
                .unwrap_or_else(|| TenClasses::step_size(width)),
            seed: self.seed.unwrap_or(settings.seed),
            ..settings
        }
    }
}

/// The whole `main` of the experiment: reads the flags, trains, prints the tables and where the
/// report is. Exits with 0 when done, 1 if a run diverged, 2 for bad usage or data that are not
/// there.
pub fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            print_to_stderr(&format!("error: {error}"));
            ExitCode::from(if error.is_input() { 2 } else { 1 })
        }
    }
}

fn run() -> Result<bool, LabError> {
    let setting = TenClasses::new(Effort::Full).words();
    let command = Arguments::augment_args(clap::Command::new(NAME))
        .version(env!("CARGO_PKG_VERSION"))
        .about(TITLE)
        .long_about(format!(
            "{TITLE}\n\n{QUESTION} [{SOURCE}]\n\nSetting: {setting}."
        ))
        .max_term_width(100);
    let matches = command.get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let settings = arguments.settings();
    settings.validate()?;
    let samples = Samples::read(&settings)?;
    let directory = RunDirectory::choose(arguments.out.as_deref(), Path::new("runs"), NAME)?;
    let progress = Progress::new(NAME);
    let runs = train(&settings, &samples, &progress)?;
    progress.finish();
    let flags: Vec<String> = std::env::args().skip(1).collect();
    let command = format!(
        "cargo run --release -p implicit-bias-experiments --bin {NAME} -- {}",
        flags.join(" ")
    );
    let text = write(&settings, &samples, &runs, &command, &directory)?;
    // A reader that has gone away, as in `… | head`, is no failure of the experiment.
    let _ = writeln!(
        std::io::stdout(),
        "{text}\nreport: {}",
        directory.path().join("report.html").display()
    );
    let completed = |stop| matches!(stop, StopReason::Completed { .. });
    Ok(runs.iter().all(|run| completed(run.trajectory.stop)))
}
