//! The claims of Kou, Chen & Gu (NeurIPS 2023, arXiv:2310.18935) on two-layer networks.
//!
//! * *A rate holds once the samples are fitted, and a loss that stays refutes it.* A fall faster
//!   than `1/t` and growth faster than `log t` are transients. A loss stays only if the model has
//!   no limit program, or no weights with the present, lasting pattern fit all samples
//!   (`levels_off` and `stays` in `loss.rs`).
//! * *An exact limit is for the limit program to tell* (docs/theory.md §6, derived), where the
//!   model has one: stable rank exactly 1, margins exactly equal. It supports or refutes where its
//!   solution keeps the pattern, is precise, the pattern is at rest or proven to last, and the
//!   trajectory approaches it; in all other cases the claim is inconclusive, for no trajectory
//!   tells a limit of 1.0006 from 1, and the reason says what was measured. One exception: margins
//!   are refuted where a loss stays. What the program says about the run is one value, `Outlook`.
//!   Where the model has no program the trajectory decides within tolerances, and the reason names
//!   them.
//! * *Nothing is refuted while the activation pattern, where a model has one, is not at rest*, nor
//!   by the time before the samples are fitted.

mod alignment;
mod context;
mod evidence;
mod hypotheses;
pub mod ids;
mod judge;
mod loss;
mod margins;
mod norm;
mod outlook;
mod program;
mod regime;
mod stable_rank;
mod tables;
#[cfg(test)]
pub(crate) mod testing;
mod theory;
mod withhold;

pub use context::{ClaimContext, RankClaim};
pub use hypotheses::{Conditions, hypotheses};
pub use judge::judge;
pub use regime::{AtRest, Regime, Rest, Rises, step_size_notice};
pub use theory::THEORY;
