//! The error of the flow against its estimate.

use implicit_bias_scalar::Loss;

use super::super::flow::Flow;
use super::super::*;
use super::support::*;

#[test]
fn without_sliding_the_flow_is_gradient_descent() {
    let mut compared = 0;
    for seed in 0..4 {
        for (activation, loss, dim, signal) in [
            (leaky(0.1), Loss::Logistic, 40, 0.5),
            (leaky(0.5), Loss::Exponential, 40, 0.5),
            (leaky(0.1), Loss::Logistic, 10, 1.5),
            (RELU, Loss::Logistic, 10, 1.5),
            (RELU, Loss::Exponential, 400, 0.1),
        ] {
            let data = mixture(6, dim, signal, seed);
            let mut exact = settled(problem(&data, activation, loss), seed, 10_000);
            let mut flow = exact.flow();
            for to in [10_001, 20_000, 200_000] {
                exact.advance(to);
                assert_eq!(flow.advance(to as f64), FarOutcome::Reached);
                if flow.work().sliding_pairs > 0 {
                    continue;
                }
                compared += 1;
                let error = distance(&flow.margins(), &exact.margins());
                let estimate = flow.error_estimate();
                assert!(error < 5e-12 && error < estimate, "{error:e} {estimate:e}");
                let h = flow.pre_activations();
                for (a, b) in h.iter().zip(&exact.h) {
                    assert!((a - b).abs() < 1e-11 * b.abs().max(1.0));
                }
                for (a, b) in flow.coefficients().iter().zip(&exact.c) {
                    assert!((a - b).abs() < 1e-11 * b.abs().max(1.0));
                }
            }
        }
    }
    assert!(compared >= 30, "{compared}");
}

/// Neglected terms are of fourth order in a step: their sum falls like `t_0^{−3}`.
#[test]
fn neglected_terms_fall_with_the_third_power_of_the_start() {
    for loss in [Loss::Logistic, Loss::Exponential] {
        let data = mixture(5, 60, 0.3, 3);
        let mut exact = settled(problem(&data, leaky(0.3), loss), 3, 100);
        let mut starts = Vec::new();
        for start in [100, 200, 400] {
            exact.advance(start);
            // Past the check of the regime, which would refuse so early a start.
            starts.push(Flow::new(
                exact.problem.clone(),
                start as f64,
                exact.h.clone(),
                exact.c.clone(),
            ));
        }
        let mut errors = Vec::new();
        for (flow, start) in starts.iter_mut().zip([100, 200, 400]) {
            // At equal τ past the start, so that the flow damps equally.
            exact.advance(20 * start);
            assert_eq!(flow.advance(20.0 * start as f64), FarOutcome::Reached);
            assert_eq!(flow.work().sliding_pairs, 0);
            let error = distance(&flow.margins(), &exact.margins());
            let estimate = flow.error_estimate();
            assert!(
                error < estimate && estimate < 1e4 * error,
                "{error:e} {estimate:e}"
            );
            errors.push(error);
        }
        for pair in errors.windows(2) {
            let order = (pair[0] / pair[1]).log2();
            assert!(order > 2.6, "{errors:?}: {order}");
        }
    }
}

/// The estimate holds where pairs chatter, and is not empty: the error comes within two to three
/// decades.
#[test]
fn with_sliding_the_error_stays_below_the_estimate() {
    let mut ratios: Vec<f64> = Vec::new();
    for (seed, &(activation, loss, dim, signal)) in
        (0..6).flat_map(|s| KINDS.iter().map(move |k| (s, k)))
    {
        let data = mixture(8, dim, signal, seed);
        let mut exact = settled(problem(&data, activation, loss), seed, 10_000);
        let Ok(mut flow) =
            FarFlow::new(exact.problem.clone(), 1e4, exact.h.clone(), exact.c.clone())
        else {
            continue;
        };
        for to in [10_000, 10_100, 12_000, 100_000] {
            exact.advance(to);
            assert_eq!(flow.advance(to as f64), FarOutcome::Reached);
            if flow.work().sliding_pairs == 0 {
                continue;
            }
            let error = distance(&flow.margins(), &exact.margins());
            let estimate = flow.error_estimate();
            assert!(
                error <= estimate,
                "{seed} {dim} {signal} at {to}: {error:e} > {estimate:e}"
            );
            if to < 100_000 {
                ratios.push(estimate / error);
            }
        }
    }
    ratios.sort_by(f64::total_cmp);
    assert!(ratios.len() > 30);
    let median = ratios[ratios.len() / 2];
    assert!(median < 100.0, "an estimate that says little: {median}");
}
