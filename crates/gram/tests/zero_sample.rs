//! A sample that is zero: its pre-activations are 0 for ever, and the others do not see it.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_data::{DataLaw, Dataset, Gaussian};
use implicit_bias_gram::{FarFlow, FarOutcome, GramDescent, GramError, Outcome, Problem};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array2, Axis, concatenate};

const SAMPLES: usize = 6;
const WIDTH: usize = 4;
const EXACT: f64 = 2e4;

/// All samples but one.
fn gaussian(seed: u64) -> Dataset {
    let law = Gaussian {
        samples: SAMPLES - 1,
        dim: 8,
        noise: 1.0,
    };
    law.generate(seed).unwrap()
}

/// The descent on `data`, in log time from step `EXACT` on; weights do not depend on the data.
fn far(data: &Dataset, slope: f64, step_size: f64, seed: u64) -> Result<FarFlow, GramError> {
    let activation = Activation::leaky_relu(slope).unwrap();
    let problem = Problem::new(data, WIDTH, activation, Loss::Logistic, step_size).unwrap();
    let block = |stream| gaussian_matrix(WIDTH, data.dim(), 1e-3, seed, stream).unwrap();
    let weights: Array2<f64> = concatenate![
        Axis(0),
        block(Stream::WeightsPos),
        block(Stream::WeightsNeg)
    ];
    let mut exact = GramDescent::new(problem.clone(), weights.dot(&data.x().t())).unwrap();
    assert_eq!(exact.advance(EXACT), Outcome::Reached);
    let [h, c] = [exact.pre_activations(), exact.coefficients()];
    FarFlow::new(problem, exact.step(), h, c)
}

/// `n` samples with a zero among them at step size `η` move like the other `n − 1` at
/// `η (n − 1)/n`.
#[test]
fn a_zero_sample_never_moves_and_stalls_nothing() {
    for seed in 0..6 {
        let others = gaussian(seed);
        let (samples, dim) = (others.samples(), others.dim());
        let zero = Array2::zeros((1, dim));
        let x = concatenate![Axis(0), others.x().view(), zero.view()];
        let mut y = others.y().to_vec();
        y.push(if seed % 2 == 0 { 1.0 } else { -1.0 });
        let with_zero = Dataset::new(x, y.into()).unwrap();
        let slope = [0.1, 0.4][seed as usize % 2];
        let step_size = 0.1;
        let mut one = far(&with_zero, slope, step_size, seed).unwrap();
        let scaled = step_size * samples as f64 / SAMPLES as f64;
        let mut other = far(&others, slope, scaled, seed).unwrap();
        for step in [23_456.0, 1e5, 1e7, 1e12, 1e30] {
            assert_eq!(other.advance(step), FarOutcome::Reached, "seed {seed}");
            assert_eq!(
                one.advance(step),
                FarOutcome::Reached,
                "seed {seed}, to {step:e}"
            );
            assert_eq!(one.step(), step);
            let (q, expected) = (one.margins(), other.margins());
            assert_eq!(q[samples], 0.0);
            let zero = one.pre_activations();
            assert!(zero.column(samples).iter().all(|&h| h == 0.0));
            let tolerance = 10.0 * (one.error_estimate() + other.error_estimate()) + 1e-9;
            for (q, expected) in q.iter().zip(&expected) {
                let error = (q - expected).abs() / expected.abs().max(1.0);
                assert!(
                    error < tolerance,
                    "seed {seed}, step {step:e}: {q}, {expected}"
                );
            }
        }
    }
}

/// Where the flow has to stop on its way, as on data that cannot be fitted, it is at a whole step.
#[test]
fn steps_are_whole_numbers() {
    let mut stalled = 0;
    for seed in 0..6 {
        // A sample repeated with the other label.
        let others = gaussian(seed);
        let x = concatenate![
            Axis(0),
            others.x().view(),
            others.x().select(Axis(0), &[0]).view()
        ];
        let mut y = others.y().to_vec();
        y.push(-y[0]);
        let data = Dataset::new(x, y.into()).unwrap();
        let Ok(mut flow) = far(&data, 0.1, 0.1, seed) else {
            continue;
        };
        for to in [20_001.0, 54_321.0, 1e6 + 1.0, 1e15 + 1.0] {
            if let FarOutcome::Stalled { step, .. } = flow.advance(to) {
                stalled += 1;
                assert_eq!(step.fract(), 0.0, "seed {seed}: {step}");
                break;
            }
            assert_eq!(flow.step().fract(), 0.0, "seed {seed}");
        }
    }
    assert!(stalled > 0);
}
