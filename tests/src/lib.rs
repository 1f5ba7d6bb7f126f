//! What the tests of this package share: golden files, and problems put together by hand.

mod golden;
mod problem;
mod truth;

pub use golden::{Golden, golden_folder, shared_reference_folder};
pub use problem::{TestProblem, block, gaussian, pos_neg, scratch_run, steps};
pub use truth::{LIMIT, TRUTH, hold_to_truth, true_settings};
