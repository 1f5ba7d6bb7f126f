//! A theory: claims that belong together, and the runs that they are about.

use crate::claim::{Claim, ClaimId, Fit, Verdict};
use crate::hypotheses::Hypotheses;
use crate::run::{RunEnd, RunFacts, RunView};
use crate::words::step;

/// What a theory says of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Its claims, each with a verdict.
    pub claims: Vec<Claim>,
    /// What a reader must know of the run before the verdicts, a sentence each, the kind first:
    /// `step size: …`.
    pub notices: Vec<String>,
    /// Those of the notices that nobody could know before the run ended.
    pub outcome: Vec<String>,
}

/// Claims that belong together, and the runs that they are about.
///
/// One joins by a value of this and a line in [`THEORIES`](crate::THEORIES), or by
/// `Laboratory::with_theory` in a program of one's own.
#[derive(Clone, Copy, Debug)]
pub struct Theory {
    /// Its name: `kou`.
    pub name: &'static str,
    /// Whose claims they are.
    pub source: &'static str,
    /// Its claims, each in a few words.
    pub claims: &'static [(ClaimId, &'static str)],
    /// What a reader must know before a run takes its first step, a sentence each, the kind first:
    /// `samples: …`; a hypothesis that is not met, for one. Nothing of most runs.
    pub at_start: fn(&RunFacts) -> Vec<String>,
    /// Judges a run; `None` of one that no claim is about.
    pub judge: fn(&RunView<'_>) -> Option<Judgement>,
}

/// Keeps of claims the numbers that are numbers, and takes back every verdict on a run that did not
/// end soundly: claims are about runs with a small enough step size.
pub fn withhold_unsound(end: RunEnd, claims: &mut [Claim]) {
    for claim in &mut *claims {
        // What overflowed is no estimate, and no JSON number.
        let finite = |fit: &Fit| fit.estimate.is_finite() && (fit.high - fit.low).is_finite();
        claim.fits.retain(finite);
        claim.measured = claim.measured.filter(|measured| measured.is_finite());
    }
    let failure = match end {
        RunEnd::Sound => return,
        RunEnd::Diverged { step: at } => format!("the run diverged at step {}", step(at)),
        RunEnd::NonFinite { step: at } => {
            format!("a number stopped being finite at step {}", step(at))
        }
    };
    for claim in claims {
        claim.verdict = Verdict::Inconclusive;
        claim.reason = format!(
            "{failure}, and the claim is about runs with a small enough step size; up to there, {}",
            claim.reason
        );
    }
}

/// Writes hypotheses beside each verdict; a refuted one says what that means.
pub fn write_hypotheses(hypotheses: &Hypotheses, claims: &mut [Claim]) {
    for claim in claims {
        if claim.verdict == Verdict::Refuted {
            let reason = claim.reason.trim_end_matches('.');
            let meaning = hypotheses.of_a_refuted_claim();
            claim.reason = format!("{reason}. Refuted on these data; {meaning}");
        }
        claim.hypotheses = Some(hypotheses.clone());
    }
}
