//! The step size of every step: `η`, and schedules that change it, a file each.
//!
//! A schedule is a file with its keys, how it changes `η` and a [`StepScheduleKind`], and a line in
//! [`STEP_SCHEDULES`].

mod decay;
mod formula;
mod schedule;
mod step_size;
mod table;

pub use self::decay::{DECAY, STEP_DECAY, STEP_OFFSET};
pub use self::formula::{FORMULA, FormulaSchedule, STEP_SCHEDULE};
pub use self::schedule::{PowerDecay, SharedStepSchedule, StepSchedule, StepScheduleKind};
pub use self::step_size::StepSize;
pub use self::table::{STEP_TABLE, TABLE};

/// The schedules of the laboratory. A run has those whose keys are given, all at once.
pub const STEP_SCHEDULES: &[StepScheduleKind] = &[DECAY, TABLE, FORMULA];
