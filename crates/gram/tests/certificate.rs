//! The certificate against really running gradient descent far beyond the step it speaks of.

mod descent_support;

use approx::assert_relative_eq;
use std::path::Path;

use descent_support::Run;
use implicit_bias_data::random::{Stream, generator, standard_normal};
use implicit_bias_data::{DataLaw, Mixture};
use implicit_bias_gram::{
    Accuracy, Certificate, GramError, Limit, NotProven, Problem, Proof, certify, certify_within,
};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::Array2;

fn certificate(run: &Run) -> (Limit, Certificate) {
    let limit = run.limit();
    let certificate = certify(&run.problem, &limit, run.pre_activations.view(), run.step).unwrap();
    (limit, certificate)
}

/// Runs on from the step of `proof` and checks, at 2, 5, 10, … `times` that step, that no
/// same-sign pair has changed and that the weights are within the proven radius of the reference
/// path.
fn check_beyond(run: &mut Run, limit: &Limit, proof: &Proof, times: f64) {
    let from = run.step;
    assert_eq!(proof.from_step, from);
    let pattern = run.same_sign_pattern();
    let start = run.coefficients.clone();
    let direction = limit.coefficients();
    let dead: Vec<usize> = (0..run.problem.neurons())
        .filter(|&k| limit.group_of()[k].is_none())
        .collect();
    let frozen = |run: &Run| -> Vec<f64> {
        dead.iter()
            .flat_map(|&k| run.pre_activations.row(k).to_vec())
            .collect()
    };
    let still = frozen(run);
    assert!(run.norm(&proof.displacement) <= proof.distance);
    assert!(proof.distance <= proof.radius);
    for factor in [1.01, 1.1, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0] {
        if factor > times {
            break;
        }
        run.advance_to((from * factor).floor());
        assert_eq!(run.same_sign_pattern(), pattern, "at step {}", run.step);
        assert_eq!(frozen(run), still);
        // ρ(t) = ρ(T) + (C(t) − C(T)) X − ŵ log(θ_t/θ_T).
        let elapsed = ((run.step - from) * (-proof.log_theta).exp()).ln_1p();
        let off = &proof.displacement + &run.coefficients - &start - &(&direction * elapsed);
        let distance = run.norm(&off);
        assert!(
            distance <= proof.radius,
            "at step {}: {distance} beyond the proven {}",
            run.step,
            proof.radius
        );
    }
}

#[test]
fn reference_cases_are_proven_and_stay() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden");
    for (name, early, proven, times) in [
        ("leaky_60_digits", 1e3, 1e4, 10.0),
        ("leaky_near_orthogonal", 100.0, 1e3, 100.0),
        ("relu_correlated", 1e5, 1e6, 3.0),
    ] {
        let mut run = Run::reference(&Path::new(golden).join(format!("{name}.npz")));
        run.advance_to(early);
        let (_, before) = certificate(&run);
        assert!(!before.is_proven(), "{name} at {early}: {before}");
        run.advance_to(proven);
        let (limit, after) = certificate(&run);
        let proof = after
            .proof()
            .unwrap_or_else(|| panic!("{name} at {proven}: {after}"));
        assert_eq!(after.to_string(), format!("proven from step {proven}"));
        check_beyond(&mut run, &limit, proof, times);
    }
}

/// A small random problem of `case`, with everything varied.
fn random_run(case: u64) -> Run {
    let samples = 3 + (case % 5) as usize;
    let dim = [2, 3, 5, 12, 40][(case / 5 % 5) as usize];
    let width = 1 + (case % 4) as usize;
    let slope = [0.0, 0.1, 0.5][(case % 3) as usize];
    let loss = [Loss::Logistic, Loss::Exponential][(case / 3 % 2) as usize];
    let data = Mixture {
        samples,
        dim,
        signal: 1.0,
        noise: 0.6,
    }
    .generate(case)
    .unwrap();
    let mut normals = generator(1000 + case, Stream::Noise);
    let weights =
        Array2::from_shape_simple_fn((2 * width, dim), || 0.3 * standard_normal(&mut normals));
    let activation = Activation::leaky_relu(slope).unwrap();
    let problem = Problem::new(&data, width, activation, loss, 0.3).unwrap();
    Run::new(problem, weights.dot(&data.x().t()))
}

