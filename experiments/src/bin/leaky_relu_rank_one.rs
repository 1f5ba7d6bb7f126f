//! Leaky ReLU: each block of first-layer weights tends to rank one.
//!
//! Claim (Kou, Chen & Gu, NeurIPS 2023): on nearly orthogonal data the stable rank of each of
//! `W_{+1}`, `W_{−1}` tends to 1, and the activation pattern on same-sign samples comes to rest.
//!
//! Setting: Gaussian mixture, n = 10, d = 2000, m = 50, γ = 0.1, σ₀ = 10⁻⁴, η = 0.1, T = 10¹⁵ in
//! Gram coordinates (ours).
//! Expected: a limit of exactly 1, both blocks within 10⁻⁴ of it, closing like 1/log² t; the stack
//! tends to 1.375.
//! Runtime: 2 s on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::leaky_relu_rank_one)
}
