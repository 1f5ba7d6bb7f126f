//! Fully connected layers.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use ndarray::Array2;

use crate::activations::SharedActivation;
use crate::descent::{DescentProblem, LayeredDescent};
use crate::fully_connected_scores::FullyConnectedScores;
use crate::{Block, Descent, HostScores, ModelError, Network, Weights, to_tensor};

/// `f(x) = ⟨v, φ(W_k … φ(W_1 x))⟩`, all trained, no biases: `W_1` is `[m, d]`, `W_2` to `W_k` are
/// `[m, m]`, `v` is `[1, m]`. Homogeneous where `φ` is: of degree `k + 1` under
/// ReLU and leaky ReLU.
#[derive(Module, Debug)]
pub struct FullyConnected {
    /// The hidden layers, then the outer one.
    layers: Vec<Param<Tensor<2>>>,
    #[module(skip)]
    names: Vec<String>,
    #[module(skip)]
    activation: SharedActivation,
}

impl FullyConnected {
    /// The network with weights of these names, the last of them the outer layer's, for samples of
    /// dimension `dim`; the width is that of the weights.
    pub(crate) fn new(
        names: Vec<String>,
        weights: &Weights,
        dim: usize,
        activation: SharedActivation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let first = weights.blocks().first();
        let width = first.map_or(1, |(_, first)| first.nrows());
        let layer = |(index, name): (usize, &String)| {
            let rows = if index + 1 == names.len() { 1 } else { width };
            let columns = if index == 0 { dim } else { width };
            let [matrix] = weights.shaped([(name.as_str(), [rows, columns])])?;
            Ok(Param::from_tensor(to_tensor(matrix, device)))
        };
        let layers = names.iter().enumerate().map(layer);
        Ok(Self {
            layers: layers.collect::<Result<_, ModelError>>()?,
            names,
            activation,
        })
    }
}

impl Network for FullyConnected {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let mut products = self.layers.iter().map(|layer| layer.val().transpose());
        let first = products.next().expect("a network has an outer layer");
        products.fold(x.matmul(first), |below, layer| {
            self.activation.forward(below).matmul(layer)
        })
    }

    fn blocks(&self) -> Vec<Block> {
        let block = |(weight, name): (&Param<Tensor<2>>, &String)| Block {
            name: name.clone(),
            weight: weight.val(),
            sign: None,
        };
        self.layers.iter().zip(&self.names).map(block).collect()
    }

    fn with_blocks(mut self, weights: Vec<Tensor<2>>) -> Self {
        self.layers = weights.into_iter().map(Param::from_tensor).collect();
        self
    }

    fn homogeneity(&self) -> Option<f64> {
        // Of a hidden layer: `p (1 + that of the layer below)`; the outer layer adds 1.
        let degree = self.activation.degree()?;
        let hidden = self.layers.iter().skip(1);
        Some(1.0 + hidden.fold(0.0, |below, _| degree * (1.0 + below)))
    }

    fn host_scores(&self, x: &Array2<f64>, threads: usize) -> Option<Box<dyn HostScores>> {
        let shapes = self.layers.iter().map(|layer| layer.val().dims());
        let activation = self.activation.clone();
        Some(Box::new(FullyConnectedScores::new(
            x,
            activation,
            shapes.collect(),
            threads,
        )))
    }

    /// In single precision; in double precision plain gradient descent goes by
    /// [`host_scores`](Network::host_scores), as every other optimizer.
    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        let is_plain = problem.objective.outputs() == 1 && problem.stop.is_none();
        if !(problem.single_precision && is_plain) {
            return None;
        }
        let shapes = self.layers.iter().map(|layer| layer.val().dims());
        let entries = self.layers.iter().flat_map(|layer| {
            let data = layer.val().into_data();
            data.iter::<f64>().collect::<Vec<_>>()
        });
        let activation = self.activation.clone();
        let descent = LayeredDescent::<f32>::new(problem, activation, shapes.collect(), entries);
        Some(Box::new(descent))
    }
}