#[test]
fn whatever_is_proven_holds() {
    let (mut proofs, mut with_larger_margins, mut sliding, mut changed_later) = (0, 0, 0, 0);
    for case in 0..150 {
        let mut run = random_run(case);
        let mut previous = None;
        for step in [3.0, 10.0, 30.0, 100.0, 300.0, 1000.0] {
            run.advance_to(step);
            let pattern = run.same_sign_pattern();
            if previous.is_some_and(|earlier| earlier != pattern) {
                // The earlier answers were all "not proven", or the loop had ended.
                changed_later += 1;
            }
            previous = Some(pattern);
            let Ok(limit) = Limit::solve(&run.problem, run.pre_activations.view()) else {
                continue;
            };
            let state = run.pre_activations.view();
            let answer = certify(&run.problem, &limit, state, run.step).unwrap();
            if let Some(proof) = answer.proof() {
                proofs += 1;
                with_larger_margins += usize::from(limit.margins().iter().any(|&q| q > 1.001));
                sliding += usize::from(!limit.sliding().is_empty());
                check_beyond(&mut run, &limit, proof, 20.0);
                break;
            }
        }
    }
    // Not vacuous: each kind of proof occurs, and so do patterns that change after a first answer.
    assert!(proofs >= 30, "{proofs} proofs");
    assert!(with_larger_margins >= 5, "{with_larger_margins}");
    assert!(sliding >= 2, "{sliding}");
    assert!(changed_later >= 20, "{changed_later}");
}

/// Neurons that slide need longer until the rest of their weights has settled.
#[test]
fn sliding_runs_are_proven_and_stay() {
    for case in [44, 45, 52, 59, 83, 94, 132, 145] {
        let mut run = random_run(case);
        run.advance_to(1e4);
        let (limit, answer) = certificate(&run);
        assert!(!limit.sliding().is_empty());
        let proof = answer.proof().unwrap_or_else(|| panic!("{case}: {answer}"));
        // Neurons of a group that slides do not move as one: each needs room for the whole radius.
        let path = &run.pre_activations - &proof.displacement.dot(&run.problem.gram());
        for pair in limit.sliding() {
            let group = &limit.groups()[pair.group];
            for i in (0..run.problem.samples()).filter(|&i| run.problem.labels()[i] == group.sign) {
                let norm = run.problem.gram()[[i, i]].sqrt();
                for &k in &group.neurons {
                    let slack = path[[k, i]].abs() / norm - proof.radius;
                    assert!(proof.smallest_slack <= slack + 1e-12);
                }
            }
        }
        check_beyond(&mut run, &limit, proof, 10.0);
    }
}

/// A repeated sample makes the multipliers ambiguous; shared equally, they are those of the run.
#[test]
fn a_repeated_sample_is_proven_as_well() {
    let x = ndarray::array![[2.0, 0.1], [2.0, 0.1], [0.2, -1.0]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, 1.0, -1.0]).unwrap();
    let activation = Activation::leaky_relu(0.2).unwrap();
    let problem = Problem::new(&data, 1, activation, Loss::Logistic, 0.2).unwrap();
    let mut run = Run::new(problem, ndarray::array![[0.1, 0.1, -0.1], [0.1, 0.1, 0.1]]);
    run.advance_to(1e4);
    let (limit, answer) = certificate(&run);
    let proof = answer.proof().unwrap_or_else(|| panic!("{answer}"));
    check_beyond(&mut run, &limit, proof, 20.0);
}

