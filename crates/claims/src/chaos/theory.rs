//! The verdict on the phase of a run at large steps.

use super::ids::PHASE;
use crate::claim::{Claim, Verdict};
use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::{RunEnd, RunView};
use crate::settings::{
    CONVERGED_SHARE, LAST_DECADE, MOVING_FACTOR, MOVING_LASTS, MOVING_SHARE, MOVING_TURNS,
    PHASE_BOUNDARY, PHASE_HORIZON, SURELY_DIVERGENT,
};
use crate::theory::{Judgement, Theory, write_hypotheses};
use crate::words::{number, step};

/// The claim on gradient descent at large steps.
pub const THEORY: Theory = Theory {
    name: "chaos",
    source: "Chen, Balasubramanian, Ghosal & Agrawalla (arXiv:2310.01687), boundaries derived here",
    claims: &[(
        PHASE,
        "quadratic neurons: the largest κ y decides whether a run converges, goes on moving, or diverges",
    )],
    at_start: |_| Vec::new(),
    judge,
};

/// What a run does, or is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Converges,
    /// Periodic or chaotic: bounded, and never at rest.
    Moves,
    Diverges,
}

impl Phase {
    /// That of the largest `a`, all being positive; `None` near a boundary.
    fn of(a: f64) -> Option<Self> {
        let near = |boundary: f64| (a - boundary).abs() < PHASE_BOUNDARY;
        if near(1.0) || near(2.0) {
            return None;
        }
        Some(match a {
            a if a < 1.0 => Self::Converges,
            a if a < 2.0 => Self::Moves,
            _ => Self::Diverges,
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Converges => "converges",
            Self::Moves => "goes on moving within bounds",
            Self::Diverges => "diverges",
        }
    }
}

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let is_about = network.name == "quadratic"
        && descent.loss.name() == "squared"
        && descent.optimizer == "gd"
        && descent.is_full_batch
        && descent.step_decay == Some(0.0);
    if !is_about {
        return None;
    }
    let losses = run.series.column("loss")?;
    let mut claim = Claim::draft(
        PHASE,
        "The largest κ y of a sample decides: below 1 a run converges, up to 2 it goes on moving within \
         bounds, beyond 2 it diverges.",
        "largest κ y of a sample",
        "the phase of the map",
    );
    if let Err(why) = decide(run, &losses, &mut claim) {
        claim.reason = format!("{why}.");
    }
    let mut claims = vec![claim];
    write_hypotheses(&hypotheses(run), &mut claims);
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}

/// `η s`, and times `n` where the sum of the losses is descended.
fn scale(run: &RunView<'_>) -> f64 {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let own = network.numbers.get("output-weight").copied();
    let sum = match descent.is_sum {
        true => run.facts.samples.samples as f64,
        false => 1.0,
    };
    descent.step_size * own.unwrap_or(1.0 / network.width as f64) * sum
}

/// Compares the phase of the map with what the run did; a phrase where there is nothing to compare.
fn decide(run: &RunView<'_>, losses: &[f64], claim: &mut Claim) -> Result<(), String> {
    let numbers = run.numbers.map_err(str::to_owned)?;
    let pull = |name: &str| {
        let found = numbers.get(name).map(|pull| pull * scale(run));
        found.ok_or_else(|| "the targets are not known".to_owned())
    };
    let (largest, least) = (pull("pull_max")?, pull("pull_min")?);
    claim.measured = Some(largest).filter(|a| a.is_finite());
    let all_positive = least > 0.0;
    if !all_positive {
        return Err("not all targets are positive".to_owned());
    }
    let expected = Phase::of(largest).ok_or_else(|| {
        format!(
            "the largest κ y is {}, and nothing is said within {PHASE_BOUNDARY} of a boundary",
            number(largest)
        )
    })?;
    claim.predicted = expected.words().to_owned();
    let seen = seen(run, losses).map_err(|why| {
        format!(
            "the largest κ y is {}, where the map {}; {why}",
            number(largest),
            expected.words()
        )
    })?;
    claim.reason = format!(
        "the largest κ y is {}, where the map {}; the run {}.",
        number(largest),
        expected.words(),
        seen.words()
    );
    claim.verdict = match (expected, seen) {
        _ if expected == seen => Verdict::Supported,
        // A start outside the basin diverges at any step.
        (_, Phase::Diverges) => Verdict::Inconclusive,
        // Near 2 most starts leave their bounds late; at 0 a prediction stays whatever its `a` is.
        (Phase::Diverges, _) if largest < SURELY_DIVERGENT || !is_random(run) => {
            Verdict::Inconclusive
        }
        // A repelling target holds who is on it exactly, and nobody else.
        (Phase::Moves, Phase::Converges) if losses.last() == Some(&0.0) => Verdict::Inconclusive,
        _ if run.facts.descent.unit_roundoff > f64::EPSILON => Verdict::Inconclusive,
        _ => Verdict::Refuted,
    };
    if claim.verdict == Verdict::Inconclusive {
        let found = claim.reason.trim_end_matches('.');
        let why = match seen {
            Phase::Diverges => "a start far from the targets diverges at any step",
            _ => "special starts, steps near a boundary and single precision decide nothing",
        };
        claim.reason = format!("{found}: {why}.");
    }
    Ok(())
}

