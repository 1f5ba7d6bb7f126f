//! The error on fresh samples falls with d/n.
//!
//! Claim (Karhadkar, George, Murray, Montúfar & Needell 2024): networks that fit noisy labels err the
//! less on fresh samples the larger d/n is.
//!
//! Setting: the heat map of the paper by the settings of the authors' code. Expected: the published
//! means.
//! Runtime: about a minute on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::benign;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&benign::SYSTEM, benign::error_over_samples_and_dimension)
}
