//! Probes against closed forms.

use implicit_bias_model::Weights;
use ndarray::{Array2, array};

use super::*;
use crate::observation::Observation;

fn nothing_observed() -> Observation {
    Observation {
        step: 0.0,
        loss: 0.0,
        log_loss: 0.0,
        weight_norm: 0.0,
        blocks: Vec::new(),
        stable_rank: f64::NAN,
        normalized_margins: Vec::new(),
        classes: Vec::new(),
        gradient_norm: 0.0,
        accuracy: 0.0,
        pattern: None,
        error_estimate: 0.0,
        updates: None,
        probes: Vec::new(),
    }
}

fn measured(probe: &Probe, block: Array2<f64>, initial: Array2<f64>) -> Vec<f64> {
    let weights = |block| Weights::new(vec![("pos".to_owned(), block)]).unwrap();
    let view = ProbeView {
        weights: &weights(block),
        initial: &weights(initial),
        x: &Array2::zeros((1, 2)),
        observation: &nothing_observed(),
    };
    (probe.measure)(&view)
        .into_iter()
        .map(|(_, value)| value)
        .collect()
}

#[test]
fn the_effective_rank_is_that_of_its_singular_values() {
    let zeros = Array2::zeros((2, 2));
    let of = |block: Array2<f64>| measured(&EFFECTIVE_RANK, block, zeros.clone())[0];
    // Equal singular values: the rank. One of them: 1. 3 and 1: exp of the entropy of 3/4, 1/4.
    assert!((of(array![[0.0, 2.0], [-2.0, 0.0]]) - 2.0).abs() < 1e-14);
    assert!((of(array![[1.0, 2.0], [2.0, 4.0]]) - 1.0).abs() < 1e-12);
    let entropy = -(0.75_f64 * 0.75_f64.ln() + 0.25 * 0.25_f64.ln());
    for scale in [1.0, 1e-300, 1e300] {
        let found = of(array![[3.0 * scale, 0.0], [0.0, scale]]);
        assert!((found - entropy.exp()).abs() < 1e-14, "{scale}: {found}");
    }
    assert!(of(zeros.clone()).is_nan());
}

#[test]
fn distances_are_from_the_first_weights() {
    let start = array![[3.0, 0.0], [0.0, 4.0]];
    let moved = array![[3.0, 6.0], [8.0, 4.0]];
    assert_eq!(measured(&DISTANCE, moved.clone(), start), [10.0, 2.0]);
    let from_zero = measured(&DISTANCE, moved, Array2::zeros((2, 2)));
    assert!((from_zero[0] - 125_f64.sqrt()).abs() < 1e-14 && from_zero[1].is_nan());
    let far = measured(&DISTANCE, array![[3e200, 4e200]], array![[0.0, 0.0]]);
    assert!((far[0] / 5e200 - 1.0).abs() < 1e-14);
}
