//! Whether the hypotheses of the theorems hold on a run, as far as they can be measured.
//!
//! The paper asks for nearly orthogonal samples, `‖x_i‖² ≥ C n p` with a large constant `C` that it
//! does not state, for the logistic loss, and for a small initialization and a small step size. A
//! constant is never invented here: each hypothesis comes with a measured number, and a verdict
//! says beside it what that number is. The measures of *small* are derived here
//! (`docs/hypotheses.md`).

use implicit_bias_output::format_number;
use implicit_bias_scalar::{Activation, Loss};

use crate::hypotheses::{Hypotheses, Hypothesis, HypothesisStatus};

/// What the hypotheses are about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Number of samples `n`.
    pub samples: usize,
    /// Neurons in each block, `m`.
    pub width: usize,
    /// `R_min`.
    pub r_min: f64,
    /// `R_max`.
    pub r_max: f64,
    /// `p`.
    pub p: f64,
    /// The activation.
    pub activation: Activation,
    /// The loss.
    pub loss: Loss,
    /// `σ₀`; `None` for weights from a file.
    pub init_scale: Option<f64>,
    /// The step size `η`.
    pub step_size: f64,
    /// The loss at step 0; `None` where it is not known.
    pub initial_loss: Option<f64>,
}

impl Conditions {
    /// The step size up to which gradient descent is sure not to raise the loss while no
    /// pre-activation changes sign (derived); infinite where the samples are all zero, `None` where
    /// it is not known.
    ///
    /// ```math
    /// \eta < \frac{2}{\beta}, \qquad
    /// \beta = \frac{R_{\max}^2 + (n-1)\,p}{2 m n} \le \frac{R_{\max}^2}{2m}
    /// ```
    ///
    /// bounds the Hessian of the logistic loss, `(1/n) Σ ℓ''(q_i) ∇q_i ∇q_iᵀ`, by `ℓ'' ≤ 1/4` and
    /// the row sums of the Gram matrix of the `∇q_i`, whose entries are at most `2|⟨x_i, x_k⟩|/m`.
    /// The exponential loss has no such bound for all weights; where the loss is at most its
    /// initial value `L₀`, `β = 2 R_max² L₀/m`, and descent stays there.
    pub fn step_bound(&self) -> Option<f64> {
        let (n, m, r_max) = (self.samples as f64, self.width as f64, self.r_max);
        // The quotients keep squares of norms from overflowing.
        match self.loss {
            _ if r_max == 0.0 => Some(f64::INFINITY),
            Loss::Logistic => Some(4.0 * m * n / r_max / (r_max + (n - 1.0) * (self.p / r_max))),
            Loss::Exponential => {
                let initial_loss = self.initial_loss.filter(|loss| !loss.is_nan())?;
                Some(m / r_max / r_max / initial_loss)
            }
            Loss::Other(..) => None,
        }
    }

    /// `R_min²/(n p)`: 0 for a zero sample, else infinite where `p = 0`.
    fn ratio(&self) -> f64 {
        if self.r_min == 0.0 {
            0.0
        } else {
            self.r_min * self.r_min / (self.samples as f64 * self.p)
        }
    }
}

/// Measures the hypotheses of the theorems.
pub fn hypotheses(conditions: &Conditions) -> Hypotheses {
    let near_orthogonality = near_orthogonality(conditions);
    let ratio = near_orthogonality.measured.map(format_number);
    let each = vec![
        near_orthogonality,
        loss(conditions),
        initialization(conditions),
        step_size(conditions),
    ];
    let (if_met, refuted_if_met) = match ratio {
        Some(ratio) => (
            format!("met for C ≤ {ratio}"),
            format!(
                "the theorem asks for near-orthogonality with a large constant that it does not \
                 state, here at most {ratio}, so this need not contradict it."
            ),
        ),
        None => (
            "met for every C".to_owned(),
            "the theorem's hypotheses hold as far as they can be measured; its constants for the \
             initialization and the step size are not stated."
                .to_owned(),
        ),
    };
    Hypotheses {
        if_met,
        refuted_if_met,
        ..Hypotheses::new(each)
    }
}

fn near_orthogonality(conditions: &Conditions) -> Hypothesis {
    let ratio = conditions.ratio();
    let (status, found) = if ratio == f64::INFINITY {
        let found = "The samples are orthogonal (p = 0), so that ‖x_i‖² ≥ C n p holds for every \
                     constant C.";
        (HypothesisStatus::Met, found.to_owned())
    } else if ratio > 1.0 {
        let found = format!(
            "R_min²/(n p) = {0}: ‖x_i‖² ≥ C n p holds for constants C up to {0}; the theorem's own \
             C is large and not stated.",
            format_number(ratio)
        );
        (HypothesisStatus::Met, found)
    } else {
        let found = format!(
            "R_min²/(n p) = {0}: the theorem asks for ‖x_i‖² ≥ C n p with a large constant C, \
             which fails for every C above {0}.",
            format_number(ratio)
        );
        (HypothesisStatus::NotMet, found)
    };
    let slope = conditions.activation.slope();
    let slope = if slope == 0.0 {
        String::new()
    } else {
        format!(" For leaky ReLU it asks for more the smaller the slope is, here γ = {slope}.")
    };
    let norms = conditions.r_max / conditions.r_min;
    let norms = if norms.is_finite() && norms > 2.0 {
        let norms = format_number(norms);
        format!(" Norms differ by a factor R_max/R_min = {norms}, which it asks to be bounded.")
    } else {
        String::new()
    };
    let sentence = format!("{found}{slope}{norms}");
    let mut one = Hypothesis::new("near-orthogonality", status, Some(ratio), sentence);
    one.what = "R_min²/(n p), the largest constant C for which it holds".into();
    if let Some(ratio) = one.measured.map(format_number) {
        one.brief = format!("ratio {ratio}");
        one.phrase = format!("near-orthogonality ratio {ratio}");
    }
    one
}

