//! Reasons why there is no proof.

use serde::{Deserialize, Serialize};

/// Why the same-sign pattern is not proven to last. None of these says that it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum NotProven {
    /// The limit was solved for another pattern than the state has.
    #[error(
        "the limit was computed for another activation pattern: neuron {neuron} is now on the \
         other side of its kink on sample {sample}"
    )]
    OtherPattern {
        /// The neuron.
        neuron: usize,
        /// The sample.
        sample: usize,
    },
    /// The limit program's solution leaves the pattern it was solved for.
    #[error(
        "the limit of the present activation pattern has another pattern (on sample {sample}, \
         by {slack:.1e} of its neuron's length), so that a neuron must still cross a kink"
    )]
    Inconsistent {
        /// The sample of the tightest pair.
        sample: usize,
        /// Its relative slack.
        slack: f64,
    },
    /// The program is not solved precisely enough to read its support and signs.
    #[error(
        "the convex program of the limit is solved only to a residual of {residual:.1e}, not \
         enough to read signs from it"
    )]
    Imprecise {
        /// Its [`Limit::kkt_residual`](crate::Limit::kkt_residual).
        residual: f64,
    },
    /// A sample for which the program does not determine whether its margin is the smallest.
    #[error(
        "in the limit, sample {sample} has neither a clearly positive multiplier nor a clearly \
         larger margin than the others"
    )]
    UndecidedSample {
        /// The sample.
        sample: usize,
    },
    /// A ReLU neuron without an active same-sign sample that other samples still move.
    #[error(
        "neuron {neuron} is active on no sample of its own sign, but sample {sample} of the \
         other sign still moves it"
    )]
    MovingDeadNeuron {
        /// The neuron.
        neuron: usize,
        /// The opposite-sign sample.
        sample: usize,
    },
    /// A dead ReLU neuron that is nearer to its kink than the error of the state.
    #[error(
        "log time cannot tell whether neuron {neuron} is active on sample {sample}: it is \
         nearer to its kink there than its estimated error"
    )]
    WithinError {
        /// The neuron.
        neuron: usize,
        /// The same-sign sample.
        sample: usize,
    },
    /// The active samples are linearly dependent in a way that leaves no reference path.
    #[error(
        "the samples with the smallest margin are linearly dependent, so that the multipliers \
         of the limit are not unique"
    )]
    DependentSamples,
    /// The step is too early for the asymptotic form.
    #[error(
        "it is too early: the margins are not yet those of a run that follows log t (log θ = \
         {log_theta:.3}, which must be positive)"
    )]
    TooEarly {
        /// `log θ_T`.
        log_theta: f64,
    },
    /// An opposite-sign pair that has yet to reach the side on which the limit has it.
    #[error(
        "neuron {neuron} has yet to cross its kink on sample {sample}, of the other sign, where \
         the limit has it on the other side"
    )]
    OppositeSide {
        /// The neuron.
        neuron: usize,
        /// The sample.
        sample: usize,
    },
    /// No bound holds the distance to the reference path.
    #[error(
        "it is too early: the weights are {distance:.3e} away from the path along which they \
         would go to this limit, too far to prove that they stay near it; a later step may do"
    )]
    Untrapped {
        /// `‖ρ(T)‖`.
        distance: f64,
    },
    /// A same-sign pair with less room than the distance to the reference path may take.
    #[error(
        "it is too early: neuron {neuron} is {room:.3e} away from its kink on sample {sample}, \
         and only beyond {radius:.3e} is it proven never to reach it; a later step may do"
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
