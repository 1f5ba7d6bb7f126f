//! A proof that the same-sign pattern never changes again. (derived; not in the paper)
//!
//! # Setting
//!
//! Let `β = η/n`, and freeze the slopes `D_ki` of same-sign pairs (`y_i s_k = +1`) as they are at
//! step `T`. Then every margin
//!
//! ```text
//! q_i(w) = (1/m) [ Σ_{s_k = y_i} D_ki ⟨w_k, x_i⟩ − Σ_{s_k ≠ y_i} φ(⟨w_k, x_i⟩) ]
//! ```
//!
//! is concave and positively homogeneous of degree 1 in all weights `w`, and while the pattern
//! lasts one step of gradient descent is `w ← w + β Σ_i g_i ζ_i(w)` with `g_i = −ℓ'(q_i)`
//! and a supergradient `ζ_i(w) ∈ ∂q_i(w)`, `ζ_i(w)_k = (s_k y_i/m) φ'(⟨w_k, x_i⟩) x_i`
//! with the frozen slopes.
//!
//! Let `ŵ` solve the limit program ([`Limit`]): `ŵ = Σ_i α_i ζ̂_i`, `ζ̂_i ∈ ∂q_i(ŵ)`,
//! `α_i ≥ 0`, `q_i(ŵ) = 1` on the support `S = {α_i > 0}` and `q_i(ŵ) = κ_i > 1` off it.
//! Slopes of `ζ̂_i` are 1 or `γ`, and in between on *sliding* pairs, opposite-sign pairs with
//! `ĥ_ki = 0`. `α` are the limit's multipliers.
//!
//! **Reference path.** `w*(θ) = ŵ log θ + w̃`, with `w̃` such that
//!
//! 1. `⟨ζ̂_i, w̃⟩ = c_i := log(β/α_i)` for `i ∈ S`;
//! 2. `h̃_ki = 0` at sliding pairs of `S`;
//! 3. at every other opposite-sign pair of `S`, `h*_ki = ĥ_ki log θ_T + h̃_ki` is on the piece
//!    of `φ` whose slope `ζ̂_i` has, and `ĥ_ki` is on it or 0, so that `h*_ki` stays there for
//!    all `θ ≥ θ_T`.
//!
//! Then `q_i(w*(θ)) = ⟨ζ̂_i, w*(θ)⟩ = log θ + c_i` on `S`, for all `θ ≥ θ_T`. Among
//! the `w̃` of (1) and (2) the nearest to `w(T) − ŵ log θ_T` is taken; (3) is then checked.
//! Time runs as `θ_t = θ_T + (t − T)`; any `θ_T > 1` is allowed, and it is chosen to make the
//! bound below small.
//!
//! # Theorem
//!
//! Let `ρ(t) = w(t) − w*(θ_t)`, `E = ½‖ρ‖²`, `R = √(2Ē)` for an `Ē` with
//! `E(T) + B(Ē) ≤ Ē`, where `B` is the bound below. Let `R_k = R`, or `R/√n_a` for the
//! neurons of a group that has no sliding pair and whose every opposite-sign pair has
//! `|h*_ki(θ_T)| > ‖x_i‖ R/√n_a`, on the piece of the limit and moving away from the kink or
//! not at all. If every same-sign pair of a live neuron has the sign `σ` of its pattern with room,
//! `σ h*_ki(θ_T) > ‖x_i‖ R_k`, and `σ ĥ_ki ≥ 0`, then for all `t ≥ T`
//!
//! * the same-sign pattern at step `t` is that of step `T`;
//! * `‖w(t) − ŵ log θ_t − w̃‖ ≤ R`; hence `W/‖W‖ → Ŵ/‖Ŵ‖`, and every
//!   quantity that the limit program predicts is the limit of this run.
//!
//! A ReLU neuron active on no same-sign sample must be inactive on every sample: it never moves,
//! and is left out of `w`.
//!
//! # Proof
//!
//! By induction on `t`: suppose the pattern holds and `‖ρ‖ ≤ R` up to step `t`. With
//! `x_i = q_i(w) − q_i(w*(θ))`, `λ = log(1 + 1/θ) ∈ [1/θ − 1/(2θ²), 1/θ]`,
//! `δ = β Σ g_i ζ_i − λ ŵ`:
//!
//! `E⁺ − E = ⟨ρ, δ⟩ + ½‖δ‖²`. Concavity at `w` gives `⟨ρ, ζ_i(w)⟩ ≤ x_i`.
//! For `i ∈ S`, homogeneity and concavity at `ŵ` give `q_i(w) ≤ ⟨ζ̂_i, w⟩`, and
//! `q_i(w*) = ⟨ζ̂_i, w*⟩`, so `⟨ρ, ζ̂_i⟩ ≥ x_i` and
//! `−⟨ρ, ŵ⟩ ≤ −Σ_S α_i x_i`. Together
//!
//! ```text
//! E⁺ − E ≤ Σ_S x_i (β g_i − λ α_i) + Σ_{i ∉ S} x_i β g_i + ½‖δ‖².
//! ```
//!
//! `q_i` is Lipschitz: `|x_i| ≤ X_i = Z_i R`, `‖ζ_i‖ ≤ Z_i`,
//! `Z_i² = (‖x_i‖²/m²)(Σ_same D_ki² + #opposite)`.
//!
//! *On `S`*, `β e^{−q_i} = (α_i/θ) e^{−x_i}`, and
//! `β g_i = (α_i/θ) e^{−x_i} / (1 + ε)`, `ε = (a_i/θ) e^{−x_i}`, `a_i = α_i/β` for the
//! logistic loss and `ε = a_i = 0` for the exponential one. For `x_i ≥ 0` the term is at most
//! `(α_i/θ)(x e^{−x} − x + x/(2θ))`; with `1 − e^{−x} ≥ μ x`,
//! `μ = (1 − e^{−X})/X`, that is at most `min(α_i X_i/(2θ²), α_i/(16 μ θ³))`. For
//! `x_i = −y < 0` it is at most `(α_i y/θ)(1 − e^y + e^{2y} a_i/θ)`, which is at most
//! `min(α_i a_i X e^{2X}/θ², α_i a_i² e^{4X}/(4θ³))`.
//!
//! *Off `S`*, superadditivity gives `q_i(w*(θ)) ≥ Q_i + κ_i log(θ/θ_T)`,
//! `Q_i = q_i(w*(θ_T))`, and `x e^{−x} ≤ 1/e` bounds the term by
//! `(β/e) e^{−Q_i} (θ/θ_T)^{−κ_i}`.
//!
//! *Both.* `‖δ‖ ≤ N/θ` for `θ ≥ θ_T`, where `N` is the smaller of two sums, plus
//! `Σ_{i ∉ S} Z_i β θ_T e^{X_i − Q_i}`: `‖ŵ‖ + Σ_S α_i Z_i e^{X_i}`; or
//! `Σ_S α_i [Z_i (e^{X_i} − 1 + max(½, a_i e^{2X_i})/θ_T) + V_i e^{X_i}]`, from
//! `β g_i ζ_i − λ α_i ζ̂_i = (β g_i − λ α_i) ζ̂_i + β g_i (ζ_i − ζ̂_i)` and
//! `‖ζ_i − ζ̂_i‖ ≤ V_i = (1 − γ)(‖x_i‖/m) √u_i`, `u_i` the number of
//! opposite-sign pairs that slide or have `|h*_ki(θ_T)| ≤ ‖x_i‖ R` (all others are on the
//! piece of the limit).
//!
//! *Summed* over all steps, with `Σ θ_t⁻² ≤ θ_T⁻² + θ_T⁻¹`,
//! `Σ θ_t⁻³ ≤ θ_T⁻³ + θ_T⁻²/2` and `Σ (θ_t/θ_T)^{−κ} ≤ 1 + θ_T/(κ − 1)`,
//! the increments of `E` are at most `B(Ē)`, with the sum of both bounds for each `i ∈ S`,
//! whatever signs `x_i` takes. So `E(t + 1) ≤ E(T) + B(Ē) ≤ Ē`.
//!
//! *The pattern.* `|⟨x_i, ρ_k⟩| ≤ ‖x_i‖ ‖ρ_k‖` and `σ h*_ki` never falls, so at
//! `t + 1` a pair has `σ h_ki ≥ σ h*_ki(θ_T) − ‖x_i‖ ‖ρ_k‖ > 0` if
//! `‖ρ_k‖ ≤ R_k`. That is clear for `R_k = R`. In a group with `R_k = R/√n_a`, all
//! opposite-sign pairs are on the piece of the limit as long as `‖ρ_k‖ ≤ R_k`, so all its
//! neurons make the same step; `ρ_k(T)`, a combination of the `ζ̂_i`, is the same for all of
//! them, so it remains so and `n_a ‖ρ_k‖² ≤ R²`. ∎
//!
//! # What is assumed
//!
//! Gradient descent in exact arithmetic from the given state on. The state, the Gram matrix and the
//! limit program's solution are floating-point numbers: the support, the sliding pairs and the
//! signs of the solution are taken to be those of the exact solution, pre-activations below
//! `10⁻¹⁰` relative are taken as zero, and `‖ρ(T)‖` is inflated by `10⁻⁶` relative
//! and by the residuals of the program. It is a proof on paper evaluated in floating point, not
//! interval arithmetic.
//!
//! # A state that is known up to an error
//!
//! Past its exact steps a run is followed in log time, with an estimate `ε` of the relative error
//! of its margins. [`certify_within`] then requires that the theorem holds for every state at most
//! `e_W = (m/R_max) ε max(1, min_j |q_j|)` away, in the Frobenius norm, `R_max = max_i ‖x_i‖`:
//! for the same reference path, `‖ρ(T)‖` is inflated by `e_W`. The neurons of a group then
//! differ by a constant, at most `e_W` each, so that `R_k = (R + e_W)/√n_a + e_W` for those that
//! move as one; and a ReLU neuron left out of `w` must be inactive on same-sign samples by more
//! than `e_W ‖x_i‖`, unless exact steps have left it dead on all samples already: such a neuron
//! never moves. The proof then rests on `ε`, which is an estimate, not a bound.

