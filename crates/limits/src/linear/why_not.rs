//! Why a state has no far horizon.

/// Why a state is not continued to a far horizon.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyNot {
    /// Settings, weights and samples are no numbers of a descent, or do not fit each other.
    #[error("far horizon: {0}")]
    Input(&'static str),
    /// The linear program's solution is no vertex whose weights and multipliers are unique.
    #[error("far horizon: weights or multipliers of the maximum margin are not known to be unique")]
    Degenerate,
    /// The sum of all step sizes is finite: the weights converge and the margin stays below `γ∞*`.
    #[error("far horizon: step sizes fall faster than 1/t, the norm stays bounded")]
    BoundedNorm,
    /// The mean square cannot follow the gradient: `γ∞* η_t > (1 − β2)/2`.
    #[error(
        "far horizon: beta2 throttles growth at this step size, {}",
        from.map_or("forever".into(), |step| format!("until step {step:e}"))
    )]
    Throttled {
        /// The first step from which on it can; `None` if there is none.
        from: Option<f64>,
    },
    /// The pace changes within the memory of Adam's moments: the step is too early for the law.
    #[error("far horizon: step sizes still change within the memory of the moments")]
    Lag,
    /// The state is not near the vertex: its bound coordinates have other signs, a free coordinate
    /// is the largest, or margins of active samples are not what the vertex says.
    #[error(
        "far horizon: the gradient of the state is not that of the solution yet (slip {slip:.2})"
    )]
    NotIdentified {
        /// The [`AdamFar::slip`](super::AdamFar::slip) of the state, infinite where signs differ.
        slip: f64,
    },
}
