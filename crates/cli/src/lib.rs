//! `implicit-bias`: where does gradient descent end up?
//!
//! The command line as a library: the program is [`Laboratory::standard`], and a program of your
//! own is the same with data laws, activations, networks, losses, optimizers, limits or theories
//! added. Here flags are read, the laboratory called and results printed; everything else is in
//! `implicit-bias-lab`. What commands answer before it is printed ([`Checked`], [`FoundLimit`],
//! [`reproduce_systems`]) the Python package has as well.

mod args;
mod check;
mod commands;
mod explain;
mod fetch;
mod limit;
mod reproduce;
mod sweep;
mod threads;

use std::process::ExitCode;

use implicit_bias_claims::Theory;
use implicit_bias_data::{DataLawKind, InitialLaw};
use implicit_bias_engine::optimizers::OptimizerKind;
use implicit_bias_fetch::FetchError;
use implicit_bias_lab::config::Catalogue;
use implicit_bias_lab::{LabError, exit_instead_of_abort, print_to_stderr};
use implicit_bias_limits::DirectionLimit;
use implicit_bias_model::{ActivationKind, Architecture, MarginLoss};

use args::{Cli, Command};

pub use check::Checked;
pub use limit::FoundLimit;
pub use reproduce::{ReproduceRequest, Turn, reproduce_systems};
pub use threads::compute_alone_on;

/// A command line for the components of the laboratory, and for yours: data laws, activations,
/// networks, losses, optimizers, limits and theories.
///
/// ```no_run
/// use implicit_bias::Laboratory;
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     // Laboratory::standard().with_network(MyNetwork).main()
///     Laboratory::standard().main()
/// }
/// ```
pub struct Laboratory {
    catalogue: Catalogue,
}

impl Laboratory {
    /// The components of the laboratory.
    pub fn standard() -> Self {
        Self {
            catalogue: Catalogue::standard(),
        }
    }

    /// With one more data law, which `--synthetic NAME` then chooses.
    #[must_use]
    pub fn with_data_law(mut self, law: DataLawKind) -> Self {
        self.catalogue = self.catalogue.with_data_law(Box::leak(Box::new(law)));
        self
    }

    /// With one more activation, which `--activation NAME` then chooses for all networks that have
    /// one.
    #[must_use]
    pub fn with_activation(mut self, activation: ActivationKind) -> Self {
        let activation = Box::leak(Box::new(activation));
        self.catalogue = self.catalogue.with_activation(activation);
        self
    }

    /// With one more law of initial weights, which `--init-law NAME` then chooses.
    #[must_use]
    pub fn with_initial_law(mut self, law: InitialLaw) -> Self {
        let law = Box::leak(Box::new(law));
        self.catalogue = self.catalogue.with_initial_law(law);
        self
    }

    /// With one more network, which `--network NAME` then chooses.
    #[must_use]
    pub fn with_network(mut self, network: impl Architecture) -> Self {
        self.catalogue = self.catalogue.with_network(Box::leak(Box::new(network)));
        self
    }

    /// With one more optimizer, which `--optimizer NAME` then chooses.
    #[must_use]
    pub fn with_optimizer(mut self, optimizer: OptimizerKind) -> Self {
        let optimizer = Box::leak(Box::new(optimizer));
        self.catalogue = self.catalogue.with_optimizer(optimizer);
        self
    }

    /// With one more loss, which `--loss NAME` then chooses.
    #[must_use]
    pub fn with_loss(mut self, loss: MarginLoss) -> Self {
        self.catalogue = self.catalogue.with_loss(Box::leak(Box::new(loss)));
        self
    }

    /// With one more limit of directions, for the descents that it is about.
    #[must_use]
    pub fn with_limit(mut self, limit: DirectionLimit) -> Self {
        self.catalogue = self.catalogue.with_limit(Box::leak(Box::new(limit)));
        self
    }

    /// With one more theory, whose claims are judged on the runs that it is about.
    #[must_use]
    pub fn with_theory(mut self, theory: Theory) -> Self {
        self.catalogue = self.catalogue.with_theory(Box::leak(Box::new(theory)));
        self
    }

    /// Reads the command line of the process and does what it says: the whole `main` of a program.
    pub fn main(self) -> ExitCode {
        match self.catalogue.install() {
            Ok(()) => run(),
            Err(error) => {
                print_to_stderr(&format!("error: {error}"));
                ExitCode::from(2)
            }
        }
    }
}

fn run() -> ExitCode {
    if let Err(error) = exit_instead_of_abort(1) {
        print_to_stderr(&format!("error: {error}"));
        return ExitCode::FAILURE;
    }
    let result = match Cli::read().command {
        Command::Reproduce(arguments) => reproduce::reproduce(&arguments),
        Command::Train(arguments) => commands::train(&arguments),
        Command::Resume(arguments) => commands::resume(&arguments),
        Command::Sweep(arguments) => sweep::sweep(&arguments),
        Command::Limit(arguments) => limit::limit(&arguments),
        Command::Check(arguments) => commands::check(&arguments),
        Command::Fetch(arguments) => fetch::fetch(&arguments),
        Command::Report(arguments) => commands::report(&arguments),
        Command::Devices(arguments) => explain::devices(&arguments),
        Command::Columns(arguments) => explain::columns(&arguments),
        Command::Help(arguments) => explain::help(&arguments),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            print_to_stderr(&format!("error: {error}"));
            let input = error
                .downcast_ref::<LabError>()
                .is_some_and(LabError::is_input)
                || matches!(error.downcast_ref(), Some(FetchError::Mirror { .. }));
            ExitCode::from(if input { 2 } else { 1 })
        }
    }
}

/// The README's Rust code, compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
