//! Five phases of gradient descent on quadratic regression as the step grows.
//!
//! Claims (Chen, Balasubramanian, Ghosal & Agrawalla, arXiv:2310.01687): monotone, catapult, periodic,
//! chaotic and divergent phases; in chaos, predictions averaged over time are better than single ones.
//!
//! Setting: n = 80 orthonormal samples, d = 100, steps 30 to 81 (36, 48 and 60 are found in the paper).
//! Expected: each network is in the phase of its map; boundaries as derived.
//! Runtime: a few seconds on two cores; less with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::chaos;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&chaos::SYSTEM, chaos::from_stability_to_chaos)
}
