//! Series made by hand: which runs support, refute, or say nothing, and which are left alone.

use std::collections::BTreeMap;

use implicit_bias_record::{Family, Prediction, Series};
use implicit_bias_scalar::{Activation, Loss};

use super::THEORY;
use crate::claim::{Claim, Verdict};
use crate::kou::testing::{plain_descent, table};
use crate::run::{NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

use Verdict::{Inconclusive, Refuted, Supported};

fn facts() -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 64,
            dim: 2,
            r_min: 0.9,
            r_max: 1.1,
            p: 1.2,
        },
        law: crate::run::LawFacts::default(),
        stops_at_zero_errors: false,
        network: NetworkFacts {
            name: "two-layer-both".into(),
            family: Family::Other,
            numbers: BTreeMap::new(),
            activation: Some(Activation::RELU),
            blocks: vec!["hidden".into(), "outer".into()],
            width: 256,
            init_scale: None,
        },
        descent: plain_descent(Loss::Logistic, 0.0625),
    }
}

/// A run to 10⁵ that fits its samples at step 500, with these angles.
fn run(angle: &dyn Fn(f64) -> f64) -> Series {
    table(
        1e5,
        &[
            ("log_loss", &|t| -(1.0 + t / 100.0).ln()),
            ("accuracy", &|t| if t < 500.0 { 0.8 } else { 1.0 }),
            ("line_angle_95", angle),
            ("class_cosine_min", &|_| -1.0),
        ],
    )
}

fn judge(facts: &RunFacts, series: &Series) -> Vec<Claim> {
    let prediction = Prediction::unsolved("not known");
    let view = RunView {
        facts,
        series,
        margins: series,
        end: RunEnd::Sound,
        prediction: &prediction,
        numbers: Err("not known"),
    };
    (THEORY.judge)(&view).map_or(Vec::new(), |judgement| judgement.claims)
}

fn verdicts(angle: &dyn Fn(f64) -> f64) -> [Verdict; 2] {
    let claims = judge(&facts(), &run(angle));
    let [one, other] = claims.try_into().expect("two claims");
    [one.verdict, other.verdict]
}

#[test]
fn angles_that_fall_support_and_those_that_stay_refute() {
    let falls = |t: f64| 0.7 / (1.0 + t / 100.0);
    assert_eq!(verdicts(&falls), [Supported, Supported]);
    assert_eq!(verdicts(&|_| 0.5), [Refuted, Refuted]);
    // On their lines from the start, and no nearer later.
    assert_eq!(verdicts(&|_| 0.01), [Supported, Refuted]);
    // Far away, but on the way.
    let slowly = |t: f64| 0.7 - 0.05 * (1.0 + t).ln();
    assert_eq!(verdicts(&slowly)[0], Inconclusive);
    let middle = |_| 0.07;
    assert_eq!(verdicts(&middle)[0], Inconclusive);
    // Near, but on the way out.
    let rises = |t: f64| 0.02 + 0.002 * (1.0 + t).ln();
    assert_eq!(verdicts(&rises)[0], Inconclusive);
}

#[test]
fn runs_that_fit_nothing_decide_nothing() {
    let angle: &dyn Fn(f64) -> f64 = &|_| 0.5;
    let mut wrong = run(angle);
    let mut last = wrong.pop().unwrap();
    let place = wrong.columns().iter().position(|name| name == "accuracy");
    last[place.unwrap()] = 0.99;
    wrong.push(last);
    let flat = table(
        1e5,
        &[
            ("log_loss", &|_| -0.3),
            ("accuracy", &|_| 1.0),
            ("line_angle_95", angle),
            ("class_cosine_min", &|_| -1.0),
        ],
    );
    for series in [wrong, flat] {
        for claim in judge(&facts(), &series) {
            assert_eq!(claim.verdict, Inconclusive, "{claim:?}");
        }
    }
    let mut single = facts();
    single.descent.unit_roundoff = f64::from(f32::EPSILON);
    for claim in judge(&single, &run(angle)) {
        assert_eq!(claim.verdict, Inconclusive, "{claim:?}");
    }
}

#[test]
fn other_runs_are_left_alone() {
    let series = run(&|_| 0.5);
    let mut others = vec![facts(); 5];
    others[0].network.name = "two-layer".into();
    others[1].network.activation = Some(Activation::leaky_relu(0.1).unwrap());
    others[2].descent.is_plain = false;
    others[3].descent.loss = Loss::Exponential;
    others[4].samples.dim = 3;
    for other in others {
        assert!(judge(&other, &series).is_empty());
    }
    // No class has opposite samples.
    let acute = table(
        1e5,
        &[("line_angle_95", &|_| 0.5), ("class_cosine_min", &|_| 0.1)],
    );
    assert!(judge(&facts(), &acute).is_empty());
}
