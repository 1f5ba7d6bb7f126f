//! `implicit-bias`: where does gradient descent end up?
//!
//! The binary only reads flags, calls the laboratory and prints; everything else is in
//! `implicit-bias-lab`.

mod args;
mod commands;
mod fetch;
mod interrupt;
mod limit;
mod sweep;

use std::process::ExitCode;

use implicit_bias_fetch::FetchError;
use implicit_bias_lab::{LabError, print_to_stderr};

use args::{Cli, Command};

fn main() -> ExitCode {
    let result = match Cli::read().command {
        Command::Reproduce(arguments) => commands::reproduce(&arguments),
        Command::Train(arguments) => commands::train(&arguments),
        Command::Resume(arguments) => commands::resume(&arguments),
        Command::Sweep(arguments) => sweep::sweep(&arguments),
        Command::Limit(arguments) => limit::limit(&arguments),
        Command::Check(arguments) => commands::check(&arguments),
        Command::Fetch(arguments) => fetch::fetch(&arguments),
        Command::Report(arguments) => commands::report(&arguments),
        Command::Devices(arguments) => commands::devices(&arguments),
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
