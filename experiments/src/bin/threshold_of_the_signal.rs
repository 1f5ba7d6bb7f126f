//! The signal that makes overfitting benign is the weaker the more samples there are.
//!
//! Claim (Karhadkar, George, Murray, Montúfar & Needell 2024): a threshold of γ between harmful and
//! benign overfitting that falls with n.
//!
//! Setting: the γ plot of the paper by the settings of the authors' code. Expected: the published plot.
//! Runtime: about a minute on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::benign;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&benign::SYSTEM, benign::threshold_of_the_signal)
}
