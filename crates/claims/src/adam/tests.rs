//! Series made by hand: which runs support, refute, or say nothing, and which are left alone.

use std::collections::BTreeMap;

use implicit_bias_record::{Family, NamedLimit, Prediction, Series, StepNorm};
use implicit_bias_scalar::{HINGE, Loss};

use crate::adam::THEORY;
use crate::adam::ids::{L2_MARGIN, LINF_MARGIN, LINF_RATE};
use crate::claim::{Claim, ClaimId, DecidedBy, Verdict};
use crate::kou::testing::{OTHER_TAIL, table};
use crate::run::{DescentFacts, NetworkFacts, RunEnd, RunFacts, RunView, SampleFacts};

/// The maximum margins: 2 in the maximum norm and 0.5 in the Euclidean one.
const LINF: f64 = 2.0;
const L2: f64 = 0.5;
/// What the weights of either maximum have of the other one.
const OF_OTHER: f64 = 0.78;

fn facts(optimizer: &str, step_norm: StepNorm, step_decay: f64) -> RunFacts {
    RunFacts {
        law: crate::run::LawFacts::default(),
        stops_at_zero_errors: false,
        samples: SampleFacts {
            samples: 50,
            dim: 50,
            r_min: 6.0,
            r_max: 8.0,
            p: 20.0,
        },
        network: NetworkFacts {
            name: "linear".into(),
            family: Family::Linear,
            numbers: BTreeMap::new(),
            activation: None,
            blocks: vec!["weight".into()],
            width: 1,
            init_scale: Some(1.0),
        },
        descent: DescentFacts {
            optimizer: optimizer.into(),
            numbers: BTreeMap::new(),
            is_plain: optimizer == "gd",
            step_norm,
            is_full_batch: true,
            loss: Loss::Logistic,
            is_sum: false,
            step_size: 0.1,
            step_decay: Some(step_decay),
            unit_roundoff: f64::EPSILON,
        },
    }
}

