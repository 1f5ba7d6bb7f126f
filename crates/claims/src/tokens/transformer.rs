//! The claims on the transformer that tells the next token.

use super::exponent::{Curve, Statement, judge as judge_exponent, judge_growth, refute_at_rest};
use super::ids::{KQ_DIRECTION, KQ_LOSS, KQ_NORM, OV_LOSS, OV_NORM};
use crate::claim::{Claim, ClaimId, Verdict};
use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};
use crate::run::RunView;
use crate::theory::{Judgement, Theory, withhold_unsound, write_hypotheses};

/// The claims on the transformer.
pub const THEORY: Theory = Theory {
    name: "transformer",
    source: "Huang, Liang & Yang (arXiv:2409.17335)",
    claims: &[
        (OV_NORM, "transformer: ‖W_ov‖ grows linearly"),
        (
            OV_LOSS,
            "transformer: the loss of the first stage falls exponentially",
        ),
        (KQ_NORM, "transformer: ‖W_kq‖ grows linearly"),
        (
            KQ_LOSS,
            "transformer: the loss of the second stage falls exponentially to its infimum",
        ),
        (
            KQ_DIRECTION,
            "transformer: the direction of W_kq tends to that of maximum margin",
        ),
    ],
    at_start: |_| Vec::new(),
    judge,
};

fn judge(run: &RunView<'_>) -> Option<Judgement> {
    let (network, descent) = (&run.facts.network, &run.facts.descent);
    let known = ["two-stage", "normalized-gd", "gd"];
    if network.name != "transformer" || !known.contains(&descent.optimizer.as_str()) {
        return None;
    }
    let steps = run.series.steps();
    let first_steps = descent.numbers.get("first-steps").copied().unwrap_or(0.0);
    let is_two_stage = descent.optimizer == "two-stage";
    let (first, second) = if is_two_stage {
        ([0.0, first_steps], [first_steps, f64::INFINITY])
    } else {
        ([0.0, f64::INFINITY], [0.0, f64::INFINITY])
    };
    // Which token of a sentence is the best one goes by `W_ov`: by that of the language where the first
    // stage gave every next token more than half.
    let first_loss = run.series.last("first_stage_log_loss");
    let tokens_are_told = is_two_stage && first_loss.is_some_and(|log| log < TOLD);
    let mut claims: Vec<Claim> = Vec::new();
    let mut add = |statement: &Statement, column: &str, sign: f64, stage: [f64; 2]| {
        let Some(values) = run.series.column(column) else {
            return;
        };
        let values = values.into_iter().map(|value| sign * value);
        let curve = Curve::of(&steps, values, stage);
        let mut claim = match statement.exponent > 0.0 {
            true => judge_growth(statement, &curve),
            false => judge_exponent(statement, &curve),
        };
        let proven = IMPOSSIBLE.iter().find(|(id, ..)| *id == statement.id);
        if let Some((id, number, sentence)) = proven
            && is_realizable(run, number) == Some(false)
            && (*id == OV_LOSS || tokens_are_told)
        {
            refute_at_rest(&mut claim, &curve, sentence);
        }
        withhold_growth(run, &mut claim);
        claims.push(claim);
    };
    add(&OV_NORM_STATEMENT, "norm_ov", 1.0, first);
    add(&OV_LOSS_STATEMENT, "first_stage_log_loss", -1.0, first);
    add(&KQ_NORM_STATEMENT, "norm_kq", 1.0, second);
    add(&KQ_LOSS_STATEMENT, "log_gap", -1.0, second);
    add(
        &KQ_DIRECTION_STATEMENT,
        "direction_distance_kq",
        1.0,
        second,
    );
    withhold_unsound(run.end, &mut claims);
    write_hypotheses(&hypotheses(run), &mut claims);
    Some(Judgement {
        claims,
        ..Judgement::default()
    })
}

/// The logarithm of a loss of the first stage below which each token of more than a 10,000th of the
/// weight gives its next one more than half.
const TOLD: f64 = -10.0;

/// The losses that have no chance to fall to their infima where a program has no solution: of whatever
/// weights, one token or sentence at least gives its target no more than half. The number of the data
/// that says so, and the reason.
const IMPOSSIBLE: [(ClaimId, &str, &str); 2] = [
    (
        OV_LOSS,
        "ov_realizable",
        "No W_ov tells the next token of every token (proven), so that the loss has a floor above 0",
    ),
    (
        KQ_LOSS,
        "kq_realizable",
        "No W_kq prefers the best token of every sentence (proven), so that L − L* has a floor above 0",
    ),
];

