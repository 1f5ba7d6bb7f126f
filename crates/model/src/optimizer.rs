//! Plain gradient descent as a Burn optimizer.

use burn::optim::{LearningRate, ModuleOptimizer, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

/// Plain gradient descent, `W ← W − η ∇L(W)`: no momentum, no weight decay, no state.
///
/// It implements Burn's [`Optimizer`], so it fits wherever one does. The step size `η` is what
/// Burn calls the learning rate of a step; give it the same number at every step, and the gradient
/// of the full batch, to get the dynamics the theorems are about.
///
/// # Beside Burn's `SgdConfig`
///
/// `SgdConfig::new().init()`, which is stochastic only in its name, takes the same steps to the last
/// bit: `W − η g` is all it does while its momentum, weight decay and gradient clipping are left
/// out. A model that trains with it needs nothing from here. This type is for where *plain* has to
/// be certain: each of those three options makes another descent with another limit, and here none
/// can be set, so that a signature with `GradientDescent` says what the theorems ask for. It keeps
/// nothing between steps, where `Sgd` keeps a state a parameter that may have a momentum. And it is
/// what [`CompensatedGradientDescent`], which Burn has no counterpart of, differs from by its
/// compensation alone.
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

/// Plain gradient descent that keeps what rounding takes from each update: in single precision as
/// far as [`GradientDescent`] goes in double precision.
///
/// Gradients shrink like `1/t` while weights stay of one size, until an update is less than half a
/// unit in the last place of its weight and rounds to nothing. Here every weight has a compensation
/// `c` beside it, and a step is [`two_sum_step`]. (Compensated summation: Kahan 1965; the error of
/// a sum by Møller 1965 and Knuth.)
///
/// ```
/// use implicit_bias_model::CompensatedGradientDescent;
/// let optimizer = CompensatedGradientDescent.init(); // used like any optimizer of Burn
/// # let _ = optimizer;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CompensatedGradientDescent;

/// What the updates of a weight so far could not add to it.
#[derive(Clone, Debug)]
pub struct Compensation<const D: usize> {
    lost: Tensor<D>,
}

/// Its name in a record of the optimizer.
const LOST: &str = "lost";

impl<const D: usize> RecordState for Compensation<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, LOST, self.lost.clone().into_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let data = source.take_tensor(prefix, LOST)?;
        let dtype = data.dtype();
        Some(Self {
            lost: Tensor::from_data(data, (device, dtype)),
        })
    }
}

impl CompensatedGradientDescent {
    /// The optimizer of a whole module.
    pub fn init(self) -> ModuleOptimizer {
        self.into()
    }
}

impl Optimizer for CompensatedGradientDescent {
    type State<const D: usize> = Compensation<D>;

    fn step<const D: usize>(
        &self,
        step_size: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Compensation<D>>,
    ) -> (Tensor<D>, Option<Compensation<D>>) {
        let lost = state.map_or_else(|| weight.zeros_like(), |state| state.lost);
        let (weight, lost) = two_sum_step(weight, lost, gradient.mul_scalar(step_size));
        (weight, Some(Compensation { lost }))
    }

    fn to_device<const D: usize>(state: Compensation<D>, device: &Device) -> Compensation<D> {
        Compensation {
            lost: state.lost.to_device(device),
        }
    }
}

/// One step on a weight and its compensation: the new ones, for which `w + c` is `w + c − update`
/// but for the rounding of `c − update`, which is small.
///
/// With `v = fl(c − update)` the new weight is `w′ = fl(w + v)` and the new compensation the
/// error of that sum, `(w − (w′ − z)) + (v − z)` for `z = w′ − w`, exact in any binary
/// arithmetic that rounds to nearest.
pub fn two_sum_step<const D: usize>(
    weight: Tensor<D>,
    compensation: Tensor<D>,
    update: Tensor<D>,
) -> (Tensor<D>, Tensor<D>) {
    let change = compensation - update;
    let sum = weight.clone() + change.clone();
    let kept = sum.clone() - weight.clone();
    let lost = (weight - (sum.clone() - kept.clone())) + (change - kept);
    (sum, lost)
}
