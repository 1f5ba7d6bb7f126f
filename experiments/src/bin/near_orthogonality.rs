//! How the near-orthogonality ratio shows in final stable rank and margin gap.
//!
//! The theorems ask for `‖x_i‖² ≥ C n p` with a large constant; this sweep shows what happens
//! below.
//!
//! Setting: the mixture of `leaky_relu_rank_one` with d from 25 to 3200, three seeds each, both
//! activations, T = 10¹⁵ in Gram coordinates (ours).
//! Expected: rank one and equal margins at large ratios, and departures where the ratio falls below
//! about 1. Runtime: 30 s on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::near_orthogonality)
}