fn loss(conditions: &Conditions) -> Hypothesis {
    let (status, sentence) = match conditions.loss {
        Loss::Logistic => (
            HypothesisStatus::Met,
            "The logistic loss, as in the theorem.",
        ),
        Loss::Exponential => (
            HypothesisStatus::NotMet,
            "The exponential loss: not the paper's loss, which is the logistic one with the same \
             tail.",
        ),
        Loss::Other(..) => (
            HypothesisStatus::NotMet,
            "Not the paper's loss, which is the logistic one, and without its exponential tail.",
        ),
    };
    let (what, phrase) = match status {
        HypothesisStatus::Met => ("logistic", "loss"),
        _ => ("not the paper's loss", "not the paper's loss"),
    };
    Hypothesis {
        what: what.into(),
        phrase: phrase.into(),
        ..Hypothesis::new("loss", status, None, sentence)
    }
}

/// Small where the first step changes the pre-activation of a sample by more than its initial size.
///
/// The size is `σ₀ ‖x_i‖`, one standard deviation; the change by the sample's own gradient at the
/// margin 0 is `η |ℓ'(0)| ‖x_i‖²/(n m)`, with `|ℓ'(0)| = 1/2` for the logistic loss and 1 for the
/// exponential one. Their quotient is largest at `R_min` (derived).
fn initialization(conditions: &Conditions) -> Hypothesis {
    let Some(scale) = conditions.init_scale else {
        let sentence = "The initial weights come from a file: whether they are i.i.d. Gaussian and \
                        small is unknown.";
        return of_initialization(HypothesisStatus::Unknown, None, sentence.to_owned());
    };
    let (n, m) = (conditions.samples as f64, conditions.width as f64);
    let slope = conditions.loss.slope(0.0);
    let share = if scale == 0.0 {
        0.0
    } else {
        n * m / slope * (scale / conditions.step_size) / conditions.r_min
    };
    let found = format!(
        "i.i.d. Gaussian, σ₀ = {scale}: one standard deviation of an initial pre-activation is {} \
         times what the first step changes it by through its own sample, {} for the sample of norm \
         R_min; small means less than once (a measure derived here, not the paper's constant).",
        format_number(share),
        if slope == 0.5 {
            "2 n m σ₀/(η R_min)"
        } else {
            "n m σ₀/(η R_min)"
        }
    );
    let (status, sentence) = if scale == 0.0 {
        let zero = "σ₀ = 0 is no Gaussian initialization: every neuron starts at its kink, and \
                    those of a block stay equal.";
        (HypothesisStatus::NotMet, zero.to_owned())
    } else if conditions.r_min == 0.0 {
        let zero = "i.i.d. Gaussian, but not measured: the sample of smallest norm is zero, and so \
                    are its pre-activations at any step.";
        (HypothesisStatus::Unknown, zero.to_owned())
    } else if share <= 1.0 {
        (HypothesisStatus::Met, found)
    } else {
        (HypothesisStatus::NotMet, found)
    };
    of_initialization(status, Some(share), sentence)
}

fn of_initialization(status: HypothesisStatus, share: Option<f64>, sentence: String) -> Hypothesis {
    let mut one = derived("initialization", status, share, sentence);
    if let Some(share) = one.measured.map(format_number) {
        one.what = "initial pre-activations over their change by the first step (derived)".into();
        one.phrase = format!("initial pre-activations {share} times the first step's change");
    }
    one
}

/// A hypothesis that is measured as derived here.
fn derived(
    name: &str,
    status: HypothesisStatus,
    measured: Option<f64>,
    sentence: String,
) -> Hypothesis {
    Hypothesis {
        is_of_paper: false,
        what: "not measured".into(),
        ..Hypothesis::new(name, status, measured, sentence)
    }
}

fn step_size(conditions: &Conditions) -> Hypothesis {
    let step_size = conditions.step_size;
    let Some(bound) = conditions.step_bound() else {
        let sentence =
            "The exponential loss has no bound on the step size that holds for all weights.";
        return derived(
            "step size",
            HypothesisStatus::Unknown,
            None,
            sentence.to_owned(),
        );
    };
    let share = step_size / bound;
    let formula = match conditions.loss {
        Loss::Logistic => "4 m n/(R_max² + (n − 1) p)",
        Loss::Exponential => "m/(R_max² L(0)) at the initial loss L(0)",
        Loss::Other(..) => "no bound",
    };
    let sentence = format!(
        "η = {step_size} is {} times {} = {formula}, up to which no step raises the loss while no \
         pre-activation changes sign; small means less than once (derived here, not the paper's \
         constant).",
        format_number(share),
        format_number(bound)
    );
    let status = if share <= 1.0 {
        HypothesisStatus::Met
    } else {
        HypothesisStatus::NotMet
    };
    let mut one = derived("step size", status, Some(share), sentence);
    if let Some(share) = one.measured.map(format_number) {
        one.what = "η over the step size up to which descent is sure (derived)".into();
        one.phrase = format!("step size {share} times the bound");
    }
    one
}

#[cfg(test)]
mod tests;