mod growth;
mod path;
mod projection;
mod reason;
mod sides;

/// A matrix as its number of columns and its entries, row by row.
mod matrix {
    use ndarray::Array2;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        matrix: &Array2<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let entries: Vec<f64> = matrix.iter().copied().collect();
        (matrix.dim(), entries).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Array2<f64>, D::Error> {
        let (dim, entries) = <((usize, usize), Vec<f64>)>::deserialize(deserializer)?;
        Array2::from_shape_vec(dim, entries).map_err(D::Error::custom)
    }
}

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use self::growth::Growth;
use self::path::Path;
pub use self::reason::NotProven;
use crate::problem::require_finite;
use crate::{GramError, Limit, Problem};

/// Whether the same-sign pattern provably never changes again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Certificate {
    /// It never changes again, and the run converges to the limit.
    Proven(Box<Proof>),
    /// Not shown. It may still be true; a later step has a better chance.
    NotProven(NotProven),
}

impl Certificate {
    /// Whether the pattern is proven.
    pub fn is_proven(&self) -> bool {
        matches!(self, Self::Proven(_))
    }

    /// The proof's numbers, if there is one.
    pub fn proof(&self) -> Option<&Proof> {
        match self {
            Self::Proven(proof) => Some(proof),
            Self::NotProven(_) => None,
        }
    }
}

