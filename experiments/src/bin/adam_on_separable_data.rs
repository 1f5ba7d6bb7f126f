//! Adam without ε maximizes the margin over ‖w‖_∞ on separable data, gradient descent over ‖w‖₂.
//!
//! Claims (Zhang, Zou & Cao, NeurIPS 2024; gradient descent: Soudry et al. 2018): the direction of a
//! linear classifier under Adam without ε tends to the maximum margin over ‖w‖_∞, at a polynomial
//! rate for step sizes t^(−a) with a < 1; under gradient descent, with momentum or normalized, to
//! that over ‖w‖₂.
//!
//! Setting: 50 Gaussian samples in 50 dimensions, T = 10⁶ (ours). Expected: the claim on ‖w‖_∞ is
//! supported for Adam and sign descent, and refuted for gradient descent, Adam with ε and Adam on one
//! sample at a time; the power is refuted for a = 1.
//! Runtime: a quarter of a minute on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::adam;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&adam::SYSTEM, adam::adam_on_separable_data)
}
