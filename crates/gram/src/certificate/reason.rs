//! Why there is no proof.

/// Why the same-sign pattern is not proven to last. None of these says that it changes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotProven {
    /// The limit was solved for another pattern than the state has.
    #[error(
        "the limit assumes another activation of neuron {neuron} on sample {sample} than the state has"
    )]
    OtherPattern {
        /// The neuron.
        neuron: usize,
        /// The sample.
        sample: usize,
    },
    /// The limit program's solution leaves the pattern it was solved for.
    #[error(
        "the limit of this pattern does not keep the pattern (slack {slack:.1e} on sample {sample})"
    )]
    Inconsistent {
        /// The sample of the tightest pair.
        sample: usize,
        /// Its relative slack.
        slack: f64,
    },
    /// The program is not solved precisely enough to read its support and signs.
    #[error("the limit program is solved only to a residual of {residual:.1e}")]
    Imprecise {
        /// Its [`Limit::kkt_residual`](crate::Limit::kkt_residual).
        residual: f64,
    },
    /// A sample of which the program does not tell whether its margin is the smallest.
    #[error(
        "sample {sample} has neither a clearly positive multiplier nor a clearly larger margin"
    )]
    UndecidedSample {
        /// The sample.
        sample: usize,
    },
    /// A ReLU neuron without an active same-sign sample that other samples still move.
    #[error("neuron {neuron} is active on no sample of its sign, but still on sample {sample}")]
    MovingDeadNeuron {
        /// The neuron.
        neuron: usize,
        /// The opposite-sign sample.
        sample: usize,
    },
    /// The active samples are linearly dependent in a way that leaves no reference path.
    #[error("the active constraints are linearly dependent, the multipliers are not unique")]
    DependentSamples,
    /// The step is too early for the asymptotic form.
    #[error("too early: the reference time is log θ = {log_theta}")]
    TooEarly {
        /// `log θ_T`.
        log_theta: f64,
    },
    /// An opposite-sign pair that has yet to reach the side on which the limit has it.
    #[error("neuron {neuron} is not yet on the limit's side of sample {sample}, of the other sign")]
    OppositeSide {
        /// The neuron.
        neuron: usize,
        /// The sample.
        sample: usize,
    },
    /// No bound holds the distance to the reference path.
    #[error("the distance {distance:.3e} to the reference path has no finite bound yet")]
    Untrapped {
        /// `‖ρ(T)‖`.
        distance: f64,
    },
    /// A same-sign pair with less room than the distance to the reference path may take.
    #[error(
        "neuron {neuron} has room {room:.3e} before it changes on sample {sample}, the bound needs \
         {radius:.3e}"
    )]
    SameSignRoom {
        /// The neuron.
        neuron: usize,
        /// The sample.
        sample: usize,
        /// `σ h*_ki(θ_T)/‖x_i‖`.
        room: f64,
        /// `R_k`.
        radius: f64,
    },
}
