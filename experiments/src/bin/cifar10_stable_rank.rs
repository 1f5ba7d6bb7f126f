//! The stable rank of the first steps on two classes of CIFAR-10.
//!
//! Claim (Frei, Vardi, Bartlett, Srebro & Hu 2022): it drops early on images, too, the more the smaller
//! the initialization.
//!
//! Setting: aeroplanes against cars (ours). Needs the archive: `implicit-bias fetch cifar10`, or
//! `--data-dir`. No claim is judged.

use std::process::ExitCode;

use implicit_bias_experiments::frei;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&frei::SYSTEM, frei::cifar10_stable_rank)
}
