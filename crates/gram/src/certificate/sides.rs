//! Opposite-sign pairs, and the sides of their kinks on which the limit has them.

use crate::limit::NeuronGroup;
use crate::problem::Problem;

/// Opposite-sign samples of a group.
pub(super) fn opposite(problem: &Problem, group: &NeuronGroup) -> impl Iterator<Item = usize> {
    let sign = group.sign;
    (0..problem.samples()).filter(move |&i| problem.labels()[i] != sign)
}

/// The side of its kink on which the limit has an opposite-sign pair: `1` for slope 1, `−1` for
/// slope `γ`, nothing while it slides.
pub(super) fn side(problem: &Problem, group: &NeuronGroup, sample: usize) -> Option<f64> {
    if group.slopes[sample] == 1.0 {
        Some(1.0)
    } else if group.slopes[sample] == problem.activation().slope() {
        Some(-1.0)
    } else {
        None
    }
}