impl std::fmt::Display for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Proven(proof) => {
                // Past 2⁵³ a step has no last digit: 1e300, not 301 of them.
                if proof.from_step >= 9_007_199_254_740_992.0 {
                    write!(f, "proven from step {:e}", proof.from_step)?;
                } else {
                    write!(f, "proven from step {}", proof.from_step)?;
                }
                proof.trust().map_or(Ok(()), |trust| write!(f, "{trust}"))
            }
            Self::NotProven(reason) => write!(f, "not proven: {reason}"),
        }
    }
}

/// The numbers of a proof; symbols as in the module's theorem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Proof {
    /// The step `T` from which on the pattern holds.
    pub from_step: f64,
    /// `log θ_T`.
    pub log_theta: f64,
    /// `R`: `‖w(t) − w*(θ_t)‖ ≤ R` for all `t ≥ T`, Frobenius norm over all live
    /// neurons.
    pub radius: f64,
    /// `‖ρ(T)‖`, the distance at step `T`.
    pub distance: f64,
    /// The smallest `σ h*_ki(θ_T)/‖x_i‖ − R_k` over same-sign pairs, positive; infinite if
    /// there is none.
    pub smallest_slack: f64,
    /// Coefficients of `ρ(T) = w(T) − w*(θ_T)` in the samples, `2m × n`; zero for dead
    /// neurons.
    #[serde(with = "matrix")]
    pub displacement: Array2<f64>,
    /// `ε`, the relative error of the margins that the proof allows for; 0 where every step was
    /// exact.
    pub error_estimate: f64,
}

