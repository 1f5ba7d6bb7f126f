//! Runs in single precision, held to the truth in a process of their own: a process computes in one
//! precision.

use implicit_bias_engine::Precision;
use implicit_bias_tests::hold_to_truth;

/// Where double precision leaves a claim open, single precision may not refute it: its losses fall
/// in steps of its rounding, and its weights stop where updates are lost.
#[test]
fn single_precision_refutes_nothing_that_is_true() {
    hold_to_truth("initial weights for single precision", Precision::F32);
}