/// The norms that grow for no reason of the paper's where a program has no solution: once the loss rests
/// at its floor, steps of a given length go on along what rounding leaves of the gradient.
const GROWS_WITHOUT_REASON: [(ClaimId, &str); 2] =
    [(OV_NORM, "ov_realizable"), (KQ_NORM, "kq_realizable")];

/// Takes back that a norm grows as it should where its program is proven to have no solution.
fn withhold_growth(run: &RunView<'_>, claim: &mut Claim) {
    let of_norm = GROWS_WITHOUT_REASON.iter().find(|(id, _)| *id == claim.id);
    let Some((_, number)) = of_norm else { return };
    if claim.verdict == Verdict::Supported && is_realizable(run, number) == Some(false) {
        claim.verdict = Verdict::Inconclusive;
        claim.reason = format!(
            "{}; no weights do what this stage is for (proven), and steps of a given length then go \
             on along what rounding leaves of the gradient.",
            claim.reason.trim_end_matches('.')
        );
    }
}

/// Whether weights exist that do what a stage is for; `None` where it is not known.
fn is_realizable(run: &RunView<'_>, number: &str) -> Option<bool> {
    let known = run.numbers.ok()?.get(number)?;
    Some(*known != 0.0)
}

const OV_NORM_STATEMENT: Statement = Statement {
    id: OV_NORM,
    text: "The norm of W_ov grows linearly in the steps of the first stage.",
    quantity: "‖W_ov‖",
    exponent: 1.0,
    or_faster: false,
};

const OV_LOSS_STATEMENT: Statement = Statement {
    id: OV_LOSS,
    text: "The loss of the first stage falls exponentially in its steps.",
    quantity: "−log of the loss of the first stage",
    exponent: 1.0,
    or_faster: false,
};

const KQ_NORM_STATEMENT: Statement = Statement {
    id: KQ_NORM,
    text: "The norm of W_kq grows linearly in the steps of the second stage.",
    quantity: "‖W_kq‖",
    exponent: 1.0,
    or_faster: false,
};

const KQ_LOSS_STATEMENT: Statement = Statement {
    id: KQ_LOSS,
    text: "The loss of the second stage falls exponentially in its steps to its infimum.",
    quantity: "−log(L − L*)",
    exponent: 1.0,
    or_faster: false,
};

/// A distance that falls by any power tends to 0; where constraints are tight without a multiplier it
/// falls like `log t/t` (derived).
const KQ_DIRECTION_STATEMENT: Statement = Statement {
    id: KQ_DIRECTION,
    text: "The direction of W_kq tends to that of maximum margin, at least like t^(−1/2).",
    quantity: "‖W_kq/‖W_kq‖ − W*/‖W*‖‖",
    exponent: -0.5,
    or_faster: true,
};

/// Two stages of normalized gradient descent at constant step sizes.
fn hypotheses(run: &RunView<'_>) -> Hypotheses {
    let descent = &run.facts.descent;
    let is_met = descent.optimizer == "two-stage" && descent.step_decay == Some(0.0);
    let of_descent = if is_met {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    let sentence = format!(
        "Normalized gradient descent in two stages, at constant step sizes; here {}.",
        descent.optimizer
    );
    let known = ["ov_realizable", "kq_realizable"].map(|number| is_realizable(run, number));
    let status = match known {
        [Some(true), Some(true)] => HypothesisStatus::Met,
        [Some(false), _] | [_, Some(false)] => HypothesisStatus::NotMet,
        _ => HypothesisStatus::Unknown,
    };
    let realizable = Hypothesis::new(
        "realizable sentences",
        status,
        None,
        "One token of each sentence tells the next one, by an order for each query, so that both \
         programs have a solution.",
    );
    Hypotheses::new(vec![
        Hypothesis {
            what: descent.optimizer.clone(),
            brief: descent.optimizer.clone(),
            phrase: descent.optimizer.clone(),
            ..Hypothesis::new("descent", of_descent, None, sentence)
        },
        realizable,
    ])
}
