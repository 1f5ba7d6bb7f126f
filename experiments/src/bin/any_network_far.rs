//! Five homogeneous networks to step 10³⁰⁰: loss, norm, margins, KKT residuals, stable ranks.
//!
//! A question of this project, no paper's claim: where does gradient descent take networks for
//! which no program says where it ends? The first layer trained, both, three and four layers, and a
//! convolution are followed in log time with an error estimate.
//!
//! Setting: 10 Gaussian samples in 100 dimensions, ReLU, m = 20 (ours). Expected: the loss falls
//! like 1/t, norms grow like (log t)^{1/L}, and residuals fall; which margins become equal and
//! which ranks fall is what the report says.
//! Runtime: half a minute on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::any_network;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&any_network::SYSTEM, any_network::any_network_far)
}
