//! Where the limit has rank one and equal margins, over near-orthogonality ratio and slope.
//!
//! The theorems ask for `‖x_i‖² ≥ C n p`, for leaky ReLU with C the larger the smaller γ is. The
//! limit program decides for each data set and network, exactly, whether their conclusions hold;
//! this maps where they do.
//!
//! Setting: Gaussian mixtures, n = 10, d from 19 to 27 000, ten seeds each, ReLU and nine slopes
//! from 0.01 to 0.8: 1000 limits, each run in Gram coordinates until its same-sign pattern settles
//! (ours). Expected: equal margins wherever the ratio is above about 0.3; rank one for leaky ReLU
//! from a ratio on that is about 0.07/γ to 0.16/γ; ReLU bounded below 2, and seldom of rank one.
//! Runtime: 20 s on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::phase_of_the_limit)
}
