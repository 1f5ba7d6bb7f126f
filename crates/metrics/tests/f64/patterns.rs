//! Activation patterns against counting one pair after another.

use burn::tensor::Tensor;
use implicit_bias_metrics::ActivationPattern;
use proptest::prelude::*;

use crate::dense::{Dense, Random};
use crate::matrix;

/// Pre-activations with many exact zeros, and random signs and labels.
struct Case {
    before: Dense,
    after: Dense,
    signs: Vec<f64>,
    labels: Vec<f64>,
}

impl Case {
    fn new(neurons: usize, samples: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut draw = |count: usize, among: &[f64]| -> Vec<f64> {
            (0..count)
                .map(|_| among[random.bits() as usize % among.len()])
                .collect()
        };
        let mut dense = || Dense {
            rows: neurons,
            columns: samples,
            values: draw(neurons * samples, &[0.0, -0.0, 1e-300, -1e-300, 2.5, -3.0]),
        };
        let (before, after) = (dense(), dense());
        Self {
            before,
            after,
            signs: draw(neurons, &[1.0, -1.0]),
            labels: draw(samples, &[1.0, -1.0]),
        }
    }

    fn count(&self, holds: impl Fn(usize, usize) -> bool) -> usize {
        let (neurons, samples) = (self.signs.len(), self.labels.len());
        (0..neurons * samples)
            .filter(|pair| holds(pair / samples, pair % samples))
            .count()
    }

    fn coverage_min(&self) -> Option<f64> {
        let mut least: Option<f64> = None;
        for (i, &label) in self.labels.iter().enumerate() {
            let same: Vec<usize> = (0..self.signs.len())
                .filter(|&k| self.signs[k] == label)
                .collect();
            if same.is_empty() {
                continue;
            }
            let active = same.iter().filter(|&&k| self.after[(k, i)] > 0.0).count();
            let fraction = active as f64 / same.len() as f64;
            least = Some(least.map_or(fraction, |least| least.min(fraction)));
        }
        least
    }
}

fn pattern(dense: &Dense) -> ActivationPattern {
    ActivationPattern::new(&matrix(dense)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]

    // Up to three words a row, so that word boundaries are crossed.
    #[test]
    fn counts_and_changes_agree_with_brute_force(
        neurons in 1_usize..9, samples in 1_usize..150, seed: u64,
    ) {
        let case = Case::new(neurons, samples, seed);
        let (before, after) = (pattern(&case.before), pattern(&case.after));
        let same = |k: usize, i: usize| case.signs[k] == case.labels[i];
        let active = |k: usize, i: usize| case.after[(k, i)] > 0.0;
        let changed = |k: usize, i: usize| active(k, i) != (case.before[(k, i)] > 0.0);

        prop_assert_eq!((after.neurons(), after.samples()), (neurons, samples));
        prop_assert_eq!(after.active_count(), case.count(active));
        prop_assert_eq!(case.count(|k, i| after.is_active(k, i) != Some(active(k, i))), 0);
        prop_assert_eq!(after.changes(&before).unwrap(), case.count(changed));

        let counts = after.counts(&case.signs, &case.labels).unwrap();
        prop_assert_eq!(counts.same_sign_pairs, case.count(same));
        prop_assert_eq!(counts.same_sign_active, case.count(|k, i| same(k, i) && active(k, i)));
        prop_assert_eq!(counts.opposite_sign_pairs, case.count(|k, i| !same(k, i)));
        let expected = case.count(|k, i| !same(k, i) && active(k, i));
        prop_assert_eq!(counts.opposite_sign_active, expected);
        prop_assert_eq!(counts.same_sign_coverage_min, case.coverage_min());

        let changes = after.signed_changes(&before, &case.signs, &case.labels).unwrap();
        prop_assert_eq!(changes.same_sign, case.count(|k, i| same(k, i) && changed(k, i)));
        prop_assert_eq!(changes.opposite_sign, case.count(|k, i| !same(k, i) && changed(k, i)));
        prop_assert_eq!(changes, before.signed_changes(&after, &case.signs, &case.labels).unwrap());
    }
}

#[test]
fn the_kink_is_inactive_from_both_sides() {
    let dense = Dense {
        rows: 1,
        columns: 4,
        values: vec![0.0, -0.0, f64::MIN_POSITIVE, -1.0],
    };
    let pattern = pattern(&dense);
    let active: Vec<_> = (0..4)
        .map(|sample| pattern.is_active(0, sample).unwrap())
        .collect();
    assert_eq!(active, [false, false, true, false]);
}

#[test]
fn outside_of_the_pattern_there_is_no_answer() {
    let pattern = pattern(&Dense::gaussian(2, 70, 1));
    assert_eq!(pattern.is_active(2, 0), None);
    assert_eq!(pattern.is_active(0, 70), None);
    assert!(pattern.is_active(1, 69).is_some());
}

#[test]
fn coverage_is_of_the_least_covered_sample_with_neurons_of_its_sign() {
    // Rows: two neurons of sign +1, one of sign −1; columns: labels +, −, +.
    let dense = Dense {
        rows: 3,
        columns: 3,
        values: vec![1.0, 1.0, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    };
    let (signs, labels) = ([1.0, 1.0, -1.0], [1.0, -1.0, 1.0]);
    let counts = pattern(&dense).counts(&signs, &labels).unwrap();
    assert_eq!(counts.same_sign_coverage_min, Some(0.5));
    assert_eq!((counts.same_sign_pairs, counts.same_sign_active), (5, 4));
    assert_eq!(
        (counts.opposite_sign_pairs, counts.opposite_sign_active),
        (4, 4)
    );

    // One block alone: the other class is left out, and with no class left there is no minimum.
    let block = pattern(&Dense::gaussian(2, 3, 1));
    let own = block.counts(&[-1.0, -1.0], &labels).unwrap();
    let expected = (0..2)
        .filter(|&k| block.is_active(k, 1) == Some(true))
        .count() as f64
        / 2.0;
    assert_eq!(own.same_sign_coverage_min, Some(expected));
    let none = block.counts(&[-1.0, -1.0], &[1.0, 1.0, 1.0]).unwrap();
    assert_eq!(none.same_sign_coverage_min, None);
}

#[test]
fn training_tensors_are_accepted() {
    let dense = Dense::gaussian(3, 5, 2);
    let tracked: Tensor<2> = matrix(&dense).autodiff().require_grad() * 2.0;
    assert_eq!(ActivationPattern::new(&tracked).unwrap(), pattern(&dense));
}
