//! The machinery of studies: a claim or a figure each, from configurations to sections of a report.
//!
//! A [`Study`] says what to run and how to show it; a [`System`] is the studies of one system of
//! the literature. [`Reproduction`] runs many studies into one report, [`main`] is the command line
//! of one. The studies themselves are elsewhere.

mod command;
mod definition;
mod figures;
mod folder;
mod limits;
mod reproduction;
mod section;

pub use command::main;
pub use definition::{Effort, LimitResult, Show, Shown, Study, StudyResult, StudyRun, System};
pub use figures::figures_side_by_side;
pub use folder::{StudyCommand, StudyFolder, identity_of};
pub use limits::find_limits;
pub use reproduction::{Headline, Reproduction, Watch};
pub use section::section;
