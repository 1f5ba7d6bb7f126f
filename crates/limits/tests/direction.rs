//! Which maximum margin the direction of a descent on a linear network tends to.

use std::collections::BTreeMap;

use implicit_bias_data::{Dataset, TrainingSet};
use implicit_bias_limits::{
    DIRECTION_LIMITS, DirectionFacts, DirectionLimit, DirectionSolution, direction_numbers,
    predict_direction,
};
use implicit_bias_record::{Family, StepNorm};
use ndarray::array;

fn facts(norm: StepNorm) -> DirectionFacts {
    DirectionFacts {
        network: "linear",
        numbers: BTreeMap::new(),
        blocks: vec!["weight".to_owned()],
        optimizer: "gd",
        optimizer_numbers: BTreeMap::new(),
        loss: "logistic",
        family: Family::Linear,
        is_exponentially_tailed: true,
        norm,
        far_slopes: None,
        is_homogeneous: true,
    }
}

/// `z = (3, 1)` and `(−1, 2)`: both maximum margins by hand.
fn data() -> Dataset {
    Dataset::new(array![[3.0, 1.0], [1.0, -2.0]], array![1.0, -1.0]).expect("valid")
}

#[test]
fn each_geometry_has_its_maximum_margin() {
    // The distance of the segment between both from the origin; its direction is (1, 4).
    let l2 = predict_direction(DIRECTION_LIMITS, &facts(StepNorm::L2), &data().into(), None)
        .expect("a limit")
        .expect("separable");
    let gamma = 7.0 / 17f64.sqrt();
    assert!((l2.series["margin_min"] - gamma).abs() < 1e-13);
    assert!((l2.series["margin_max"] - gamma).abs() < 1e-13);
    assert!((l2.series["margin_linf_min"] - 7.0 / 4.0).abs() < 1e-13);
    assert_eq!((l2.unique, l2.status.as_str()), (Some(true), "candidate"));
    assert!(l2.kkt_residual < 1e-12);
    // Both margins are equal at w = (1/4, 1).
    let linf = predict_direction(
        DIRECTION_LIMITS,
        &facts(StepNorm::Linf),
        &data().into(),
        None,
    )
    .expect("a limit")
    .expect("separable");
    assert!((linf.series["margin_linf_min"] - 1.75).abs() < 1e-13);
    assert!((linf.series["margin_min"] - 1.75 / (17f64.sqrt() / 4.0)).abs() < 1e-13);
}

/// Of the samples above, where `(1, 4)` has both maximum margins.
#[test]
fn both_maxima_are_numbers_whichever_limit_is_known() {
    let expected = [
        ("gamma_l2", 7.0 / 17f64.sqrt()),
        ("gamma_l2_of_w_linf", 7.0 / 17f64.sqrt()),
        ("gamma_linf", 1.75),
        ("gamma_linf_of_w_l2", 1.75),
    ];
    for norm in [StepNorm::L2, StepNorm::Linf, StepNorm::Unknown] {
        let known = predict_direction(DIRECTION_LIMITS, &facts(norm), &data().into(), None)
            .map(|known| known.expect("solved"));
        let numbers = direction_numbers(&data(), known.as_ref()).expect("separable");
        assert_eq!(numbers.len(), 4);
        for (name, value) in expected {
            assert!((numbers[name] - value).abs() < 1e-13, "{name}");
        }
    }
}

/// `(1, 0)` alone: all `(1, w₂)` have the largest margin in the maximum norm.
#[test]
fn of_weights_that_are_not_the_only_ones_there_is_no_margin() {
    let alone = Dataset::new(array![[1.0, 0.0], [-1.0, 0.0]], array![1.0, -1.0]).expect("valid");
    let numbers = direction_numbers(&alone, None).expect("separable");
    assert!(!numbers.contains_key("gamma_l2_of_w_linf"), "{numbers:?}");
    assert!((numbers["gamma_linf_of_w_l2"] - 1.0).abs() < 1e-13);
}

#[test]
fn what_has_no_limit_has_none() {
    for norm in [StepNorm::L2, StepNorm::Linf] {
        let squared = DirectionFacts {
            is_exponentially_tailed: false,
            ..facts(norm)
        };
        let deep = DirectionFacts {
            family: Family::Other,
            ..facts(norm)
        };
        for facts in [squared, deep, facts(StepNorm::Unknown)] {
            assert!(
                predict_direction(DIRECTION_LIMITS, &facts, &data().into(), None).is_none(),
                "{facts:?}"
            );
        }
        let contradiction = Dataset::new(array![[1.0, 2.0], [1.0, 2.0]], array![1.0, -1.0]);
        let found = predict_direction(
            DIRECTION_LIMITS,
            &facts(norm),
            &TrainingSet::from(contradiction.expect("valid")),
            None,
        );
        let reason = found.expect("a limit").expect_err("no weights fit both");
        assert!(reason.starts_with("infeasible"), "{reason}");
    }
}

/// A file has no numbers that are not finite.
#[test]
fn numbers_of_a_limit_that_are_not_finite_are_left_out() {
    const OWN: DirectionLimit = DirectionLimit {
        name: "own",
        source: "a test",
        has_directions: false,
        is_of_pattern: false,
        applies: |facts| facts.loss == "logistic" && facts.optimizer_numbers["beta1"] > 0.5,
        solve: |_| {
            let numbers = [("one", 1.0), ("none", f64::NAN), ("most", f64::INFINITY)];
            let numbers: BTreeMap<String, f64> = numbers.map(|(n, v)| (n.to_owned(), v)).into();
            Ok(DirectionSolution {
                series: numbers.clone(),
                numbers,
                unique: None,
                kkt_residual: f64::NAN,
                directions: Vec::new(),
            })
        },
    };
    let facts = DirectionFacts {
        optimizer_numbers: [("beta1".to_owned(), 0.9)].into(),
        ..facts(StepNorm::Unknown)
    };
    let found = predict_direction([&OWN], &facts, &data().into(), None);
    let found = found.expect("a limit").expect("a solution");
    for numbers in [&found.numbers, &found.series] {
        assert_eq!(numbers.keys().collect::<Vec<_>>(), ["one"]);
    }
    assert!(!found.to_string().contains("NaN"), "{found}");
}
