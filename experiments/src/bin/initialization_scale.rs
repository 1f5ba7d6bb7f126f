//! How the initial scale σ₀ shows in the stable rank, for both activations.
//!
//! Question of this project: the theorems ask for a small initialization; how small matters for
//! when the stable rank falls.
//!
//! Setting: the mixture of `leaky_relu_rank_one`, σ₀ from 10⁻⁴ to 10⁻¹, T = 10¹⁰⁰ in Gram
//! coordinates (ours).
//! Expected: small scales fall at once, large ones are forgotten only with log t: at σ₀ = 0.1 the
//! leaky blocks still have stable ranks of 1.12 and 1.26 at step 10¹⁰⁰.
//! Runtime: 8 s on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::initialization_scale)
}
