//! Verdicts on curves whose law is known.

use std::collections::BTreeMap;

use implicit_bias_record::{Family, Prediction, Series};
use implicit_bias_scalar::Loss;

use super::TRANSFORMER;
use super::exponent::{Curve, Statement, judge, judge_growth};
use super::ids::{KQ_LOSS, OV_LOSS};
use crate::claim::{ClaimId, Verdict};
use crate::kou::testing::{plain_descent, table};
use crate::run::{DescentFacts, LawFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

const LINEAR: Statement = Statement {
    id: ClaimId::new("test"),
    text: "grows linearly",
    quantity: "q",
    exponent: 1.0,
    or_faster: false,
};

const FALLS: Statement = Statement {
    exponent: -1.0,
    or_faster: true,
    ..LINEAR
};

fn verdict(statement: &Statement, last: f64, law: impl Fn(f64) -> f64) -> Verdict {
    let count = 20.0 * last.log10();
    let steps: Vec<f64> = (0..=count as usize)
        .map(|k| 10_f64.powf(k as f64 / 20.0).round())
        .collect();
    let values: Vec<f64> = steps.iter().map(|&t| law(t)).collect();
    let stage = [0.0, f64::INFINITY];
    let curve = Curve::of(&steps, values, stage);
    let claim = match statement.exponent > 0.0 {
        true => judge_growth(statement, &curve),
        false => judge(statement, &curve),
    };
    claim.verdict
}

#[test]
fn a_line_is_linear_and_a_logarithm_is_not() {
    for last in [1e4, 1e6, 1e9] {
        assert_eq!(
            verdict(&LINEAR, last, |t| 3.0 * t + 20.0),
            Verdict::Supported
        );
        assert_eq!(verdict(&LINEAR, last, |t| 1.0 + t.ln()), Verdict::Refuted);
        assert_eq!(verdict(&LINEAR, last, |_| 2.0), Verdict::Inconclusive);
        assert_eq!(
            verdict(&LINEAR, last, |t| t.powf(1.3)),
            Verdict::Inconclusive
        );
        assert_eq!(verdict(&FALLS, last, |t| 5.0 / t), Verdict::Supported);
        assert_eq!(verdict(&FALLS, last, |t| 5.0 / t / t), Verdict::Supported);
        assert_eq!(
            verdict(&FALLS, last, |t| 1.0 / (1.0 + t.ln())),
            Verdict::Refuted
        );
    }
}

/// Weights that begin far away hide a line from the norm, not from its growth; a line that begins
/// late is on its way there, and no run that shows only that refutes.
#[test]
fn what_moves_towards_the_law_is_open() {
    for start in [-1e3, 1e3, 1e6, 1e9] {
        assert_eq!(verdict(&LINEAR, 1e5, |t| start + t), Verdict::Supported);
    }
    for late in [0.1, 0.3, 0.5] {
        let law = |t: f64| 1.0 + t.ln() + (t - late * 1e5).max(0.0);
        assert_ne!(verdict(&LINEAR, 1e5, law), Verdict::Refuted, "{late}");
    }
    // Both exponents are still below half of the law's, the later is larger.
    let line = |t: f64| 1.0 + t.ln() + 8e-6 * t;
    assert_eq!(verdict(&LINEAR, 1e5, line), Verdict::Inconclusive);
    let fall = |t: f64| 1.0 / (1.0 + t.ln() + 4e-5 * t);
    assert_eq!(verdict(&FALLS, 1e5, fall), Verdict::Inconclusive);
    assert_eq!(verdict(&LINEAR, 50.0, |t| t), Verdict::Inconclusive);
}

#[test]
fn a_second_stage_is_counted_from_its_first_step() {
    let steps: Vec<f64> = (0..100_000).map(f64::from).collect();
    let values = steps.iter().map(|t| 3.0 + 7.0 * (t - 1000.0));
    let curve = Curve::of(&steps, values, [1000.0, f64::INFINITY]);
    assert_eq!(curve.steps[0], 1.0);
    assert_eq!(judge_growth(&LINEAR, &curve).verdict, Verdict::Supported);
}

fn transformer(optimizer: &str) -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 20,
            dim: 6,
            r_min: 1.0,
            r_max: 1.0,
            p: 1.0,
        },
        law: LawFacts::default(),
        stops_at_zero_errors: false,
        network: NetworkFacts {
            name: "transformer".into(),
            family: Family::Other,
            numbers: BTreeMap::new(),
            activation: None,
            blocks: vec!["ov".into(), "kq".into()],
            width: 20,
            init_scale: Some(0.0),
        },
        descent: DescentFacts {
            optimizer: optimizer.into(),
            numbers: [("first-steps".to_owned(), 1e3)].into(),
            is_plain: optimizer == "gd",
            ..plain_descent(Loss::Logistic, 0.01)
        },
    }
}

