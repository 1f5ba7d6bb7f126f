//! The first layer that the two-layer networks have in common.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use ndarray::Array2;

use crate::descent::{
    DescentProblem, GramSpaceDescent, Head, HingeDescent, LayerScores, Output, WeightSpaceDescent,
};
use crate::{Descent, HostScores, ModelError, SharedActivation, Weights};

/// Blocks of neurons `W_b`, each `[m, d]`, one row a neuron, under one activation and without
/// biases.
///
/// A network adds its head: what it makes of the block sums `a Σ_r φ(⟨w_{b,r}, x⟩)`, whose output
/// weight `a` is `1/m`, that of a mean, unless another one was chosen.
#[derive(Module, Debug)]
pub struct FirstLayer {
    blocks: Vec<Param<Tensor<2>>>,
    #[module(skip)]
    activation: SharedActivation,
    /// `a`; `1/m` without.
    #[module(skip)]
    output_weight: Option<f64>,
}

impl FirstLayer {
    /// A layer with the given weights, one block a name, each `[width, dim]`; zeros without
    /// weights.
    pub(crate) fn new(
        names: &[String],
        [width, dim]: [usize; 2],
        activation: SharedActivation,
        weights: Option<&Weights>,
        device: &Device,
    ) -> Result<Self, ModelError> {
        for (what, size) in [("width", width), ("dim", dim)] {
            if size == 0 {
                return Err(ModelError::Zero { what });
            }
        }
        let blocks = match weights {
            None => names
                .iter()
                .map(|_| Tensor::zeros([width, dim], device))
                .collect(),
            Some(weights) => {
                for (index, name) in names.iter().enumerate() {
                    let found = weights.blocks().get(index).map_or([0, 0], |(_, matrix)| {
                        let (rows, columns) = matrix.dim();
                        [rows, columns]
                    });
                    if found != [width, dim] {
                        return Err(ModelError::Shape {
                            block: name.clone(),
                            expected: [width, dim],
                            found,
                        });
                    }
                }
                let mut blocks = weights.to_tensors(device);
                blocks.truncate(names.len());
                blocks
            }
        };
        Ok(Self {
            blocks: blocks.into_iter().map(Param::from_tensor).collect(),
            activation,
            output_weight: None,
        })
    }

    /// This layer with another output weight `a > 0`; `1/m` without.
    pub(crate) fn with_output_weight(mut self, output_weight: Option<f64>) -> Self {
        self.output_weight = output_weight;
        self
    }

    /// `1/a`: by what sums over the neurons of a block are divided.
    fn divisor(&self) -> f64 {
        let width = || self.blocks[0].val().dims()[0] as f64;
        self.output_weight.map_or_else(width, f64::recip)
    }

    pub(crate) fn activation(&self) -> &SharedActivation {
        &self.activation
    }

    pub(crate) fn weights(&self) -> impl Iterator<Item = Tensor<2>> {
        self.blocks.iter().map(Param::val)
    }

    /// This layer with other weights, as many blocks as it has.
    pub(crate) fn with_weights(mut self, weights: Vec<Tensor<2>>) -> Self {
        assert_eq!(
            weights.len(),
            self.blocks.len(),
            "a network takes as many blocks as it shows"
        );
        self.blocks = weights.into_iter().map(Param::from_tensor).collect();
        self
    }

    /// `a Σ_r φ(⟨w_{b,r}, x_i⟩)` of each block `b`, `[1, n]`, for samples `x`, `[n, d]`.
    pub(crate) fn block_sums(&self, x: Tensor<2>) -> impl Iterator<Item = Tensor<2>> {
        // [m, n] before the sum over the neurons: means carry the 1/m of the second layer.
        let x = x.transpose();
        self.weights().map(move |w| {
            let hidden = self.activation.forward(w.matmul(x.clone()));
            match self.output_weight {
                None => hidden.mean_dim(0),
                Some(weight) => hidden.sum_dim(0).mul_scalar(weight),
            }
        })
    }

    /// `⟨w_{b,r}, x_i⟩` of all blocks one after another, `[neurons, n]`.
    pub(crate) fn pre_activations(&self, x: Tensor<2>) -> Tensor<2> {
        Tensor::cat(self.weights().collect(), 0).matmul(x.transpose())
    }

    /// Scores in host memory below a head that adds each block's sum to one of `count` outputs.
    pub(crate) fn host_scores(
        &self,
        x: &Array2<f64>,
        outputs: Vec<Output>,
        count: usize,
        threads: usize,
    ) -> Box<dyn HostScores> {
        let width = self.blocks[0].val().dims()[0];
        let activation = self.activation.clone();
        Box::new(LayerScores::new(
            x,
            activation,
            outputs,
            [width, count],
            self.divisor(),
            threads,
        ))
    }

    /// The hand-derived descent of this layer below a head that adds each block's sum over the
    /// `patches` of a sample to an output, in weight space. The problem's `x` holds the patches.
    ///
    /// `None` in double precision where the activation is not piecewise linear: there plain gradient
    /// descent goes by [`host_scores`](Self::host_scores).
    pub(crate) fn descent(
        &self,
        problem: &DescentProblem<'_>,
        outputs: Vec<Output>,
        patches: usize,
    ) -> Option<Box<dyn Descent>> {
        let activation = self.activation.clone();
        if !problem.single_precision && activation.piecewise_linear().is_none() {
            return None;
        }
        let blocks = self.host_blocks();
        let outputs = (outputs, self.divisor());
        let head = Head::new(problem, activation, &blocks, outputs, patches);
        Some(if problem.single_precision {
            Box::new(WeightSpaceDescent::<f32>::new(problem, head, &blocks))
        } else {
            Box::new(WeightSpaceDescent::<f64>::new(problem, head, &blocks))
        })
    }

    /// As [`descent`](Self::descent), in Gram coordinates where those are cheaper.
    pub(crate) fn cheapest_descent(
        &self,
        problem: &DescentProblem<'_>,
        outputs: Vec<Output>,
    ) -> Option<Box<dyn Descent>> {
        if problem.stop.is_some() && HingeDescent::is_of(problem) {
            let activation = self.activation.piecewise_linear()?;
            let head = (outputs, self.divisor());
            let blocks = self.host_blocks();
            return Some(Box::new(HingeDescent::new(
                problem, activation, &blocks, head,
            )));
        }
        if problem.compensated || !GramSpaceDescent::is_cheaper(problem) {
            return self.descent(problem, outputs, 1);
        }
        self.activation.piecewise_linear()?;
        let blocks = self.host_blocks();
        let activation = self.activation.clone();
        let head = Head::new(problem, activation, &blocks, (outputs, self.divisor()), 1);
        Some(Box::new(GramSpaceDescent::new(problem, head, &blocks)))
    }

    fn host_blocks(&self) -> Vec<Array2<f64>> {
        self.weights().map(|w| Weights::host(&w)).collect()
    }
}
