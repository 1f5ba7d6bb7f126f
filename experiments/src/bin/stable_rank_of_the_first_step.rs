//! The first step of gradient descent lowers the stable rank of a leaky ReLU network.
//!
//! Claim (Frei, Vardi, Bartlett, Srebro & Hu 2022): from a small initialization the stable rank drops
//! at the first step; the drop grows with the dimension, and with a smaller initialization.
//!
//! Setting: two noisy clusters of 100 samples, 512 neurons. Expected: supported from small
//! initializations, refuted at the usual one; the law of the first step, derived here, within 3 %.
//! Runtime: half a minute on two cores; a few seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::frei;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&frei::SYSTEM, frei::stable_rank_of_the_first_step)
}
