//! The hypotheses on numbers worked out by hand.

use approx::assert_relative_eq;

use super::*;
use crate::claim::{Claim, Verdict};
use crate::kou::context::ClaimContext;
use crate::kou::judge::judge;
use crate::kou::testing::{context, lawful, lawful_margins};
use crate::run::RunEnd;
use crate::theory::write_hypotheses;

/// Ten orthogonal-like samples of norm 10 with inner products up to 2, 50 neurons a block.
fn conditions() -> Conditions {
    Conditions {
        samples: 10,
        width: 50,
        r_min: 10.0,
        r_max: 10.0,
        p: 2.0,
        activation: Activation::leaky_relu(0.1).unwrap(),
        loss: Loss::Logistic,
        init_scale: Some(1e-3),
        step_size: 0.1,
        initial_loss: None,
    }
}

#[test]
fn every_hypothesis_has_its_number() {
    let all = hypotheses(&conditions());
    assert_eq!(all.met, Some(true));
    // 100/(10·2), 2·10·50·0.001/(0.1·10), 0.1/(4·50·10/(100 + 9·2)).
    for (one, expected) in [
        (all.get("near-orthogonality").unwrap(), 5.0),
        (all.get("initialization").unwrap(), 1.0),
        (all.get("step size").unwrap(), 0.1 * 118.0 / 2000.0),
    ] {
        assert_relative_eq!(one.measured.unwrap(), expected, max_relative = 1e-14);
        assert_eq!(one.status, HypothesisStatus::Met, "{one:?}");
    }
    assert_eq!(all.get("loss").unwrap().measured, None);
    assert_eq!(all.brief(), "met for C ≤ 5");
    let sentence = &all.get("near-orthogonality").unwrap().sentence;
    assert!(sentence.contains("the theorem's own C is large and not stated"));
    assert!(sentence.contains("for more the smaller the slope is, here γ = 0.1"));
    let relu = Conditions {
        activation: Activation::RELU,
        ..conditions()
    };
    let sentence = hypotheses(&relu).each[0].sentence.clone();
    assert!(!sentence.contains("slope"), "{sentence}");
}

#[test]
fn what_does_not_hold_is_named() {
    let unmet = hypotheses(&Conditions {
        p: 300.0,
        loss: Loss::Exponential,
        init_scale: Some(1.0),
        step_size: 10.0,
        initial_loss: Some(1.0),
        ..conditions()
    });
    assert_eq!(unmet.met, Some(false));
    assert!(
        unmet
            .each
            .iter()
            .all(|one| one.status == HypothesisStatus::NotMet)
    );
    let brief = "not met: ratio 0.03333, loss, initialization, step size";
    assert_eq!(unmet.brief(), brief);
    // The exponential loss has slope 1 at 0: 10·50·1/(10·10); m/(R_max² L₀) = 1/2.
    assert_relative_eq!(
        unmet.get("initialization").unwrap().measured.unwrap(),
        5.0,
        max_relative = 1e-14
    );
    assert_relative_eq!(
        unmet.get("step size").unwrap().measured.unwrap(),
        20.0,
        max_relative = 1e-14
    );
}

#[test]
fn what_cannot_be_told_is_unknown() {
    let of_a_file = hypotheses(&Conditions {
        init_scale: None,
        ..conditions()
    });
    assert_eq!(of_a_file.met, None);
    assert_eq!(of_a_file.brief(), "unknown: initialization");
    assert!(
        of_a_file
            .get("initialization")
            .unwrap()
            .sentence
            .contains("file")
    );
    // Not even the exponential loss's first value is known.
    let empty = Conditions {
        loss: Loss::Exponential,
        ..conditions()
    };
    let step_size = hypotheses(&empty).each[3].clone();
    assert_eq!(step_size.status, HypothesisStatus::Unknown);
}

