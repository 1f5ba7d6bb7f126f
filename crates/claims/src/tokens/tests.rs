//! Verdicts on curves whose law is known.

use super::exponent::{Curve, Statement, judge, judge_growth};
use crate::claim::{ClaimId, Verdict};

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
