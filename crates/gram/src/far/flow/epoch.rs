//! Epochs: between two of them neurons change pieces.

use super::super::estimate::chatter;
use super::super::field::Scratch;
use super::super::pattern::Pattern;
use super::super::settle::{Decision, Neuron};
use super::state::Flow;

/// What putting one neuron on other pieces did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub neuron: usize,
    pub decision: Decision,
    /// `‖Δw_k‖` of a move onto kinks.
    pub moved: f64,
}

impl Flow {
    /// Begins an epoch here, after `how` has put some neurons on other pieces.
    pub(super) fn change(
        &mut self,
        neurons: impl IntoIterator<Item = usize>,
        how: impl Fn(&mut Neuron<'_>, &mut Pattern, f64) -> Decision,
    ) -> Vec<Change> {
        let n = self.problem.samples();
        self.coefficients = self.coefficients_at(&self.here.sums);
        self.base.pre_activations.copy_from_slice(&self.h);
        self.here.sums.fill(0.0);
        let mut changes = Vec::new();
        for index in neurons {
            let range = index * n..(index + 1) * n;
            let slack = self.base.slack(&self.h[range.clone()]);
            let mut c = self.coefficients.row(index).to_vec();
            let mut neuron = Neuron {
                index,
                h: &mut self.base.pre_activations[range.clone()],
                c: &mut c,
            };
            let decision = how(&mut neuron, &mut self.pattern, slack);
            let old_h = &self.h[range.clone()];
            let new_h = &self.base.pre_activations[range];
            let mut squared = 0.0;
            let row = self.coefficients.row_mut(index).into_iter().zip(c);
            for ((old, new), (before, after)) in row.zip(old_h.iter().zip(new_h)) {
                squared += (new - *old) * (after - before);
                *old = new;
            }
            changes.push(Change {
                neuron: index,
                decision,
                moved: f64::max(squared, 0.0).sqrt(),
            });
        }
        self.h.copy_from_slice(&self.base.pre_activations);
        self.base.largest = self.h.iter().fold(0.0, |most, h| most.max(h.abs()));
        self.base.margins = self.problem.margins(self.shaped(&self.h));
        self.view = self.here.clone();
        let mut velocity = std::mem::take(&mut self.velocity);
        let mut scratch = Scratch::new(n);
        self.field()
            .velocity(self.here.tau, &self.here.sums, &mut scratch, &mut velocity);
        self.velocity = velocity;
        let v = self.rates(&self.here);
        self.estimate
            .sliding(chatter(&self.pattern, &v, self.here.tau));
        changes
    }
}
