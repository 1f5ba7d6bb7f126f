//! What the limit program decides (docs/theory.md §6, derived; not in the paper).
//!
//! A claim about a limit is decided by the program where its answer is the limit as far as one run
//! can tell ([`Outlook::Settled`]): the solution keeps the same-sign pattern it assumes, is solved
//! precisely, and the pattern is at rest over the last decade or proven to last. The trajectory
//! must then be seen to approach that limit over the last decade, or to have arrived; one that
//! moves away leaves the claim inconclusive, whatever the program says. With any other [`Outlook`]
//! the claim is inconclusive, but for what
//! [`trajectory_is_enough`] for.

use crate::claim::{Claim, ClaimLimit, DecidedBy, Verdict};
use crate::kou::evidence::Evidence;
use crate::kou::ids;
use crate::kou::loss::{levels_off, stays};
use crate::kou::outlook::Outlook;
use crate::run::RunEnd;
use crate::settings::{
    EXACT_GAP, EXACT_RANK, GAP_ARRIVED, GAP_SUPPORTED, LAST_DECADE, MIN_HORIZON,
    MIN_RECORDS_OF_APPROACH, RANK_ARRIVED, RANK_BOUND, RANK_ONE_SUPPORTED,
};
use crate::words::{number, step};
use implicit_bias_record::PredictedLimit;

/// Decides the claims about limits, where the program can, and takes back what the trajectory alone
/// says of an exact limit where the model has a program.
pub(crate) fn decide(run: &Evidence, claims: &mut [Claim]) {
    for claim in claims {
        let about_a_limit = matches!(claim.id, ids::MARGINS | ids::RANK_ONE | ids::RANK_BOUNDED);
        if !about_a_limit || trivially_bounded(run, claim) {
            continue;
        }
        let why = match &run.outlook {
            Outlook::Settled(limit) => match ruling(run, limit, claim) {
                Ok(ruling) => {
                    ruling.write(limit, claim);
                    continue;
                }
                Err(why) => Some(format!("the limit program does not decide: {why}")),
            },
            outlook => outlook.why_no_limit(),
        };
        if let Some(why) = why
            && !trajectory_is_enough(run, claim)
        {
            claim.verdict = Verdict::Inconclusive;
            claim.reason = format!("{}; but {why}.", claim.reason.trim_end_matches('.'));
        }
    }
}

fn ruling(run: &Evidence, limit: &PredictedLimit, claim: &Claim) -> Result<Ruling, String> {
    match claim.id {
        ids::MARGINS => margins(run, limit),
        _ => rank(run, limit, claim),
    }
}

/// What the trajectory may say where the program does not rule: that margins do not become equal on
/// samples that no weights with the present, lasting pattern fit; and that a rank stays below a
/// bound, which is no exact limit, of a program that was not solved.
fn trajectory_is_enough(run: &Evidence, claim: &Claim) -> bool {
    match (claim.id, claim.verdict, &run.outlook) {
        (ids::MARGINS, Verdict::Refuted, Outlook::Infeasible { .. }) => {
            levels_off(run).and(stays(run)).is_ok()
        }
        (ids::RANK_BOUNDED, Verdict::Supported, Outlook::Unsolved(_)) => {
            run.is_fitted() == Some(true) && run.unsettled().is_none()
        }
        _ => false,
    }
}

/// Supports a bound that no block can exceed: weights that grow without bound, as those of fitted
/// samples do, tend to the span of the samples, in which a block of `m` neurons has rank `min(m, n,
/// d)` at most.
fn trivially_bounded(run: &Evidence, claim: &mut Claim) -> bool {
    let most = (run.context.largest_rank).filter(|&most| most as f64 <= RANK_BOUND);
    let (ids::RANK_BOUNDED, Some(most), Some(true), RunEnd::Sound) =
        (claim.id, most, run.is_fitted(), run.context.end)
    else {
        return false;
    };
    let bounded = claim.measured.is_some_and(|rank| rank <= RANK_BOUND);
    if !bounded || run.horizon < MIN_HORIZON || matches!(run.outlook, Outlook::Settled(_)) {
        return false;
    }
    claim.verdict = Verdict::Supported;
    claim.reason = format!(
        "no limit can exceed min(m, n, d) = {most} here, which is at most {RANK_BOUND}, and the \
         samples are fitted: true whatever the run does; on the trajectory, {}",
        claim.reason
    );
    true
}

