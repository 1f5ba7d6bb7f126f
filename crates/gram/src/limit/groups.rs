//! Neurons that end up with one weight vector.

use std::collections::HashMap;

use ndarray::ArrayView2;

use crate::Problem;

/// Neurons of one sign with one activation pattern on the samples of their sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PatternGroup {
    /// Second-layer sign, `±1`.
    pub sign: f64,
    /// For each sample whether these neurons are active on it; `false` on opposite-sign samples.
    pub active: Vec<bool>,
    /// Indices of the neurons, ascending.
    pub neurons: Vec<usize>,
}

/// Every neuron's group, and the groups in the order of their first neurons.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grouping {
    pub patterns: Vec<PatternGroup>,
    /// The group of each neuron, `2m` of them; `None` for a ReLU neuron active on no same-sign
    /// sample, whose limit is zero.
    pub group_of: Vec<Option<usize>>,
}

impl Grouping {
    /// Reads the same-sign pattern from pre-activations `H` (`2m × n`): active means `h > 0`.
    pub fn of(problem: &Problem, pre_activations: ArrayView2<'_, f64>) -> Self {
        let dies = problem.activation().slope() == 0.0;
        let mut known: HashMap<(bool, Vec<bool>), usize> = HashMap::new();
        let mut patterns: Vec<PatternGroup> = Vec::new();
        let mut group_of = Vec::with_capacity(problem.neurons());
        for (neuron, row) in pre_activations.rows().into_iter().enumerate() {
            let sign = problem.sign(neuron);
            let active: Vec<bool> = row
                .iter()
                .zip(problem.labels())
                .map(|(&h, &label)| label == sign && h > 0.0)
                .collect();
            if dies && !active.contains(&true) {
                group_of.push(None);
                continue;
            }
            let group = *known
                .entry((sign > 0.0, active))
                .or_insert_with_key(|(_, active)| {
                    patterns.push(PatternGroup {
                        sign,
                        active: active.clone(),
                        neurons: Vec::new(),
                    });
                    patterns.len() - 1
                });
            patterns[group].neurons.push(neuron);
            group_of.push(Some(group));
        }
        Self { patterns, group_of }
    }
}
