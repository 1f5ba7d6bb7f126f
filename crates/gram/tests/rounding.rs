//! What a million steps round to, against the same recursion in twice the digits.

use implicit_bias_data::Dataset;
use implicit_bias_gram::{GramDescent, Outcome, Problem, Stepping};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2};

/// Orthogonal samples move alone: `q ← q + a e^{−q}`, `a = η D ‖x‖²/(n m)` for `D` of the
/// `m` neurons of its sign. Summed in pairs of doubles (two-sum), so that no increment is lost.
fn alone(start: f64, a: f64, steps: u32) -> f64 {
    let (mut q, mut rest) = (start, 0.0);
    for _ in 0..steps {
        let increment = a * (-q).exp() * (1.0 - rest) + rest;
        let sum = q + increment;
        let kept = sum - q;
        rest = (q - (sum - kept)) + (increment - kept);
        q = sum;
    }
    q + rest
}

/// Blocks and runs of plain steps round a small change; the estimate holds what either does.
#[test]
fn the_estimate_holds_what_a_million_steps_round_to() {
    let samples = 12;
    let x = Array2::from_diag(&Array1::from_shape_fn(samples, |i| 1.0 + 0.1 * i as f64));
    let y = Array1::from_shape_fn(samples, |i| if i % 2 == 0 { 1.0 } else { -1.0 });
    let data = Dataset::new(x.clone(), y.clone()).unwrap();
    let width = 8;
    let loss = Loss::Exponential;
    let problem = Problem::new(&data, width, Activation::RELU, loss, 0.7).unwrap();
    // Every neuron is active on the samples of its sign, and dead on the others.
    let start = Array2::from_shape_fn((2 * width, samples), |(k, i)| {
        let same = (k < width) == (y[i] > 0.0);
        if same { 1.0 + 0.01 * k as f64 } else { -1.0 }
    });
    let mut descent = GramDescent::new(problem.clone(), start.clone()).unwrap();
    assert_eq!(descent.advance(1e6), Outcome::Reached);
    assert!(descent.work().plain_steps < 100, "{:?}", descent.work());
    let expected: Vec<f64> = problem
        .margins(start.view())
        .iter()
        .zip(x.diag())
        .map(|(&q, norm)| alone(q, 0.7 * norm * norm / (samples * width) as f64, 1_000_000))
        .collect();
    let distance = |found: &[f64]| {
        let pairs = found.iter().zip(&expected);
        pairs.fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()))
    };
    let error = distance(&descent.margins());
    let estimate = descent.rounding_estimate();
    assert!(
        error < 2.0 * estimate && estimate < 1e-13,
        "{error:e} {estimate:e}"
    );
    let mut plain = GramDescent::new(problem, start)
        .unwrap()
        .with_stepping(Stepping::Plain);
    assert_eq!(plain.advance(1e6), Outcome::Reached);
    let error = distance(&plain.margins());
    let estimate = plain.rounding_estimate();
    assert!(
        error < estimate && estimate < 1e-11,
        "{error:e} {estimate:e}"
    );
}
