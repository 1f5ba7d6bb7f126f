//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use implicit_bias_lab::config::keys::{data, preparation};
use implicit_bias_lab::config::{
    ExportKind, FigureArgs, MovedFiles, SettingsArgs, Steps, join_switches,
};
use implicit_bias_lab::sweep::Shard;

/// Where does gradient descent end up?
///
/// Trains networks by gradient descent and its kin, measures stable rank and normalized margins,
/// and judges the claims of Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) on two-layer ReLU and
/// leaky ReLU networks under plain gradient descent.
#[derive(Debug, Parser)]
#[command(
    name = "implicit-bias",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The commands with their flags.
    pub fn commands() -> clap::Command {
        Self::command().mut_subcommand("check", |check| {
            check.mut_args(|argument| {
                let of_data = [data::HEADING, preparation::HEADING]
                    .map(Some)
                    .contains(&argument.get_help_heading());
                let kept =
                    of_data || ["input", "seed", "json"].contains(&argument.get_id().as_str());
                argument.hide(!kept)
            })
        })
    }

    /// Reads the command line; exits with 0 after `--help`, with 2 for bad usage.
    pub fn read() -> Self {
        let matches = Self::commands().get_matches_from(join_switches(std::env::args_os()));
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Reproduce a system of the literature: runs, figures, verdicts and one report
    Reproduce(ReproduceArgs),
    /// Train one network and judge the claims on it
    Train(Box<TrainArgs>),
    /// Go on with a run that was cut off, or extend one
    #[command(long_about = RESUME_ABOUT)]
    Resume(ResumeArgs),
    /// Do many runs that differ in some settings, in parallel, and gather them in one table
    #[command(long_about = SWEEP_ABOUT)]
    Sweep(SweepArgs),
    /// Compute where gradient descent ends, without going there
    #[command(long_about = LIMIT_ABOUT)]
    Limit(Box<LimitArgs>),
    /// Measure how nearly orthogonal a data set is
    Check(Box<CheckArgs>),
    /// Download a data set, verified and resumable
    #[command(long_about = FETCH_ABOUT)]
    Fetch(FetchArgs),
    /// Judge and draw finished runs again
    Report(ReportArgs),
    /// List the devices that this build can use
    Devices(DevicesArgs),
    /// Say what the columns of series.csv and margins.csv mean
    Columns(ColumnsArgs),
    /// Explain a command, a flag, one of its values (help network linear), the claims or the limits
    Help(HelpArgs),
}

/// Arguments of `help`.
#[derive(Args, Debug)]
pub struct HelpArgs {
    /// A command; or a flag without its dashes, and perhaps one of its values
    #[arg(value_name = "TOPIC")]
    pub topic: Vec<String>,
}

/// Flags of `reproduce`.
#[derive(Args, Debug)]
pub struct ReproduceArgs {
    /// Systems of the literature, or all of them
    #[arg(value_name = "SYSTEM", default_value = implicit_bias_experiments::SYSTEMS[0].name,
          value_parser = systems())]
    pub systems: Vec<String>,
    /// Smaller networks and shorter horizons: under a minute instead of minutes
    #[arg(long)]
    pub quick: bool,
    /// Folder for the runs and the report, of several systems with a folder each in it; new, empty, or
    /// left by the same command, which then goes on [default: runs/reproduce, for other systems than the paper runs/reproduce-SYSTEM,
    /// numbered if in use]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Formats of figures
    #[command(flatten)]
    pub figures: FigureArgs,
    /// Threads to compute on [default: as many as there are cores that the process may use]
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,
}

/// The names that `reproduce` takes.
fn systems() -> PossibleValuesParser {
    let named = implicit_bias_experiments::SYSTEMS.iter();
    let named = named.map(|system| PossibleValue::new(system.name).help(system.title));
    PossibleValuesParser::new(named.chain([PossibleValue::new("all").help("All of them")]))
}

/// Flags of `train`.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// TOML file with any of the flags below as keys; flags win
    #[arg(value_name = "CONFIG.toml")]
    pub config: Option<PathBuf>,
    /// The settings
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// What `resume --help` says first.
const RESUME_ABOUT: &str = "\
Go on with a run that was cut off, or extend one

The run goes on from its last checkpoint, from the one before where that is damaged, or from its \
start where there is none. The finished directory is byte for byte that of a run that was never \
cut off, but for the times in manifest.json. Of a run that has ended it says so, and does nothing \
without --steps.";

