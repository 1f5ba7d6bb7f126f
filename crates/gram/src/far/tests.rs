//! The flow against gradient descent itself, closed forms and limits.

mod accuracy;
mod checkpoints;
mod support;

use implicit_bias_data::Dataset;
use implicit_bias_scalar::Loss;
use ndarray::{Array1, Array2, array};

use self::support::*;
use super::*;
use crate::{GramError, Problem};

/// Orthogonal samples and exponential loss: every margin is alone, `u = e^q` obeys
/// `u → u e^{A/u}`, so that `u = u_0 + A T + ½ A log(u/u_0) + O(A/u_0)`.
#[test]
fn a_margin_alone_has_a_closed_form() {
    let data =
        Dataset::new(Array2::from_diag(&array![1.0, 2.0]), array![1.0, -1.0]).expect("valid");
    let exact = settled(problem(&data, leaky(0.1), Loss::Exponential), 5, 10_000);
    let mut flow = exact.flow();
    let start = flow.margins();
    let a: Vec<f64> = (0..2).map(|i| flow.flow.coupling()[3 * i]).collect();
    assert_eq!(flow.advance(1e8), FarOutcome::Reached);
    for (i, q) in flow.margins().into_iter().enumerate() {
        let u0 = start[i].exp();
        let mut u = u0;
        for _ in 0..50 {
            u = u0 + a[i] * (1e8 - 1e4) + 0.5 * a[i] * (u / u0).ln();
        }
        assert!((q - u.ln()).abs() < 1e-12, "{q} {}", u.ln());
    }
    assert_eq!(flow.advance(1e300), FarOutcome::Reached);
    for (i, q) in flow.margins().into_iter().enumerate() {
        assert!((q - (a[i].ln() + 1e300_f64.ln())).abs() < 1e-11);
    }
    assert_eq!(flow.advance(f64::INFINITY), FarOutcome::Reached);
    assert_eq!(flow.step(), f64::MAX);
}

/// A same-sign pair that crosses, at a step that the flow has to hit exactly.
#[test]
fn a_crossing_switches_slopes_at_the_step_that_gradient_descent_does() {
    let data = mixture(4, 50, 0.2, 1);
    let mut exact = settled(problem(&data, leaky(0.2), Loss::Logistic), 1, 10_000);
    let mut later = exact.clone();
    later.advance(30_000);
    // A neuron and a same-sign sample: far enough below the kink to reach it after 30,000.
    let sample = (0..4)
        .find(|&i| exact.problem.labels()[i] > 0.0)
        .expect("both classes are there");
    let gain = later.h[[0, sample]] - exact.h[[0, sample]];
    let below = 0.3 * gain;
    exact.h[[0, sample]] = -below;
    let mut flow = exact.flow();
    exact.advance(200_000);
    assert!(exact.h[[0, sample]] > 0.0);
    assert_eq!(flow.advance(200_000.0), FarOutcome::Reached);
    assert_eq!((flow.work().events, flow.work().sliding_pairs), (1, 0));
    let error = distance(&flow.margins(), &exact.margins());
    assert!(error < 1e-12, "{error:e}");
}

#[test]
fn the_reference_data_of_correlated_relu_are_followed() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/relu_correlated.npz"
    );
    let encoding = implicit_bias_data::LabelEncoding::PlusMinusOne;
    let data = Dataset::from_npz(path, encoding).expect("a golden file");
    let problem = Problem::new(&data, 8, RELU, Loss::Logistic, 0.1).expect("valid");
    let mut exact = settled(problem, 2, 100_000);
    let mut flow = exact.flow();
    exact.advance(400_000);
    assert_eq!(flow.advance(4e5), FarOutcome::Reached);
    let error = distance(&flow.margins(), &exact.margins());
    assert!(error <= flow.error_estimate());
}

#[test]
fn far_out_the_rates_solve_the_limit() {
    for (activation, dim, signal) in [
        (leaky(0.1), 40, 0.5),
        (RELU, 40, 0.5),
        (RELU, 10, 0.5),
        (leaky(0.1), 5, 1.0),
    ] {
        let data = mixture(6, dim, signal, 2);
        let loss = Loss::Logistic;
        let mut flow = settled(problem(&data, activation, loss), 2, 30_000).flow();
        let mut level = Vec::new();
        for to in [1e200, 1e300] {
            assert_eq!(flow.advance(to), FarOutcome::Reached);
            level.push(loss.log_mean(&flow.margins()) + to.ln());
        }
        // A margin that barely does not pull decays like a small power of t.
        assert!((level[0] - level[1]).abs() < 1e-7, "{level:?}");
        let v = flow.flow.rates_now();
        let coupling = flow.flow.coupling();
        for i in 0..6 {
            let moved: f64 = (0..6).map(|j| coupling[i * 6 + j] * v[j]).sum();
            // Margins that pull grow like log t; the others, faster, have rates that vanish.
            assert!(moved > 1.0 - 1e-7, "{v:?} {moved}");
            assert!(v[i] * (moved - 1.0) < 1e-7, "{v:?} {moved}");
        }
        let q = flow.margins();
        for (q, v) in q.iter().zip(&v) {
            let gap = q / 1e300_f64.ln() - 1.0;
            assert!(gap > -0.05 && (gap < 0.05 || *v < 1e-6), "{q} {v}");
        }
    }
}

