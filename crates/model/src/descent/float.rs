//! Float types of the host kernels, and threads for their products.

use implicit_bias_algebra::{Par, Real};

/// The float types a host kernel runs in.
pub(crate) trait Float: Real + Send + Sync + burn::tensor::Element {
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
}

impl Float for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
}

impl Float for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

/// Below this many floating-point operations a step, starting threads costs more than it saves.
const THREADING_THRESHOLD: usize = 20_000_000;

/// How a step of so many operations is spread over threads.
pub(crate) fn parallelism(operations: usize, threads: usize) -> Par {
    if operations >= THREADING_THRESHOLD && threads > 1 {
        Par::rayon(threads)
    } else {
        Par::Seq
    }
}