#[test]
fn degenerate_data_have_a_status_and_no_infinite_number() {
    let orthogonal = hypotheses(&Conditions {
        p: 0.0,
        ..conditions()
    });
    assert_eq!(orthogonal.met, Some(true));
    assert_eq!(orthogonal.brief(), "met for every C");
    let zero = hypotheses(&Conditions {
        r_min: 0.0,
        r_max: 0.0,
        p: 0.0,
        ..conditions()
    });
    assert_eq!(zero.get("near-orthogonality").unwrap().measured, Some(0.0));
    assert_eq!(
        zero.get("initialization").unwrap().status,
        HypothesisStatus::Unknown
    );
    assert_eq!(zero.get("step size").unwrap().measured, Some(0.0));
    let no_scale = hypotheses(&Conditions {
        init_scale: Some(0.0),
        ..conditions()
    });
    assert_eq!(
        no_scale.get("initialization").unwrap().status,
        HypothesisStatus::NotMet
    );
    for all in [orthogonal, zero, no_scale] {
        let text = serde_json::to_string(&all).unwrap();
        let read: Hypotheses = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}

#[test]
fn the_bound_of_descent_is_that_of_r_max_for_equal_samples_and_larger_for_orthogonal_ones() {
    let of = |p| Conditions { p, ..conditions() }.step_bound().unwrap();
    assert_relative_eq!(of(100.0), 4.0 * 50.0 / 100.0, max_relative = 1e-14);
    assert_relative_eq!(of(0.0), 10.0 * 4.0 * 50.0 / 100.0, max_relative = 1e-14);
    // Neither squares of norms nor their sums overflow.
    let large = Conditions {
        r_min: 1e150,
        r_max: 1e150,
        p: 1e300,
        ..conditions()
    };
    assert_relative_eq!(
        large.step_bound().unwrap(),
        200.0 / 1e300,
        max_relative = 1e-12
    );
}

#[test]
fn a_refuted_verdict_says_what_it_says_of_the_theorem() {
    let refuted = |conditions: &Conditions| {
        let mut claims = judge(
            &lawful(1e5),
            &lawful_margins(1e5),
            &ClaimContext {
                end: RunEnd::Sound,
                ..context()
            },
        );
        claims.truncate(2);
        claims[0].verdict = Verdict::Refuted;
        claims[0].reason = "the loss is flat.".into();
        write_hypotheses(&hypotheses(conditions), &mut claims);
        assert!(
            !claims[1].reason.contains("Refuted"),
            "{}",
            claims[1].reason
        );
        assert!(claims.iter().all(|claim| claim.hypotheses.is_some()));
        claims.remove(0).reason
    };
    let unmet = Conditions {
        p: 277.8,
        ..conditions()
    };
    assert_eq!(
        refuted(&unmet),
        "the loss is flat. Refuted on these data; the theorem's hypothesis is not met \
         (near-orthogonality ratio 0.03600), so this contradicts nothing."
    );
    let met = refuted(&conditions());
    assert!(
        met.contains("here at most 5, so this need not contradict it"),
        "{met}"
    );
    let large_steps = Conditions {
        step_size: 100.0,
        ..conditions()
    };
    let ours = refuted(&large_steps);
    assert!(ours.contains("by the measure derived here"), "{ours}");
    let unknown = Conditions {
        init_scale: None,
        ..conditions()
    };
    assert!(refuted(&unknown).contains("is unknown (initialization)"));
}

#[test]
fn claims_of_earlier_versions_are_read_without_hypotheses() {
    let mut claims = judge(&lawful(1e5), &lawful_margins(1e5), &context());
    assert!(claims.iter().all(|claim| claim.hypotheses.is_none()));
    let old = serde_json::to_string(&claims).unwrap();
    assert!(!old.contains("hypotheses"));
    let read: Vec<Claim> = serde_json::from_str(&old).unwrap();
    assert_eq!(read.len(), claims.len());
    write_hypotheses(&hypotheses(&conditions()), &mut claims);
    let value = serde_json::to_value(&claims).unwrap();
    let near = &value[0]["hypotheses"]["near_orthogonality"];
    assert_eq!(
        (near["status"].as_str(), near["measured"].as_f64()),
        (Some("met"), Some(5.0))
    );
    assert_eq!(value[0]["hypotheses"]["met"], true);
}

#[test]
fn the_bound_is_above_the_hessian_of_random_networks_and_attained_by_the_worst() {
    use implicit_bias_data::random::{Stream, gaussian_matrix};
    use ndarray::Array2;
    // ‖Hessian‖ at margins 0, by powers of the n × n matrix (1/4n) (∇q_i·∇q_k).
    let largest = |x: &Array2<f64>, slopes: &Array2<f64>| {
        let (n, neurons) = (x.nrows(), slopes.nrows());
        let m = neurons as f64 / 2.0;
        let products = slopes.t().dot(slopes) * x.dot(&x.t()) / (m * m * 4.0 * n as f64);
        let mut power = products.clone();
        for _ in 0..6 {
            power = power.dot(&power);
            power /= power.diag().sum();
        }
        (&power * &products).sum() / power.diag().sum()
    };
    for seed in 0..40 {
        let (n, d, m) = (4 + seed as usize % 5, 3 + seed as usize % 7, 2);
        let x = gaussian_matrix(n, d, 1.0, seed, Stream::Noise).unwrap();
        let weights = gaussian_matrix(2 * m, d, 1.0, seed, Stream::WeightsPos).unwrap();
        let random = weights
            .dot(&x.t())
            .mapv(|h| if h > 0.0 { 1.0 } else { 0.1 });
        let data = implicit_bias_data::Dataset::new(
            x.clone(),
            (0..n).map(|i| if i == 0 { 1.0 } else { -1.0 }).collect(),
        );
        let geometry = implicit_bias_data::Geometry::without_rank(&data.unwrap());
        let bound = Conditions {
            samples: n,
            width: m,
            r_min: geometry.r_min,
            r_max: geometry.r_max,
            p: geometry.p,
            ..conditions()
        }
        .step_bound()
        .unwrap();
        for slopes in [random, Array2::ones((2 * m, n))] {
            let hessian = largest(&x, &slopes);
            assert!(2.0 / hessian >= bound * (1.0 - 1e-12), "{hessian} {bound}");
        }
    }
    // Equal samples on the active side of every neuron.
    let x = Array2::from_elem((10, 1), 10.0);
    let bound = Conditions {
        p: 100.0,
        ..conditions()
    }
    .step_bound()
    .unwrap();
    assert_relative_eq!(
        2.0 / largest(&x, &Array2::ones((100, 10))),
        bound,
        max_relative = 1e-12
    );
}
