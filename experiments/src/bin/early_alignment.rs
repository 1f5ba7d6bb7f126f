//! Neurons of two layers align early, and the hidden layer ends with stable rank 2 at most.
//!
//! Claims (Min, Mallada & Vidal, ICLR 2024): from small balanced weights, on signed samples at
//! acute angles, every neuron is dead or in the set of its sign before the loss falls; the loss is
//! O(1/t); the stable rank ends at 2 at most.
//!
//! Setting: equiangular samples, exponential loss, to step 10¹⁵ (ours). Expected: supported there;
//! alignment is refuted on orthogonal and Gaussian samples and from large weights.
//! Runtime: a minute on two cores; seconds with `--quick`.

use std::process::ExitCode;

use implicit_bias_experiments::alignment;
use implicit_bias_lab::study;

fn main() -> ExitCode {
    study::main(&alignment::SYSTEM, alignment::early_alignment)
}
