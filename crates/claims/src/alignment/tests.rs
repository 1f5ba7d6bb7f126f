//! Series made by hand: which runs support, refute, or say nothing, and which are left alone.

use std::collections::BTreeMap;

use implicit_bias_record::{Family, Prediction, Series};
use implicit_bias_scalar::{Activation, HINGE, Loss};

use super::THEORY;
use super::ids::{EARLY_ALIGNMENT, EARLY_LOSS, EARLY_RANK};
use crate::claim::{Claim, ClaimId, Verdict};
use crate::hypotheses::HypothesisStatus;
use crate::kou::testing::{OTHER_TAIL, plain_descent, table};
use crate::run::{DescentFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

fn facts() -> RunFacts {
    RunFacts {
        samples: SampleFacts {
            samples: 4,
            dim: 8,
            r_min: 1.0,
            r_max: 1.0,
            p: 0.5,
        },
        law: crate::run::LawFacts::default(),
        stops_at_zero_errors: false,
        network: NetworkFacts {
            name: "two-layer-both".into(),
            family: Family::Other,
            numbers: BTreeMap::new(),
            activation: Some(Activation::RELU),
            blocks: vec!["hidden".into(), "outer".into()],
            width: 50,
            init_scale: None,
        },
        descent: DescentFacts {
            is_sum: true,
            ..plain_descent(Loss::Exponential, 1e-3)
        },
    }
}

/// The step at which the loss begins to fall.
const FALL: f64 = 1000.0;

fn falling(t: f64) -> f64 {
    -(1.0 + (t / FALL).powi(2)).ln() * 0.5
}

/// A run to 10⁶ with these misplaced neurons, stable rank and logarithm of the loss.
fn run(
    misplaced: &dyn Fn(f64) -> f64,
    rank: &dyn Fn(f64) -> f64,
    log_loss: &dyn Fn(f64) -> f64,
) -> Series {
    table(
        1e6,
        &[
            ("log_loss", log_loss),
            ("neurons_misplaced", misplaced),
            ("stable_rank_hidden", rank),
            ("norm_hidden", &|t| if t < FALL { 1e-60 } else { 3.0 }),
            ("imbalance", &|_| 0.0),
            ("signed_cosine_min", &|_| 0.5),
        ],
    )
}

fn early(t: f64) -> f64 {
    if t < 100.0 { 30.0 } else { 0.0 }
}

fn judge(facts: &RunFacts, series: &Series, end: RunEnd) -> Vec<Claim> {
    let prediction = Prediction::unsolved("not known");
    let view = RunView {
        facts,
        series,
        margins: series,
        end,
        prediction: &prediction,
        numbers: Err("not known"),
    };
    (THEORY.judge)(&view).map_or(Vec::new(), |judgement| judgement.claims)
}

fn verdict(claims: &[Claim], id: ClaimId) -> Verdict {
    let claim = claims.iter().find(|claim| claim.id == id);
    claim.expect("a claim about this run").verdict
}

fn verdicts(series: &Series) -> [Verdict; 3] {
    let claims = judge(&facts(), series, RunEnd::Sound);
    [EARLY_ALIGNMENT, EARLY_RANK, EARLY_LOSS].map(|id| verdict(&claims, id))
}

use Verdict::{Inconclusive, Refuted, Supported};

#[test]
fn a_run_of_the_theorem_supports_all() {
    let series = run(&early, &|t| 1.1 + 1.0 / (1.0 + t), &falling);
    assert_eq!(verdicts(&series), [Supported; 3]);
}

#[test]
fn a_neuron_that_is_late_or_leaves_refutes() {
    for misplaced in [
        &(|t: f64| if t < 3.0 * FALL { 1.0 } else { 0.0 }) as &dyn Fn(f64) -> f64,
        &|t: f64| if t > 5e5 { 1.0 } else { early(t) },
        &|_| 40.0,
    ] {
        let series = run(misplaced, &|_| 1.5, &falling);
        assert_eq!(verdicts(&series)[0], Refuted);
    }
}

#[test]
fn a_run_whose_loss_has_not_fallen_decides_nothing() {
    let series = run(&|_| 40.0, &|_| 9.0, &|t| -1e-7 * t);
    assert_eq!(verdicts(&series), [Inconclusive; 3]);
}

#[test]
fn ranks_that_stay_above_two_refute_and_those_that_fall_do_not() {
    let stays = |t: f64| 2.02 + 0.1 / (1.0 + t.ln_1p());
    assert_eq!(verdicts(&run(&early, &stays, &falling))[1], Refuted);
    // Rounding is on neither side, and neither is what 1/log t takes below.
    let exact = |_| 2.0 + 3e-12;
    assert_eq!(verdicts(&run(&early, &exact, &falling))[1], Supported);
    let near = |_| 2.0 + 5e-4;
    assert_eq!(verdicts(&run(&early, &near, &falling))[1], Inconclusive);
    let forgets = |t: f64| 1.7 + 20.0 / (1.0 + t.ln_1p());
    assert_eq!(verdicts(&run(&early, &forgets, &falling))[1], Inconclusive);
    // The initial weights are still most of the weights.
    let mut columns = run(&early, &stays, &falling);
    let place = columns
        .columns()
        .iter()
        .position(|name| name == "norm_hidden");
    let mut last = columns.pop().unwrap();
    last[place.unwrap()] = 2e-60;
    columns.push(last);
    assert_eq!(verdicts(&columns)[1], Inconclusive);
    let falls = |t: f64| 14.0 - 0.8 * t.ln_1p();
    assert_eq!(verdicts(&run(&early, &falls, &falling))[1], Inconclusive);
    let rises = |t: f64| 1.0 + 0.06 * t.ln_1p();
    assert_eq!(verdicts(&run(&early, &rises, &falling))[1], Inconclusive);
}

#[test]
fn losses_that_fall_fast_support_and_those_that_stand_still_do_not() {
    let of = |power: f64| {
        let law = move |t: f64| power * falling(t);
        verdicts(&run(&early, &|_| 1.5, &law))[2]
    };
    assert_eq!(of(1.1), Supported);
    assert_eq!(of(0.8), Inconclusive);
    // A saddle point, for all that is known.
    assert_eq!(of(0.3), Inconclusive);
    // 1/(t log t).
    let log = |t: f64| falling(t) - (1.0 + (1.0 + t / FALL).ln()).ln();
    assert_eq!(verdicts(&run(&early, &|_| 1.5, &log))[2], Supported);
}

#[test]
fn a_loss_whose_neurons_are_all_dead_is_refuted() {
    let series = table(
        1e6,
        &[
            ("log_loss", &|_| 1.4),
            ("neurons_misplaced", &|_| 0.0),
            ("neurons_dead", &|t| if t < 10.0 { 49.0 } else { 50.0 }),
            ("norm_hidden", &|_| 1.0),
        ],
    );
    assert_eq!(verdicts(&series), [Inconclusive, Inconclusive, Refuted]);
}

#[test]
fn single_precision_and_unsound_runs_refute_nothing() {
    let series = run(&|_| 40.0, &|_| 9.0, &|t| 0.3 * falling(t));
    let mut single = facts();
    single.descent.unit_roundoff = f64::from(f32::EPSILON);
    for claims in [
        judge(&single, &series, RunEnd::Sound),
        judge(&facts(), &series, RunEnd::Diverged { step: 1e5 }),
    ] {
        assert_eq!(claims.len(), 3);
        for claim in claims {
            assert_eq!(claim.verdict, Inconclusive, "{claim:?}");
        }
    }
}

/// Log time tells margins, and may be off about small neurons.
#[test]
fn neurons_in_log_time_refute_nothing() {
    let whole = run(&|_| 4.0, &|_| 1.5, &falling);
    let with_errors = |exact: f64| {
        let mut columns = whole.columns().to_vec();
        columns.push("error_estimate".into());
        let mut series = Series::new(columns);
        for row in whole.rows() {
            let error = if row[0] > exact { 1e-5 } else { 0.0 };
            series.push(row.iter().copied().chain([error]).collect());
        }
        verdicts(&series)[0]
    };
    assert_eq!(with_errors(0.0), Inconclusive);
    assert_eq!(with_errors(0.5 * FALL), Inconclusive);
    assert_eq!(with_errors(1e5), Refuted);
}

/// Where log time is no longer sure, nothing is looked at.
#[test]
fn unsure_rows_are_left_out() {
    let whole = run(
        &|t| if t > 5e5 { 1.0 } else { early(t) },
        &|_| 1.5,
        &falling,
    );
    let mut columns = whole.columns().to_vec();
    columns.push("error_estimate".into());
    let mut series = Series::new(columns);
    for row in whole.rows() {
        let error = if row[0] > 4e5 { 0.1 } else { 0.0 };
        series.push(row.iter().copied().chain([error]).collect());
    }
    assert_eq!(verdicts(&series)[0], Supported);
}

#[test]
fn other_runs_are_left_alone() {
    let series = run(&early, &|_| 1.5, &falling);
    let mut others = vec![facts(); 6];
    others[0].network.name = "deep".into();
    others[1].network.activation = Some(Activation::leaky_relu(0.1).unwrap());
    others[2].descent.is_plain = false;
    others[3].descent.is_full_batch = false;
    others[4].descent.loss = HINGE;
    others[5].descent.loss = Loss::of(&OTHER_TAIL);
    for other in others {
        assert!(judge(&other, &series, RunEnd::Sound).is_empty());
    }
    // The flow itself is what the theorem is about.
    let mut flow = facts();
    flow.descent.is_plain = false;
    flow.descent.optimizer = "flow".into();
    assert_eq!(judge(&flow, &series, RunEnd::Sound).len(), 3);
    let without = table(1e6, &[("log_loss", &falling)]);
    assert!(judge(&facts(), &without, RunEnd::Sound).is_empty());
}

#[test]
fn hypotheses_say_what_the_theorem_asks_for() {
    let series = run(&early, &|_| 1.5, &falling);
    let claims = judge(&facts(), &series, RunEnd::Sound);
    let hypotheses = claims[0].hypotheses.clone().unwrap();
    // n = 4, μ = ½, h = 50: ε of 10⁻⁶⁰·⁸ against exp(−(4√2) log 4)/√50 = 10⁻⁴·³.
    assert_eq!(hypotheses.met, Some(true), "{hypotheses:?}");
    let small = hypotheses.get("small initial weights").unwrap();
    assert!((small.measured.unwrap() + 60.0 + 0.5 * 50_f64.log10()).abs() < 1e-9);
    let mut many = facts();
    many.samples.samples = 200;
    let claims = judge(&many, &series, RunEnd::Sound);
    let hypotheses = claims[0].hypotheses.clone().unwrap();
    let status = hypotheses.get("small initial weights").unwrap().status;
    assert_eq!(status, HypothesisStatus::NotMet);
}
