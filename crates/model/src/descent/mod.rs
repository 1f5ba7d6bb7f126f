//! Gradient descent by a hand-derived gradient in host memory.

mod block_sums;
mod float;
mod gram_space;
mod head;
mod hinge;
mod host_weights;
mod layer_scores;
mod layered;
mod layers;
mod linear;
mod problem;
mod weight_space;

pub(crate) use self::block_sums::Output;
pub(crate) use self::gram_space::GramSpaceDescent;
pub(crate) use self::head::Head;
pub(crate) use self::hinge::HingeDescent;
pub(crate) use self::layer_scores::LayerScores;
pub(crate) use self::layered::LayeredDescent;
pub(crate) use self::layers::{Layers, Samples};
pub(crate) use self::linear::LinearDescent;
pub use self::problem::{Descent, DescentProblem};
pub(crate) use self::weight_space::WeightSpaceDescent;
