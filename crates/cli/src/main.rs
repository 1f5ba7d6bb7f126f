//! The laboratory's own command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    implicit_bias::Laboratory::standard().main()
}
