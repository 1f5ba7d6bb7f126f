//! Maximum margins of a linear network against closed forms, brute force and other programs.

mod brute_force;
mod closed_forms;
mod far;
mod properties;
mod reference;
mod stepping;

use implicit_bias_limits::linear::SignedSamples;
use ndarray::Array2;

/// Samples from rows.
fn samples(rows: Array2<f64>) -> SignedSamples {
    SignedSamples::new(rows).expect("finite samples")
}
