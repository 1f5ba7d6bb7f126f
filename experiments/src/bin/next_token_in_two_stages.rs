//! Both matrices of a one-layer transformer turn to those of maximum margin.
//!
//! Claims (Huang, Liang & Yang, arXiv:2409.17335): in two stages of normalized gradient descent the
//! norms grow linearly, the losses fall exponentially to their infima, both directions tend to those of
//! maximum margin, and unseen sentences are continued correctly.
//!
//! Setting: V = d = 20, step sizes as found in the paper; sentences and horizons are ours. Expected:
//! supported in two stages, slopes as derived from the programs; linear norms refuted for gradient
//! descent.
//! Runtime: some ten seconds on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::transformer;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&transformer::SYSTEM, transformer::next_token_in_two_stages)
}
