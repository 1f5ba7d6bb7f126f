//! The claims of the paper, judged on a finished run.
//!
//! Each verdict rests on a number that was measured, in a window that is named, with an interval
//! (see [`Line`] for what the interval means). The thresholds are this project's settings, not the
//! paper's. Six rules hold throughout:
//!
//! * *Short is inconclusive.* Everything here moves with `log t`.
//! * *Refuted means that a longer run would not change it*, as far as one run can tell: what refutes
//!   must hold in the later half of the window too; nothing is refuted while the activation pattern,
//!   where a model has one, is not at rest, nor by the time before the samples are fitted, nor by the
//!   trajectory of a run in single precision. Support asks for less on purpose: it says nothing about for
//!   ever.
//! * *A rate holds once the samples are fitted, and a loss that stays refutes it.* A fall faster than `1/t`
//!   and growth faster than `log t` are transients. A loss stays only if the model has no limit program, or no
//!   weights with the present, lasting pattern fit all samples (`levels_off` and `stays` in `loss.rs`).
//! * *An exact limit is for the limit program to tell* (theory.md §6, derived), where the model has one: stable
//!   rank exactly 1, margins exactly equal. It supports or refutes where its solution keeps the pattern, is
//!   precise, the pattern is at rest or proven to last, and the trajectory approaches it; in all other cases the
//!   claim is inconclusive, for no trajectory tells a limit of 1.0006 from 1, and the reason says what was
//!   measured. One exception: margins are refuted where a loss stays. What the program says about the run is
//!   one value, `Outlook`. Where the model has no program the trajectory decides within
//!   tolerances, and the reason names them.
//! * *What log time cannot tell decides nothing*: no verdict rests on margins that may be off by more than a
//!   hundredth by the run's own `error_estimate`.
//! * *A claim is left out* if the run has no columns for it, as other architectures may.

mod alignment;
mod claim;
mod fit;
mod hypotheses;
mod loss;
mod margins;
mod norm;
mod outlook;
mod program;
mod rounding;
mod run;
mod settings;
mod stable_rank;
mod student;
#[cfg(test)]
mod testing;
mod withhold;

use crate::{Prediction, Series};
use run::{Run, step};

pub use claim::{Claim, ClaimId, ClaimLimit, DecidedBy, Fit, Verdict};
pub use fit::{LEVEL, Line, fit_line};
pub use hypotheses::{Conditions, Hypotheses, Hypothesis, HypothesisStatus};
pub(crate) use rounding::updates_lost_from;
pub(crate) use settings::UNCERTAIN;
pub use student::student_t;

/// Which claim about stable ranks applies to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankClaim {
    /// The stable rank of each block tends to 1 (leaky ReLU).
    OnePerBlock,
    /// The stable rank of each block stays bounded by a constant (ReLU).
    Bounded,
}

/// Whether the numbers of a run are those of a run that worked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunEnd {
    /// Completed, or interrupted: what was recorded is a sound run up to its last step.
    Sound,
    /// The loss grew without bound from about this step on.
    Diverged {
        /// The step at which it was noticed.
        step: f64,
    },
    /// A number stopped being finite at this step.
    NonFinite {
        /// The step at which it was noticed.
        step: f64,
    },
}

/// What the verdicts need to know about a run besides its tables.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimContext {
    /// The claim about stable ranks, if one applies.
    pub rank_claim: Option<RankClaim>,
    /// Names of the weight blocks, the endings of the columns `stable_rank_…`: `pos`, `neg`.
    pub blocks: Vec<String>,
    /// Degree `L` of homogeneity of the scores in the weights; margins are normalized by `‖W‖_F^L`.
    pub homogeneity: f64,
    /// How the run ended.
    pub end: RunEnd,
    /// The limit of the run, or why there is none; `None` where no program applies to the model.
    pub prediction: Option<Prediction>,
    /// The largest stable rank that a block's limit could have, `min(m, n, d)`, where that is known.
    pub largest_rank: Option<usize>,
}

/// Judges every claim that the columns of a run allow.
///
/// `series` and `margins` are the tables of `series.csv` and `margins.csv`; `margins` may be empty,
/// then the columns `margin_min` and `margin_max` stand in for it.
///
/// On a run that diverged, every verdict is *inconclusive*: the claims assume a small enough step
/// size, so such a run says nothing about them. Its numbers are kept, the reason says so.
pub fn judge(series: &Series, margins: &Series, context: &ClaimContext) -> Vec<Claim> {
    let run = Run::new(series, margins, context);
    let mut claims = Vec::new();
    claims.extend(loss::judge(&run));
    claims.extend(norm::judge(&run));
    claims.extend(margins::judge(&run));
    claims.extend(stable_rank::judge(&run));
    program::decide(&run, &mut claims);
    withhold::early_refutations(&run, &mut claims);
    claims.extend(alignment::judge(&run));
    program::explain(&run, &mut claims);
    withhold::uncertain(&run, &mut claims);
    for claim in &mut claims {
        // What overflowed is no estimate, and no JSON number.
        let finite = |fit: &Fit| fit.estimate.is_finite() && (fit.high - fit.low).is_finite();
        claim.fits.retain(finite);
        claim.measured = claim.measured.filter(|measured| measured.is_finite());
    }
    let failure = match context.end {
        RunEnd::Sound => return claims,
        RunEnd::Diverged { step: at } => format!("the run diverged at step {}", step(at)),
        RunEnd::NonFinite { step: at } => {
            format!("a number stopped being finite at step {}", step(at))
        }
    };
    for claim in &mut claims {
        claim.verdict = Verdict::Inconclusive;
        claim.reason = format!(
            "{failure}, and the claim is about runs with a small enough step size; up to there, {}",
            claim.reason
        );
    }
    claims
}