/// The displacement is the one of the theorem: what is left,
/// `w(T) − ρ(T) − ŵ log θ_T = w̃`, meets conditions (1) and (2), evaluated here from the
/// limit's slopes.
#[test]
fn the_reference_path_has_the_limiting_rates() {
    let mut seen = 0;
    for case in 0..60 {
        let mut run = random_run(case);
        run.advance_to(1000.0);
        let Ok(limit) = Limit::solve(&run.problem, run.pre_activations.view()) else {
            continue;
        };
        let state = run.pre_activations.view();
        let answer = certify(&run.problem, &limit, state, run.step).unwrap();
        let Some(proof) = answer.proof() else {
            continue;
        };
        seen += 1;
        let gram = run.problem.gram();
        let rest = &run.pre_activations
            - &proof.displacement.dot(&gram)
            - &(limit.pre_activations() * proof.log_theta);
        let samples = run.problem.samples();
        for i in 0..samples {
            let alpha = limit.multipliers()[i];
            if alpha == 0.0 {
                continue;
            }
            let mut product = 0.0;
            for group in limit.groups() {
                for &k in &group.neurons {
                    product += group.sign * group.slopes[i] * rest[[k, i]];
                    let slides = limit
                        .sliding()
                        .iter()
                        .any(|pair| pair.sample == i && limit.groups()[pair.group] == *group);
                    if slides {
                        assert!(rest[[k, i]].abs() < 1e-9);
                    }
                }
            }
            product *= run.problem.labels()[i] / run.problem.width() as f64;
            let rate = run.problem.step_size() / samples as f64;
            assert_relative_eq!(
                product,
                (rate / alpha).ln(),
                epsilon = 1e-9,
                max_relative = 1e-9
            );
        }
    }
    assert!(seen >= 10, "{seen}");
}

/// Two orthogonal samples, one neuron a sign: everything in closed form.
#[test]
fn orthogonal_pair() {
    let data = implicit_bias_data::Dataset::new(
        ndarray::array![[2.0, 0.0], [0.0, 2.0]],
        ndarray::array![1.0, -1.0],
    )
    .unwrap();
    let activation = Activation::leaky_relu(0.5).unwrap();
    let problem = Problem::new(&data, 1, activation, Loss::Exponential, 0.1).unwrap();
    let mut run = Run::new(problem, ndarray::array![[0.1, 0.1], [0.1, 0.1]]);
    run.advance_to(1e4);
    let (limit, answer) = certificate(&run);
    let proof = answer.proof().unwrap();
    // w_1 = λ (x_1 − ½ x_2): q_1 = 4 λ (1 + ¼) = 1.
    assert_relative_eq!(limit.multipliers()[0], 0.2, max_relative = 1e-14);
    // At T = 10³⁰⁰ the answer is as good: the state, not the step, decides.
    let state = &run.pre_activations + &(limit.pre_activations() * 600.0);
    let far = certify(&run.problem, &limit, state.view(), 1e300).unwrap();
    let far = far.proof().unwrap();
    assert_relative_eq!(far.log_theta, proof.log_theta + 600.0, max_relative = 1e-12);
    assert!(far.radius < proof.radius);
    check_beyond(&mut run, &limit, proof, 100.0);
}

/// A neuron on the other side of an opposite-sign kink than the limit still has its way to go.
#[test]
fn the_wrong_side_is_not_proven() {
    let x = ndarray::array![[2.0, 0.0], [0.0, 2.0]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0]).unwrap();
    let activation = Activation::leaky_relu(0.5).unwrap();
    let problem = Problem::new(&data, 1, activation, Loss::Exponential, 0.1).unwrap();
    let state = ndarray::array![[12.0, 3.0], [-6.0, 12.0]];
    let limit = Limit::solve(&problem, state.view()).unwrap();
    assert_eq!(
        certify(&problem, &limit, state.view(), 1e6).unwrap(),
        Certificate::NotProven(NotProven::OppositeSide {
            neuron: 0,
            sample: 1
        })
    );
}

/// A ReLU neuron that nothing of its own sign activates is static only if nothing else does.
#[test]
fn dead_neurons_must_be_at_rest() {
    let x = ndarray::array![[2.0, 0.0], [0.0, 2.0]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0]).unwrap();
    let problem = Problem::new(&data, 2, Activation::RELU, Loss::Logistic, 0.1).unwrap();
    // Margins log θ + log(β/α_i): α = (1, ½), one live neuron against two.
    let (one, two) = (12.0, 6.0 + f64::ln(2.0));
    let mut state = ndarray::array![[one, -1.0], [-1.0, 0.5], [-1.0, two], [-1.0, two]];
    let limit = Limit::solve(&problem, state.view()).unwrap();
    assert_eq!(
        certify(&problem, &limit, state.view(), 1e6).unwrap(),
        Certificate::NotProven(NotProven::MovingDeadNeuron {
            neuron: 1,
            sample: 1
        })
    );
    state[[1, 1]] = -0.5;
    let at_rest = certify(&problem, &limit, state.view(), 1e6).unwrap();
    assert!(at_rest.is_proven(), "{at_rest}");
}