fn numbers() -> BTreeMap<String, f64> {
    [
        ("gamma_linf", LINF),
        ("gamma_l2", L2),
        ("gamma_linf_of_w_l2", LINF * OF_OTHER),
        ("gamma_l2_of_w_linf", L2 * OF_OTHER),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A run to step 10⁶ with these shares of both maxima and this norm.
fn run(linf: &dyn Fn(f64) -> f64, l2: &dyn Fn(f64) -> f64, norm: &dyn Fn(f64) -> f64) -> Series {
    table(
        1e6,
        &[
            ("margin_linf_min", &|t| LINF * linf(t)),
            ("margin_min", &|t| L2 * l2(t)),
            ("weight_norm", norm),
            ("log_loss", &|t| -L2 * l2(t) * norm(t)),
            ("gradient_norm", &|t| (-L2 * l2(t) * norm(t)).exp()),
        ],
    )
}

fn judge(facts: &RunFacts, series: &Series) -> Vec<Claim> {
    judge_with(facts, series, RunEnd::Sound, Ok(&numbers()))
}

/// The limit that theorems know of a descent on all samples, steepest in a norm.
fn prediction(facts: &RunFacts) -> Prediction {
    let descent = &facts.descent;
    let goes_on = descent.is_full_batch && descent.step_decay.is_none_or(|decay| decay <= 1.0);
    let name = match descent.step_norm {
        StepNorm::L2 if goes_on => "gamma_l2",
        StepNorm::Linf if goes_on => "gamma_linf",
        _ => return Prediction::unsolved("not known"),
    };
    Prediction::Named(NamedLimit {
        limit: name.into(),
        source: "a test".into(),
        numbers: [(name.to_owned(), 1.0)].into(),
        series: BTreeMap::new(),
        unique: Some(true),
        kkt_residual: 0.0,
        status: "candidate".into(),
    })
}

fn judge_with(
    facts: &RunFacts,
    series: &Series,
    end: RunEnd,
    numbers: Result<&BTreeMap<String, f64>, &str>,
) -> Vec<Claim> {
    let prediction = prediction(facts);
    let view = RunView {
        facts,
        series,
        margins: &Series::new(["step"]),
        end,
        prediction: &prediction,
        numbers,
    };
    (THEORY.judge)(&view).map_or_else(Vec::new, |judgement| judgement.claims)
}

#[track_caller]
fn verdict(claims: &[Claim], id: ClaimId, expected: Verdict) -> &Claim {
    let found = claims.iter().find(|claim| claim.id == id);
    let found = found.unwrap_or_else(|| panic!("no {id} in {claims:#?}"));
    assert_eq!(found.verdict, expected, "{found:#?}");
    found
}

/// `K/‖w‖_∞` with a norm that grows like `t^{1−a}`, and the Euclidean share of the limit.
fn adam(decay: f64) -> Series {
    let norm = move |t: f64| 1.0 + 0.1 * (t + 1.0).powf(1.0 - decay);
    run(&move |t| 1.0 - 0.9 / norm(t), &|_| OF_OTHER, &move |t| {
        4.0 * norm(t)
    })
}

#[test]
fn adam_that_nears_its_maximum_supports_both_claims() {
    for decay in [0.0, 0.3, 0.5] {
        let facts = facts("adam", StepNorm::Linf, decay);
        let claims = judge(&facts, &adam(decay));
        assert_eq!(claims.len(), 2, "no claim on the other norm");
        verdict(&claims, LINF_MARGIN, Verdict::Supported);
        let rate = verdict(&claims, LINF_RATE, Verdict::Supported);
        assert!(
            (rate.measured.unwrap() + (1.0 - decay)).abs() < 0.1,
            "{rate:#?}"
        );
        let met = rate.hypotheses.as_ref().unwrap().met;
        assert_eq!(
            met,
            Some(decay > 0.0),
            "a constant step size is not the theorem's"
        );
    }
}

/// `a = 1`: the norm grows like `log t`, and the gap falls like its inverse.
#[test]
fn steps_like_one_over_t_refute_the_power_and_leave_the_limit_open() {
    let norm = |t: f64| 1.0 + (t + 2.0).ln();
    let series = run(&|t| 1.0 - 3.0 / norm(t), &|_| OF_OTHER, &|t| 4.0 * norm(t));
    let claims = judge(&facts("adam", StepNorm::Linf, 1.0), &series);
    verdict(&claims, LINF_RATE, Verdict::Refuted);
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    // A small power has no exponent that dies, and a fast fall no product that stays.
    let small = |t: f64| 0.6 * (t + 1.0).powf(-0.05);
    let fast = |t: f64| (-4.0 * (t + 1.0).ln().sqrt()).exp();
    for gap in [&small as &dyn Fn(f64) -> f64, &fast] {
        let series = run(&|t| 1.0 - gap(t), &|_| OF_OTHER, &|t| 4.0 * norm(t));
        let claims = judge(&facts("adam", StepNorm::Linf, 1.0), &series);
        verdict(&claims, LINF_RATE, Verdict::Inconclusive);
    }
    // A power that happens to show is not refuted.
    let power = run(&|t| 1.0 - (t + 1.0).powf(-0.3), &|_| OF_OTHER, &|t| {
        4.0 * norm(t)
    });
    let claims = judge(&facts("adam", StepNorm::Linf, 1.0), &power);
    verdict(&claims, LINF_RATE, Verdict::Inconclusive);
}

/// Half of the expected exponent is needed, and a gap that falls.
#[test]
fn a_slow_fall_supports_no_rate_and_a_gap_that_stays_no_limit() {
    let facts = facts("adam", StepNorm::Linf, 0.5);
    let grows = |t: f64| 4.0 + 0.1 * (t + 1.0).sqrt();
    let slow = run(&|t| 1.0 - 0.3 * (t + 1.0).powf(-0.1), &|_| OF_OTHER, &grows);
    let claims = judge(&facts, &slow);
    verdict(&claims, LINF_RATE, Verdict::Inconclusive);
    verdict(&claims, LINF_MARGIN, Verdict::Supported);
    let rises = |t: f64| 0.99 - 1e-4 * (t + 1.0).ln();
    let claims = judge(&facts, &run(&rises, &|_| OF_OTHER, &grows));
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
}

/// The columns of a run in single precision that loses its updates.
#[test]
fn lost_updates_decide_nothing() {
    let norm = |t: f64| 1.0 + 0.1 * (t + 1.0).sqrt();
    let series = table(
        1e6,
        &[
            ("margin_linf_min", &|t| LINF * (1.0 - 0.9 / norm(t))),
            ("margin_min", &|_| L2 * OF_OTHER),
            ("weight_norm", &|t| 4.0 * norm(t)),
            ("lost_updates", &|t| if t > 1e5 { 0.5 } else { 0.0 }),
        ],
    );
    for claim in judge(&facts("adam", StepNorm::Linf, 0.5), &series) {
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        assert!(claim.reason.contains("rounding"), "{}", claim.reason);
    }
}

/// Shares that near those of the maximum in the Euclidean norm like `1/log t`.
fn towards_l2(t: f64) -> [f64; 2] {
    let rest = 1.0 / (2.0 + (t + 1.0).ln());
    [OF_OTHER - 0.9 * rest, 1.0 - rest]
}

fn gd() -> Series {
    let norm = |t: f64| 7.0 + 3.0 * (t + 1.0).ln();
    run(&|t| towards_l2(t)[0], &|t| towards_l2(t)[1], &norm)
}

#[test]
fn gradient_descent_refutes_the_maximum_norm_by_its_limit() {
    let claims = judge(&facts("gd", StepNorm::L2, 0.0), &gd());
    assert_eq!(claims.len(), 2, "no rate of Adam");
    let claim = verdict(&claims, LINF_MARGIN, Verdict::Refuted);
    assert_eq!(claim.decided_by, DecidedBy::DirectionLimit);
    assert!((claim.limit.as_ref().unwrap().predicted - OF_OTHER).abs() < 1e-12);
    assert_eq!(claim.hypotheses.as_ref().unwrap().met, Some(false));
    assert!(
        claim.reason.contains("contradicts nothing"),
        "{}",
        claim.reason
    );
    let claim = verdict(&claims, L2_MARGIN, Verdict::Supported);
    assert_eq!(claim.hypotheses.as_ref().unwrap().met, Some(true));
}

/// One direction with both maxima: gradient descent goes to either.
#[test]
fn a_maximum_that_is_both_is_supported_by_either_descent() {
    let both = [
        ("gamma_linf", LINF),
        ("gamma_l2", L2),
        ("gamma_linf_of_w_l2", LINF),
        ("gamma_l2_of_w_linf", L2),
    ];
    let both = both.map(|(name, value)| (name.to_owned(), value)).into();
    let rest = |t: f64| 0.5 / (2.0 + (t + 1.0).ln());
    let norm = |t: f64| 7.0 + 3.0 * (t + 1.0).ln();
    let series = run(&|t| 1.0 - rest(t), &|t| 1.0 - rest(t), &norm);
    let facts = facts("gd", StepNorm::L2, 0.0);
    let claims = judge_with(&facts, &series, RunEnd::Sound, Ok(&both));
    verdict(&claims, LINF_MARGIN, Verdict::Supported);
    verdict(&claims, L2_MARGIN, Verdict::Supported);
}

#[test]
fn gradient_descent_with_steps_that_may_be_too_long_refutes_nothing() {
    let mut long = facts("gd", StepNorm::L2, 0.0);
    long.descent.step_size = 1e12;
    let claims = judge(&long, &gd());
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    // A run that goes away from where it should end.
    let norm = |t: f64| 7.0 + 3.0 * (t + 1.0).ln();
    let away = run(
        &|t| 0.7 - 0.01 * (t + 1.0).ln(),
        &|t| towards_l2(t)[1],
        &norm,
    );
    let claims = judge(&facts("gd", StepNorm::L2, 0.0), &away);
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
}

/// Which steps are small is known of the logistic and the exponential loss alone.
#[test]
fn another_loss_with_such_a_tail_refutes_nothing_by_its_steps() {
    let mut other = facts("gd", StepNorm::L2, 0.0);
    other.descent.loss = Loss::of(&OTHER_TAIL);
    let claims = judge(&other, &gd());
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    assert_eq!(claims.len(), 2);
}

/// The loss of step 10⁶ is about e^−23: gradients are below a tenth of an `ε` of 10⁻⁶ for a decade.
#[test]
fn adam_with_epsilon_above_its_gradients_is_gradient_descent() {
    for (epsilon, expected) in [(1e-6, Verdict::Refuted), (1e-12, Verdict::Inconclusive)] {
        let mut facts = facts("adam", StepNorm::L2, 0.0);
        facts.descent.numbers = [("epsilon".to_owned(), epsilon)].into();
        facts.descent.step_size = 1e-3;
        let claims = judge(&facts, &gd());
        verdict(&claims, LINF_MARGIN, expected);
    }
    // Steps as short as those, by gradients that are not below ε: not gradient descent yet.
    let mut facts = facts("adam", StepNorm::L2, 0.0);
    facts.descent.numbers = [("epsilon".to_owned(), 1e-11)].into();
    facts.descent.step_size = 1e-12;
    verdict(&judge(&facts, &gd()), LINF_MARGIN, Verdict::Inconclusive);
}

/// A gap of a fifth supports only where steps are known to go on as they should.
#[test]
fn a_wide_gap_supports_gradient_descent_by_its_limit_alone() {
    let rest = |t: f64| 2.8 / (2.0 + (t + 1.0).ln());
    let norm = |t: f64| 7.0 + 3.0 * (t + 1.0).ln();
    let wide = run(&|t| OF_OTHER - rest(t), &|t| 1.0 - rest(t), &norm);
    let claims = judge(&facts("gd", StepNorm::L2, 0.0), &wide);
    let claim = verdict(&claims, L2_MARGIN, Verdict::Supported);
    assert_eq!(claim.decided_by, DecidedBy::DirectionLimit);
    let claims = judge(&facts("normalized-gd", StepNorm::L2, 0.0), &wide);
    verdict(&claims, L2_MARGIN, Verdict::Inconclusive);
}

/// Adam with `ε` far above it is one without, and ends at the other maximum.
#[test]
fn adam_with_epsilon_is_refuted_only_where_it_is_seen_to_end_elsewhere() {
    let facts = facts("adam", StepNorm::L2, 0.0);
    let norm = |t: f64| 7.0 + 3.0 * (t + 1.0).ln();
    let rest = |t: f64| 1.0 / (2.0 + (t + 1.0).ln());
    let near = run(
        &|t| OF_OTHER + 0.2 * rest(t),
        &|t| 1.0 - 0.5 * rest(t),
        &norm,
    );
    let claims = judge(&facts, &near);
    verdict(&claims, LINF_MARGIN, Verdict::Refuted);
    // Still on its way to the maximum norm, as without ε.
    let early = run(&|t| 1.0 - rest(t), &|_| 0.9, &norm);
    let claims = judge(&facts, &early);
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
}

#[test]
fn batches_decide_by_the_trajectory_alone() {
    let mut facts = facts("adam", StepNorm::Linf, 0.5);
    facts.descent.is_full_batch = false;
    let grows = |t: f64| 4.0 + 0.1 * (t + 1.0).sqrt();
    let stays = |_: f64| 0.46;
    let mut of_data = numbers();
    of_data.insert("gamma_linf_of_w_l2".into(), LINF * 0.45);
    let judge = |series: &Series| judge_with(&facts, series, RunEnd::Sound, Ok(&of_data));
    let claims = judge(&run(&stays, &|_| 0.997, &grows));
    let claim = verdict(&claims, LINF_MARGIN, Verdict::Refuted);
    assert_eq!(claim.decided_by, DecidedBy::Trajectory);
    verdict(&claims, L2_MARGIN, Verdict::Inconclusive);
    // Weights from a file that hardly move.
    let claims = judge(&run(&stays, &|_| 0.997, &|t| 4.0 + 0.1 * (t + 1.0).ln()));
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    // Leaving the other maximum.
    let leaves = |t: f64| 1.0 - 0.003 * (t + 1.0).ln();
    let claims = judge(&run(&stays, &leaves, &grows));
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    // Far from both maxima.
    let claims = judge(&run(&stays, &|_| 0.8, &grows));
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    // On its way.
    let claims = judge(&run(
        &|t| 1.0 - 0.54 / (1.0 + t).powf(0.05),
        &|_| 0.997,
        &grows,
    ));
    verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
}

/// A share of 0.95 rising to 0.96 is no support where the other maximum has 0.96.
#[test]
fn the_other_maximum_nearby_is_not_taken_for_this_one() {
    let mut of_data = numbers();
    of_data.insert("gamma_linf_of_w_l2".into(), LINF * 0.96);
    let rest = |t: f64| 1.0 / (2.0 + (t + 1.0).ln());
    let norm = |t: f64| 7.0 + 3.0 * (t + 1.0).ln();
    let series = run(&|t| 0.96 - 0.2 * rest(t), &|t| 1.0 - rest(t), &norm);
    for (optimizer, full) in [("gd", true), ("sgd", false)] {
        let norm = if full {
            StepNorm::L2
        } else {
            StepNorm::Unknown
        };
        let mut facts = facts(optimizer, norm, 0.0);
        facts.descent.is_full_batch = full;
        let claims = judge_with(&facts, &series, RunEnd::Sound, Ok(&of_data));
        let found = claims.iter().find(|claim| claim.id == LINF_MARGIN).unwrap();
        assert_ne!(found.verdict, Verdict::Supported, "{found:#?}");
    }
}

/// A run whose initial weights are a maximum margin says nothing of where its descent tends.
#[test]
fn weights_that_begin_at_a_maximum_decide_nothing() {
    let grows = |t: f64| 4.0 + 0.1 * (t + 1.0).sqrt();
    let stands = |t: f64| 4.0 + 1e-9 * t;
    let at = |linf: f64, l2: f64, norm: &dyn Fn(f64) -> f64| run(&|_| linf, &|_| l2, norm);
    // Gradient descent at the other maximum, that has outgrown its start or not.
    for norm in [&grows as &dyn Fn(f64) -> f64, &stands] {
        let claims = judge(&facts("gd", StepNorm::L2, 0.0), &at(1.0, OF_OTHER, norm));
        verdict(&claims, LINF_MARGIN, Verdict::Inconclusive);
    }
    // Its own maximum, with weights that stand still, and with weights that went there.
    for (norm, expected) in [
        (&stands as &dyn Fn(f64) -> f64, Verdict::Inconclusive),
        (&grows, Verdict::Supported),
    ] {
        let claims = judge(&facts("gd", StepNorm::L2, 0.0), &at(OF_OTHER, 1.0, norm));
        verdict(&claims, L2_MARGIN, expected);
    }
    // Ten steps are too few, whatever the weights did.
    let (linf, l2) = (LINF * OF_OTHER, L2);
    let short = table(
        10.0,
        &[
            ("margin_linf_min", &|_| linf),
            ("margin_min", &|_| l2),
            ("weight_norm", &|t| 1.0 + t),
        ],
    );
    let claims = judge(&facts("gd", StepNorm::L2, 0.0), &short);
    verdict(&claims, L2_MARGIN, Verdict::Inconclusive);
    // Adam with ε far below its gradients stays at the other maximum for now.
    let claims = judge(
        &facts("adam", StepNorm::L2, 0.0),
        &at(0.999, OF_OTHER, &grows),
    );
    verdict(&claims, L2_MARGIN, Verdict::Inconclusive);
}

/// A gap of a hundredth that falls is no support where no theorem knows the limit: steps with a
/// finite sum, batches, others.
#[test]
fn where_no_limit_is_known_nothing_is_supported() {
    let mut batches = facts("adam", StepNorm::Linf, 0.5);
    batches.descent.is_full_batch = false;
    let finite = facts("normalized-gd", StepNorm::L2, 1.05);
    let other = facts("adagrad", StepNorm::Unknown, 0.0);
    let falls = |t: f64| 1.0 - 0.3 * (t + 1.0).powf(-0.25);
    let series = run(&falls, &falls, &|t| 4.0 + 0.1 * (t + 1.0).sqrt());
    for facts in [batches, finite, other] {
        for claim in judge(&facts, &series) {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        }
    }
}

/// A gradient of 0 in single precision is a run that stands.
#[test]
fn a_vanished_gradient_decides_nothing() {
    let mut series = adam(0.5);
    let column = series
        .columns()
        .iter()
        .position(|name| name == "gradient_norm")
        .unwrap();
    let rows: Vec<Vec<f64>> = series.rows().to_vec();
    series = Series::new(series.columns().to_vec());
    for mut row in rows {
        if row[0] > 1e5 {
            row[column] = 0.0;
        }
        series.push(row);
    }
    let mut facts = facts("adam", StepNorm::Linf, 0.5);
    // In double precision the norm alone underflows, and the descent goes on.
    verdict(&judge(&facts, &series), LINF_MARGIN, Verdict::Supported);
    facts.descent.unit_roundoff = f64::from(f32::EPSILON);
    for claim in judge(&facts, &series) {
        assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
        assert!(
            claim.reason.contains("gradient is zero"),
            "{}",
            claim.reason
        );
    }
}

#[test]
fn nothing_is_decided_without_maxima_or_after_a_failure_or_before_the_fit() {
    let facts = facts("adam", StepNorm::Linf, 0.5);
    let unknown = judge_with(&facts, &adam(0.5), RunEnd::Sound, Err("infeasible"));
    let failed = RunEnd::Diverged { step: 7.0 };
    let failed = judge_with(&facts, &adam(0.5), failed, Ok(&numbers()));
    let unfitted = judge(&facts, &run(&|_| -0.1, &|_| -0.1, &|t| t + 1.0));
    for claim in &unfitted {
        assert!(claim.reason.contains("fitted"), "{}", claim.reason);
    }
    for claims in [unknown, failed, unfitted] {
        assert_eq!(claims.len(), 2);
        for claim in claims {
            assert_eq!(claim.verdict, Verdict::Inconclusive, "{claim:#?}");
            assert!(claim.reason.len() > 20);
        }
    }
}

#[test]
fn other_networks_and_losses_are_left_alone() {
    let mut two_layer = facts("gd", StepNorm::L2, 0.0);
    two_layer.network.family = Family::TwoLayer;
    let mut hinge = facts("gd", StepNorm::L2, 0.0);
    hinge.descent.loss = HINGE;
    for facts in [two_layer, hinge] {
        assert!(judge(&facts, &gd()).is_empty());
    }
}
