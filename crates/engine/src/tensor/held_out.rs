//! The share of errors on samples that no step sees.

use burn::tensor::{Device, Tensor};
use implicit_bias_data::Dataset;
use implicit_bias_model::{HostScores, Network, to_tensor};

use super::gradients::{host_values, host_weights};
use crate::EngineError;
use ndarray::{Axis, Slice};

/// Held-out samples with their labels ±1.
pub(super) struct HeldOut {
    scores: Scores,
    labels: Vec<f64>,
    /// Memory for the scores.
    buffer: Vec<f64>,
}

/// How their scores are computed.
enum Scores {
    /// By the architecture's own formulas in host memory.
    Host(Box<dyn HostScores>),
    /// By the network, from the samples `[n, d]`.
    Device(Tensor<2>),
}

impl HeldOut {
    /// Held-out samples for a network of one score, in host memory where it has formulas of its own.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] for a network of several scores.
    pub fn new<M: Network>(
        model: &M,
        data: &Dataset,
        device: &Device,
        threads: usize,
    ) -> Result<Self, EngineError> {
        let first = data.x().slice_axis(Axis(0), Slice::from(..1)).to_owned();
        let outputs = model.valid().scores(to_tensor(&first, device)).dims()[1];
        if outputs != 1 {
            return Err(EngineError::Invalid {
                key: "held-out".into(),
                expected: "a network of one score, for labels ±1".into(),
                found: format!("one of {outputs} scores"),
            });
        }
        let scores = match model.host_scores(data.x(), threads) {
            Some(own) => Scores::Host(own),
            None => Scores::Device(to_tensor(data.x(), device)),
        };
        Ok(Self {
            scores,
            labels: data.y().to_vec(),
            buffer: vec![0.0; data.samples()],
        })
    }

    /// The fraction of the samples whose score `f(x_i)` has not the sign of `y_i`; a score of 0 has
    /// none.
    pub fn error<M: Network>(&mut self, model: &M) -> f64 {
        match &mut self.scores {
            Scores::Host(own) => own.scores(&host_weights(model), None, &mut self.buffer),
            Scores::Device(samples) => {
                self.buffer = host_values(model.valid().scores(samples.clone()));
            }
        }
        let pairs = self.buffer.iter().zip(&self.labels);
        // A score that is no number has no sign either.
        let right = pairs.filter(|(score, label)| **score * **label > 0.0);
        let count = self.labels.len();
        (count - right.count()) as f64 / count as f64
    }
}
