//! Activations that are positively homogeneous of degree one.

use serde::{Deserialize, Serialize};

use crate::SlopeError;

/// `φ(z) = max(z, γ z)` with slope `0 ≤ γ < 1`: ReLU at `γ = 0`, leaky ReLU otherwise.
///
/// At the kink `φ'(0) = γ`: a neuron with pre-activation exactly 0 counts as inactive. This is
/// the project's one convention, in every engine and every metric.
///
/// ```
/// use implicit_bias_scalar::Activation;
/// let leaky = Activation::leaky_relu(0.1)?;
/// assert_eq!(leaky.apply(-2.0), -0.2);
/// assert_eq!(leaky.derivative(0.0), 0.1);
/// # Ok::<(), implicit_bias_scalar::SlopeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Activation {
    slope: f64,
}

impl TryFrom<f64> for Activation {
    type Error = SlopeError;

    fn try_from(slope: f64) -> Result<Self, SlopeError> {
        Self::leaky_relu(slope)
    }
}

impl From<Activation> for f64 {
    fn from(activation: Activation) -> f64 {
        activation.slope
    }
}

impl Activation {
    /// ReLU, `max(z, 0)`.
    pub const RELU: Self = Self { slope: 0.0 };

    /// The identity but for half a unit in the last place of negative numbers, `γ = 1 − 2⁻⁵³`: a
    /// linear network is computed with it where a kink is expected, `γ < 1`.
    pub const IDENTITY: Self = Self {
        slope: 1.0 - f64::EPSILON / 2.0,
    };

    /// Leaky ReLU with slope `γ` on the negative side.
    ///
    /// # Errors
    ///
    /// [`SlopeError`] unless `0 ≤ γ < 1`.
    pub fn leaky_relu(slope: f64) -> Result<Self, SlopeError> {
        if (0.0..1.0).contains(&slope) {
            Ok(Self { slope })
        } else {
            Err(SlopeError(slope))
        }
    }

    /// The slope `γ` on the negative side.
    pub fn slope(self) -> f64 {
        self.slope
    }

    /// `φ(z)` on the host.
    pub fn apply(self, z: f64) -> f64 {
        self.derivative(z) * z
    }

    /// `φ'(z)` on the host: 1 where `z > 0`, `γ` elsewhere.
    pub fn derivative(self, z: f64) -> f64 {
        if z > 0.0 { 1.0 } else { self.slope }
    }
}
