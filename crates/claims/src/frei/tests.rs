//! Runs made by hand: which support, refute, or say nothing, and which are left alone.

use implicit_bias_record::{Family, LimitOf, PredictedLimit, Prediction, Series};
use implicit_bias_scalar::{Activation, Loss};

use crate::claim::{Claim, ClaimId, Verdict};
use crate::frei::THEORY;
use crate::frei::ids::{EQUAL_MARGINS, FIRST_STEP, LASTING_RANK, TWO_DIRECTIONS};
use crate::kou::Conditions;
use crate::kou::testing::{OTHER_TAIL, plain_descent};
use crate::run::{LawFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

fn facts() -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 10,
            dim: 600,
            r_min: 23.6,
            r_max: 25.0,
            p: 59.4,
        },
        law: LawFacts::default(),
        network: NetworkFacts {
            name: "two-layer".into(),
            family: Family::TwoLayer,
            numbers: [("output-weight", 1.0 / 12_f64.sqrt()), ("slope", 0.2)]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            activation: Some(Activation::leaky_relu(0.2).unwrap()),
            blocks: vec!["pos".into(), "neg".into()],
            width: 6,
            init_scale: Some(1e-4),
        },
        descent: plain_descent(Loss::Logistic, 0.02),
        stops_at_zero_errors: false,
    }
}

fn series(ranks: &[[f64; 2]]) -> Series {
    let mut series = Series::new(["step", "stable_rank"]);
    for row in ranks {
        series.push(row.to_vec());
    }
    series
}

fn limit(neg: f64, proven: bool) -> Prediction {
    Prediction::Solved(PredictedLimit {
        step: 1e5,
        stable_rank_pos: Some(1.0),
        stable_rank_neg: Some(neg),
        stable_rank: Some(1.4),
        normalized_margin_min: 5.5,
        normalized_margin_max: 5.5,
        normalized_margin_mean: 5.5,
        multiplier_min: 0.1,
        multiplier_max: 0.2,
        samples: 10,
        support: 10,
        groups: if neg > 1.0 { 3 } else { 2 },
        sliding_pairs: 0,
        consistent: true,
        kkt_residual: 1e-15,
        proven,
        certificate: if proven {
            "proven from step 1000"
        } else {
            "not proven: far"
        }
        .into(),
        of: LimitOf::ThisRun,
    })
}

fn judge(facts: &RunFacts, series: &Series, prediction: &Prediction) -> Option<Vec<Claim>> {
    let view = RunView {
        facts,
        series,
        margins: series,
        end: RunEnd::Sound,
        prediction,
        numbers: Err("none"),
    };
    (THEORY.judge)(&view).map(|judgement| judgement.claims)
}

fn verdict(claims: &[Claim], id: ClaimId) -> Verdict {
    let claim = claims.iter().find(|claim| claim.id == id).unwrap();
    assert!(!claim.reason.is_empty());
    claim.verdict
}

use Verdict::{Inconclusive, Refuted, Supported};

#[test]
fn the_first_step_is_judged_by_what_it_leaves_of_the_stable_rank() {
    for (before, after, first, lasting) in [
        (300.0, 1.3, Supported, Supported),
        (300.0, 200.0, Inconclusive, Refuted),
        (300.0, 299.0, Refuted, Refuted),
        (300.0, 4.0, Supported, Inconclusive),
        (1.2, 1.1, Inconclusive, Supported),
    ] {
        let series = series(&[[0.0, before], [1.0, after], [1e4, 1.1]]);
        let claims = judge(&facts(), &series, &Prediction::unsolved("none")).unwrap();
        assert_eq!(verdict(&claims, FIRST_STEP), first, "{before} {after}");
        assert_eq!(verdict(&claims, LASTING_RANK), lasting, "{before} {after}");
        assert_eq!(verdict(&claims, TWO_DIRECTIONS), Inconclusive);
    }
    let short = series(&[[0.0, 300.0], [1.0, 1.3], [100.0, 1.1]]);
    let claims = judge(&facts(), &short, &Prediction::unsolved("none")).unwrap();
    assert_eq!(verdict(&claims, LASTING_RANK), Inconclusive);
}

#[test]
fn only_a_proven_limit_decides_where_the_weights_tend() {
    let series = series(&[[0.0, 9.7], [1.0, 1.4], [1e5, 1.4]]);
    for (neg, proven, two, equal) in [
        (1.0, true, Supported, Supported),
        (1.0896, true, Refuted, Supported),
        (1.0896, false, Inconclusive, Inconclusive),
        (1.0, false, Inconclusive, Inconclusive),
    ] {
        let claims = judge(&facts(), &series, &limit(neg, proven)).unwrap();
        assert_eq!(verdict(&claims, TWO_DIRECTIONS), two);
        assert_eq!(verdict(&claims, EQUAL_MARGINS), equal);
    }
}

#[test]
fn other_networks_are_left_alone() {
    let series = series(&[[0.0, 9.7], [1.0, 1.4]]);
    let none = Prediction::unsolved("none");
    type Change = fn(&mut RunFacts);
    let others: [Change; 6] = [
        |facts| {
            facts.network.numbers.remove("output-weight");
        },
        |facts| {
            facts
                .network
                .numbers
                .insert("output-weight".into(), 1.0 / 6.0);
        },
        |facts| facts.descent.is_sum = true,
        |facts| facts.descent.is_plain = false,
        |facts| facts.descent.step_decay = Some(0.5),
        |facts| facts.descent.loss = Loss::of(&OTHER_TAIL),
    ];
    for change in others {
        let mut facts = facts();
        change(&mut facts);
        assert!(judge(&facts, &series, &none).is_none());
    }
    let mut smoothed = facts();
    smoothed.network.activation = None;
    assert_eq!(judge(&smoothed, &series, &none).unwrap().len(), 2);
}

/// The claims of Kou, Chen & Gu are about the logistic loss, and the exponential one is judged
/// beside it: no other loss with such a tail is.
#[test]
fn the_tail_alone_makes_no_run_one_of_kou() {
    let mut facts = facts();
    facts.network.numbers.remove("output-weight");
    assert!(Conditions::of(&facts).is_some());
    facts.descent.loss = Loss::Exponential;
    assert!(Conditions::of(&facts).is_some());
    facts.descent.loss = Loss::of(&OTHER_TAIL);
    assert!(Conditions::of(&facts).is_none());
}
