//! The claims on real images: MNIST digits 0 and 1, raw, centred and with noise.
//!
//! Question: which conclusions of the theorems survive on images, and how much noise makes them
//! hold? Near orthogonality is what noise changes: the ratio `R_min²/(n p)` grows with it.
//!
//! Setting: ten digits of each class, pixels in [0, 1], six preparations × three initial scales ×
//! two activations, m = 50, T = 10¹⁵ in Gram coordinates (ours).
//! Expected: leaky ReLU has rank one throughout; equal margins need noise of about 0.3 in each
//! pixel. Needs the MNIST files: `implicit-bias fetch mnist`, or `--data-dir`.
//! Runtime: 2 min on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::kou;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&kou::SYSTEM, kou::mnist)
}
