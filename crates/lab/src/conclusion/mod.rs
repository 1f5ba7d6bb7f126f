//! What is concluded from a run: its limit, its claims.

mod conclude;
mod conditions;
mod facts;
mod predict;
mod record;

pub(crate) use conclude::conclude;
pub use conditions::conditions;
pub(crate) use conditions::notices_at_the_start;
pub use record::RunRecord;
