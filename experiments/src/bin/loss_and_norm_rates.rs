//! Both activations: the loss falls like 1/t, the weight norm grows like log t.
//!
//! Claim (Kou, Chen & Gu, NeurIPS 2023): on nearly orthogonal data `L(t) = Θ(1/t)` and
//! `‖W(t)‖_F = Θ(log t)`.
//!
//! Setting: the mixture of `leaky_relu_rank_one`, both activations, T = 10¹⁵ in Gram coordinates
//! (ours). Expected: a fitted exponent of −1 to three digits, and equal growth of the norm in both
//! halves of the later log t.
//! Runtime: 4 s on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::loss_and_norm_rates)
}
