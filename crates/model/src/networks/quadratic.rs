//! Quadratic neurons, their second layer fixed.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use implicit_bias_settings::{Invalid, Key, Settings};
use ndarray::{Array2, ArrayView2, Axis};

use super::two_layer::OUTPUT_WEIGHT;
use crate::{
    Architecture, Block, HostScores, Loss, ModelError, Network, SQUARED, TargetKind, WIDTH,
    Weights, to_tensor,
};

/// The name of the one block.
const BLOCK: &str = "hidden";

/// `f(x) = a Σ_j ⟨w_j, x⟩²`; `W_hidden` is `[m, d]`, one neuron a row. Homogeneous of degree 2.
#[derive(Module, Debug)]
pub struct Quadratic {
    hidden: Param<Tensor<2>>,
    output_weight: f64,
}

impl Quadratic {
    /// The network with weights `[m, d]` and the output weight `a`.
    pub fn new(hidden: Tensor<2>, output_weight: f64) -> Self {
        Self {
            hidden: Param::from_tensor(hidden),
            output_weight,
        }
    }
}

impl Network for Quadratic {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let hidden = x.matmul(self.hidden.val().transpose());
        (hidden.clone() * hidden).sum_dim(1) * self.output_weight
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block {
            name: BLOCK.to_owned(),
            weight: self.hidden.val(),
            sign: None,
        }]
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let [hidden] = <[_; 1]>::try_from(weights).expect("a quadratic network has one block");
        Self::new(hidden, self.output_weight)
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(2.0)
    }

    fn host_scores(&self, x: &Array2<f64>, _threads: usize) -> Option<Box<dyn HostScores>> {
        Some(Box::new(QuadraticScores {
            x: x.clone(),
            chosen: None,
            hidden: Array2::zeros((0, 0)),
            output_weight: self.output_weight,
        }))
    }
}

/// `a Σ_j ⟨w_j, x_i⟩²` and `2 a Σ_i c_i ⟨w_j, x_i⟩ x_i`, two products of `2 n d m` operations.
struct QuadraticScores {
    x: Array2<f64>,
    /// Some samples, where not all are asked for.
    chosen: Option<Array2<f64>>,
    /// `⟨w_j, x_i⟩`, `[rows, m]`.
    hidden: Array2<f64>,
    output_weight: f64,
}

impl HostScores for QuadraticScores {
    fn scores(&mut self, weights: &[f64], rows: Option<&[usize]>, scores: &mut [f64]) {
        self.chosen = rows.map(|rows| self.x.select(Axis(0), rows));
        let x = self.chosen.as_ref().unwrap_or(&self.x);
        let width = weights.len() / x.ncols();
        let weights = ArrayView2::from_shape([width, x.ncols()], weights)
            .expect("the weights are the rows of one block");
        self.hidden = x.dot(&weights.t());
        for (score, hidden) in scores.iter_mut().zip(self.hidden.rows()) {
            *score = self.output_weight * hidden.dot(&hidden);
        }
    }

    fn pull_back(&mut self, cotangent: &[f64], gradient: &mut [f64]) {
        let x = self.chosen.as_ref().unwrap_or(&self.x);
        for (mut hidden, c) in self.hidden.rows_mut().into_iter().zip(cotangent) {
            hidden *= 2.0 * self.output_weight * c;
        }
        let product = self.hidden.t().dot(x);
        gradient.iter_mut().zip(&product).for_each(|(g, p)| *g = *p);
    }
}

/// [`Quadratic`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct QuadraticArchitecture;

impl Architecture for QuadraticArchitecture {
    type Network = Quadratic;

    fn name(&self) -> &'static str {
        "quadratic"
    }

    fn about(&self) -> &'static str {
        "`a Σ_j ⟨w_j, x⟩²`, for real targets with the squared loss"
    }

    fn keys(&self) -> &'static [Key] {
        &[WIDTH, OUTPUT_WEIGHT]
    }

    fn targets(&self, _: &Settings) -> TargetKind {
        TargetKind::Reals
    }

    fn law(&self, loss: Loss) -> Option<&'static str> {
        (loss == SQUARED).then_some("quadratic-teacher")
    }

    fn blocks(
        &self,
        settings: &Settings,
        dim: usize,
    ) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        OUTPUT_WEIGHT.number_if_given(settings)?;
        Ok(vec![(BLOCK.to_owned(), [WIDTH.size_in(settings)?, dim])])
    }

    fn network(
        &self,
        settings: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Quadratic, ModelError> {
        let first = weights.blocks().first();
        let width = first.map_or(0, |(_, block)| block.nrows());
        let [hidden] = weights.shaped([(BLOCK, [width, dim])])?;
        let output_weight = OUTPUT_WEIGHT.number_if_given(settings)?;
        let output_weight = output_weight.unwrap_or(1.0 / width as f64);
        Ok(Quadratic::new(to_tensor(hidden, device), output_weight))
    }
}
