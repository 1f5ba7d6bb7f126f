//! What is known of where a run goes on: the one value that every judge of a limit looks at.

use crate::kou::tables::Tables;
use crate::run::RunEnd;
use crate::settings::MIN_HORIZON;
use crate::words::step;
use implicit_bias_record::{PredictedLimit, Prediction};

/// Why a run in single precision refutes nothing by its trajectory, as a clause.
pub(crate) const SINGLE_PRECISION: &str = "a run in single precision refutes nothing by its \
                                           trajectory, for rounding takes updates away; \
                                           --precision f64 can tell";

/// What the limit program (docs/theory.md §6, derived) says about the same-sign pattern that a run
/// has at its last step.
///
/// While a same-sign pattern lasts, gradient descent goes to the solution of the program for it. So
/// what the program says is true *of the pattern*, and true of the run as far as the pattern lasts.
#[derive(Clone, Debug)]
pub(crate) enum Outlook<'a> {
    /// No program applies to the model, or the run failed: the trajectory is all there is.
    NoProgram,
    /// Rounding took updates from this step on: the run is no longer gradient descent, and the
    /// limit, if there is one, is exact descent's from the run's last pattern.
    LosesUpdates(f64, Option<&'a PredictedLimit>),
    /// The program was not solved, and why; too large, for one.
    Unsolved(&'a str),
    /// No weights with this pattern fit all samples, and why. While it lasts the loss stays away
    /// from 0.
    Infeasible {
        /// Why, in a phrase.
        reason: &'a str,
        /// Whether no same-sign pair is seen to move towards its kink.
        lasts: bool,
    },
    /// The solution does not keep the pattern it assumes: the pattern is not the last one.
    Inconsistent,
    /// The program is consistent but imprecise, or the pattern has changed lately, or the run is
    /// short.
    Undecided(String),
    /// The solution is the limit as far as one run can tell.
    Settled(&'a PredictedLimit),
}

impl<'a> Outlook<'a> {
    /// The outlook of a run.
    pub fn of(run: &Tables<'a>) -> Self {
        let Some(prediction) = run.context.prediction.as_ref() else {
            return match run.updates_lost_from() {
                Some(from) => Self::LosesUpdates(from, None),
                None => Self::NoProgram,
            };
        };
        if run.context.end != RunEnd::Sound {
            return Self::NoProgram;
        }
        if let Some(from) = run.updates_lost_from() {
            return Self::LosesUpdates(from, prediction.limit());
        }
        match prediction {
            Prediction::Unsolved { reason, lasts } if prediction.is_infeasible() => {
                if run.is_fitted() == Some(true) {
                    // Its own weights fit all samples: then some weights do.
                    Self::Unsolved(
                        "the solver found no weights that fit all samples, and the run has such",
                    )
                } else {
                    let lasts = *lasts == Some(true);
                    Self::Infeasible { reason, lasts }
                }
            }
            Prediction::Unsolved { reason, .. } => Self::Unsolved(reason),
            Prediction::Named(_) => Self::Unsolved("it is that of another kind of network"),
            Prediction::Solved(limit) if !limit.consistent => Self::Inconsistent,
            Prediction::Solved(limit) => Self::of_consistent(run, prediction, limit),
        }
    }

    fn of_consistent(run: &Tables<'a>, prediction: &Prediction, limit: &'a PredictedLimit) -> Self {
        if let Err(doubt) = prediction.decisive() {
            return Self::Undecided(format!("the limit program does not decide: {doubt}"));
        }
        if run.horizon < MIN_HORIZON {
            let horizon = step(run.horizon);
            return Self::Undecided(format!(
                "the horizon of {horizon} steps is too short to see whether the limit of the \
                 present activation pattern is approached"
            ));
        }
        match run.unsettled() {
            Some(unsettled) if !limit.proven => {
                Self::Undecided(format!("{unsettled}, so the limit may be another one"))
            }
            _ => Self::Settled(limit),
        }
    }

    /// Why nothing about an exact limit is concluded from the trajectory, as a clause; `None` where
    /// there is no program, so that the trajectory is all there is.
    pub fn why_no_limit(&self) -> Option<String> {
        let why = match self {
            Self::NoProgram => return None,
            Self::LosesUpdates(from, limit) => {
                let whose = match limit {
                    Some(_) => {
                        ", and the limit that the limit program has for its last activation \
                         pattern is exact descent's, not this run's"
                    }
                    None => "",
                };
                format!(
                    "from step {} on rounding to single precision takes a hundredth of the updates \
                     away or more, so the run no longer follows gradient descent{whose}",
                    step(*from)
                )
            }
            Self::Unsolved(reason) => format!(
                "a trajectory cannot tell a limit from one that is a little off; only the limit \
                 program can, and it has no answer here ({reason}){}",
                if reason.contains("unasked") {
                    "; `implicit-bias limit RUN_DIR` solves it"
                } else {
                    ""
                }
            ),
            Self::Infeasible { reason, .. } => format!(
                "with the present activation pattern no weights fit all samples ({}), so there is \
                 no limit to compare with",
                reason.trim_start_matches("infeasible: ")
            ),
            Self::Inconsistent => "the limit that belongs to the present activation pattern does \
                                   not keep that pattern, so some neuron must be expected to \
                                   change sides still, and the limit to be another one; a longer \
                                   run can tell"
                .to_owned(),
            Self::Undecided(why) => why.clone(),
            // Only where the program, though it has an answer, does not rule on the claim.
            Self::Settled(_) => {
                "only the limit program can tell an exact limit, and does not rule \
                                 on this one"
                    .to_owned()
            }
        };
        Some(why)
    }
}

/// Whether a loss that has levelled off stays where it is, as far as the program tells.
///
/// Where the program for the present pattern has a solution, consistent or not, the loss tends to 0
/// while the pattern lasts, and after it there is another pattern. So only a pattern with which no
/// weights fit all samples, and which lasts, holds a loss up.
pub(crate) fn loss_may_stay(outlook: &Outlook<'_>) -> Result<(), String> {
    match outlook {
        Outlook::NoProgram | Outlook::Infeasible { lasts: true, .. } => Ok(()),
        Outlook::Infeasible { .. } => Err(
            "no weights with the present activation pattern fit all samples, yet a neuron may be \
             on its way to another pattern"
                .to_owned(),
        ),
        Outlook::Unsolved(reason) => Err(format!(
            "whether weights with the present activation pattern fit all samples is not known \
             ({reason}), and if they do the loss falls to 0"
        )),
        Outlook::LosesUpdates(from, _) => Err(format!(
            "from step {} on rounding to single precision takes updates away",
            step(*from)
        )),
        Outlook::Inconsistent | Outlook::Undecided(_) | Outlook::Settled(_) => Err(
            "there are weights with the present activation pattern that fit all samples, so the \
             loss will fall again"
                .to_owned(),
        ),
    }
}
