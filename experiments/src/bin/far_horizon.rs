//! Stable ranks and margins over thirty decades, by three routes, with the limit.
//!
//! Stable ranks and normalized margins move with log t. One data set is followed by steps in weight
//! space, by the same steps in Gram coordinates, and past those in log time with an error estimate;
//! the limit program, derived here, says where it all ends, and a certificate whether the
//! activation pattern is proven to stay.
//!
//! Setting: the mixture of `leaky_relu_rank_one`, both activations; weight space to 10⁵ steps, Gram
//! steps to 10⁷, log time to 10³⁰, and once more to 10³⁰⁰ for the loss (ours).
//! Expected: the three routes on one curve, which closes on the dashed limit like a power of 1/log
//! t. Runtime: 1 minute on two cores, nearly all of it the steps in weight space; seconds with
//! `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::far_horizon)
}
