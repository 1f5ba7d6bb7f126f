//! Four neurons on the axes grow one after another and end on the directions of the clusters.
//!
//! Claim (Tsoy & Konstantinov): neurons end on the clusters' directions, the more closely the
//! longer they train.
//!
//! Setting: the authors' schedule of step sizes and initial sizes, samples drawn here. Expected:
//! supported; sizes follow the law 2 (log p + Ei(p)) = time + c (ours).
//! Runtime: seconds.

use std::process::ExitCode;

use implicit_bias_experiments::simplicity;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&simplicity::SYSTEM, simplicity::four_neurons)
}