/// A claim before it is judged.
fn draft(id: ClaimId, statement: &str, quantity: &str, predicted: &str) -> Claim {
    Claim {
        id,
        block: None,
        statement: statement.into(),
        quantity: quantity.into(),
        measured: None,
        predicted: predicted.into(),
        limit: None,
        fits: Vec::new(),
        verdict: Verdict::Inconclusive,
        decided_by: DecidedBy::Trajectory,
        reason: String::new(),
        hypotheses: None,
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{context, lawful, lawful_margins};
    use super::*;
    use approx::assert_relative_eq;

    fn verdicts(claims: &[Claim]) -> Vec<(ClaimId, Verdict)> {
        claims
            .iter()
            .map(|claim| (claim.id, claim.verdict))
            .collect()
    }

    #[test]
    fn a_lawful_run_supports_every_claim() {
        for rank_claim in [RankClaim::OnePerBlock, RankClaim::Bounded] {
            let context = ClaimContext {
                rank_claim: Some(rank_claim),
                ..context()
            };
            let claims = judge(&lawful(1e5), &lawful_margins(1e5), &context);
            assert_eq!(claims.len(), 6);
            for claim in &claims {
                assert_eq!(claim.verdict, Verdict::Supported, "{claim:#?}");
            }
        }
    }

    #[test]
    fn a_short_run_is_inconclusive_throughout() {
        for horizon in [100.0, 999.0] {
            let claims = judge(&lawful(horizon), &lawful_margins(horizon), &context());
            assert_eq!(claims.len(), 6);
            for claim in &claims {
                assert_eq!(claim.verdict, Verdict::Inconclusive);
                assert!(
                    claim.reason.contains("horizon too short"),
                    "{}",
                    claim.reason
                );
            }
        }
    }

    #[test]
    fn a_failed_run_decides_nothing_and_keeps_its_numbers() {
        let (series, margins) = (lawful(1e5), lawful_margins(1e5));
        let sound = judge(&series, &margins, &context());
        for end in [
            RunEnd::Diverged { step: 7.0 },
            RunEnd::NonFinite { step: 7.0 },
        ] {
            let failed = judge(&series, &margins, &ClaimContext { end, ..context() });
            for (sound, failed) in sound.iter().zip(&failed) {
                assert_eq!(failed.verdict, Verdict::Inconclusive);
                assert!(failed.reason.contains("at step 7,"), "{}", failed.reason);
                assert_eq!(
                    (&failed.fits, failed.measured),
                    (&sound.fits, sound.measured)
                );
            }
        }
    }

    #[test]
    fn an_empty_run_and_unknown_columns_are_no_error() {
        let empty = Series::new(["step"]);
        assert!(judge(&empty, &empty, &context()).is_empty());
        let headed = Series::new(lawful(10.0).columns().to_vec());
        for claim in judge(&headed, &empty, &context()) {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }

    #[test]
    fn gaps_in_the_record_are_skipped() {
        let full = lawful(1e5);
        let mut holed = Series::new(full.columns().to_vec());
        for (index, row) in full.rows().iter().enumerate() {
            let hole = |(column, value): (usize, &f64)| {
                if index % 7 == 3 && column > 0 {
                    f64::NAN
                } else {
                    *value
                }
            };
            holed.push(row.iter().enumerate().map(hole).collect());
        }
        let margins = lawful_margins(1e5);
        assert_eq!(
            verdicts(&judge(&holed, &margins, &context())),
            verdicts(&judge(&full, &margins, &context()))
        );
    }

    #[test]
    fn claims_survive_their_file() {
        let claims = judge(&lawful(1e5), &lawful_margins(1e5), &context());
        let text = serde_json::to_string(&claims).unwrap();
        let back: Vec<Claim> = serde_json::from_str(&text).unwrap();
        assert_eq!(verdicts(&back), verdicts(&claims));
        for (back, claim) in back.iter().zip(&claims) {
            assert_eq!((&back.block, &back.reason), (&claim.block, &claim.reason));
            for (back, fit) in back.fits.iter().zip(&claim.fits) {
                // serde_json reads decimals to the last bit or the one beside it.
                assert_relative_eq!(back.estimate, fit.estimate, max_relative = 1e-15);
            }
        }
    }
}
