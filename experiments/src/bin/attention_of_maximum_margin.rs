//! Attention turns to the matrix of maximum margin.
//!
//! Claims (Vasudeva, Deora & Thrampoulidis, arXiv:2402.05738): under normalized gradient descent and
//! Polyak's step size the attention matrix of one self-attention layer turns to that of maximum margin
//! at the rate 1/t, attention settles on the best tokens exponentially fast, and the norm grows
//! linearly; under gradient descent it grows like log t.
//!
//! Setting: 10 samples of 6 tokens in 30 dimensions (ours). Expected: supported for both, refuted for
//! gradient descent as to the norm; slopes as derived from the program of the data.
//! Runtime: some ten seconds on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::attention;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&attention::SYSTEM, attention::attention_of_maximum_margin)
}
