//! The claims on one self-attention layer with a fixed decoder.

use super::exponent::{Curve, Statement, judge as judge_exponent, judge_growth};
use super::ids::{DIRECTION, NORM, RATE, SPARSE};
use crate::claim::{Claim, Verdict};
use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::RunView;
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};
use crate::words::number;

/// The claims on one self-attention layer.
pub const THEORY: Theory = Theory {
    name: "attention",
    source: "Vasudeva, Deora & Thrampoulidis (arXiv:2402.05738)",
    claims: &[
        (
            DIRECTION,
            "attention: the direction tends to that of maximum margin",
        ),
        (RATE, "attention: its distance from there falls like 1/t"),
        (
            SPARSE,
            "attention: what other tokens get falls exponentially in t",
        ),
        (NORM, "attention: the norm grows linearly in t"),
    ],
    at_start: |_| Vec::new(),
    judge,
};

/// The distance of unit matrices above which a direction that has come to rest is elsewhere.
const ELSEWHERE: f64 = 0.1;

const ALL: [f64; 2] = [0.0, f64::INFINITY];

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let is_one = network.name == "attention" && network.blocks.len() == 1;
    if !is_one || !descent.loss.is_exponentially_tailed() {
        return None;
    }
    let steps = run.series.steps();
    let column = |name: &str| run.series.column(name);
    let mut claims = Vec::new();
    if let Some(distance) = column("direction_distance_attention") {
        let distance = Curve::of(&steps, distance, ALL);
        let norm = Curve::of(&steps, column("weight_norm")?, ALL);
        claims.push(direction(&distance, &norm));
        claims.push(judge_exponent(&RATE_STATEMENT, &distance));
    }
    let unselected = column("log_unselected")?;
    let selected = Curve::of(&steps, unselected.into_iter().map(|log| -log), ALL);
    claims.push(judge_growth(&SPARSE_STATEMENT, &selected));
    let norm = Curve::of(&steps, column("weight_norm")?, ALL);
    claims.push(judge_growth(&NORM_STATEMENT, &norm));
    withhold_unsound(run.end, &mut claims);
    write_hypotheses(&hypotheses(run), &mut claims);
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}

const RATE_STATEMENT: Statement = Statement {
    id: RATE,
    text: "The distance of the direction of the attention matrix from that of maximum margin falls \
           like 1/t.",
    quantity: "‖W/‖W‖ − W_mm/‖W_mm‖‖",
    exponent: -1.0,
    or_faster: true,
};

const SPARSE_STATEMENT: Statement = Statement {
    id: SPARSE,
    text: "The attention to all but the best token of a sample falls exponentially in the number of \
           steps.",
    quantity: "−log max_i (1 − s_o)",
    exponent: 1.0,
    or_faster: false,
};

const NORM_STATEMENT: Statement = Statement {
    id: NORM,
    text: "The norm of the attention matrix grows linearly in the number of steps.",
    quantity: "‖W‖",
    exponent: 1.0,
    or_faster: false,
};

/// Judges that the direction tends to that of maximum margin.
///
/// * *Supported* where the distance falls like a power of `t` of at least ½ in size.
/// * *Refuted* where it has come to rest elsewhere while the norm grows like a power of `t`, so that
///   what is added turns it no more.
fn direction(distance: &Curve, norm: &Curve) -> Claim {
    let mut claim = Claim::draft(
        DIRECTION,
        "The direction of the attention matrix tends to that of maximum margin.",
        "distance of both unit matrices at the last step",
        "→ 0",
    );
    let last = distance.values.last().copied().unwrap_or(f64::NAN);
    claim.measured = Some(last);
    let (of_distance, of_norm) = match (distance.power(), norm.growth()) {
        (Ok(distance), Ok(norm)) => (distance, norm),
        (Err(reason), _) | (_, Err(reason)) => {
            claim.reason = format!("‖W/‖W‖ − W_mm/‖W_mm‖‖ is {}, {reason}", number(last));
            return claim;
        }
    };
    let falls = of_distance.whole.high() < -0.5;
    let rests = of_distance.whole.low() > -0.01 && of_distance.whole.high() < 0.01;
    let goes_on = of_norm.iter().all(|exponent| *exponent > 0.9);
    claim.verdict = if falls {
        Verdict::Supported
    } else if rests && goes_on && last > ELSEWHERE {
        Verdict::Refuted
    } else {
        Verdict::Inconclusive
    };
    claim.reason = format!(
        "‖W/‖W‖ − W_mm/‖W_mm‖‖ is {} at the last step: {}.",
        number(last),
        of_distance.words()
    );
    claim
}

/// Gradient descent, normalized or with Polyak's steps, on all samples.
fn hypotheses(run: &RunView<'_>) -> Hypotheses {
    let descent = &run.facts.descent;
    let known = ["normalized-gd", "polyak"].contains(&descent.optimizer.as_str());
    let is_met = known && descent.is_full_batch && descent.step_decay.is_none_or(|a| a == 0.0);
    let status = if is_met {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    let sentence = format!(
        "Normalized gradient descent of a constant step size or with Polyak's steps, on all samples; \
         here {}.",
        descent.optimizer
    );
    let start = Hypothesis::new(
        "initial weights or scores",
        HypothesisStatus::Unknown,
        None,
        "Initial weights near the direction of maximum margin, or equal scores of all tokens but the \
         best; not checked.",
    );
    Hypotheses::new(vec![
        Hypothesis {
            what: descent.optimizer.clone(),
            brief: descent.optimizer.clone(),
            phrase: descent.optimizer.clone(),
            ..Hypothesis::new("descent", status, None, sentence)
        },
        start,
    ])
}
