//! Plain gradient descent as a Burn optimizer.

use burn::optim::{LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};

/// Plain gradient descent, `W ← W − η ∇L(W)`: no momentum, no weight decay, no state.
///
/// It implements Burn's [`Optimizer`], so it fits wherever one does. The step size `η` is what Burn calls the learning rate of a step; give it the same number at every step, and
/// the gradient of the full batch, to get the dynamics the theorems are about.
///
/// ```
/// use implicit_bias_model::GradientDescent;
/// let optimizer = GradientDescent.init(); // then: model = optimizer.step(step_size, model, grads)
/// # let _ = optimizer;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientDescent;

impl GradientDescent {
    /// The optimizer of a whole module.
    pub fn init(self) -> ModuleOptimizer {
        self.into()
    }
}

impl Optimizer for GradientDescent {
    type State<const D: usize> = ();

    fn step<const D: usize>(
        &self,
        step_size: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        _state: Option<()>,
    ) -> (Tensor<D>, Option<()>) {
        (weight - gradient.mul_scalar(step_size), None)
    }

    fn to_device<const D: usize>(_state: (), _device: &Device) {}
}