impl Proof {
    /// What the proof trusts besides exact steps, in words that follow its step; `None` where that
    /// is nothing.
    pub fn trust(&self) -> Option<String> {
        (self.error_estimate > 0.0).then(|| {
            format!(
                ", as far as the run up to there is right to its estimated error of {:.0e}",
                self.error_estimate
            )
        })
    }

    /// The shift `θ_t − t`; infinite or `NaN` where `θ_T` overflows.
    pub fn shift(&self) -> f64 {
        self.log_theta.exp() - self.from_step
    }
}

/// Tries to prove that the same-sign pattern of the pre-activations `H` (`2m × n`) of step `step`
/// never changes again, given the `limit` solved for that pattern.
///
/// `step` only names the step in the answer: it may be `10³⁰⁰`. The cost is that of a few
/// steps of gradient descent and one `n × n` factorization.
///
/// # Errors
///
/// [`GramError::Shape`] or [`GramError::NonFinite`] if `pre_activations` is not a finite `2m × n`
/// matrix, or `limit` belongs to a problem of another size.
///
/// ```
/// use implicit_bias_data::Dataset;
/// use implicit_bias_gram::{Limit, Problem, certify};
/// use implicit_bias_scalar::{Activation, Loss};
/// use ndarray::array;
///
/// let data = Dataset::new(array![[2.0, 0.0], [0.0, 2.0]], array![1.0, -1.0])?;
/// let problem = Problem::new(&data, 1, Activation::leaky_relu(0.5)?, Loss::Exponential, 0.1)?;
/// // After many steps: both neurons on their own sample's side, margins near log t.
/// let pre_activations = array![[12.0, -6.0], [-6.0, 12.0]];
/// let limit = Limit::solve(&problem, pre_activations.view())?;
/// let certificate = certify(&problem, &limit, pre_activations.view(), 1e6)?;
/// assert_eq!(certificate.to_string(), "proven from step 1000000");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn certify(
    problem: &Problem,
    limit: &Limit,
    pre_activations: ArrayView2<'_, f64>,
    step: f64,
) -> Result<Certificate, GramError> {
    certify_within(problem, limit, pre_activations, step, Accuracy::default())
}

/// How well a state is known that was not reached by exact steps alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy<'a> {
    /// `ε`, the relative error of the margins:
    /// [`FarFlow::error_estimate`](crate::FarFlow::error_estimate); 0 where every step was exact.
    pub error_estimate: f64,
    /// Pre-activations (`2m × n`) that exact steps of the same run have reached, if they are
    /// known.
    pub exact: Option<ArrayView2<'a, f64>>,
}

/// As [`certify`], of a state that is known with some accuracy: proven only if every state that
/// near is.
///
/// # Errors
///
/// Those of [`certify`].
pub fn certify_within(
    problem: &Problem,
    limit: &Limit,
    pre_activations: ArrayView2<'_, f64>,
    step: f64,
    accuracy: Accuracy<'_>,
) -> Result<Certificate, GramError> {
    let expected = [problem.neurons(), problem.samples()];
    for (what, found) in [
        (
            "pre-activations",
            [pre_activations.nrows(), pre_activations.ncols()],
        ),
        ("limit", [limit.group_of().len(), limit.multipliers().len()]),
    ] {
        if found != expected {
            return Err(GramError::Shape {
                what,
                expected,
                found,
            });
        }
    }
    require_finite("pre-activations", pre_activations)?;
    Ok(
        match prove(problem, limit, pre_activations, step, accuracy) {
            Ok(proof) => Certificate::Proven(Box::new(proof)),
            Err(reason) => Certificate::NotProven(reason),
        },
    )
}

