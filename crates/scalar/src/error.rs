/// A slope outside `[0, 1)`.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("slope: expected a number in [0, 1), found {0}")]
pub struct SlopeError(
    /// The slope that was found.
    pub f64,
);
