//! The trait between the dynamics and everything above it.

use implicit_bias_data::Dataset;
use implicit_bias_limits::KktResidual;
use implicit_bias_model::Weights;
use implicit_bias_record::StopReason;
use ndarray::Array2;

use crate::EngineError;
use crate::observation::Observation;

/// Something that runs gradient descent and can be looked at.
///
/// Steps are counted in `f64`, exact up to 2⁵³: an engine may go where integers end, and is then
/// asked for horizons such as 10³⁰. Nothing above this trait knows which engine runs.
pub trait Engine {
    /// `tensor` for weight space, `gram` for Gram coordinates; the name that goes into the
    /// manifest.
    fn name(&self) -> &'static str;

    /// Steps taken so far.
    fn step(&self) -> f64;

    /// The degree of homogeneity of the scores in the trained weights. `None` where there is none:
    /// normalized margins of observations are then the margins as they are.
    fn homogeneity(&self) -> Option<f64>;

    /// Advances to step `to`, or stops earlier and says why.
    ///
    /// # Errors
    ///
    /// [`EngineError`] if the backend fails; a diverging run is no error but a [`StopReason`].
    fn advance(&mut self, to: f64) -> Result<Option<StopReason>, EngineError>;

    /// Measures the present state. Pattern changes count from the previous call.
    ///
    /// # Errors
    ///
    /// [`EngineError::Metric`] where a measure is undefined; a non-finite weight is one of those.
    fn observe(&mut self) -> Result<Observation, EngineError>;

    /// The present weights, in host memory.
    fn weights(&mut self) -> Weights;

    /// About how many floating-point operations one step takes; progress is chunked by it. 0 where
    /// steps are no longer taken one by one.
    fn operations_per_step(&self) -> f64;

    /// Everything that the next steps and observations depend on, but for the problem itself, as
    /// bytes for
    /// [`restore`](Self::restore). `None` (the default) for an engine that cannot go on from bytes.
    fn checkpoint(&self) -> Option<Vec<u8>> {
        None
    }

    /// Goes to where the [`checkpoint`](Self::checkpoint) of an engine for the same problem was
    /// taken: steps and observations from there are the same to the last bit. Called on a new
    /// engine.
    ///
    /// # Errors
    ///
    /// [`EngineError::Checkpoint`] if the bytes are not of such an engine; the engine is then of no
    /// further use.
    fn restore(&mut self, _checkpoint: &[u8]) -> Result<(), EngineError> {
        Err(EngineError::Checkpoint(format!(
            "expected an engine that can go on from a checkpoint, found `{}`",
            self.name()
        )))
    }

    /// How far the direction of the present weights is from a Karush–Kuhn–Tucker point of the
    /// largest margin, or why that is not measured; `None` (the default) where there is no such
    /// residual, as of a network that is not homogeneous. Where that is costly it is measured only
    /// if it was asked for.
    fn kkt(&mut self, _unasked: bool) -> Option<Result<KktResidual, String>> {
        None
    }

    /// Records from now on, for each block that is named, how far its direction is from a given one:
    /// `‖W/‖W‖ − W*/‖W*‖‖_F` in the column `direction_distance_<block>`. The default records nothing.
    fn track(&mut self, _directions: Vec<(String, Array2<f64>)>) {}

    /// Records as `held_out_error`, from the next observation on, the fraction of these samples whose
    /// score has not the sign of their label.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] where the engine or its network knows no held-out samples.
    fn hold_out(&mut self, _data: &Dataset) -> Result<(), EngineError> {
        Err(EngineError::Invalid {
            key: "held-out".into(),
            expected: "engine tensor, which computes scores of samples that no step sees".into(),
            found: self.name().into(),
        })
    }

    /// What happened on the way that a reader of the run should know, in whole phrases.
    fn notes(&self) -> &[String] {
        &[]
    }
}
