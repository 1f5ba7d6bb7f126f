//! How far a direction is from a Karush–Kuhn–Tucker point of the largest margin, for any network.

use std::collections::BTreeMap;

use implicit_bias_output::format_step;
use implicit_bias_record::NamedLimit;
use ndarray::ArrayView2;

use crate::nnls::nonnegative_least_squares;

/// How far weights are, in direction, from a Karush–Kuhn–Tucker point of
/// `min ½ ‖W‖_F²` subject to `q_i(W) ≥ 1` for all samples (docs/theory.md §8).
///
/// Of such a point the direction is `W = Σ_i λ_i ∇q_i` with `λ_i ≥ 0`, and `λ_i > 0` for samples of
/// the smallest margin alone. Numbers that say how well a direction does are evidence that a
/// descent tends to such a point, and no proof.
#[derive(Clone, Debug, PartialEq)]
pub struct KktResidual {
    /// `min_{λ ≥ 0} ‖W/‖W‖_F − Σ_i λ_i ∇q_i‖_F`, from 0 to 1.
    pub residual: f64,
    /// The multipliers `λ_i` over their sum, `[n]`; all 0 where no gradient points along `W`.
    pub multipliers: Vec<f64>,
    /// `Σ_i λ_i (q_i/q_min − 1) / Σ_i λ_i`, 0 where only samples of the smallest margin have
    /// multipliers; `NaN` where the smallest margin is not positive, or no multiplier is.
    pub complementarity: f64,
}

impl KktResidual {
    /// That of weights `W`, `[N]`, with the gradients `∇q_i` of all margins in the rows of
    /// `gradients`, `[n, N]`, and the margins `q_i`, `[n]`; `None` where a number is not finite or
    /// the weights are zero.
    ///
    /// # Panics
    ///
    /// If the sizes do not fit one another: an internal error of the caller.
    pub fn of(weights: &[f64], gradients: ArrayView2<'_, f64>, margins: &[f64]) -> Option<Self> {
        let samples = gradients.nrows();
        assert_eq!(
            (gradients.ncols(), samples),
            (weights.len(), margins.len()),
            "gradients are [n, N]"
        );
        let norm = euclidean(weights.iter().copied());
        let finite = gradients
            .iter()
            .chain(margins)
            .all(|entry| entry.is_finite());
        if !(finite && norm > 0.0 && norm.is_finite()) {
            return None;
        }
        let target: Vec<f64> = weights.iter().map(|w| w / norm).collect();
        // Columns of length 1, whatever the scales of samples are.
        let lengths: Vec<f64> = gradients
            .rows()
            .into_iter()
            .map(|row| euclidean(row.iter().copied()))
            .collect();
        let known = |length: f64| if length > 0.0 { length } else { 1.0 };
        let scaled = nonnegative_least_squares(
            weights.len(),
            samples,
            |entry, sample| gradients[[sample, entry]] / known(lengths[sample]),
            &target,
        );
        let factors: Vec<f64> = scaled
            .iter()
            .zip(&lengths)
            .map(|(factor, &length)| factor / known(length))
            .collect();
        let mut rest = target;
        for (row, factor) in gradients.rows().into_iter().zip(&factors) {
            rest.iter_mut().zip(row).for_each(|(r, g)| *r -= factor * g);
        }
        let sum: f64 = factors.iter().sum();
        let share = |factor: &f64| if sum > 0.0 { factor / sum } else { 0.0 };
        let multipliers: Vec<f64> = factors.iter().map(share).collect();
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min);
        let excess = multipliers.iter().zip(margins);
        let complementarity = if sum > 0.0 && least > 0.0 {
            excess.map(|(share, q)| share * (q / least - 1.0)).sum()
        } else {
            f64::NAN
        };
        Some(Self {
            residual: euclidean(rest.into_iter()),
            multipliers,
            complementarity,
        })
    }

    /// Samples with a positive multiplier.
    pub fn support(&self) -> usize {
        self.multipliers
            .iter()
            .filter(|share| **share > 0.0)
            .count()
    }
}

/// The `status` of a limit that is the direction that a run has reached.
pub const EVIDENCE: &str = "evidence, not proof";

/// What a run has reached, beside its residual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reached {
    /// The last step.
    pub step: f64,
    /// The smallest normalized margin there.
    pub margin_min: f64,
    /// The largest one.
    pub margin_max: f64,
    /// The `error_estimate` there, 0 where every step was exact.
    pub error_estimate: f64,
    /// `‖W(0)‖_F/‖W‖_F`: how much of the weights may still be the initial ones.
    pub initial_share: f64,
}

/// The direction that a run has reached, as the limit of a run for which no program is known: its
/// residual, its multipliers, and words that say what that is worth.
///
/// # Errors
///
/// Why it is none, as a phrase: a margin that is not positive.
pub fn direction_reached(kkt: &KktResidual, reached: Reached) -> Result<NamedLimit, String> {
    if kkt.complementarity.is_nan() {
        return Err(format!(
            "the direction of step {} is no candidate: not all margins are positive, or no \
             gradient of a margin points along the weights",
            format_step(reached.step)
        ));
    }
    let shares = || kkt.multipliers.iter().copied();
    let numbers = [
        ("step", reached.step),
        ("normalized_margin_min", reached.margin_min),
        ("normalized_margin_max", reached.margin_max),
        ("complementarity", kkt.complementarity),
        ("multiplier_min", shares().fold(f64::INFINITY, f64::min)),
        ("multiplier_max", shares().fold(0.0, f64::max)),
        ("support", kkt.support() as f64),
        ("error_estimate", reached.error_estimate),
        ("initial_share", reached.initial_share),
    ];
    let finite = numbers.into_iter().filter(|(_, number)| number.is_finite());
    Ok(NamedLimit {
        limit: "direction reached".to_owned(),
        source: "gradient flow on homogeneous networks that fit their samples tends in direction \
                 to a KKT point of the largest margin (Lyu & Li 2020; Ji & Telgarsky 2020), of \
                 which there may be many; for this network no program is known, and a residual \
                 that falls towards 0 is evidence for the direction that was reached, not proof"
            .to_owned(),
        numbers: finite
            .map(|(name, number)| (name.to_owned(), number))
            .collect(),
        series: BTreeMap::new(),
        unique: None,
        kkt_residual: kkt.residual,
        status: EVIDENCE.to_owned(),
    })
}

/// `√(Σ x²)`, without overflow or underflow on the way.
fn euclidean(entries: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = entries.clone().fold(0.0, |most: f64, x| most.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    let sum: f64 = entries.map(|x| (x / largest) * (x / largest)).sum();
    largest * sum.sqrt()
}