/// Whether a claim rests on a limit that is proven.
pub(crate) fn is_proven(run: &Evidence, claim: &Claim) -> bool {
    let prediction = run.context.prediction.as_ref();
    let limit = prediction.and_then(|prediction| prediction.limit());
    claim.decided_by != DecidedBy::Trajectory && limit.is_some_and(|limit| limit.proven)
}

/// Decides alignment where the certificate does, and says by what margin of error the trajectory
/// decided where there is no program.
pub(crate) fn explain(run: &Evidence, claims: &mut [Claim]) {
    for claim in claims {
        match (claim.id, &run.outlook) {
            (ids::ALIGNMENT, Outlook::Settled(limit)) if limit.proven => {
                claim.verdict = Verdict::Supported;
                claim.decided_by = DecidedBy::Certificate;
                claim.reason = format!(
                    "the same-sign pattern is {}: it never changes again (a sufficient condition \
                     derived here, evaluated in double precision); on the trajectory, {}",
                    limit.certificate, claim.reason
                );
            }
            (ids::MARGINS | ids::RANK_ONE, Outlook::NoProgram)
                if claim.verdict == Verdict::Supported =>
            {
                let within = match claim.id {
                    ids::MARGINS => GAP_SUPPORTED,
                    _ => RANK_ONE_SUPPORTED - 1.0,
                };
                claim.reason = format!(
                    "{}; decided by the trajectory to within {within:.2}, as no limit program \
                     applies.",
                    claim.reason.trim_end_matches('.')
                );
            }
            _ => {}
        }
    }
}

/// A verdict by the program.
struct Ruling {
    predicted: f64,
    distance: f64,
    verdict: Verdict,
    /// What the program says, and what the trajectory does.
    reason: String,
}

impl Ruling {
    fn write(self, limit: &PredictedLimit, claim: &mut Claim) {
        claim.limit = Some(ClaimLimit {
            predicted: self.predicted,
            distance: self.distance,
            certificate: limit.certificate.clone(),
        });
        claim.verdict = self.verdict;
        claim.decided_by = DecidedBy::LimitProgram;
        claim.reason = format!(
            "{} Decided by the limit program (derived; pattern {}).",
            self.reason, limit.certificate
        );
    }
}

/// Rank one: exactly 1 or not. Bounded: finite, and at most the constant.
fn rank(run: &Evidence, limit: &PredictedLimit, claim: &Claim) -> Result<Ruling, String> {
    let column = format!("stable_rank_{}", claim.block.as_deref().unwrap_or_default());
    let predicted = limit
        .of_column(&column)
        .ok_or("the limit of the block is zero in its answer")?;
    let values = run
        .series
        .column(&column)
        .ok_or("the run has no such column")?;
    let trace = Trace::new(run, &run.series.steps(), &values, predicted)?;
    let exact = predicted <= 1.0 + EXACT_RANK;
    let (holds, answer) = match claim.id {
        ids::RANK_ONE if exact => (true, "the stable rank tends to exactly 1".to_owned()),
        ids::RANK_ONE => (
            false,
            format!(
                "the stable rank tends to {}, not to 1, on these data",
                rank_text(predicted)
            ),
        ),
        _ => {
            let holds = predicted <= RANK_BOUND;
            let side = if holds { "at most" } else { "above" };
            let trivial = run
                .context
                .largest_rank
                .filter(|&most| most as f64 <= RANK_BOUND);
            let trivial = trivial.map_or(String::new(), |most| {
                format!(" (no limit can exceed min(m, n, d) = {most} here)")
            });
            let predicted = rank_text(predicted);
            let answer =
                format!("the stable rank tends to {predicted}, {side} {RANK_BOUND}{trivial}");
            (holds, answer)
        }
    };
    let now = format!("it is {}", rank_text(trace.last));
    Ok(trace.rule(predicted, RANK_ARRIVED * predicted, holds, &answer, &now))
}

