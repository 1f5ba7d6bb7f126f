//! Steps of fully connected layers in their weights themselves.

use burn::tensor::Tensor;

use super::float::Float;
use super::host_weights::HostWeights;
use super::layers::{Layers, Samples};
use super::problem::{Descent, DescentProblem};
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

    /// One step; `false`, with the weights untouched, if a score is not finite.
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

impl<E: Float> Descent for LayeredDescent<E> {
    fn state(&self) -> Vec<f64> {
        self.weights.state()
    }

    fn restore(&mut self, state: &[f64]) -> bool {
        self.weights.restore(state)
    }

    fn advance(&mut self, steps: u64) -> u64 {
        (0..steps).take_while(|_| self.step()).count() as u64
    }

    fn weights(&self, like: &Tensor<2>) -> Vec<Tensor<2>> {
        self.weights.tensors(like)
    }

    fn compensations(&self, like: &Tensor<2>) -> Option<Vec<Tensor<2>>> {
        self.weights.compensations(like)
    }
}
