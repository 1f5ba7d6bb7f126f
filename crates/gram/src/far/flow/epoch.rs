//! The start of an epoch: the time between two events.

use super::super::coupling::Coupling;
use super::super::estimate::chatter;
use super::super::field::Scratch;
use super::super::transition::{Continuation, Neuron};
use super::state::Flow;

/// A change of the pieces of one neuron.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub neuron: usize,
    pub continuation: Continuation,
    /// `‖Δw_k‖` of a move onto kinks.
    pub moved: f64,
}

impl Flow {
    /// Begins an epoch here, after `how` has put some neurons on other pieces.
    pub(super) fn change(
        &mut self,
        neurons: impl IntoIterator<Item = usize>,
        how: impl Fn(&mut Neuron<'_>, &mut Coupling, f64) -> Continuation,
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
            let continuation = how(&mut neuron, &mut self.coupling, slack);
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
                continuation,
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
            .sliding(chatter(&self.coupling, &v, self.here.tau));
        changes
    }
}
