//! The Karush–Kuhn–Tucker residual of the direction of weights, over a window of small steps.

use implicit_bias_limits::KktResidual;
use ndarray::Array2;

use crate::optimizers::norm;
use crate::oracle::Oracle;

/// Steps that bring neurons to the kinks at which they slide.
const SETTLING: usize = 100;

/// Steps over which gradients are averaged.
const AVERAGED: usize = 200;

/// Fewer of them where there are many samples: this many gradients of a sample in all.
const MOST_GRADIENTS: usize = 60_000;

/// The fewest steps, settling included.
const FEWEST: usize = 30;

/// The length of a step relative to the weights.
const LENGTH: f64 = 1e-4;

/// Most numbers in the gradients of all samples that are measured unasked.
const MOST_NUMBERS: f64 = 2e7;

/// Most operations of a measurement unasked, some ten seconds.
const MOST_OPERATIONS: f64 = 4e10;

/// Most samples unasked: nonnegative least squares take about `n⁴` operations.
const MOST_SAMPLES: usize = 300;

/// Steps of a window: settling ones, and those over which is averaged.
fn window(samples: usize) -> [usize; 2] {
    let all = (MOST_GRADIENTS / samples.max(1)).clamp(FEWEST, SETTLING + AVERAGED);
    [all / 3, all - all / 3]
}

/// Why a residual is not measured unasked; `None` where it is cheap.
pub(crate) fn too_large(samples: usize, weights: usize) -> Option<String> {
    let numbers = samples as f64 * weights as f64;
    let steps: usize = window(samples).iter().sum();
    let operations = 8.0 * numbers * steps as f64;
    let large = numbers > MOST_NUMBERS || operations > MOST_OPERATIONS || samples > MOST_SAMPLES;
    large.then(|| {
        format!(
            "a residual of {samples} samples and {weights} weights is not measured unasked; \
             --kkt measures it"
        )
    })
}

/// Whether the column of the residual has a number at a recorded step: at powers of ten, further
/// apart the later, `10^k` where `k` is a multiple of the whole number above `k/20`. A measurement
/// takes as long as some hundred steps, and the residual changes with `1/log t`.
pub(crate) fn is_measured_at(step: f64) -> bool {
    let text = format!("{step:e}");
    let Some(exponent) = text
        .strip_prefix("1e")
        .and_then(|text| text.parse::<u32>().ok())
    else {
        return false;
    };
    exponent % exponent.div_ceil(20).max(1) == 0
}

/// The residual of the direction of `weights`; `None` where a score or a weight is not finite, or
/// the weights are zero.
///
/// At one point the gradients of a network with kinks are one element of Clarke's
/// subdifferential, and where neurons slide along kinks not the right one: a residual there stays
/// large however far a descent has come. So both weights and gradients are averages over a window
/// of steps of length `10⁻⁴ ‖W‖` along `Σ_i p_i ∇q̃_i`, in which such neurons chatter about their
/// kinks (docs/theory.md §8, derived).
pub(crate) fn kkt_residual(oracle: &mut Oracle, weights: &[f64]) -> Option<KktResidual> {
    let [settling, averaged] = window(oracle.samples());
    windowed(oracle, weights, settling, averaged)
}

/// As [`kkt_residual`], over a window of so many steps.
pub(crate) fn windowed(
    oracle: &mut Oracle,
    weights: &[f64],
    settling: usize,
    averaged: usize,
) -> Option<KktResidual> {
    let (samples, count) = (oracle.samples(), weights.len());
    let mut at = weights.to_vec();
    let mut velocity = vec![0.0; count];
    for _ in 0..settling {
        step(oracle, &mut at, &mut velocity)?;
    }
    let mut gradients = Array2::zeros([samples, count]);
    let mut gradient = vec![0.0; count];
    let mut margins = vec![0.0; samples];
    let mut mean = vec![0.0; count];
    for _ in 0..averaged {
        for (sample, mut row) in gradients.rows_mut().into_iter().enumerate() {
            margins[sample] += oracle.margin_gradient(&at, sample, &mut gradient)?;
            row.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g);
        }
        mean.iter_mut().zip(&at).for_each(|(sum, w)| *sum += w);
        step(oracle, &mut at, &mut velocity)?;
    }
    let share = 1.0 / averaged as f64;
    gradients.mapv_inplace(|sum| sum * share);
    for sums in [&mut mean, &mut margins] {
        sums.iter_mut().for_each(|sum| *sum *= share);
    }
    KktResidual::of(&mean, gradients.view(), &margins)
}

/// A step of length `10⁻⁴ ‖W‖` along the flow; none where it stands still.
fn step(oracle: &mut Oracle, weights: &mut [f64], velocity: &mut [f64]) -> Option<()> {
    oracle.flow(weights, velocity)?;
    let (length, speed) = (LENGTH * norm(weights), norm(velocity));
    if speed > 0.0 {
        let factor = length / speed;
        let pairs = weights.iter_mut().zip(velocity);
        pairs.for_each(|(w, v)| *w += factor * *v);
    }
    Some(())
}