fn prove(
    problem: &Problem,
    limit: &Limit,
    pre_activations: ArrayView2<'_, f64>,
    step: f64,
    accuracy: Accuracy<'_>,
) -> Result<Proof, NotProven> {
    let error = weight_error(problem, pre_activations, accuracy.error_estimate);
    require_dead(problem, limit, pre_activations, error, accuracy.exact)?;
    let path = Path::to(problem, limit, pre_activations, error)?;
    let growth = Growth::new(problem, limit, &path);
    let radius = growth.radius(path.distance).ok_or(NotProven::Untrapped {
        distance: path.distance,
    })?;
    let smallest_slack = smallest_slack(problem, limit, &path, radius)?;
    Ok(Proof {
        from_step: step,
        log_theta: path.log_theta,
        radius,
        distance: path.distance,
        smallest_slack,
        displacement: path.displacement,
        error_estimate: accuracy.error_estimate,
    })
}

/// `e_W` of the module's documentation.
fn weight_error(problem: &Problem, state: ArrayView2<'_, f64>, error_estimate: f64) -> f64 {
    if error_estimate == 0.0 {
        return 0.0;
    }
    let margins = problem.margins(state);
    let least = margins
        .iter()
        .fold(f64::INFINITY, |least, q| least.min(q.abs()));
    let longest = problem
        .gram()
        .diag()
        .fold(0.0_f64, |most, &g| most.max(g))
        .sqrt();
    error_estimate * least.max(1.0) * problem.divisor() / longest
}

/// Refuses a ReLU neuron whose limit is zero, but which may be active within `error`.
fn require_dead(
    problem: &Problem,
    limit: &Limit,
    state: ArrayView2<'_, f64>,
    error: f64,
    exact: Option<ArrayView2<'_, f64>>,
) -> Result<(), NotProven> {
    let gram = problem.gram();
    // Exact steps left it on no sample's active side: it has not moved since.
    let known = |neuron: usize| {
        let exact = exact.filter(|exact| exact.dim() == state.dim());
        exact.is_some_and(|exact| exact.row(neuron).iter().all(|&h| h <= 0.0))
    };
    let dead = (0..problem.neurons()).filter(|&k| limit.group_of()[k].is_none());
    for neuron in dead.filter(|&neuron| !known(neuron)) {
        for sample in 0..problem.samples() {
            let reach = error * gram[[sample, sample]].sqrt();
            let near = reach > 0.0 && state[[neuron, sample]] > -reach;
            if near && problem.labels()[sample] == problem.sign(neuron) {
                return Err(NotProven::WithinError { neuron, sample });
            }
        }
    }
    Ok(())
}

/// The smallest room of a same-sign pair beyond what `radius` can move it.
fn smallest_slack(
    problem: &Problem,
    limit: &Limit,
    path: &Path,
    radius: f64,
) -> Result<f64, NotProven> {
    let mut smallest = f64::INFINITY;
    for (index, group) in limit.groups().iter().enumerate() {
        let shared = (radius + path.error) / (group.neurons.len() as f64).sqrt() + path.error;
        let radius = if path.moves_as_one(problem, limit, index, shared) {
            shared
        } else {
            radius
        };
        for &neuron in &group.neurons {
            for (sample, &active) in group.pattern.iter().enumerate() {
                if problem.labels()[sample] != group.sign {
                    continue;
                }
                let side = if active { 1.0 } else { -1.0 };
                let room = side * path.at_start[[neuron, sample]] / path.norms[sample];
                let slack = room - radius;
                if slack <= 0.0 || slack.is_nan() {
                    return Err(NotProven::SameSignRoom {
                        neuron,
                        sample,
                        room,
                        radius,
                    });
                }
                smallest = smallest.min(slack);
            }
        }
    }
    Ok(smallest)
}
