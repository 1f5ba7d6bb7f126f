//! The flow against gradient descent itself, closed forms and limits.

use implicit_bias_data::{Dataset, Synthetic};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2, array};

use super::*;

const RELU: Activation = Activation::RELU;

fn leaky(slope: f64) -> Activation {
    Activation::leaky_relu(slope).expect("slopes here are in [0, 1)")
}

/// Gradient descent in Gram coordinates, one step after the other: nothing shared with the flow.
#[derive(Clone)]
struct Exact {
    problem: Problem,
    h: Array2<f64>,
    c: Array2<f64>,
    step: u64,
}

impl Exact {
    fn new(problem: Problem, seed: u64, scale: f64) -> Self {
        let (neurons, n) = (problem.neurons(), problem.samples());
        // W(0) in the span, of random coordinates: H = C(0) G without keeping C(0).
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let h = Array2::from_shape_fn((neurons, n), |_| {
            let mut sum = 0.0;
            for _ in 0..4 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
            }
            scale * sum
        });
        Self {
            c: Array2::zeros((neurons, n)),
            problem,
            h,
            step: 0,
        }
    }

    fn advance(&mut self, to: u64) {
        let n = self.problem.samples();
        let gram: Vec<f64> = self.problem.gram().iter().copied().collect();
        let mut change = vec![0.0; n];
        while self.step < to {
            let q = self.problem.margins(self.h.view());
            for k in 0..self.problem.neurons() {
                let sign = self.problem.sign(k);
                let row = self.h.row_mut(k);
                let h = row.into_slice().expect("rows are contiguous");
                for i in 0..n {
                    change[i] = sign
                        * self.problem.rate()
                        * self.problem.labels()[i]
                        * self.problem.loss().slope(q[i])
                        * self.problem.activation().derivative(h[i]);
                    self.c[[k, i]] += change[i];
                }
                for (row, &change) in gram.chunks_exact(n).zip(&change) {
                    for (h, g) in h.iter_mut().zip(row) {
                        *h += change * g;
                    }
                }
            }
            self.step += 1;
        }
    }

    fn flow(&self) -> FarFlow {
        FarFlow::new(
            self.problem.clone(),
            self.step as f64,
            self.h.clone(),
            self.c.clone(),
        )
        .expect("the state is in the regime")
    }

    fn margins(&self) -> Vec<f64> {
        self.problem.margins(self.h.view())
    }
}

fn mixture(samples: usize, dim: usize, signal: f64, seed: u64) -> Dataset {
    let law = Synthetic::Mixture {
        samples,
        dim,
        signal,
        noise: 1.0 / (dim as f64).sqrt(),
    };
    law.generate(seed).expect("a valid law")
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |most, (a, b)| {
        f64::max(most, (a - b).abs() / b.abs().max(1.0))
    })
}

fn problem(data: &Dataset, activation: Activation, loss: Loss) -> Problem {
    Problem::new(data, 4, activation, loss, 2.0).expect("valid settings")
}

/// A settled state, by exact steps.
fn settled(problem: Problem, seed: u64, steps: u64) -> Exact {
    let mut exact = Exact::new(problem, seed, 0.1);
    exact.advance(steps);
    exact
}

/// Settings that slide.
const KINDS: [(Activation, Loss, usize, f64); 4] = [
    (RELU, Loss::Logistic, 40, 0.5),
    (RELU, Loss::Exponential, 400, 0.1),
    (RELU, Loss::Logistic, 10, 0.5),
    (RELU, Loss::Logistic, 12, 0.0),
];

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

/// The estimate holds where pairs chatter, and is not empty: the error comes within two to three decades.
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

/// Orthogonal samples and exponential loss: every margin is alone, `u = e^q` obeys `u → u e^{A/u}`, so that
/// `u = u_0 + A T + ½ A log(u/u_0) + O(A/u_0)`.
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
        "/../../../shared/reference/relu_correlated.npz"
    );
    let Ok(data) = Dataset::from_npz(path, implicit_bias_data::LabelEncoding::PlusMinusOne) else {
        eprintln!("skipped: {path} is not there");
        return;
    };
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