/// Flags of `resume`.
#[derive(Args, Debug)]
pub struct ResumeArgs {
    /// Run directory
    #[arg(value_name = "RUN_DIR")]
    pub run: PathBuf,
    /// Number of steps T to go on to, at least as many as the run was to take [default: as many]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub steps: Option<Steps>,
    /// Seconds between two checkpoints [default: 60]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub checkpoint_interval: Option<f64>,
    /// Where the run's files are now
    #[command(flatten)]
    pub moved: MovedFiles,
    /// Threads to compute on [default: as many as there are cores that the process may use]
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,
    /// Formats of figures
    #[command(flatten)]
    pub figures: FigureArgs,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// What `sweep --help` says first.
const SWEEP_ABOUT: &str = "\
Do many runs that differ in some settings, in parallel, and gather them in one table

SWEEP.toml has the keys of `train` that all runs share; a table [grid] of lists, of which every \
combination is run; tables [[list]], each a set of keys, with which the grid is combined; and \
`seeds`, a number of seeds or a list of them.

Every run has a directory of its own, named by the hash of its configuration: a run that has ended \
is skipped, one that was cut off goes on, and values may be added later; where `steps` is larger \
than before, runs go on from where the shorter ones ended. A data file is known by its path, not by \
its content. A run that fails leaves the others alone and is not tried again unasked. sweep.csv has \
one row a run: its keys, those that vary first, the last row of its series, verdicts, limit.";

/// Flags of `sweep`.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SweepArgs {
    /// Something else than to run it
    #[command(subcommand)]
    pub command: Option<SweepCommand>,
    /// The plan
    #[command(flatten)]
    pub plan: SweepPlanArgs,
    /// Runs at a time [default: as many as threads]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Threads of all runs together [default: as many as there are cores that the process may use]
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,
    /// Do one part of N alone, such as 2/8; `sweep collect` makes the table of all
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Try runs again that failed before
    #[arg(long)]
    pub retry_failed: bool,
    /// Also make every run's figures and report.html, which `report` makes of any run later
    #[arg(long)]
    pub reports: bool,
    /// Also draw this column of sweep.csv; may be given more than once
    #[arg(long, value_name = "COLUMN")]
    pub figure: Vec<String>,
    /// Formats of figures
    #[command(flatten)]
    pub figures: FigureArgs,
    /// Say which runs there are and what is left to do, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do the runs that ask for single precision alone, or the others: a process has one precision
    #[arg(long, hide = true, value_name = "WHICH", value_parser = ["single", "others"])]
    pub precisions: Option<String>,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Which sweep, and where.
#[derive(Args, Debug)]
pub struct SweepPlanArgs {
    /// The plan
    #[arg(value_name = "SWEEP.toml", required = true)]
    pub sweep: Option<PathBuf>,
    /// Folder of the sweep, new or to go on with [default: runs/NAME, after SWEEP.toml]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// What can be done with a sweep besides running it.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    /// Write sweep.csv, figures and report.html of whatever is there, from all parts
    Collect(SweepCollectArgs),
    /// Say how a sweep stands: what has ended, runs, failed, is left, and the time
    Status(SweepStatusArgs),
    /// Remove the runs of a folder that the plan no longer has, after asking
    Prune(SweepPruneArgs),
    /// Compare two sweeps run by run
    #[command(long_about = COMPARE_ABOUT)]
    Compare(SweepCompareArgs),
    /// Print a Slurm script that runs the sweep as an array job
    Slurm(SweepSlurmArgs),
}

/// Flags of `sweep collect`.
#[derive(Args, Debug)]
pub struct SweepCollectArgs {
    /// The plan
    #[command(flatten)]
    pub plan: SweepPlanArgs,
    /// Formats of figures
    #[command(flatten)]
    pub figures: FigureArgs,
    /// Also draw this column of sweep.csv; may be given more than once
    #[arg(long, value_name = "COLUMN")]
    pub figure: Vec<String>,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Flags of `sweep status`.
#[derive(Args, Debug)]
pub struct SweepStatusArgs {
    /// The plan
    #[command(flatten)]
    pub plan: SweepPlanArgs,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Flags of `sweep prune`.
#[derive(Args, Debug)]
pub struct SweepPruneArgs {
    /// The plan
    #[command(flatten)]
    pub plan: SweepPlanArgs,
    /// Remove them unasked
    #[arg(long)]
    pub yes: bool,
}

/// What `sweep compare --help` says first.
const COMPARE_ABOUT: &str = "\
Compare two sweeps run by run

Runs belong together by their directory, or, where the two have none in common (another horizon, \
say), by the keys that vary. Exits with 0 where both have the same runs and all columns are equal, \
with 1 where something differs.";

/// Flags of `sweep compare`.
#[derive(Args, Debug)]
pub struct SweepCompareArgs {
    /// Folder of the first sweep, or its sweep.csv
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// Folder of the second sweep, or its sweep.csv
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Flags of `sweep slurm`.
#[derive(Args, Debug)]
pub struct SweepSlurmArgs {
    /// The plan
    #[command(flatten)]
    pub plan: SweepPlanArgs,
    /// Tasks of the array, each with its part of the runs
    #[arg(long, value_name = "N")]
    pub tasks: NonZeroUsize,
    /// Cores of a task, and so runs at a time
    #[arg(long, value_name = "N", default_value = "1")]
    pub cores: NonZeroUsize,
}

/// What `limit --help` says first.
const LIMIT_ABOUT: &str = "\
Compute where gradient descent ends, without going there

Runs gradient descent in Gram coordinates, decade by decade from step 1000, until the activation \
pattern on same-sign pairs settles, then solves a convex program for the limit of the direction \
W/|W|. The run stops where the solution keeps the signs it assumes (consistent) and the pattern \
is proven to stay, or where no weights with a pattern fit all samples and it has not changed over \
two decades. At the last step (--steps) the answer is that for the pattern reached, consistent or \
not: read `consistent` and `certificate`.

Of a linear network (--network linear) it is the maximum margin of the norm in which the optimizer \
takes steepest steps, a quadratic or a linear program of the data alone; no run is made.

A run directory stands for its own data, initial weights and settings; the run is repeated from \
its start, and flags win over its settings. Nothing is written.";

/// Flags of `limit`.
#[derive(Args, Debug)]
pub struct LimitArgs {
    /// Data file, `mnist`, or the directory of a run; without it, the data of the flags
    #[arg(value_name = "DATA|RUN_DIR")]
    pub input: Option<PathBuf>,
    /// The settings; the last step --steps is 1e300 by default here
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Flags of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Data file, or `mnist`; without it, the data of the flags
    #[arg(value_name = "DATA")]
    pub input: Option<PathBuf>,
    /// The settings, of which those of the data count
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// What `fetch --help` says first.
const FETCH_ABOUT: &str = "\
Download a data set, verified and resumable

A file takes its name only once its SHA-256, or that of what it unpacks to, is the published one. A transfer \
that breaks off is resumed by the same command. Files that are there already are verified and \
kept. Afterwards `--data mnist --positive 0 --negative 1` works in every command.";

/// Data sets by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SetName {
    /// Handwritten digits, 28 × 28: 60,000 to train on, 10,000 to test on; 11 MB
    Mnist,
    /// Small colour images, 32 × 32 × 3: 50,000 to train on, 10,000 to test on; 162 MB
    Cifar10,
}

/// Flags of `fetch`.
#[derive(Args, Debug)]
pub struct FetchArgs {
    /// The data set
    #[arg(value_enum, value_name = "NAME")]
    pub name: SetName,
    /// Folder for the files [default: the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address of a folder that serves the files, tried in place of the published ones; may be
    /// given more than once
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Flags of `report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Run directories
    #[arg(value_name = "RUN_DIR", required = true)]
    pub runs: Vec<PathBuf>,
    /// Also write the results in this format
    #[arg(long, value_enum)]
    pub export: Option<ExportKind>,
    /// Formats of figures
    #[command(flatten)]
    pub figures: FigureArgs,
    /// Where the runs' files are now
    #[command(flatten)]
    pub moved: MovedFiles,
}

/// Flags of `columns`.
#[derive(Args, Debug)]
pub struct ColumnsArgs {
    /// Columns to explain [default: all]
    #[arg(value_name = "COLUMN")]
    pub columns: Vec<String>,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Flags of `devices`.
#[derive(Args, Debug)]
pub struct DevicesArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}