/// A proof at a state that is known up to an error holds for all states that near, or is none.
#[test]
fn an_error_of_the_state_is_allowed_for() {
    let x = ndarray::array![[2.0, 0.0], [0.0, 2.0]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0]).unwrap();
    let activation = Activation::leaky_relu(0.5).unwrap();
    let problem = Problem::new(&data, 1, activation, Loss::Exponential, 0.1).unwrap();
    let state = ndarray::array![[12.0, -6.0], [-6.0, 12.0]];
    let limit = Limit::solve(&problem, state.view()).unwrap();
    let within = |error_estimate: f64| {
        let accuracy = Accuracy {
            error_estimate,
            exact: None,
        };
        certify_within(&problem, &limit, state.view(), 1e6, accuracy).unwrap()
    };
    let exact = within(0.0);
    let proof = exact.proof().expect("proven");
    assert_eq!(exact.to_string(), "proven from step 1000000");
    let near = within(1e-6);
    let text = near.to_string();
    assert!(text.ends_with("to its estimated error of 1e-6"), "{text}");
    let near = near.proof().expect("proven");
    // m/R_max times the error of the margins, 12 + 6/2 each.
    let inflation = 1e-6 * 15.0 / 2.0;
    let grown = near.distance - proof.distance;
    assert_relative_eq!(grown, inflation, max_relative = 1e-6);
    assert!(near.radius > proof.radius && near.smallest_slack < proof.smallest_slack);
    assert!(!within(1.0).is_proven());
}

/// A dead neuron nearer to life than the error may be alive, unless exact steps have left it dead.
#[test]
fn a_dead_neuron_within_the_error_is_not_known_to_be_dead() {
    let x = ndarray::array![[2.0, 0.0], [0.0, 2.0]];
    let data = implicit_bias_data::Dataset::new(x, ndarray::array![1.0, -1.0]).unwrap();
    let problem = Problem::new(&data, 2, Activation::RELU, Loss::Logistic, 0.1).unwrap();
    let (one, two) = (12.0, 6.0 + f64::ln(2.0));
    let state = ndarray::array![[one, -1.0], [-1e-5, -0.5], [-1.0, two], [-1.0, two]];
    let limit = Limit::solve(&problem, state.view()).unwrap();
    let within = |error_estimate: f64, exact| {
        let accuracy = Accuracy {
            error_estimate,
            exact,
        };
        certify_within(&problem, &limit, state.view(), 1e6, accuracy).unwrap()
    };
    assert!(within(1e-7, None).is_proven());
    assert_eq!(
        within(1e-5, None),
        Certificate::NotProven(NotProven::WithinError {
            neuron: 1,
            sample: 0
        })
    );
    assert!(within(1e-5, Some(state.view())).is_proven());
    let mut alive = state.clone();
    alive[[1, 1]] = 0.5;
    assert!(!within(1e-5, Some(alive.view())).is_proven());
}

#[test]
fn reasons() {
    let mut run = random_run(4);
    run.advance_to(1000.0);
    let (limit, _) = certificate(&run);
    let flipped = -&run.pre_activations;
    assert!(matches!(
        certify(&run.problem, &limit, flipped.view(), 1.0).unwrap(),
        Certificate::NotProven(NotProven::OtherPattern { .. })
    ));
    assert!(matches!(
        certify(
            &run.problem,
            &limit,
            Array2::ones((1, run.problem.samples())).view(),
            1.0
        ),
        Err(GramError::Shape { .. })
    ));
    let mut broken = run.pre_activations.clone();
    broken[[0, 0]] = f64::NAN;
    assert!(matches!(
        certify(&run.problem, &limit, broken.view(), 1.0),
        Err(GramError::NonFinite { .. })
    ));
}