#[test]
fn a_split_advance_gives_equal_bits() {
    let data = mixture(8, 10, 0.5, 0);
    let start = settled(problem(&data, RELU, Loss::Logistic), 0, 10_000).flow();
    let (mut once, mut often) = (start.clone(), start);
    assert_eq!(once.advance(1e40), FarOutcome::Reached);
    let mut to = 1e4_f64;
    while to < 1e40 {
        to = (to * 1.7).min(1e40);
        assert_eq!(often.advance(to), FarOutcome::Reached);
        assert_eq!(often.advance(0.5 * to), FarOutcome::Reached);
        assert_eq!(often.advance(f64::NAN), FarOutcome::Reached);
        assert_eq!(often.step(), to);
    }
    assert!(once.work().events > 0);
    assert_eq!(once.margins(), often.margins());
    assert_eq!(once.pre_activations(), often.pre_activations());
    assert_eq!(once.coefficients(), often.coefficients());
    assert_eq!(once.work(), often.work());
}

/// Through its bytes and back.
fn restored(problem: &Problem, flow: &FarFlow) -> FarFlow {
    let bytes = postcard::to_stdvec(&flow.checkpoint()).unwrap();
    FarFlow::restore(problem.clone(), postcard::from_bytes(&bytes).unwrap()).unwrap()
}

#[test]
fn a_restored_flow_goes_on_as_the_one_it_was_taken_of() {
    let mut events = 0;
    for (activation, loss, dim, signal) in KINDS {
        let data = mixture(8, dim, signal, 0);
        let problem = problem(&data, activation, loss);
        let start = settled(problem.clone(), 0, 20_000).flow();
        let (mut once, mut often) = (start.clone(), restored(&problem, &start));
        assert_eq!(once.advance(1e40), FarOutcome::Reached);
        let mut to = 2e4_f64;
        while to < 1e40 {
            to = (to * 1.7).min(1e40);
            assert_eq!(often.advance(to), FarOutcome::Reached);
            let before = (often.margins(), often.error_estimate());
            often = restored(&problem, &often);
            assert_eq!((often.margins(), often.error_estimate()), before);
        }
        events += once.work().events;
        assert_eq!(once.margins(), often.margins());
        assert_eq!(once.pre_activations(), often.pre_activations());
        assert_eq!(once.coefficients(), often.coefficients());
        assert_eq!(once.error_estimate(), often.error_estimate());
        assert_eq!(once.work(), often.work());
    }
    assert!(events > 0);
}

#[test]
fn a_damaged_flow_is_refused_or_harmless() {
    let data = mixture(6, 10, 0.5, 0);
    let problem = problem(&data, RELU, Loss::Logistic);
    let mut flow = settled(problem.clone(), 0, 10_000).flow();
    flow.advance(1e6);
    let bytes = postcard::to_stdvec(&flow.checkpoint()).unwrap();
    let mut refused = 0;
    for place in 0..bytes.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = bytes.clone();
            bytes[place] = value;
            let checkpoint = postcard::from_bytes::<FarCheckpoint>(&bytes);
            match checkpoint.map(|checkpoint| FarFlow::restore(problem.clone(), checkpoint)) {
                Ok(Ok(mut flow)) => {
                    flow.advance(2.0 * flow.step());
                    flow.coefficients();
                }
                Ok(Err(GramError::Checkpoint { .. })) | Err(_) => refused += 1,
                Ok(Err(other)) => panic!("{other}"),
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_flow_of_another_problem_is_refused() {
    let data = mixture(6, 10, 0.5, 0);
    let flow = settled(problem(&data, RELU, Loss::Logistic), 0, 10_000).flow();
    let other = problem(&mixture(8, 10, 0.5, 0), RELU, Loss::Logistic);
    let error = FarFlow::restore(other, flow.checkpoint()).unwrap_err();
    assert!(error.to_string().contains("numbers in"), "{error}");
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
        // A repeated sample, a zero sample, opposite labels on one sample, more samples than dimensions.
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
