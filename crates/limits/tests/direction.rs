//! Which maximum margin the direction of a descent on a linear network tends to.

use implicit_bias_data::Dataset;
use implicit_bias_limits::{DescentFacts, StepNorm, predict_direction};
use ndarray::array;

fn facts(norm: StepNorm) -> DescentFacts {
    DescentFacts {
        is_linear: true,
        is_exponentially_tailed: true,
        norm,
    }
}

/// `z = (3, 1)` and `(−1, 2)`: both maximum margins by hand.
fn data() -> Dataset {
    Dataset::new(array![[3.0, 1.0], [1.0, -2.0]], array![1.0, -1.0]).expect("valid")
}

#[test]
fn each_geometry_has_its_maximum_margin() {
    // The distance of the segment between both from the origin; its direction is (1, 4).
    let l2 = predict_direction(&facts(StepNorm::L2), &data())
        .expect("a limit")
        .expect("separable");
    let gamma = 7.0 / 17f64.sqrt();
    assert!((l2.series["margin_min"] - gamma).abs() < 1e-13);
    assert!((l2.series["margin_max"] - gamma).abs() < 1e-13);
    assert!((l2.series["margin_linf_min"] - 7.0 / 4.0).abs() < 1e-13);
    assert_eq!((l2.unique, l2.status.as_str()), (Some(true), "candidate"));
    assert!(l2.kkt_residual < 1e-12);
    // Both margins are equal at w = (1/4, 1).
    let linf = predict_direction(&facts(StepNorm::Linf), &data())
        .expect("a limit")
        .expect("separable");
    assert!((linf.series["margin_linf_min"] - 1.75).abs() < 1e-13);
    assert!((linf.series["margin_min"] - 1.75 / (17f64.sqrt() / 4.0)).abs() < 1e-13);
}

#[test]
fn what_has_no_limit_has_none() {
    for norm in [StepNorm::L2, StepNorm::Linf] {
        let squared = DescentFacts {
            is_exponentially_tailed: false,
            ..facts(norm)
        };
        let deep = DescentFacts {
            is_linear: false,
            ..facts(norm)
        };
        for facts in [squared, deep, facts(StepNorm::Unknown)] {
            assert!(predict_direction(&facts, &data()).is_none(), "{facts:?}");
        }
        let contradiction = Dataset::new(array![[1.0, 2.0], [1.0, 2.0]], array![1.0, -1.0]);
        let found = predict_direction(&facts(norm), &contradiction.expect("valid"));
        let reason = found.expect("a limit").expect_err("no weights fit both");
        assert!(reason.starts_with("infeasible"), "{reason}");
    }
}
