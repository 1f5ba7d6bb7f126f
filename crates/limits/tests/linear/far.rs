//! The far horizon of Adam without `ε`, and of sign descent, against every step of them.

use implicit_bias_data::random::{Stream, gaussian_matrix};
use implicit_bias_limits::linear::{
    AdamFar, FarDescent, MarginLinf, SignLikeDescent, SignedSamples, StepSizes, WhyNot,
    max_margin_linf,
};
use implicit_bias_scalar::Loss;
use ndarray::{Array1, Array2, array};

use super::samples;
use super::stepping::Stepping;

const ADAM: SignLikeDescent = SignLikeDescent::Adam {
    beta1: 0.9,
    beta2: 0.99,
};

fn descent(rule: SignLikeDescent, first: f64, decay: f64) -> FarDescent {
    FarDescent {
        rule,
        step_sizes: StepSizes {
            first,
            offset: 1.0,
            decay,
        },
        loss: Loss::Logistic,
    }
}

/// Sixteen Gaussian samples, nine of whose coordinates are free.
fn gaussian() -> (Array2<f64>, SignedSamples, MarginLinf) {
    let rows = gaussian_matrix(16, 16, 1.0, 1, Stream::Noise).unwrap();
    let of = samples(rows.clone());
    let limit = max_margin_linf(&of).separable().unwrap();
    assert_eq!((limit.active.len(), limit.free.len()), (10, 9));
    (rows, of, limit)
}

fn start(dim: usize) -> Array1<f64> {
    let weights = gaussian_matrix(1, dim, 0.3, 1, Stream::WeightsPos).unwrap();
    weights.row(0).to_owned()
}

/// From step 30,000 to 100,000. What is left is the free coordinates' going to and fro.
#[test]
fn a_state_tells_later_ones() {
    let (rows, of, limit) = gaussian();
    let cases = [
        (ADAM, 0.1, 0.5, 4e-6),
        (ADAM, 0.3, 0.7, 4e-6),
        (ADAM, 0.01, 0.3, 4e-6),
        (ADAM, 1e-3, 0.0, 1e-5),
        (SignLikeDescent::Sign, 0.1, 0.5, 1e-4),
        (SignLikeDescent::Sign, 0.3, 0.7, 1e-4),
        (SignLikeDescent::Sign, 1e-3, 0.0, 2e-4),
    ];
    for (rule, first, decay, tolerance) in cases {
        let descent = descent(rule, first, decay);
        let mut run = Stepping::new(&rows, descent, start(16));
        run.advance(3e4);
        let far = AdamFar::new(&of, &limit, descent, run.weights.view(), run.step).unwrap();
        let norm = run.norm();
        run.advance(1e5);
        let growth = far.norm_linf_at(1e5).unwrap() - norm;
        let error = growth / (run.norm() - norm) - 1.0;
        assert!(
            error.abs() < 1e-6,
            "{rule:?}, {decay}: growth is off by {error:e}"
        );

        let margin = far.margin_linf_at(1e5).unwrap();
        let error = margin / run.margin_linf() - 1.0;
        assert!(
            error.abs() < tolerance,
            "{rule:?}, {decay}: margin is off by {error:e}"
        );
        // The margin alone would pass with any constant of this size; the constant would not.
        let measured = (limit.gamma_linf - run.margin_linf()) * run.norm();
        let error = far.gap_times_norm() / measured - 1.0;
        assert!(
            error.abs() < 0.02,
            "{rule:?}, {decay}: the constant is off by {error:e}"
        );

        let weights = far.weights_at(1e5).unwrap();
        let error = (&weights - &run.weights).mapv(f64::abs);
        let error = error.fold(0.0, |a: f64, &b| a.max(b));
        // Signs alone hold free coordinates less tightly than Adam's mean.
        let loose = if rule == ADAM { 0.02 } else { 0.1 };
        assert!(
            error < loose,
            "{rule:?}, {decay}: weights are off by {error:e}"
        );
        let log_loss = Loss::Logistic.log_mean(&rows.dot(&run.weights).to_vec());
        let error = far.log_loss_at(1e5).unwrap() - log_loss;
        assert!(
            error.abs() < 0.02,
            "{rule:?}, {decay}: log loss is off by {error:e}"
        );
    }
}

/// The equations combined by the multipliers: `β = Σ_k |u_k| c_k − H(p)`.
#[test]
fn the_shift_is_offsets_less_entropy() {
    let (rows, of, limit) = gaussian();
    let descent = descent(ADAM, 0.1, 0.5);
    let mut run = Stepping::new(&rows, descent, start(16));
    run.advance(2e4);
    let far = AdamFar::new(&of, &limit, descent, run.weights.view(), run.step).unwrap();
    let pulls = rows.t().dot(&limit.multipliers);
    let offsets = run.weights.mapv(f64::abs) - run.norm();
    let entropy = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    let bound = (0..16).filter(|k| !limit.free.contains(k));
    let shift = bound.map(|k| pulls[k].abs() * offsets[k]).sum::<f64>()
        - limit.multipliers.iter().map(|&p| entropy(p)).sum::<f64>();
    assert!((far.margin_shift() - shift).abs() < 1e-12);
    let largest = limit.multipliers.fold(0.0, |a: f64, &b| a.max(b));
    assert!((far.gap_times_norm() - (largest.ln() - shift)).abs() < 1e-12);
}

