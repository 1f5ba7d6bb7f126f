//! ReLU: the stable rank of each block stays bounded by a constant.
//!
//! Claim (Kou, Chen & Gu, NeurIPS 2023): on nearly orthogonal data the stable rank of each of
//! `W_{+1}`, `W_{−1}` stays below a constant. For orthogonal samples of equal norm and a wide
//! network the limit is `2 n_j/(n_j + 1)` (derived here).
//!
//! Setting: the mixture of `leaky_relu_rank_one`; and ten orthogonal samples with m = 2000; T =
//! 10¹⁵ in Gram coordinates (ours).
//! Expected: stable ranks between 1 and 2; on orthogonal samples within the sampling error of the
//! closed form. Runtime: 3 s on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::relu_bounded_rank)
}
