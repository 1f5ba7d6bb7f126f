//! On nearly orthogonal samples a leaky ReLU network ends with two directions and equal margins.
//!
//! Claim (Frei, Vardi, Bartlett, Srebro & Hu 2022): gradient flow takes it to rank 2 at most, with
//! equal margins and a linear decision boundary.
//!
//! Setting: four data sets, to 10³⁰⁰ steps (ours). Expected: two directions where samples are nearly
//! orthogonal, more and a refutation on the counterexample, equal margins on both.
//! Runtime: seconds on two cores.

use std::process::ExitCode;

use implicit_bias_experiments::frei;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&frei::SYSTEM, frei::low_rank_for_ever)
}
