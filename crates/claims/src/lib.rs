//! Claims of the literature, judged on a finished run.
//!
//! Each verdict rests on a number that was measured, in a window that is named, with an interval
//! (see [`Line`] for what the interval means). The thresholds are this project's settings, not the
//! papers'. These rules hold throughout:
//!
//! * *Short is inconclusive.* Everything here moves with `log t`.
//! * *Refuted means that a longer run would not change it*, as far as one run can tell: what
//!   refutes must hold in the later half of the window too, and nothing is refuted by the
//!   trajectory of a run in single precision. Support asks for less on purpose: it says nothing
//!   about for ever.
//! * *What log time cannot tell decides nothing*: no verdict rests on margins that may be off by
//!   more than a hundredth by the run's own `error_estimate`.
//! * *A claim is left out* if it is not about the run, or the run has no columns for it.
//!
//! Claims that belong together are a [`Theory`]; [`THEORIES`] is the list of them. A theory looks
//! at a run as a [`RunView`] and says by its facts whether it is about it.

pub mod adam;
pub mod alignment;
pub mod benign;
pub mod chaos;
mod claim;
pub mod cnn;
mod fit;
pub mod frei;
mod hypotheses;
pub mod kou;
mod proportion;
mod rounding;
mod run;
mod settings;
pub mod simplicity;
mod student;
mod theory;
pub mod tokens;
mod window;
mod words;

pub use claim::{Claim, ClaimId, ClaimLimit, DecidedBy, Fit, Shown, Verdict};
pub use fit::{LEVEL, Line, fit_line};
pub use hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
pub use proportion::proportion_interval;
pub use rounding::{limit_of, updates_lost_from};
pub use run::{DescentFacts, LawFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};
pub use student::student_t;
pub use theory::{Judgement, Theory, withhold_unsound, write_hypotheses};

/// The theories whose claims are judged on runs that they are about.
pub const THEORIES: &[Theory] = &[
    kou::THEORY,
    frei::THEORY,
    benign::THEORY,
    alignment::THEORY,
    adam::THEORY,
    simplicity::THEORY,
    cnn::THEORY,
    chaos::THEORY,
    tokens::ATTENTION,
    tokens::TRANSFORMER,
];

/// The examples of the README, which are compiled and run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