/// Whether initial weights are random, so that no prediction begins at 0.
fn is_random(run: &RunView<'_>) -> bool {
    run.facts
        .network
        .init_scale
        .is_some_and(|scale| scale > 0.0)
}

/// What a run did.
fn seen(run: &RunView<'_>, losses: &[f64]) -> Result<Phase, String> {
    if run.end != RunEnd::Sound {
        return Ok(Phase::Diverges);
    }
    let steps = run.series.steps();
    let horizon = steps.last().copied().unwrap_or(0.0);
    if horizon < PHASE_HORIZON {
        return Err(format!(
            "{} steps are too few to tell what it does, {} are needed",
            step(horizon),
            step(PHASE_HORIZON)
        ));
    }
    let first = losses.first().copied().unwrap_or(0.0);
    let begins_away = first > 0.0;
    if !begins_away {
        return Err("it begins at its targets".to_owned());
    }
    let rows = steps.iter().zip(losses);
    let late: Vec<f64> = rows
        .filter(|(at, _)| **at >= horizon / LAST_DECADE)
        .map(|(_, loss)| *loss)
        .collect();
    let most = late.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = late.iter().copied().fold(f64::INFINITY, f64::min);
    // What has converged stays; the whole decade, as an orbit may come near its targets now and then.
    if most <= CONVERGED_SHARE * first {
        return Ok(Phase::Converges);
    }
    let turns = |rises: bool| {
        let pairs = late.windows(2);
        let is_turn = |pair: &&[f64]| match rises {
            true => pair[1] > MOVING_FACTOR * pair[0],
            false => pair[0] > MOVING_FACTOR * pair[1],
        };
        pairs.filter(is_turn).count()
    };
    // What converges in waves gets smaller from the earlier half of the decade to the later, be it like
    // 1/t only; what is chaotic has no largest loss in common.
    let (early, later) = late.split_at(late.len() / 2);
    let largest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    let lasts = largest(later) > MOVING_LASTS * largest(early);
    let moves = least > MOVING_SHARE * first && turns(true).min(turns(false)) >= MOVING_TURNS;
    if moves && lasts {
        return Ok(Phase::Moves);
    }
    Err(
        "it neither has converged nor is seen to go on moving over the last decade of steps: a cycle \
         may hide between records"
            .to_owned(),
    )
}

/// Orthogonal samples, each a map of its own.
fn hypotheses(run: &RunView<'_>) -> Hypotheses {
    let samples = &run.facts.samples;
    let cosine = samples.p / (samples.r_min * samples.r_min);
    let status = match cosine < 1e-6 {
        true => HypothesisStatus::Met,
        false => HypothesisStatus::NotMet,
    };
    let orthogonal = Hypothesis::new(
        "orthogonal samples",
        status,
        Some(cosine),
        "Samples are orthogonal, so that each obeys a map of its own: max |⟨x_i, x_k⟩|/R_min² is 0.",
    );
    Hypotheses::new(vec![orthogonal])
}
