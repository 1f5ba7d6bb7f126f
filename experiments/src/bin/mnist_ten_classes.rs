//! Ten digits by cross-entropy: does each block tend to rank one, do the margins become equal?
//!
//! Question of this project; the paper has two classes and makes no claim about several. One block
//! of neurons a class over the paper's first layer, second layer fixed, `s_c(x) = (1/m) Σ_r
//! φ(⟨w_{c,r}, x⟩)`; the margin of a sample is the score of its class minus the best other.
//!
//! Setting: MNIST, 10 training samples of each digit, pixels scaled by 1/255, m = 50, leaky ReLU
//! with γ = 0.1 and ReLU, σ₀ = 10⁻⁴, η = 20 = 0.4 m (another `--width` wants another
//! `--step-size`), T = 10⁵ (ours). Needs the MNIST files: `implicit-bias fetch mnist`, or
//! `--data-dir`. Expected: stable ranks of most blocks within 10⁻³ of 1, and with some draws of
//! images those of a few digits at 1.01 to 1.4, standing still or rising; margins that come closer
//! but do not become equal, with a range of 0.63 and 0.65 of their mean at T; 72 to 75 % of the
//! 10,000 test digits right. Runtime: 2.5 minutes of computing, half that on two cores; 5 s with
//! `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::TEN_CLASSES, kou::mnist_ten_classes)
}
