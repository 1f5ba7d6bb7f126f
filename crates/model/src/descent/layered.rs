//! Steps of fully connected layers in their weights themselves.

use super::float::Float;
use super::host_weights::{HostSteps, HostWeights};
use super::layers::{Layers, Samples};
use super::problem::DescentProblem;
use crate::{Objective, SharedActivation};

/// The products of [`Layers`] and nothing else of the size of the weights: the gradient of a layer is
/// added to its weights as soon as what is below no longer needs them.
pub(crate) struct LayeredDescent<E> {
    weights: HostWeights<E>,
    x: Vec<E>,
    layers: Layers<E>,
    objective: Objective,
    step_size: f64,
    /// Scores, then slopes times the step size.
    scores: Vec<E>,
    host_scores: Vec<f64>,
    /// `B_l` and the next one.
    back: [Vec<E>; 2],
}

impl<E: Float> LayeredDescent<E> {
    /// Of layers of these shapes, with the weights of all one after another.
    pub fn new(
        problem: &DescentProblem<'_>,
        activation: SharedActivation,
        shapes: Vec<[usize; 2]>,
        weights: impl Iterator<Item = f64>,
    ) -> Self {
        let samples = problem.x.nrows();
        Self {
            weights: HostWeights::new(weights, shapes.clone(), problem.compensated),
            x: problem.x.iter().map(|&value| E::from_f64(value)).collect(),
            layers: Layers::new(activation, shapes, problem.threads),
            objective: problem.objective.clone(),
            step_size: problem.step_size,
            scores: vec![E::from_f64(0.0); samples],
            host_scores: vec![0.0; samples],
            back: [Vec::new(), Vec::new()],
        }
    }

    /// Computes the scores; `false` if one is not finite.
    fn score(&mut self) -> bool {
        let count = self.scores.len();
        let samples = Samples { x: &self.x, count };
        self.layers
            .scores(samples, self.weights.all(), &mut self.scores);
        let pairs = self.host_scores.iter_mut().zip(&self.scores);
        pairs.for_each(|(host, score)| *host = score.to_f64());
        self.host_scores.iter().all(|score| score.is_finite())
    }
}

impl<E: Float> HostSteps for LayeredDescent<E> {
    type Entry = E;

    fn host_weights(&self) -> &HostWeights<E> {
        &self.weights
    }

    fn host_weights_mut(&mut self) -> &mut HostWeights<E> {
        &mut self.weights
    }

    fn step(&mut self) -> bool {
        if !self.score() {
            return false;
        }
        self.objective.descend(&mut self.host_scores);
        let count = self.scores.len();
        let scale = self.step_size / count as f64;
        let [back, below] = &mut self.back;
        back.clear();
        back.extend(self.host_scores.iter().map(|&g| E::from_f64(scale * g)));
        let samples = Samples { x: &self.x, count };
        for layer in (0..self.layers.count()).rev() {
            let place = self.layers.place(layer);
            if layer > 0 {
                let weights = &self.weights.all()[place.clone()];
                self.layers.pull_below(layer, weights, back, below);
            }
            let (out, accum) = self.weights.update(place);
            self.layers.pull_layer(layer, samples, back, out, accum);
            std::mem::swap(back, below);
        }
        self.weights.finish();
        true
    }
}
