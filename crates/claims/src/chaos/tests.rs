//! Orbits of the map itself as runs: which phases support, refute, or say nothing.

use std::collections::BTreeMap;

use implicit_bias_record::{Family, Prediction, Series};
use implicit_bias_scalar::{Loss, SQUARED};

use super::THEORY;
use crate::claim::{Claim, Verdict};
use crate::hypotheses::HypothesisStatus;
use crate::kou::testing::{plain_descent, table};
use crate::run::{LawFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

use Verdict::{Inconclusive, Refuted, Supported};

const HORIZON: usize = 10_000;

/// A step size such that `a` is what is asked for, on one sample with `2 y ‖x‖²/n = 2`.
fn facts(a: f64) -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 1,
            dim: 1,
            r_min: 1.0,
            r_max: 1.0,
            p: 0.0,
        },
        law: LawFacts::default(),
        stops_at_zero_errors: false,
        network: NetworkFacts {
            name: "quadratic".into(),
            family: Family::Other,
            numbers: BTreeMap::new(),
            activation: None,
            blocks: vec!["hidden".into()],
            width: 3,
            init_scale: Some(0.2),
        },
        descent: plain_descent(SQUARED, 1.5 * a),
    }
}

/// The losses of `w ← w − 2 (w² − 1) w · a/2` from `w²= 0.04`: of `u ← u (1 + a − u)²`, `u = a w²`.
fn orbit(a: f64) -> Vec<f64> {
    let mut w: f64 = 0.2;
    let loss = |w: f64| 0.5 * (w * w - 1.0).powi(2);
    let mut losses = vec![loss(w)];
    for _ in 0..HORIZON {
        w -= a * (w * w - 1.0) * w;
        losses.push(loss(w));
    }
    losses
}

fn series(losses: &[f64]) -> Series {
    table(HORIZON as f64, &[("loss", &|t| losses[t as usize])])
}

fn judge(facts: &RunFacts, series: &Series, end: RunEnd) -> Claim {
    let numbers = [("pull_max".to_owned(), 2.0), ("pull_min".to_owned(), 2.0)].into();
    let prediction = Prediction::unsolved("not known");
    let view = RunView {
        facts,
        series,
        margins: series,
        end,
        prediction: &prediction,
        numbers: Ok(&numbers),
    };
    let claims = (THEORY.judge)(&view).expect("quadratic neurons").claims;
    claims.into_iter().next().expect("a claim")
}

/// The verdict on an orbit of the map at `actual`, read as one at `a`.
fn verdict(a: f64, actual: f64) -> Verdict {
    let claim = judge(&facts(a), &series(&orbit(actual)), RunEnd::Sound);
    let measured = claim.measured.expect("a largest a");
    assert!((measured - a).abs() < 1e-12 * a);
    claim.verdict
}

#[test]
fn orbits_support_their_own_phase() {
    // Monotone, catapult; chaos.
    for a in [0.3, 0.9, 0.95, 1.5, 1.9] {
        assert_eq!(verdict(a, a), Supported, "{a}");
    }
    // A window of period 3, and short cycles: what is recorded may miss that they move, and never
    // refutes.
    for a in [1.1, 1.2, 1.27, 1.7] {
        assert_ne!(verdict(a, a), Refuted, "{a}");
    }
    let diverged = RunEnd::NonFinite { step: 7.0 };
    let claim = judge(&facts(2.5), &series(&orbit(0.9)), diverged);
    assert_eq!(claim.verdict, Supported);
}

#[test]
fn another_phase_refutes() {
    // What does not come to rest below 1, as networks on samples that are not orthogonal.
    assert_eq!(verdict(0.9, 1.5), Refuted);
    // What comes to rest between, and what stays within bounds far beyond 2.
    assert_eq!(verdict(1.5, 0.9), Refuted);
    assert_eq!(verdict(2.5, 1.5), Refuted);
}

#[test]
fn boundaries_special_starts_and_short_runs_decide_nothing() {
    for a in [0.99, 1.01, 1.99, 2.01] {
        assert_eq!(verdict(a, 1.5), Inconclusive, "{a}");
    }
    // The first orbit to leave its bounds at all.
    assert_eq!(verdict(2.05, 1.9), Inconclusive);
    // A start beyond 2 + a leaves all bounds at any step.
    let diverged = RunEnd::Diverged { step: 5.0 };
    for a in [0.5, 1.5] {
        assert_eq!(
            judge(&facts(a), &series(&orbit(0.5)), diverged).verdict,
            Inconclusive
        );
    }
    // A start on a repelling target, and one on the point 0 of the sample with the largest a.
    let mut at_target = orbit(0.5);
    at_target[50..].fill(0.0);
    assert_eq!(
        judge(&facts(1.5), &series(&at_target), RunEnd::Sound).verdict,
        Inconclusive
    );
    let mut of_file = facts(2.5);
    of_file.network.init_scale = None;
    assert_eq!(
        judge(&of_file, &series(&orbit(1.5)), RunEnd::Sound).verdict,
        Inconclusive
    );
    // A loss that does not move yet: small steps from small weights.
    assert_eq!(
        judge(&facts(0.5), &series(&[0.5; HORIZON + 1]), RunEnd::Sound).verdict,
        Inconclusive
    );
    // What converges like 1/t in waves rises and falls as well, and less and less.
    let wave = |t: usize| (1.0 + 0.1 * f64::from(1 - 2 * (t % 2) as i32)) / (1.0 + t as f64);
    let waves: Vec<f64> = (0..=HORIZON).map(wave).collect();
    assert_eq!(
        judge(&facts(0.9), &series(&waves), RunEnd::Sound).verdict,
        Inconclusive
    );
    let short = table(100.0, &[("loss", &|t| orbit(1.5)[t as usize])]);
    assert_eq!(
        judge(&facts(0.5), &short, RunEnd::Sound).verdict,
        Inconclusive
    );
}

#[test]
fn samples_that_are_not_orthogonal_do_not_meet_the_hypothesis_and_other_descents_are_left_alone() {
    let mut dense = facts(0.9);
    dense.samples.p = 0.3;
    let claim = judge(&dense, &series(&orbit(1.5)), RunEnd::Sound);
    let hypotheses = claim.hypotheses.expect("hypotheses");
    let status = hypotheses.get("orthogonal samples").expect("it").status;
    assert_eq!((claim.verdict, status), (Refuted, HypothesisStatus::NotMet));
    let momentum = |facts: &mut RunFacts| facts.descent.optimizer = "momentum".into();
    let decay = |facts: &mut RunFacts| facts.descent.step_decay = Some(0.5);
    let logistic = |facts: &mut RunFacts| facts.descent.loss = Loss::Logistic;
    for change in [&momentum as &dyn Fn(&mut RunFacts), &decay, &logistic] {
        let mut other = facts(0.9);
        change(&mut other);
        let series = series(&orbit(0.9));
        let prediction = Prediction::unsolved("not known");
        let view = RunView {
            facts: &other,
            series: &series,
            margins: &series,
            end: RunEnd::Sound,
            prediction: &prediction,
            numbers: Err("not known"),
        };
        assert!((THEORY.judge)(&view).is_none());
    }
}