#[test]
fn two_starts_agree_within_their_estimates() {
    for (activation, dim) in [(leaky(0.1), 40), (RELU, 40), (RELU, 10)] {
        let data = mixture(6, dim, 0.5, 2);
        let mut exact = settled(problem(&data, activation, Loss::Logistic), 2, 20_000);
        let mut early = exact.flow();
        exact.advance(200_000);
        let mut late = exact.flow();
        for to in [1e6, 1e9, 1e30] {
            assert_eq!(early.advance(to), FarOutcome::Reached);
            assert_eq!(late.advance(to), FarOutcome::Reached);
            let gap = distance(&early.margins(), &late.margins());
            assert!(
                gap <= early.error_estimate() + late.error_estimate(),
                "{gap:e}"
            );
            assert!(gap < 1e-6, "{gap:e}");
        }
    }
}

/// `W = W(0) + C X` for one `W(0)`, through events and projections.
#[test]
fn pre_activations_and_coefficients_stay_consistent() {
    let data = mixture(8, 10, 0.5, 0);
    let exact = settled(problem(&data, RELU, Loss::Logistic), 0, 10_000);
    let mut flow = exact.flow();
    // Chattering pairs are found at once, not one event after the other.
    assert!(flow.work().sliding_pairs > 0);
    let origin = &exact.h - &exact.c.dot(&exact.problem.gram());
    for to in [1e4, 1e6, 1e12, 1e200] {
        flow.advance(to);
        let h = &origin + &flow.coefficients().dot(&exact.problem.gram());
        let found = flow.pre_activations();
        let largest = found.iter().fold(1.0_f64, |most, h| most.max(h.abs()));
        for (a, b) in h.iter().zip(&found) {
            assert!((a - b).abs() < 1e-11 * largest, "{a} {b}");
        }
        let direct = exact.problem.margins(found.view());
        assert!(distance(&flow.margins(), &direct) < 1e-11);
    }
    assert!(flow.work().events > 0);
}

#[test]
fn bad_starts_are_refused() {
    let data = mixture(4, 20, 0.5, 0);
    let exact = settled(problem(&data, RELU, Loss::Logistic), 0, 10_000);
    let start = |step, h, c| FarFlow::new(exact.problem.clone(), step, h, c).map(|_| ());
    let (h, c) = (exact.h.clone(), exact.c.clone());
    for step in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            start(step, h.clone(), c.clone()),
            Err(GramError::FarStep(_))
        ));
    }
    let narrow = Array2::zeros((8, 3));
    assert!(matches!(
        start(1e4, narrow.clone(), c.clone()),
        Err(GramError::Shape {
            what: "pre-activations",
            ..
        })
    ));
    assert!(matches!(
        start(1e4, h.clone(), narrow),
        Err(GramError::Shape {
            what: "coefficients",
            ..
        })
    ));
    let mut broken = h.clone();
    broken[[0, 0]] = f64::NAN;
    assert!(matches!(
        start(1e4, broken, c.clone()),
        Err(GramError::NonFinite { .. })
    ));
    // Not yet interpolated.
    let zero = Array2::zeros((8, 4));
    let low = Array2::from_elem((8, 4), 1e-3);
    assert!(matches!(
        start(1.0, low, zero),
        Err(GramError::FarRegime { .. })
    ));
    assert_eq!(start(1e4, h, c), Ok(()));
}

#[test]
fn hostile_data_end_in_an_outcome() {
    let labels = |y: &[f64]| Array1::from(y.to_vec());
    let cases = [
        // A repeated sample, a zero sample, opposite labels on one sample, more samples than
        // dimensions.
        (
            array![[1.0, 0.2], [1.0, 0.2], [-0.9, 0.1], [0.3, -1.0]],
            labels(&[1.0, 1.0, -1.0, -1.0]),
        ),
        (
            array![[1.0, 0.2], [0.0, 0.0], [-0.9, 0.1]],
            labels(&[1.0, 1.0, -1.0]),
        ),
        (
            array![[1.0, 0.2], [1.0, 0.2], [-0.9, 0.1]],
            labels(&[1.0, -1.0, -1.0]),
        ),
        (
            array![[1.0], [0.5], [-0.9], [0.3], [-1e-9]],
            labels(&[1.0, 1.0, -1.0, 1.0, -1.0]),
        ),
        (
            array![[1.0, 0.9], [0.9, 1.0], [1.0, 1.0], [1.0, 1.0]],
            labels(&[1.0, 1.0, -1.0, -1.0]),
        ),
        (array![[1e-80, 0.0], [0.0, 1e-80]], labels(&[1.0, -1.0])),
        (array![[1e3, 1.0], [1e3, -1.0]], labels(&[1.0, -1.0])),
    ];
    let mut reached = 0;
    for (x, y) in cases {
        let Ok(data) = Dataset::new(x, y) else {
            continue;
        };
        for activation in [RELU, leaky(0.3)] {
            for step_size in [2.0, 1e-5] {
                let problem =
                    Problem::new(&data, 3, activation, Loss::Logistic, step_size).expect("valid");
                let exact = settled(problem, 4, 3_000);
                match FarFlow::new(exact.problem.clone(), 3e3, exact.h.clone(), exact.c.clone()) {
                    Err(error) => {
                        assert!(matches!(error, GramError::FarRegime { .. }), "{error}");
                    }
                    Ok(mut flow) => {
                        let outcome = flow.advance(1e300);
                        reached += usize::from(outcome == FarOutcome::Reached);
                        assert_eq!(
                            flow.advance(1e301) == FarOutcome::Reached,
                            outcome == FarOutcome::Reached
                        );
                        assert!(flow.step() >= 3e3 && flow.step().is_finite());
                        // A stalled flow stops at a step that gradient descent takes.
                        assert_eq!(flow.step().fract(), 0.0);
                        assert!(flow.margins().iter().all(|q| q.is_finite()));
                    }
                }
            }
        }
    }
    assert!(reached >= 8, "{reached}");
}
