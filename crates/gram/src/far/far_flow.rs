//! The public type of the far horizon.

use ndarray::Array2;

use super::flow::{Flow, REGIME};
use super::outcome::{FarOutcome, FarWork};
use crate::problem::require_finite;
use crate::{GramError, Problem};

/// Gradient descent far out, followed in `τ = log t` from a state that exact steps reached.
///
/// Between events margins move as `q = q_0 + Ã S`, with `S` the sums of the rates `g_i` and
///
/// ```text
/// Ã = (η/(nm²)) Σ_k diag(y D_k) (G − G_·Σ G_ΣΣ⁺ G_Σ·) diag(y D_k)
/// ```
///
/// for `Σ = Σ_k`, the samples on which neuron `k` slides: opposite-sign samples at whose kink
/// gradient descent crosses `h_ki = 0` every few steps, so that `h_ki` is 0 on average. (derived;
/// docs/theory.md §5)
///
/// Results do not depend, to the last bit, on how an advance is split into several.
///
/// ```
/// use implicit_bias_data::{DataLaw, Orthogonal};
/// use implicit_bias_gram::{FarFlow, FarOutcome, GramDescent, Problem};
/// use implicit_bias_scalar::{Activation, Loss};
/// use ndarray::Array2;
///
/// let law = Orthogonal { samples: 4, dim: 4, norm: 2.0, norm_spread: 1.5 };
/// let leaky = Activation::leaky_relu(0.1)?;
/// let problem = Problem::new(&law.generate(0)?, 2, leaky, Loss::Logistic, 0.1)?;
/// let start = Array2::from_shape_fn((4, 4), |(k, i)| 0.01 * (k as f64 - i as f64 + 0.5));
/// let mut steps = GramDescent::new(problem.clone(), start)?;
/// steps.advance(2e4);
///
/// let mut flow = FarFlow::new(problem, 2e4, steps.pre_activations(), steps.coefficients())?;
/// assert_eq!(flow.advance(1e300), FarOutcome::Reached);
/// let margins = flow.margins();
/// // log t, and a constant that depends on the sample.
/// assert!(margins.iter().all(|q| (q - 690.8).abs() < 10.0));
/// assert!(flow.error_estimate() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FarFlow {
    pub(super) flow: Flow,
}

impl FarFlow {
    /// How much the rates may change in the step a flow starts from: the largest of
    /// `‖√g' Ã √g'‖₂`, with `g' = diag(ℓ''(q))`, the change of a margin, and the
    /// chatter of the pairs that slide. Successive terms of the modified equation fall by about
    /// this factor.
    pub const REGIME: f64 = REGIME;

    /// A flow from the state at `step ≥ 1`: pre-activations `H` and coefficients `C`, both
    /// `2m × n`, with `W = W(0) + C X`.
    ///
    /// # Errors
    ///
    /// [`GramError::Shape`] or [`GramError::NonFinite`] for arrays that do not fit,
    /// [`GramError::FarStep`] for a step that is no step, and [`GramError::FarRegime`] where the
    /// rates still change too fast for the modified equation, [`FarFlow::REGIME`]: take more exact
    /// steps first.
    pub fn new(
        problem: Problem,
        step: f64,
        pre_activations: Array2<f64>,
        coefficients: Array2<f64>,
    ) -> Result<Self, GramError> {
        let expected = [problem.neurons(), problem.samples()];
        for (what, array) in [
            ("pre-activations", &pre_activations),
            ("coefficients", &coefficients),
        ] {
            let found = [array.nrows(), array.ncols()];
            if expected != found {
                return Err(GramError::Shape {
                    what,
                    expected,
                    found,
                });
            }
            require_finite(what, array.view())?;
        }
        if !(step.is_finite() && step >= 1.0) {
            return Err(GramError::FarStep(step));
        }
        let flow = Flow::new(problem, step, pre_activations, coefficients);
        let ratio = flow.regime();
        // A NaN is not in the regime.
        if ratio <= Self::REGIME {
            Ok(Self { flow })
        } else {
            Err(GramError::FarRegime {
                ratio,
                limit: Self::REGIME,
            })
        }
    }

    /// With an error that the margins have at the start, relative to `max(1, min_j |q_j|)`: what
    /// rounding made of the exact steps, as
    /// [`GramDescent::rounding_estimate`](crate::GramDescent::rounding_estimate) says.
    pub fn with_start_error(mut self, error: f64) -> Self {
        self.flow.add_start_error(error);
        self
    }

    /// Goes on to step `to`, which need not be an integer; infinity means the largest finite step.
    /// Not past the present step (or `NaN`), it changes nothing.
    ///
    /// After another outcome than [`FarOutcome::Reached`], the flow stays where it is.
    pub fn advance(&mut self, to: f64) -> FarOutcome {
        self.flow.advance(to)
    }

    /// The step `t` reached.
    pub fn step(&self) -> f64 {
        self.flow.step
    }

    /// Margins `q_i`, `n` of them.
    pub fn margins(&self) -> Vec<f64> {
        self.flow.margins()
    }

    /// Pre-activations `H`, `2m × n`; exactly 0 for a pair that slides.
    pub fn pre_activations(&self) -> Array2<f64> {
        self.flow.pre_activations()
    }

    /// Coefficients `C`, `2m × n`: `W = W(0) + C X`.
    pub fn coefficients(&self) -> Array2<f64> {
        self.flow.coefficients()
    }

    /// An estimate of `max_i |q_i − q_i of gradient descent| / max(1, min_j |q_j|)`.
    ///
    /// The sum of the neglected terms of the modified equation, the local errors of the
    /// Runge–Kutta steps, rounding, the error of events (see below), and, where pairs
    /// slide, the chatter that the flow averages away: the change of a margin when every sliding
    /// pair switches its slope for one step,
    ///
    /// ```text
    /// max_i (1/m) Σ_k D_ki Σ_{j ∈ Σ_k} (η/(nm)) (1 − γ) |G_ij| g_j
    /// ```
    ///
    /// at its largest since the start, of order `1/t_0`.
    ///
    /// An event is put on the whole step at which gradient descent changes a slope. Where a
    /// pre-activation is nearer to its kink than its error, it may be another step; then the change
    /// of a margin's speed times the steps in doubt is added, and it grows without bound as a pair
    /// approaches its kink at a grazing angle: the estimate is large where the flow does not
    /// determine on which side gradient descent continues.
    ///
    /// An estimate, not a bound: errors are added up as if the flow neither amplified nor damped
    /// them. Against exact steps it was 3 to 200 times the error near the start where pairs slide
    /// (about 20 in the median), and further out more, since the flow damps most of it; without
    /// sliding, 2 to 40 times.
    pub fn error_estimate(&self) -> f64 {
        self.flow.error_estimate()
    }

    /// What the flow did so far.
    pub fn work(&self) -> FarWork {
        self.flow.work()
    }
}
