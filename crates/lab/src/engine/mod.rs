//! The trait between the dynamics and everything above it.

mod gram;
mod tensor;
#[cfg(test)]
mod tests;
mod truth;

use implicit_bias_model::Weights;

pub use gram::{GramEngine, GramEngineOptions};
pub use tensor::{TensorEngine, TensorEngineOptions};

use crate::observation::Observation;
use crate::{LabError, StopReason};

/// Something that runs gradient descent and can be looked at.
///
/// Steps are counted in `f64`, exact up to 2⁵³: an engine may go where integers end, and is then
/// asked for horizons such as 10³⁰. Nothing above this trait knows which engine runs.
pub trait Engine {
    /// `tensor` for weight space, `gram` for Gram coordinates; the name that goes into the manifest.
    fn name(&self) -> &'static str;

    /// Steps taken so far.
    fn step(&self) -> f64;

    /// Advances to step `to`, or stops earlier and says why.
    ///
    /// # Errors
    ///
    /// [`LabError`] if the backend fails; a diverging run is no error but a [`StopReason`].
    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, LabError>;

    /// Measures the present state. Pattern changes count from the previous call.
    ///
    /// # Errors
    ///
    /// [`LabError::Metric`] where a measure is undefined; a non-finite weight is one of those.
    fn observe(&mut self) -> Result<Observation, LabError>;

    /// The present weights, in host memory.
    fn weights(&mut self) -> Weights;

    /// About how many floating-point operations one step takes; progress is chunked by it. 0 where
    /// steps are no longer taken one by one.
    fn operations_per_step(&self) -> f64;

    /// What happened on the way that a reader of the run should know, in whole phrases.
    fn notes(&self) -> &[String] {
        &[]
    }
}
