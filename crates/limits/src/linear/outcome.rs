//! What may come of looking for a maximum margin.

/// The outcome of looking for a maximum margin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MarginOutcome<Solution> {
    /// Weights with positive margins exist, and these have the largest.
    Separable(Solution),
    /// No weights give all samples a positive margin, as far as double precision can tell.
    Inseparable(Inseparable),
    /// Neither is shown, for this reason.
    NotSolved(String),
}

impl<Solution> MarginOutcome<Solution> {
    /// The solution, if the samples are separable.
    pub fn separable(self) -> Option<Solution> {
        match self {
            Self::Separable(solution) => Some(solution),
            Self::Inseparable(_) | Self::NotSolved(_) => None,
        }
    }
}

/// A nonnegative combination of samples that vanishes, within rounding.
///
/// For all weights, `min_i ⟨z_i, w⟩ ≤ Σ_i p_i ⟨z_i, w⟩ ≤ ‖Σ_i p_i z_i‖_1 ‖w‖_∞`, so that none
/// have a positive margin if the combination vanishes exactly (Gordan).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Inseparable {
    /// The weights `p` of the combination, `n`, nonnegative with sum 1.
    pub combination: Vec<f64>,
    /// An upper bound of the normalized margin `min_i ⟨z_i, w⟩ / ‖w‖_∞` of any weights,
    /// `‖Σ_i p_i z_i‖_1` with what rounding may have taken from it; it bounds
    /// `min_i ⟨z_i, w⟩ / ‖w‖_2`, too.
    pub margin_bound: f64,
    /// Whether it is proven that some combination vanishes exactly: a multiple of this one does, in
    /// exact arithmetic, or its samples span all coordinates and it can be corrected to one that
    /// does.
    ///
    /// Where this is `false`, weights may exist whose normalized margin is positive, but at most
    /// [`margin_bound`](Self::margin_bound).
    pub exact: bool,
}

/// Whether a solution is the only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// It is: the linear equations that every solution satisfies have one.
    Unique,
    /// It is not: another one was found.
    NotUnique,
    /// Neither can be told in double precision.
    CannotTell,
}
