//! Where descents end: the limit of a run, how exactly it is solved, and what speaks against it.
//!
//! | file | what |
//! |---|---|
//! | `two_layer` | the convex program of the two-layer network, as columns, residual, certificate |
//! | [`linear`] | maximum margins of a linear network |
//! | `direction_limit` | what a limit of directions is |
//! | `direction` | which program the direction of a descent tends to |
//! | `least_norm` | the matrix of the least norm under linear constraints |
//! | [`tokens`] | attention and transformer: such matrices |
//! | `patches` | convolution: filters under an activation pattern |
//! | `kkt`, `nnls` | how far a direction is from a Karush–Kuhn–Tucker point, for any network |
//! | `lasting` | whether an activation pattern that no weights fit looks like the last one |

mod direction;
mod direction_limit;
mod kkt;
mod lasting;
mod least_norm;
pub mod linear;
mod nnls;
mod patches;
pub mod tokens;
mod two_layer;

pub use direction::{DIRECTION_LIMITS, direction_numbers, predict_direction};
pub use direction_limit::{DirectionFacts, DirectionLimit, DirectionProblem, DirectionSolution};
pub use kkt::{EVIDENCE, KktResidual, Reached, direction_reached};
pub use least_norm::{LeastNorm, least_norm};
pub use patches::{PatchProgram, patch_program};
pub use two_layer::{
    DescentSettings, certificate_text, margins_become_equal, pre_activations, predict, solve,
    too_large,
};

/// The examples of the README, which are compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