/// A norm that grows linearly supports nothing where no weights do what it grows for.
#[test]
fn growth_without_a_reason_is_withheld() {
    let series = table(
        1e5,
        &[
            ("norm_ov", &|t| 0.01 * t),
            ("norm_kq", &|t| 0.01 * (t - 1e3).max(0.0)),
        ],
    );
    let verdicts = |known: f64| {
        let numbers = ["ov_realizable", "kq_realizable"];
        let numbers = numbers.map(|name| (name.to_owned(), known)).into();
        let view = RunView {
            facts: &transformer("two-stage"),
            series: &series,
            margins: &series,
            end: RunEnd::Sound,
            prediction: &Prediction::unsolved("not known"),
            numbers: Ok(&numbers),
        };
        let judgement = (TRANSFORMER.judge)(&view).expect("a transformer");
        let found = judgement.claims.iter().map(|claim| claim.verdict);
        found.collect::<Vec<_>>()
    };
    assert_eq!(verdicts(1.0), [Verdict::Supported; 2]);
    assert_eq!(verdicts(0.0), [Verdict::Inconclusive; 2]);
}

/// The verdicts on the losses of both stages of a run to 10⁵, of which the first ends at 10³.
fn of_losses(optimizer: &str, series: &Series, known: [Option<f64>; 2]) -> [Verdict; 2] {
    let names = ["ov_realizable", "kq_realizable"];
    let numbers = names.into_iter().zip(known);
    let numbers: BTreeMap<String, f64> = numbers
        .filter_map(|(name, known)| Some((name.to_owned(), known?)))
        .collect();
    let prediction = Prediction::unsolved("not known");
    let view = RunView {
        facts: &transformer(optimizer),
        series,
        margins: series,
        end: RunEnd::Sound,
        prediction: &prediction,
        numbers: Ok(&numbers),
    };
    let judgement = (TRANSFORMER.judge)(&view).expect("a transformer");
    [OV_LOSS, KQ_LOSS].map(|id| {
        let claim = judgement.claims.iter().find(|claim| claim.id == id);
        claim.expect("a claim").verdict
    })
}

fn losses(first: &dyn Fn(f64) -> f64, gap: &dyn Fn(f64) -> f64) -> Series {
    table(1e5, &[("first_stage_log_loss", first), ("log_gap", gap)])
}

/// A loss that stays is refuted where it is proven that it must, and nowhere else; nor is one that
/// falls yet, whatever is proven.
#[test]
fn a_floor_is_refuted_where_it_is_proven_and_reached() {
    use Verdict::{Inconclusive, Refuted, Supported};
    let [yes, no] = [Some(1.0), Some(0.0)];
    let falls = |t: f64| -0.05 * t.min(1e3);
    // At 0.154, at rest to the last digit: by itself it says nothing.
    let floor = |t: f64| if t < 100.0 { -0.01 * t } else { 0.154_f64.ln() };
    let gap = |t: f64| -0.01 * (t - 1e3).max(0.0);
    let rests = losses(&floor, &gap);
    assert_eq!(
        of_losses("two-stage", &rests, [no, no]),
        [Refuted, Supported]
    );
    for known in [[yes, yes], [None, None], [None, no]] {
        let found = of_losses("two-stage", &rests, known);
        assert_eq!(found, [Inconclusive, Supported], "{known:?}");
    }
    let stays = losses(&falls, &|_| -0.7);
    assert_eq!(
        of_losses("two-stage", &stays, [yes, no]),
        [Supported, Refuted]
    );
    assert_eq!(of_losses("two-stage", &stays, [yes, None])[1], Inconclusive);
    // Under one descent of both W_ov goes on to move, and with it which token is the best one.
    assert_eq!(of_losses("gd", &stays, [yes, no])[1], Inconclusive);
    // Of a first stage that told no token anything, the best tokens are others.
    let untold = losses(&|_| -1.0, &|_| -0.7);
    assert_eq!(of_losses("two-stage", &untold, [None, no])[1], Inconclusive);
    // On its way, with a part of it to come.
    let slowly = losses(&|t| -(1.0 + t).ln(), &gap);
    assert_ne!(of_losses("gd", &slowly, [None, None])[0], Supported);
    let later = losses(
        &|t| {
            if t < 500.0 {
                -0.5
            } else {
                -0.5 - 1e-3 * (t - 500.0)
            }
        },
        &gap,
    );
    assert_ne!(of_losses("two-stage", &later, [no, yes])[0], Refuted);
}
