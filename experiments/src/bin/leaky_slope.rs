//! How the slope γ of leaky ReLU shows in block and stacked stable rank.
//!
//! The paper's condition on the data is the stronger the smaller γ is; the closed form of the stack
//! for orthogonal data, `2(1 + γ²)/(1 + γ)²` with balanced classes, is derived here.
//!
//! Setting: the mixture of `leaky_relu_rank_one`, γ from 0.05 to 0.9, T = 10¹⁵ in Gram coordinates
//! (ours). Expected: blocks near 1 but for the smallest slope, the stack between 1 and its closed
//! form. Runtime: 2 s on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::leaky_slope)
}
