//! Scores and their gradients by autodiff, for descents in host memory.

use burn::tensor::{Int, Tensor, TensorData};
use implicit_bias_model::{HostScores, MarginGap, Network};
use ndarray::Array2;

use super::gradients::{Arrangement, block_gradients, host_values, host_weights};

/// The scores of any network on any device; every call takes the weights there and the scores back.
pub(super) struct AutodiffScores<M> {
    model: M,
    x: Tensor<2>,
    arrangement: Arrangement,
    /// The scores of the last call, with their graph.
    scores: Option<Tensor<2>>,
    /// The rows of the last call; all without.
    rows: Option<Vec<usize>>,
}

impl<M: Network> AutodiffScores<M> {
    pub fn new(model: M, x: Tensor<2>, arrangement: Arrangement) -> Self {
        Self {
            model,
            x,
            arrangement,
            scores: None,
            rows: None,
        }
    }
}

/// Tensors of the shapes, devices and types of `like`, with `values` one after another.
pub(super) fn tensors_like(like: &[Tensor<2>], values: &[f64]) -> Vec<Tensor<2>> {
    let mut rest = values;
    let tensors = like.iter().map(|like| {
        let (values, after) = rest.split_at(like.shape().num_elements());
        rest = after;
        let data = TensorData::new(values.to_vec(), like.shape());
        Tensor::from_data(data, (&like.device(), like.dtype()))
    });
    tensors.collect()
}

/// The blocks of `model` replaced by `weights`, the entries of all of them one after another.
pub(super) fn with_weights<M: Network>(model: M, weights: &[f64]) -> M {
    let blocks = model.blocks().into_iter().map(|block| block.weight);
    let weights = tensors_like(&blocks.collect::<Vec<_>>(), weights);
    model.with_blocks(weights)
}

impl<M: Network> HostScores for AutodiffScores<M> {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.model = with_weights(self.model.clone(), weights);
        self.rows = rows.map(<[usize]>::to_vec);
        let x = match rows {
            None => self.x.clone(),
            Some(rows) => {
                let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
                let count = rows.len();
                let device = self.x.device();
                let rows = Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &device);
                self.x.clone().select(0, rows)
            }
        };
        let found = self.model.scores(x.autodiff());
        scores.copy_from_slice(&host_values(found.clone().without_autodiff()));
        self.scores = Some(found);
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let scores = self
            .scores
            .take()
            .expect("scores come before their gradient");
        let data = TensorData::new(cotangent.to_vec(), scores.shape());
        let inner = scores.clone().without_autodiff();
        let cotangent: Tensor<2> = Tensor::from_data(data, (&inner.device(), inner.dtype()));
        let gradients = (scores * cotangent.autodiff()).sum().backward();
        let blocks = block_gradients(&self.model, self.arrangement, &gradients);
        let values = blocks.into_iter().flat_map(host_values);
        gradient.iter_mut().zip(values).for_each(|(g, v)| *g = v);
    }

    /// By the architecture's own formulas: a difference of scores would be rounding.
    fn gaps(&self) -> Option<Vec<[MarginGap; 2]>> {
        if !self.model.has_suprema() {
            return None;
        }
        let [samples, dim] = self.x.dims();
        let x = Array2::from_shape_vec([samples, dim], host_values(self.x.clone())).ok()?;
        let mut own = self.model.host_scores(&x, 1)?;
        let weights = host_weights(&self.model);
        let rows = self.rows.as_deref();
        // One score a sample, as margins with suprema have.
        let mut scores = vec![0.0; rows.map_or(samples, <[usize]>::len)];
        own.scores(&weights, rows, &mut scores);
        own.gaps()
    }
}
