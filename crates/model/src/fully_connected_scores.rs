//! Scores of fully connected networks and their gradients in host memory.

use implicit_bias_algebra::Accum;
use ndarray::Array2;

use crate::descent::{Layers, Samples};
use crate::span::basis_of_samples;
use crate::{HostScores, SharedActivation, Span};

/// [`Layers`] at all samples or at chosen ones.
pub(crate) struct FullyConnectedScores {
    x: Array2<f64>,
    chosen: Option<Array2<f64>>,
    layers: Layers<f64>,
    /// The weights above the first layer, which the way back needs.
    upper: Vec<f64>,
    /// Those of a layer's pre-activations and of the layer's below.
    back: [Vec<f64>; 2],
}

impl FullyConnectedScores {
    /// Of layers of these shapes, for samples in the rows of `x`.
    pub fn new(
        x: &Array2<f64>,
        activation: SharedActivation,
        shapes: Vec<[usize; 2]>,
        threads: usize,
    ) -> Self {
        Self::of_layers(x, Layers::new(activation, shapes, threads))
    }

    fn of_layers(x: &Array2<f64>, layers: Layers<f64>) -> Self {
        Self {
            x: x.as_standard_layout().into_owned(),
            chosen: None,
            layers,
            upper: Vec::new(),
            back: [Vec::new(), Vec::new()],
        }
    }
}

/// The rows of a matrix.
fn samples(x: &Array2<f64>) -> Samples<'_, f64> {
    Samples {
        x: x.as_slice().expect("rows one after another"),
        count: x.nrows(),
    }
}

impl HostScores for FullyConnectedScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(|rows| self.x.select(ndarray::Axis(0), rows));
        self.upper.clear();
        self.upper
            .extend_from_slice(&weights[self.layers.place(0).end..]);
        let x = samples(self.chosen.as_ref().unwrap_or(&self.x));
        self.layers.scores(x, weights, scores);
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let x = samples(self.chosen.as_ref().unwrap_or(&self.x));
        let first = self.layers.place(0).end;
        let [back, below] = &mut self.back;
        back.clear();
        back.extend_from_slice(cotangent);
        for layer in (0..self.layers.count()).rev() {
            let place = self.layers.place(layer);
            let out = &mut gradient[place.clone()];
            self.layers.pull_layer(layer, x, back, out, Accum::Replace);
            if layer > 0 {
                let weights = &self.upper[place.start - first..place.end - first];
                self.layers.pull_below(layer, weights, back, below);
                std::mem::swap(back, below);
            }
        }
    }

    /// The first layer in what the samples span; the other ones stay as they are.
    fn span(&self) -> Option<Span> {
        let mut shapes = self.layers.shapes().to_vec();
        let [basis, coordinates] = basis_of_samples(&self.x, shapes[0][0])?;
        let first = self.layers.place(0).end;
        shapes[0][1] = basis.nrows();
        let scores = Self::of_layers(&coordinates, self.layers.of_shapes(shapes));
        Some(Span::new(basis, Box::new(scores)).of_first(first))
    }
}
