//! The linear network.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use implicit_bias_record::Family;
use implicit_bias_settings::{Invalid, Settings};
use ndarray::Array2;

use crate::descent::{DescentProblem, LinearDescent};
use crate::linear_scores::LinearScores;
use crate::{Architecture, Block, Descent, HostScores, ModelError, Network, Weights, to_tensor};

/// The linear network `f(w; x) = ⟨w, x⟩`, no bias; `W_weight` is `[1, d]`. Homogeneous of degree 1.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use implicit_bias_model::{Linear, Network};
/// # #[allow(deprecated)]
/// let device = Device::ndarray();
/// let network = Linear::new(Tensor::ones([1, 3], &device));
/// let scores = network.scores(Tensor::ones([2, 3], &device));
/// assert_eq!(scores.into_data().iter::<f64>().collect::<Vec<_>>(), [3.0, 3.0]);
/// ```
#[derive(Module, Debug)]
pub struct Linear {
    weight: Param<Tensor<2>>,
}

impl Linear {
    /// The name of its one block.
    pub const BLOCK: &'static str = "weight";

    /// The network with weights `[1, d]`.
    pub fn new(weight: Tensor<2>) -> Self {
        Self {
            weight: Param::from_tensor(weight),
        }
    }
}

impl Network for Linear {
    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        x.matmul(self.weight.val().transpose())
    }

    fn blocks(&self) -> Vec<Block> {
        vec![Block {
            name: Self::BLOCK.to_owned(),
            weight: self.weight.val(),
            sign: None,
        }]
    }

    fn with_blocks(self, weights: Vec<Tensor<2>>) -> Self {
        let [weight] = <[_; 1]>::try_from(weights).expect("a linear network has one block");
        Self::new(weight)
    }

    fn homogeneity(&self) -> Option<f64> {
        Some(1.0)
    }

    /// `margin_linf_min`, `min_i q_i/‖w‖_∞`.
    fn probes(&self, margins: &[f64]) -> Vec<(String, f64)> {
        let weight = Weights::host(&self.weight.val());
        let norm = weight.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
        vec![("margin_linf_min".to_owned(), least / norm)]
    }

    fn host_scores(&self, x: &Array2<f64>, _threads: usize) -> Option<Box<dyn HostScores>> {
        Some(Box::new(LinearScores::new(x)))
    }

    /// In single precision; in double precision plain gradient descent goes by
    /// [`host_scores`](Network::host_scores), as every other optimizer.
    fn descent(&self, problem: &DescentProblem<'_>) -> Option<Box<dyn Descent>> {
        let is_plain = problem.objective.outputs() == 1 && problem.stop.is_none();
        if !(problem.single_precision && is_plain) {
            return None;
        }
        let weight = Weights::host(&self.weight.val());
        Some(Box::new(LinearDescent::new(problem, &weight)))
    }
}

/// [`Linear`] as users choose it.
#[derive(Clone, Copy, Debug)]
pub struct LinearArchitecture;

impl LinearArchitecture {
    /// Its name.
    pub const NAME: &'static str = "linear";
}

impl Architecture for LinearArchitecture {
    type Network = Linear;

    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn family(&self) -> Family {
        Family::Linear
    }

    fn about(&self) -> &'static str {
        "`⟨w, x⟩`, no bias"
    }

    fn blocks(&self, _: &Settings, dim: usize) -> Result<Vec<(String, [usize; 2])>, Invalid> {
        Ok(vec![(Linear::BLOCK.to_owned(), [1, dim])])
    }

    fn network(
        &self,
        _: &Settings,
        weights: &Weights,
        dim: usize,
        device: &Device,
    ) -> Result<Linear, ModelError> {
        let [weight] = weights.shaped([(Linear::BLOCK, [1, dim])])?;
        Ok(Linear::new(to_tensor(weight, device)))
    }
}
