//! Losses on tensors.

use burn::tensor::Tensor;
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
            Loss::Hinge => {
                // A product with a constant: the slope at the kink is 0, on every backend.
                let inside = margins.clone().detach().lower_elem(1.0);
                let mask = margins.zeros_like().detach().mask_fill(inside, 1.0);
                ((margins.neg() + 1.0) * mask).mean()
            }
            Loss::Squared => {
                let rest = margins.neg() + 1.0;
                (rest.clone() * rest).mean() * 0.5
            }
        }
    }
}
