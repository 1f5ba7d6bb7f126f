//! What theorems ask about a run, as plain data.

/// Which of the networks that theorems are about a network is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Two layers, the second one fixed: means of `φ(⟨w, x⟩)` over two blocks of neurons, one
    /// subtracted from the other.
    TwoLayer,
    /// `f(w; x) = ⟨w, x⟩`.
    Linear,
    /// Another one.
    #[default]
    Other,
}

/// The norm in which a descent takes steepest steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepNorm {
    /// `‖·‖₂`: steps along the gradient.
    L2,
    /// `‖·‖_∞`: steps of one size in every coordinate.
    Linf,
    /// Neither, or not known.
    Unknown,
}
