//! `reproduce`: systems of the literature.

use std::path::Path;
use std::process::ExitCode;

use implicit_bias_experiments::SYSTEMS;
use implicit_bias_lab::report::{SystemEntry, systems_page};
use implicit_bias_lab::study::{
    Effort, Reproduction, StudyCommand, StudyFolder, System, Watch, identity_of,
};
use implicit_bias_lab::{
    FigurePrinter, Interrupt, LabError, Progress, RunDirectory, compute_on, print_to_stderr,
};

use crate::args::ReproduceArgs;
use crate::commands::{Outcome, RUNS, print, print_figures};

/// Which systems are reproduced, and where.
#[derive(Clone, Copy)]
pub struct ReproduceRequest<'a> {
    /// Their names, or `all`.
    pub systems: &'a [String],
    /// How much time they may take.
    pub effort: Effort,
    /// The folder; without one, `runs/reproduce`, or with the name of the system.
    pub out: Option<&'a Path>,
    /// Formats of figures beside SVG.
    pub figures: Option<&'a FigurePrinter>,
}

impl ReproduceRequest<'_> {
    /// The systems that are asked for, in the order of the list.
    fn asked(&self) -> Vec<&'static System> {
        let asked = |system: &&System| {
            let of = |name: &String| name == system.name || name == "all";
            self.systems.iter().any(of)
        };
        SYSTEMS.iter().filter(asked).collect()
    }
}

/// A system whose turn it is.
pub struct Turn<'a> {
    /// The system.
    pub system: &'static System,
    /// Its place among those that are asked for, from 0, and how many these are.
    pub place: (usize, usize),
    effort: Effort,
    directory: &'a RunDirectory,
}

impl Turn<'_> {
    /// Runs its studies and writes them up; `watch` has the bar over all systems.
    ///
    /// # Errors
    ///
    /// Those of [`Reproduction::run`].
    pub fn run(&self, watch: Watch<'_>) -> Result<Reproduction, LabError> {
        let command = command_of(&[self.system.name.to_owned()], self.effort);
        let own = match self.place {
            (_, 1) => watch.progress.clone(),
            (index, count) => {
                let part = watch.progress.part(self.system.name, index, count);
                part.set_message("runs");
                part
            }
        };
        Reproduction::run(
            self.system,
            self.effort,
            &command,
            self.directory.clone(),
            Watch {
                progress: &own,
                ..watch
            },
        )
    }
}

/// Reproduces systems, one into the folder itself, several into a folder each with a page of
/// contents; `take` does each of them. Whether all runs ended as they should.
///
/// # Errors
///
/// Those of the folder and of `take`.
pub fn reproduce_systems(
    request: &ReproduceRequest<'_>,
    take: &mut dyn FnMut(&Turn<'_>) -> Result<Reproduction, LabError>,
) -> Result<bool, LabError> {
    let systems = request.asked();
    let name = match systems.as_slice() {
        [only] if only.name == SYSTEMS[0].name => "reproduce".to_owned(),
        [only] => format!("reproduce-{}", only.name),
        _ => "reproduce-all".to_owned(),
    };
    let effort = request.effort;
    let identities = systems.iter();
    let identities = identities.map(|system| identity_of(&(system.studies)(effort)));
    let identities: Vec<String> = identities.collect::<Result<_, _>>()?;
    let command = command_of(request.systems, effort);
    let folder = StudyFolder::open(
        request.out,
        (Path::new(RUNS), &name),
        StudyCommand {
            words: &command,
            identity: &identities.join(" "),
        },
        &mut |text| print_to_stderr(text),
    )?;
    let mut completed = true;
    let mut entries: Vec<SystemEntry> = Vec::new();
    for (index, &system) in systems.iter().enumerate() {
        let directory = match systems.as_slice() {
            [_] => folder.directory(),
            _ => folder.inside(system.name)?,
        };
        let reproduction = take(&Turn {
            system,
            place: (index, systems.len()),
            effort,
            directory: &directory,
        })?;
        completed &= reproduction.completed();
        entries.push(reproduction.entry(system));
        print_figures(request.figures, directory.path())?;
    }
    if entries.len() > 1 {
        let page = systems_page("Where gradient descent ends up", &entries, &command)?;
        folder.directory().write("report.html", page.as_bytes())?;
    }
    folder.finish()?;
    Ok(completed)
}

/// `reproduce`: the same under a progress bar, which a signal interrupts.
pub fn reproduce(arguments: &ReproduceArgs) -> Outcome {
    let figures = FigurePrinter::of(&arguments.figures.0)?;
    compute_on(arguments.threads)?;
    let interrupt = Interrupt::watch()?;
    let request = ReproduceRequest {
        systems: &arguments.systems,
        effort: match arguments.quick {
            true => Effort::Quick,
            false => Effort::Full,
        },
        out: arguments.out.as_deref(),
        figures: figures.as_ref(),
    };
    let mut reports = Vec::new();
    let mut printed = Ok(());
    let progress = Progress::new("reproduce");
    let completed = reproduce_systems(&request, &mut |turn| {
        let reproduction = turn.run(Watch {
            progress: &progress,
            interrupted: &|| interrupt.came(),
        })?;
        let report = reproduction.report_path();
        let text = format!(
            "{}{}report: {}\n",
            reproduction.table_text(),
            reproduction.early_stops_text(),
            report.display()
        );
        if printed.is_ok() {
            printed = progress.aside(|| print(text));
        }
        reports.push(report);
        Ok(reproduction)
    });
    progress.finish();
    printed?;
    match completed {
        Err(LabError::Interrupted) => {
            print_to_stderr(&LabError::Interrupted.to_string());
            Ok(interrupt.exit_code())
        }
        Err(error) => Err(error.into()),
        Ok(completed) => {
            if let [first, _, ..] = reports.as_slice()
                && let Some(folder) = first.parent().and_then(Path::parent)
            {
                let path = folder.join("report.html");
                print(format_args!("contents: {}\n", path.display()))?;
            }
            Ok(match completed {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            })
        }
    }
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
