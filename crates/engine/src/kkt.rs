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

/// Whether the column of the residual has a number at a recorded step: at every power of ten up to
/// `10²⁰`, every fifth up to `10¹⁰⁰`, every tenth past that. A measurement takes as long as some
/// hundred steps, and the residual changes with `1/log t`.
pub(crate) fn is_measured_at(step: f64) -> bool {
    let text = format!("{step:e}");
    let exponent = text.strip_prefix("1e").map(str::parse::<u32>);
    match exponent {
        Some(Ok(..=20)) => true,
        Some(Ok(exponent @ ..=100)) => exponent % 5 == 0,
        Some(Ok(exponent)) => exponent % 10 == 0,
        _ => false,
    }
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

#[cfg(test)]
mod tests {
    use implicit_bias_data::random::{Stream, gaussian_matrix};
    use implicit_bias_model::{Activation, Loss, Network, Objective, TwoLayerConfig, Weights};

    use super::*;
    use crate::log_time::{Clock, FlowOutcome, FlowStart, LogTimeFlow, Pace};
    use crate::select_device;
    use crate::step_sizes::StepSize;

    /// A two-layer ReLU network on samples that are not orthogonal enough for its neurons to leave
    /// their kinks: gradients at one point say as little at step 10³⁰⁰ as at 10⁵⁰, those of a window
    /// tell that the direction tends to a KKT point.
    #[test]
    fn a_window_tells_what_a_point_does_not_where_neurons_slide() {
        let (samples, dim, width) = (10, 100, 20);
        let x = gaussian_matrix(samples, dim, 1.0, 0, Stream::Noise).unwrap();
        let block = |name: &str, stream| {
            let matrix = gaussian_matrix(width, dim, 0.1, 0, stream).unwrap();
            (name.to_owned(), matrix)
        };
        let weights = Weights::new(vec![
            block("pos", Stream::WeightsPos),
            block("neg", Stream::WeightsNeg),
        ])
        .unwrap();
        let device = select_device(None, None).unwrap().device;
        let network = TwoLayerConfig::new(width, dim, Activation::RELU)
            .init_with(&weights, &device)
            .unwrap();
        let labels = (0..samples).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 });
        let objective = Objective::binary(Loss::Logistic, labels.collect()).unwrap();
        let scores = network.host_scores(&x, 1).unwrap();
        let mut oracle = Oracle::new(scores, objective, false, None);
        let start = FlowStart {
            weights: (weights.blocks().iter())
                .flat_map(|(_, block)| block.iter().copied())
                .collect(),
            step: 0.0,
            error: 0.0,
            missed: Vec::new(),
        };
        let clock = Clock::new(Pace::Flow, &StepSize::constant(0.1)).unwrap();
        let mut flow = LogTimeFlow::new(&mut oracle, clock, start).unwrap();
        let mut found = Vec::new();
        for step in [1e15, 1e50, 1e300] {
            assert_eq!(flow.advance(&mut oracle, step), FlowOutcome::Reached);
            let weights = flow.weights();
            let point = windowed(&mut oracle, &weights, 0, 1).unwrap();
            let window = kkt_residual(&mut oracle, &weights).unwrap();
            println!(
                "{step:e}: {:.4} at a point, {:.4}",
                point.residual, window.residual
            );
            assert!(window.complementarity < 0.03 && window.support() == samples);
            found.push([point.residual, window.residual]);
        }
        let [[_, first], [of_50, _], [of_300, last]] = found[..] else {
            panic!("three steps")
        };
        assert!(of_50 > 0.15 && of_300 > 0.15, "{found:?}");
        assert!(last < 0.05 && last < 0.25 * first, "{found:?}");
    }

    #[test]
    fn what_is_costly_is_named() {
        assert_eq!(too_large(10, 4000), None);
        let reason = too_large(301, 10).unwrap();
        assert!(
            reason.contains("301 samples") && reason.contains("--kkt"),
            "{reason}"
        );
        assert!(too_large(200, 200_000).is_some());
        assert_eq!(window(10), [100, 200]);
        assert_eq!(window(1000), [20, 40]);
        assert_eq!(window(100_000), [10, 20]);
    }

    #[test]
    fn residuals_are_measured_at_powers_of_ten() {
        let at = |from: u32, to: u32| -> Vec<u32> {
            let steps = (from..to).filter(|k| {
                let step: f64 = format!("1e{k}").parse().unwrap();
                is_measured_at(step)
            });
            steps.collect()
        };
        assert_eq!(at(0, 24), (0..=20).collect::<Vec<_>>());
        assert_eq!(at(21, 41), [25, 30, 35, 40]);
        assert_eq!(at(95, 131), [95, 100, 110, 120, 130]);
        assert!(![0.0, 2.0, 5e7, 1.1e30].into_iter().any(is_measured_at));
    }
}
