//! Runs made by hand: which support, refute, or say nothing, and which are left alone.

use std::collections::BTreeMap;

use implicit_bias_record::{Family, Prediction, Series};
use implicit_bias_scalar::{Activation, HINGE, Loss};

use crate::benign::THEORY;
use crate::benign::ids::{BENIGN, HARMFUL, SMALL_WEIGHTS, ZERO_HINGE};
use crate::claim::{Claim, ClaimId, Verdict};
use crate::kou::testing::plain_descent;
use crate::run::{DescentFacts, LawFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

/// Slope 0.1, `2·32` neurons, `n = 50`, `d = 200`; the bound on the steps is 2·10⁵ for `‖w*‖ = 8`.
fn facts() -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 50,
            dim: 200,
            r_min: 0.9,
            r_max: 1.1,
            p: 0.3,
        },
        law: LawFacts {
            name: Some("signal-and-noise".into()),
            numbers: [
                ("signal-share", 0.1),
                ("flip-rate", 0.1),
                ("held-out", 1000.0),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        },
        network: NetworkFacts {
            name: "two-layer".into(),
            family: Family::TwoLayer,
            numbers: [("output-weight".to_owned(), 1.0)].into(),
            activation: Some(Activation::leaky_relu(0.1).unwrap()),
            blocks: vec!["pos".into(), "neg".into()],
            width: 32,
            init_scale: Some(1e-4),
        },
        descent: DescentFacts {
            is_sum: true,
            ..plain_descent(HINGE, 1e-3)
        },
        stops_at_zero_errors: false,
    }
}

/// A run whose last row has these values.
fn run(steps: f64, loss: f64, norm: f64, error: f64) -> Series {
    let mut series = Series::new(["step", "loss", "weight_norm", "accuracy", "held_out_error"]);
    series.push(vec![0.0, 50.0, 0.1, 0.5, 0.5]);
    series.push(vec![0.05 * steps, 4.2, 0.5, 0.9, 0.5]);
    series.push(vec![steps, loss, norm, 1.0, error]);
    series
}

fn judge(facts: &RunFacts, series: &Series, numbers: &[(&str, f64)]) -> Option<Vec<Claim>> {
    let numbers: BTreeMap<String, f64> = numbers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    let view = RunView {
        facts,
        series,
        margins: series,
        end: RunEnd::Sound,
        prediction: &Prediction::unsolved("none"),
        numbers: Ok(&numbers),
    };
    (THEORY.judge)(&view).map(|judgement| judgement.claims)
}

fn verdict(claims: &[Claim], id: ClaimId) -> Verdict {
    let claim = claims.iter().find(|claim| claim.id == id).unwrap();
    assert!(!claim.reason.is_empty());
    claim.verdict
}

const SEPARABLE: &[(&str, f64)] = &[("gamma_l2", 0.125)];

#[test]
fn zero_loss_within_the_bound_supports_and_a_loss_long_after_it_refutes() {
    let judged = |steps, loss| {
        let claims = judge(&facts(), &run(steps, loss, 1.0, 0.0), SEPARABLE).unwrap();
        verdict(&claims, ZERO_HINGE)
    };
    // ‖w*‖²/(η α² m) = 64/(10⁻³ · 10⁻² · 32) = 2·10⁵.
    assert_eq!(judged(1e4, 0.0), Verdict::Supported);
    assert_eq!(judged(1e4, 0.3), Verdict::Inconclusive);
    assert_eq!(judged(1e6, 0.0), Verdict::Inconclusive);
    assert_eq!(judged(3e7, 0.3), Verdict::Refuted);
}

#[test]
fn a_loss_that_stays_on_samples_that_nothing_separates_refutes() {
    let judged = |steps, loss, numbers| {
        let claims = judge(&facts(), &run(steps, loss, 1.0, 0.0), numbers).unwrap();
        verdict(&claims, ZERO_HINGE)
    };
    let inseparable: &[(&str, f64)] = &[("separable", 0.0)];
    assert_eq!(judged(2e4, 4.15, inseparable), Verdict::Refuted);
    // It falls, or the run is short, or nothing is known of the samples.
    assert_eq!(judged(2e4, 1.0, inseparable), Verdict::Inconclusive);
    assert_eq!(judged(500.0, 4.15, inseparable), Verdict::Inconclusive);
    assert_eq!(judged(2e4, 4.15, &[]), Verdict::Inconclusive);
}

#[test]
fn weights_are_held_to_one_over_the_slope() {
    let judged = |loss, norm| {
        let claims = judge(&facts(), &run(1e4, loss, norm, 0.0), SEPARABLE).unwrap();
        verdict(&claims, SMALL_WEIGHTS)
    };
    // ‖w*‖/(α √m) = 14.1.
    assert_eq!(judged(0.0, 14.0), Verdict::Supported);
    assert_eq!(judged(0.0, 14.3), Verdict::Refuted);
    assert_eq!(judged(0.1, 14.3), Verdict::Inconclusive);
}

#[test]
fn errors_are_judged_with_their_interval_and_where_labels_are_fitted() {
    let judged = |error| {
        let claims = judge(&facts(), &run(1e4, 0.0, 1.0, error), SEPARABLE).unwrap();
        [BENIGN, HARMFUL].map(|id| verdict(&claims, id))
    };
    use Verdict::{Inconclusive, Refuted, Supported};
    assert_eq!(judged(0.02), [Supported, Refuted]);
    assert_eq!(judged(0.08), [Inconclusive, Refuted]);
    assert_eq!(judged(0.13), [Inconclusive, Inconclusive]);
    assert_eq!(judged(0.5), [Refuted, Supported]);
    let mut unfitted = run(1e4, 0.4, 1.0, 0.5);
    unfitted.push(vec![2e4, 0.4, 1.0, 0.98, 0.5]);
    let claims = judge(&facts(), &unfitted, SEPARABLE).unwrap();
    assert_eq!(verdict(&claims, HARMFUL), Inconclusive);
}

#[test]
fn other_runs_are_left_alone() {
    let series = run(1e4, 0.0, 1.0, 0.5);
    type Change = fn(&mut RunFacts);
    let others: [Change; 6] = [
        |facts| facts.network.numbers.clear(),
        |facts| facts.descent.is_sum = false,
        |facts| facts.descent.loss = Loss::Logistic,
        |facts| facts.network.activation = Some(Activation::RELU),
        |facts| facts.network.family = Family::Other,
        |facts| facts.descent.is_plain = false,
    ];
    for change in others {
        let mut facts = facts();
        change(&mut facts);
        assert!(judge(&facts, &series, SEPARABLE).is_none());
    }
    let mut of_file = facts();
    of_file.law = LawFacts::default();
    assert_eq!(judge(&of_file, &series, SEPARABLE).unwrap().len(), 2);
    let mut stops = facts();
    stops.stops_at_zero_errors = true;
    assert_eq!(judge(&stops, &series, SEPARABLE).unwrap().len(), 2);
    stops.law.numbers.remove("held-out");
    assert!(judge(&stops, &series, SEPARABLE).is_none());
}
