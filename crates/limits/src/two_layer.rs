//! The limit program of the two-layer network with fixed second layer, solved for a run's last
//! state.

use implicit_bias_data::Dataset;
use implicit_bias_gram::{Accuracy, Certificate, GramError, Limit, Problem, certify_within};
use implicit_bias_output::format_step;
use implicit_bias_record::{LimitOf, PredictedLimit, Prediction};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::lasting;

/// Most multiplications that pre-activations and inner products may cost: seconds on one core.
const MAX_PRODUCTS: f64 = 2e10;

/// Most samples of a program that a run solves unasked: past this it takes longer than the run.
const MAX_SAMPLES: usize = 256;

/// A multiplier below this share of the largest one counts as zero: the same margin to rounding.
const POSITIVE: f64 = 1e-9;

/// The descent that a run took.
#[derive(Clone, Copy, Debug)]
pub struct DescentSettings {
    /// The activation.
    pub activation: Activation,
    /// The loss.
    pub loss: Loss,
    /// The step size `η`.
    pub step_size: f64,
    /// The weight `a` of a neuron in the score; `1/m` without.
    pub output_weight: Option<f64>,
}

/// Solves the program for the same-sign pattern of pre-activations `H = W Xᵀ` (`2m × n`) at `step`.
///
/// `earlier` states, rising steps with their pre-activations, are where the certificate is tried
/// once it holds at `step`: it is given for the first of them at which it holds. `error_at` is the
/// `error_estimate` of the run at a step, 0 where every step was exact: a proof allows for it.
///
/// # Errors
///
/// Those of [`Limit::solve`] and [`certify_within`].
pub fn solve(
    problem: &Problem,
    pre_activations: ArrayView2<'_, f64>,
    step: f64,
    earlier: &[(f64, Array2<f64>)],
    error_at: &dyn Fn(f64) -> f64,
) -> Result<PredictedLimit, GramError> {
    let limit = Limit::solve(problem, pre_activations)?;
    let exact = earlier
        .iter()
        .rev()
        .find(|(step, _)| error_at(*step) == 0.0);
    let certify = |state: ArrayView2<'_, f64>, step: f64| {
        let accuracy = Accuracy {
            error_estimate: error_at(step),
            exact: exact.map(|(_, state)| state.view()),
        };
        certify_within(problem, &limit, state, step, accuracy)
    };
    let mut certificate = certify(pre_activations, step)?;
    if certificate.is_proven() {
        for (step, state) in earlier {
            let first = certify(state.view(), *step)?;
            if first.is_proven() {
                certificate = first;
                break;
            }
        }
    }
    let defined = |value: f64| value.is_finite().then_some(value);
    let margins = limit.normalized_margins();
    let [margin_min, margin_max] = range(&margins);
    let [multiplier_min, multiplier_max] = range(limit.multipliers());
    let positive = |multiplier: &&f64| **multiplier > POSITIVE * multiplier_max;
    Ok(PredictedLimit {
        step,
        stable_rank_pos: defined(limit.stable_rank_pos()),
        stable_rank_neg: defined(limit.stable_rank_neg()),
        stable_rank: defined(limit.stable_rank()),
        normalized_margin_min: margin_min,
        normalized_margin_max: margin_max,
        normalized_margin_mean: margins.iter().sum::<f64>() / margins.len() as f64,
        multiplier_min,
        multiplier_max,
        samples: margins.len(),
        support: limit.multipliers().iter().filter(positive).count(),
        groups: limit.group_count(),
        sliding_pairs: limit.sliding().len(),
        consistent: limit.is_consistent(),
        kkt_residual: limit.kkt_residual(),
        proven: certificate.is_proven(),
        certificate: certificate_text(&certificate),
        of: LimitOf::ThisRun,
    })
}

/// The limit of the run that left the blocks `W_{+1}` and `W_{−1}`, each `m × d`, at `step`.
///
/// Pre-activations are `H = W Xᵀ`, whatever engine took the steps. Sizes for which that or the
/// program would take longer than a run may cost are left unsolved. `earlier` states and errors are
/// those of [`solve`].
pub fn predict(
    descent: DescentSettings,
    data: &Dataset,
    blocks: [ArrayView2<'_, f64>; 2],
    step: f64,
    earlier: &[(f64, Array2<f64>)],
    error_at: &dyn Fn(f64) -> f64,
) -> Prediction {
    let width = blocks[0].nrows();
    if let Some(reason) = too_large(data.samples(), data.dim(), width) {
        return Prediction::unsolved(reason);
    }
    let Some(state) = pre_activations(data, blocks) else {
        return Prediction::unsolved("weights and data do not fit each other");
    };
    let DescentSettings {
        activation,
        loss,
        step_size,
        output_weight,
    } = descent;
    let problem = match Problem::new(data, width, activation, loss, step_size) {
        Ok(problem) => problem.with_output_weight(output_weight),
        Err(error) => return Prediction::unsolved(error.to_string()),
    };
    match solve(&problem, state.view(), step, earlier, error_at) {
        Ok(limit) => Prediction::Solved(limit),
        // The reader knows that this is about the program.
        Err(GramError::Program(reason)) => {
            let unsolved = Prediction::unsolved(reason);
            if !unsolved.is_infeasible() {
                return unsolved;
            }
            unsolved.with_lasting(lasting::lasts(&problem, state.view(), step, earlier))
        }
        Err(error) => Prediction::unsolved(error.to_string()),
    }
}

/// Why the limit of a run of this size is not computed unasked, if it is not.
pub fn too_large(samples: usize, dim: usize, width: usize) -> Option<String> {
    let (n, d, m) = (samples as f64, dim as f64, width as f64);
    if samples > MAX_SAMPLES {
        Some(format!(
            "{samples} samples, more than the {MAX_SAMPLES} for which it is solved unasked"
        ))
    } else if n * d * (n + 2.0 * m) > MAX_PRODUCTS {
        Some(format!(
            "n = {samples}, d = {dim}, m = {width} is more than it is solved for unasked"
        ))
    } else {
        None
    }
}

/// The certificate in words: `proven from step T`, or `not proven` and why.
pub fn certificate_text(certificate: &Certificate) -> String {
    match certificate.proof() {
        // Its own text would write 10³⁰⁰ in 301 digits.
        Some(proof) => format!(
            "proven from step {}{}",
            format_step(proof.from_step),
            proof.trust().unwrap_or_default()
        ),
        None => certificate.to_string(),
    }
}

/// `H = W Xᵀ`, `2m × n`, the positive block above the negative one; `None` if these do not fit each
/// other and the data.
pub fn pre_activations(data: &Dataset, blocks: [ArrayView2<'_, f64>; 2]) -> Option<Array2<f64>> {
    let [pos, neg] = blocks;
    if pos.dim() != neg.dim() || pos.ncols() != data.dim() {
        return None;
    }
    let products = [pos, neg].map(|block| block.dot(&data.x().t()));
    concatenate(Axis(0), &[products[0].view(), products[1].view()]).ok()
}

/// Smallest and largest of some numbers.
fn range(values: &[f64]) -> [f64; 2] {
    [
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ]
}

/// Whether all normalized margins become equal: every multiplier of the program is positive
/// (derived).
pub fn margins_become_equal(limit: &Limit) -> bool {
    let multipliers = limit.multipliers();
    let largest = multipliers.iter().copied().fold(0.0, f64::max);
    multipliers
        .iter()
        .all(|&multiplier| multiplier > POSITIVE * largest)
}

#[cfg(test)]
mod tests;
