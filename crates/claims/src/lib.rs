//! The claims of the paper, judged on a finished run.
//!
//! Each verdict rests on a number that was measured, in a window that is named, with an interval
//! (see [`Line`] for what the interval means). The thresholds are this project's settings, not the
//! paper's. Six rules hold throughout:
//!
//! * *Short is inconclusive.* Everything here moves with `log t`.
//! * *Refuted means that a longer run would not change it*, as far as one run can tell: what
//!   refutes must hold in the later half of the window too; nothing is refuted while the activation
//!   pattern, where a model has one, is not at rest, nor by the time before the samples are fitted,
//!   nor by the trajectory of a run in single precision. Support asks for less on purpose: it says
//!   nothing about for ever.
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
//! * *What log time cannot tell decides nothing*: no verdict rests on margins that may be off by
//!   more than a hundredth by the run's own `error_estimate`.
//! * *A claim is left out* if the run has no columns for it, as other architectures may.

mod alignment;
mod claim;
mod context;
mod evidence;
mod fit;
mod hypotheses;
mod judge;
mod loss;
mod margins;
mod norm;
mod outlook;
mod program;
mod regime;
mod rounding;
mod settings;
mod stable_rank;
mod student;
mod tables;
#[cfg(test)]
mod testing;
mod window;
mod withhold;
mod words;

pub use claim::{Claim, ClaimId, ClaimLimit, DecidedBy, Fit, Verdict};
pub use context::{ClaimContext, RankClaim, RunEnd};
pub use fit::{LEVEL, Line, fit_line};
pub use hypotheses::{Conditions, Hypotheses, Hypothesis, HypothesisStatus};
pub use judge::judge;
pub use regime::{AtRest, Regime, Rest, Rises, step_size_notice};
pub use rounding::{limit_of, updates_lost_from};
pub use student::student_t;