/// Margins: all multipliers positive, or one zero and its margin larger.
fn margins(run: &Evidence, limit: &PredictedLimit) -> Result<Ruling, String> {
    let predicted = limit.margin_gap();
    let equal = predicted <= EXACT_GAP;
    if equal != limit.all_multipliers_positive() {
        return Err(format!(
            "it is degenerate, with {} of {} multipliers positive and a relative gap of {} between \
             the limiting margins",
            limit.support,
            limit.samples,
            number(predicted)
        ));
    }
    let (steps, gaps, last_min) = gaps(run)?;
    if last_min <= 0.0 || last_min.is_nan() {
        return Err("a sample is still misclassified".into());
    }
    let trace = Trace::new(run, &steps, &gaps, predicted)?;
    let answer = if equal {
        "all multipliers are positive, so that all margins become equal".to_owned()
    } else {
        format!(
            "{} of {} samples have multiplier zero and keep a larger margin, with a limiting \
             relative gap of {} on these data",
            limit.samples - limit.support,
            limit.samples,
            number(predicted)
        )
    };
    let now = format!("the gap is {}", number(trace.last));
    Ok(trace.rule(predicted, GAP_ARRIVED, equal, &answer, &now))
}

/// Steps, relative gaps of the normalized margins, and the last smallest margin.
fn gaps(run: &Evidence) -> Result<(Vec<f64>, Vec<f64>, f64), String> {
    let margins = run.margins;
    if margins.columns().len() < 3 || margins.is_empty() {
        return Err("there are no margins to compare".into());
    }
    let mut last_min = f64::NAN;
    let gaps = margins.rows().iter().map(|row| {
        let values = &row[1..];
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        last_min = min;
        (max - min) / (values.iter().sum::<f64>() / values.len() as f64)
    });
    Ok((margins.steps(), gaps.collect(), last_min))
}

/// A quantity over the last decade, as far as it is from its limit.
struct Trace {
    /// `T`.
    horizon: f64,
    /// The last value.
    last: f64,
    /// Its distance to the limit.
    distance: f64,
    /// Mean distances over the earlier and the later half of the last decade's records.
    means: [f64; 2],
}

impl Trace {
    fn new(run: &Evidence, steps: &[f64], values: &[f64], limit: f64) -> Result<Self, String> {
        let start = run.horizon / LAST_DECADE;
        let distances: Vec<f64> = steps
            .iter()
            .zip(values)
            .filter(|&(&step, value)| step >= start && value.is_finite())
            .map(|(_, value)| (value - limit).abs())
            .collect();
        let last = values.last().copied().unwrap_or(f64::NAN);
        if distances.len() < MIN_RECORDS_OF_APPROACH || !last.is_finite() {
            return Err(format!(
                "too few recorded steps in the last decade to see whether its answer is \
                 approached: {}, at least {MIN_RECORDS_OF_APPROACH} are needed",
                distances.len()
            ));
        }
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (early, late) = distances.split_at(distances.len() / 2);
        Ok(Self {
            horizon: run.horizon,
            last,
            distance: (last - limit).abs(),
            means: [mean(early), mean(late)],
        })
    }

    /// The verdict on a claim that `holds` or not at the predicted limit, if the trajectory goes
    /// there: closer over the last decade, or within `arrived` of it. `answer` is what the program
    /// says, `now` what the last step has.
    fn rule(&self, predicted: f64, arrived: f64, holds: bool, answer: &str, now: &str) -> Ruling {
        let [early, late] = self.means;
        let found = format!(
            "{answer}; at step {} {now}, distance left {}",
            step(self.horizon),
            number(self.distance)
        );
        let verdict = if holds {
            Verdict::Supported
        } else {
            Verdict::Refuted
        };
        let (verdict, reason) = if late < early {
            let reason = format!("{found}, closing over the last decade.");
            (verdict, reason)
        } else if self.distance <= arrived {
            let reason = format!("{found}, at most {}: it has arrived.", number(arrived));
            (verdict, reason)
        } else {
            let reason = format!(
                "{found}, but it does not approach over the last decade: the distance was {} in \
                 its earlier half and {} in its later half, so a longer run must tell.",
                number(early),
                number(late)
            );
            (Verdict::Inconclusive, reason)
        };
        Ruling {
            predicted,
            distance: self.distance,
            verdict,
            reason,
        }
    }
}

/// Five decimals, as many as the smallest limits differ from 1 by; more where those would hide it.
fn rank_text(rank: f64) -> String {
    let excess = (rank - 1.0).abs();
    if excess != 0.0 && excess < 1e-4 && rank >= 1.0 {
        format!("1 + {}", number(excess))
    } else {
        format!("{rank:.5}")
    }
}

#[cfg(test)]
mod tests;
