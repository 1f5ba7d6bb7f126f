//! Noisy labels are fitted soon, with small weights, and a strong signal makes that benign.
//!
//! Claims (Karhadkar, George, Murray, Montúfar & Needell 2024): zero hinge loss after at most
//! C‖w*‖²/(η α² m) steps with ‖W‖_F ≤ C‖w*‖/(α √m); benign for a strong signal, harmful for
//! γ = O(α³/d).
//!
//! Setting: the authors' code, 50 samples. Expected: supported within the assumptions, refuted outside.
//! Runtime: seconds.

use std::process::ExitCode;

use implicit_bias_experiments::benign;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&benign::SYSTEM, benign::benign_and_harmful_overfitting)
}
