//! Losses on tensors.

use burn::tensor::{Tensor, TensorData};
use implicit_bias_scalar::Loss;

/// A [`Loss`] of a tensor of margins.
pub trait TensorLoss {
    /// `(1/n) Σ ℓ(q_i)` of a tensor of margins `[n]`, as a tensor `[1]` that autodiff can
    /// follow.
    ///
    /// Value and gradient keep full relative accuracy: the two signs of `q` are computed by the
    /// formula that does not cancel there, and the gradient at `q = 0` is `−1/2`, not the 0 that
    /// `|q|` would give.
    fn forward(self, margins: Tensor<1>) -> Tensor<1>;

    /// `(1/n) Σ r_i ℓ(q_i)` for weights `r`, `[n]`: the value and the gradient are those of the
    /// host, where they are exact at any margin.
    fn weighted(self, margins: Tensor<1>, weights: &[f64]) -> Tensor<1>;
}

impl TensorLoss for Loss {
    fn forward(self, margins: Tensor<1>) -> Tensor<1> {
        match self {
            Loss::Logistic => {
                let positive = margins.clone().detach().greater_elem(0.0);
                let minus_one = margins.ones_like().detach().neg();
                let sign = minus_one.clone().mask_fill(positive.clone(), 1.0);
                let wrong = minus_one.mask_fill(positive, 0.0);
                // −|q| with derivative ∓1, never 0; and min(q, 0) as a product with a constant.
                let decay = margins.clone() * sign.neg();
                (decay.exp().log1p() + margins * wrong).mean()
            }
            Loss::Exponential => margins.neg().exp().mean(),
            Loss::Other(..) => tangent(self, margins, |_| 1.0),
        }
    }

    fn weighted(self, margins: Tensor<1>, weights: &[f64]) -> Tensor<1> {
        tangent(self, margins, |sample| weights[sample])
    }
}

/// Value and slope from the host: what autodiff follows is the tangent, `(q − q₀) ℓ'(q₀) + ℓ(q₀)` at
/// `q₀ = q`.
fn tangent(loss: Loss, margins: Tensor<1>, weight: impl Fn(usize) -> f64) -> Tensor<1> {
    let host: Vec<f64> = margins.clone().detach().into_data().iter().collect();
    let device = margins.device();
    let on_device = |value: &dyn Fn(f64) -> f64| {
        let each = host.iter().enumerate();
        let values: Vec<f64> = each.map(|(i, &q)| weight(i) * value(q)).collect();
        Tensor::<1>::from_data(TensorData::new(values, [host.len()]), &device)
    };
    let slopes = on_device(&|q| -loss.slope(q));
    let values = on_device(&|q| loss.value(q));
    let moved = margins.clone() - margins.detach();
    (moved * slopes + values).mean()
}
