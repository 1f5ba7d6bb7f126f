//! The claims on the transformer that tells the next token.

use super::exponent::{Curve, Statement, judge as judge_exponent, judge_growth};
use super::ids::{KQ_DIRECTION, KQ_LOSS, KQ_NORM, OV_LOSS, OV_NORM};
use crate::claim::Claim;
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
    let mut claims: Vec<Claim> = Vec::new();
    let mut add = |statement: &Statement, column: &str, sign: f64, stage: [f64; 2]| {
        let Some(values) = run.series.column(column) else {
            return;
        };
        let values = values.into_iter().map(|value| sign * value);
        let curve = Curve::of(&steps, values, stage);
        claims.push(match statement.exponent > 0.0 {
            true => judge_growth(statement, &curve),
            false => judge_exponent(statement, &curve),
        });
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
    let status = if is_met {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    let sentence = format!(
        "Normalized gradient descent in two stages, at constant step sizes; here {}.",
        descent.optimizer
    );
    let realizable = Hypothesis::new(
        "realizable sentences",
        HypothesisStatus::Unknown,
        None,
        "One token of each sentence tells the next one, by an order for each query; not checked but \
         for the program of the limit.",
    );
    Hypotheses::new(vec![
        Hypothesis {
            what: descent.optimizer.clone(),
            brief: descent.optimizer.clone(),
            phrase: descent.optimizer.clone(),
            ..Hypothesis::new("descent", status, None, sentence)
        },
        realizable,
    ])
}
