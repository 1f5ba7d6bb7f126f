//! Ten digits by cross-entropy: does each block tend to rank one, do the margins become equal?
//!
//! Question of this project; the paper has two classes and makes no claim about several. One block of neurons a
//! class over the paper's first layer, second layer fixed, `s_c(x) = (1/m) Σ_r φ(⟨w_{c,r}, x⟩)`; the margin of a
//! sample is the score of its class minus the best other.
//!
//! Setting: MNIST, 10 training samples of each digit, pixels scaled by 1/255, m = 50, leaky ReLU with γ = 0.1 and
//! ReLU, σ₀ = 10⁻⁴ (ours). Needs the MNIST files: `implicit-bias fetch mnist`, or `--data-dir`.

use std::process::ExitCode;

use implicit_bias_lab::studies;

fn main() -> ExitCode {
    studies::mnist_ten_classes::main()
}
