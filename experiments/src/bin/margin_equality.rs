//! Both activations: all samples end with the same normalized margin.
//!
//! Claim (Kou, Chen & Gu, NeurIPS 2023): on nearly orthogonal data the gap between the normalized
//! margins of any two samples is O(1/log t).
//!
//! Setting: the mixture of `leaky_relu_rank_one`, both activations, T = 10¹⁵ in Gram coordinates
//! (ours). Expected: every multiplier of the limit program is positive, so that all margins become
//! equal; the relative gap is 0.004 (leaky ReLU) and 0.023 (ReLU) at T and falls like 1/log t.
//! Runtime: 4 s on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::margin_equality)
}
