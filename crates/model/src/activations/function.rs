//! What an activation is.

use std::fmt::Debug;
use std::sync::Arc;

use burn::tensor::Tensor;
use implicit_bias_scalar::{Activation, FarSlopes};
use implicit_bias_settings::{Invalid, Key, Settings};

/// `φ` and `φ'` of numbers, one after another.
pub(super) fn fill_one_by_one(
    activation: &(impl ActivationFunction + ?Sized),
    z: &[f64],
    values: &mut [f64],
    derivatives: &mut [f64],
) {
    let each = z.iter().zip(values).zip(derivatives);
    each.for_each(|((&z, value), derivative)| {
        *value = activation.apply(z);
        *derivative = activation.derivative(z);
    });
}

/// An activation `φ` with its parameters, on numbers in host memory and on tensors.
///
/// `apply` and `derivative` serve gradients by the architecture's own formulas, `values` and
/// `derivatives` those by autodiff; a test must hold them together.
pub trait ActivationFunction: Debug + Send + Sync {
    /// `φ(z)`.
    fn apply(&self, z: f64) -> f64;

    /// `φ'(z)`.
    fn derivative(&self, z: f64) -> f64;

    /// `φ` and `φ'` of numbers.
    fn fill(&self, z: &[f64], values: &mut [f64], derivatives: &mut [f64]) {
        fill_one_by_one(self, z, values, derivatives);
    }

    /// `φ` of every entry. Its graph is not followed.
    fn values(&self, z: Tensor<2>) -> Tensor<2>;

    /// `φ'` of every entry. Its graph is not followed.
    fn derivatives(&self, z: Tensor<2>) -> Tensor<2>;

    /// `φ` of every entry, differentiable by autodiff with the derivative `φ'`.
    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        // z − z̄ is 0 and has the derivative 1: the graph has the stated derivative at every z, and
        // not what a backend makes of the operations in φ.
        let fixed = z.clone().detach();
        let zero = z - fixed.clone();
        self.values(fixed.clone()).detach() + self.derivatives(fixed).detach() * zero
    }

    /// The degree `p` with `φ(αz) = α^p φ(z)` for `α > 0`; `None` if there is none.
    fn degree(&self) -> Option<f64>;

    /// The degree that it tends to far from 0: [`degree`](Self::degree), or 1 where it has
    /// [`far_slopes`](Self::far_slopes).
    fn far_degree(&self) -> Option<f64> {
        self.degree().or_else(|| self.far_slopes().map(|_| 1.0))
    }

    /// This activation as `max(z, γ z)`, if it is that: Gram coordinates, the limit program and
    /// the theorems on ReLU and leaky ReLU are about those alone.
    fn piecewise_linear(&self) -> Option<Activation> {
        None
    }

    /// Its slopes far below and far above 0, where there are such.
    fn far_slopes(&self) -> Option<FarSlopes> {
        self.piecewise_linear().map(|activation| FarSlopes {
            slopes: [activation.slope(), 1.0],
            bend: [0.0; 2],
        })
    }

    /// The activation with its parameters, in the words of a report: `leaky ReLU, γ = 0.1`.
    fn describe(&self) -> String;
}

/// An activation that several owners hold.
#[derive(Clone, Debug)]
pub struct SharedActivation(pub Arc<dyn ActivationFunction>);

impl SharedActivation {
    /// An activation to be held by several owners.
    pub fn new(activation: impl ActivationFunction + 'static) -> Self {
        Self(Arc::new(activation))
    }
}

impl std::ops::Deref for SharedActivation {
    type Target = dyn ActivationFunction;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// A kind of activation as users choose it: its name, its keys, and how one is made of them.
#[derive(Clone, Copy, Debug)]
pub struct ActivationKind {
    /// The name by which users choose it.
    pub name: &'static str,
    /// Its formula, in a line.
    pub about: &'static str,
    /// The keys that it asks for.
    pub keys: &'static [Key],
    /// One of these with the parameters that settings ask for.
    pub make: fn(&Settings) -> Result<SharedActivation, Invalid>,
}
