//! Digits 0 and 1 of MNIST: neurons align, then the loss falls, and the stable rank comes near 1.
//!
//! Claim (Min, Mallada & Vidal, ICLR 2024, an experiment): aligned after about 2000 steps, a loss
//! that falls after about 3000, stable rank near 1.
//!
//! Setting: theirs where it is stated; 200 digits of each class and the mean of exponential losses
//! are ours. Needs the images (`implicit-bias fetch mnist`, or `--data-dir`).
//! Runtime: two minutes; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::alignment;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&alignment::SYSTEM, alignment::early_alignment_mnist)
}