/// Where no coordinate is free nothing goes to and fro, and the pace is exact, throttled or not.
#[test]
fn margins_grow_by_the_law_at_a_constant_step() {
    let rows = array![[0.5, -1.0, 0.25]];
    for size in [1e-4, 1e-3, 1e-2, 1.0] {
        let descent = FarDescent {
            loss: Loss::Exponential,
            ..descent(ADAM, size, 0.0)
        };
        let mut run = Stepping::new(&rows, descent, array![0.1, 0.0, -0.2]);
        run.advance(2e4);
        let before = rows.dot(&run.weights)[0];
        run.advance(3e4);
        let growth = (rows.dot(&run.weights)[0] - before) / 1e4;
        let pace = ADAM.pace(1.75 * size).unwrap();
        let error = growth / pace.margin_growth - 1.0;
        assert!(error.abs() < 1e-10, "{size}: {error:e}");
    }
}

#[test]
fn the_law_goes_on_to_the_largest_numbers() {
    let (rows, of, limit) = gaussian();
    for rule in [ADAM, SignLikeDescent::Sign] {
        for (first, decay) in [(0.1, 0.5), (1e-3, 0.0)] {
            let descent = descent(rule, first, decay);
            let mut run = Stepping::new(&rows, descent, start(16));
            run.advance(3e4);
            let far = AdamFar::new(&of, &limit, descent, run.weights.view(), run.step).unwrap();
            let mut norm = run.norm();
            assert_eq!(far.norm_linf_at(3e4), Some(norm));
            for exponent in [5, 8, 16, 20, 100, 300] {
                let step = 10f64.powi(exponent);
                let next = far.norm_linf_at(step).unwrap();
                assert!(next > norm);
                let gap = limit.gamma_linf - far.margin_linf_at(step).unwrap();
                assert!((gap - far.gap_times_norm() / next).abs() < 1e-15);
                norm = next;
            }
            let expected = first / (1.0 - decay) * 1e300f64.powf(1.0 - decay);
            let pace = rule.pace(limit.gamma_linf * first).unwrap().steps_per_step;
            let pace = if decay == 0.0 { pace } else { 1.0 };
            assert!((norm / (pace * expected) - 1.0).abs() < 1e-12);
            for step in [2.9e4, f64::NAN, f64::INFINITY] {
                assert_eq!(far.norm_linf_at(step), None);
            }
        }
    }
}

#[test]
fn what_the_law_does_not_cover_is_refused() {
    let (rows, of, limit) = gaussian();
    let at = |descent: FarDescent, weights: &Array1<f64>, step: f64| {
        AdamFar::new(&of, &limit, descent, weights.view(), step).map(|far| far.slip())
    };
    let plain = descent(ADAM, 0.1, 0.5);
    assert!(matches!(
        at(plain, &start(16), 1e4),
        Err(WhyNot::NotIdentified { .. })
    ));
    let mut run = Stepping::new(&rows, plain, start(16));
    run.advance(1e4);
    assert!(at(plain, &run.weights, 1e4).is_ok());

    // A free coordinate out of its place changes which samples pull.
    let mut moved = run.weights.clone();
    moved[limit.free[0]] += 0.3;
    let Err(WhyNot::NotIdentified { slip }) = at(plain, &moved, 1e4) else {
        panic!("moved weights are accepted");
    };
    assert!(slip > 0.05 && slip.is_finite());

    // A bound coordinate of the other sign; a free one that is the largest.
    let bound = (0..16).find(|k| !limit.free.contains(k)).unwrap();
    for (k, factor) in [(bound, -1.0), (limit.free[0], 1e3)] {
        let mut weights = run.weights.clone();
        weights[k] *= factor;
        let refused = at(plain, &weights, 1e4);
        assert_eq!(
            refused,
            Err(WhyNot::NotIdentified {
                slip: f64::INFINITY
            })
        );
    }
    assert_eq!(
        at(descent(ADAM, 0.1, 1.1), &run.weights, 1e4),
        Err(WhyNot::BoundedNorm)
    );

    // γ η_t = (1 − β2)/2 at (t + 1) = (200 γ)², for η_t = (t + 1)^{−1/2}.
    let Err(WhyNot::Throttled { from: Some(from) }) =
        at(descent(ADAM, 1.0, 0.5), &run.weights, 1e4)
    else {
        panic!("not throttled");
    };
    assert_eq!(from, ((200.0 * limit.gamma_linf).powi(2) - 1.0).ceil());
    let throttled = |step| {
        let found = at(descent(ADAM, 1.0, 0.5), &run.weights, step);
        matches!(found, Err(WhyNot::Throttled { .. }))
    };
    assert!(throttled(from - 1.0) && !throttled(from));
    let forever = at(descent(ADAM, 1.0, 0.0), &run.weights, 1e4);
    assert_eq!(forever, Err(WhyNot::Throttled { from: None }));
    assert_eq!(
        at(descent(ADAM, 1e-3, 1.0), &run.weights, 5.0),
        Err(WhyNot::Lag)
    );

    let regular = SignLikeDescent::Adam {
        beta1: 0.9,
        beta2: 0.5,
    };
    let input = |result| matches!(result, Err(WhyNot::Input(_)));
    assert!(input(at(descent(regular, 0.1, 0.5), &run.weights, 1e4)));
    assert!(input(at(descent(ADAM, f64::NAN, 0.5), &run.weights, 1e4)));
    assert!(input(at(plain, &run.weights, f64::NAN)));
    assert!(input(at(plain, &Array1::zeros(3), 1e4)));
    assert!(input(at(plain, &Array1::from_elem(16, f64::NAN), 1e4)));

    // Equal margins leave the weights open.
    let of = samples(array![[1.0, 0.0], [0.0, 1.0], [0.0, 2.0]]);
    let limit = max_margin_linf(&of).separable().unwrap();
    let refused = AdamFar::new(&of, &limit, plain, array![50.0, 50.0].view(), 1e4);
    assert_eq!(refused.err(), Some(WhyNot::Degenerate));
}
