//! The descents, a file each: what a step makes of a gradient.
//!
//! An optimizer is a file with its state, its step and an [`OptimizerKind`], and a line in
//! [`OPTIMIZERS`]. [`BurnOptimizer`] makes one of any of Burn's.

mod adagrad;
mod adam;
mod block_normalized_gd;
mod burn_optimizer;
mod flow;
mod gd;
mod moments;
mod momentum;
mod normalized_gd;
mod optimizer;
mod polyak;
mod sgd;
mod sign_gd;
mod two_stage;

pub use self::adagrad::ADAGRAD;
pub use self::adam::ADAM;
pub use self::block_normalized_gd::{BLOCK_NORMALIZED_GD, SECOND_STEP_DECAY, SECOND_STEP_SIZE};
pub use self::burn_optimizer::BurnOptimizer;
pub use self::flow::FLOW;
pub use self::gd::GD;
pub(crate) use self::gd::plain;
pub use self::momentum::{BETA1, MOMENTUM};
pub use self::normalized_gd::NORMALIZED_GD;
pub(crate) use self::optimizer::norm;
pub use self::optimizer::{Make, Optimizer, OptimizerKind, descend};
pub use self::polyak::{POLYAK, POLYAK_FACTOR};
pub use self::sgd::{BATCH_ORDER, BATCH_SIZE, SGD};
pub use self::sign_gd::SIGN_GD;
pub use self::two_stage::{FIRST_STEP_SIZE, FIRST_STEPS, TWO_STAGE};
pub use implicit_bias_record::StepNorm;

/// The optimizers of the laboratory, the default first.
pub const OPTIMIZERS: &[OptimizerKind] = &[
    GD,
    MOMENTUM,
    NORMALIZED_GD,
    SIGN_GD,
    POLYAK,
    ADAM,
    SGD,
    ADAGRAD,
    FLOW,
    TWO_STAGE,
    BLOCK_NORMALIZED_GD,
];
