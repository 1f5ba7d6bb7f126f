//! Both activations: all samples end with the same normalized margin.
//!
//! Claim (Kou, Chen & Gu, NeurIPS 2023): on nearly orthogonal data the gap between the normalized
//! margins of any two samples is O(1/log t).
//!
//! Setting: the mixture of `leaky_relu_rank_one`, both activations, T = 10⁶ (ours).
//! Expected: unnormalized margins grow like log t with one slope, so the relative gap tends to 0.
//! Runtime: 2.7 minutes on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_lab::studies;

fn main() -> ExitCode {
    studies::main(studies::margin_equality)
}
