//! Problems whose products over all neurons are left to faer.

use implicit_bias_data::{DataLaw, Dataset, Gaussian, Mixture, use_threads};
use implicit_bias_scalar::{Activation, Loss};
use ndarray::{Array1, Array2};

use super::super::budget::Planner;
use super::super::cost::Cost;
use super::super::state::State;
use super::super::{Stepping, state, transfer};
use super::support::{Case, distance};

/// More samples than dimensions, 30 of them twice, with a common direction that makes neurons
/// slide, and so wide that products are left to faer.
pub(super) fn large() -> Case {
    let law = Mixture {
        samples: 100,
        dim: 20,
        signal: 1.0,
        noise: 1.0,
    };
    let drawn = law.generate(2).expect("a valid law");
    let x = Array2::from_shape_fn((130, 20), |(i, j)| drawn.x()[[i % 100, j]] + 0.4);
    let y = Array1::from_shape_fn(130, |i| drawn.y()[i % 100]);
    let weights = Gaussian {
        samples: 1040,
        dim: 20,
        noise: 0.1,
    };
    Case {
        data: Dataset::new(x, y).expect("valid samples"),
        weights: weights.generate(3).expect("a valid law").x().to_owned(),
        activation: Activation::leaky_relu(0.2).expect("a valid slope"),
        loss: Loss::Logistic,
        step_size: 20.0,
        steps: 120,
    }
}

#[test]
fn a_large_problem_is_gradient_descent_in_weight_space() {
    let case = large();
    let mut descent = case.descent().with_stepping(Stepping::Plain);
    assert!(transfer::is_large(130, descent.state.lanes));
    descent.advance(case.steps as f64);
    let moved = &case.weights + &descent.coefficients().dot(case.data.x());
    assert!(distance(&moved, &case.weight_space(case.steps)) < 1e-12);
}

#[test]
fn blocks_of_a_large_problem_are_the_same_trajectory_with_many_pairs_watched() {
    let case = large();
    let mut plain = case.descent().with_stepping(Stepping::Plain);
    plain.advance(case.steps as f64);
    for watched_step in [0.0, 1e-4] {
        let mut blocks = case.descent();
        blocks.cost = Cost {
            plain: f64::INFINITY,
            setup: 20.0,
            watched_setup: 0.0,
            step: 1.0,
            watched_step,
            moved_group: 0.0,
            neurons: 1.0,
            most_watched: usize::MAX,
        };
        for part in 1..=10 {
            blocks.advance((case.steps * part / 10) as f64);
        }
        let work = blocks.work();
        assert_eq!(work.block_steps + work.plain_steps, case.steps);
        assert!(work.block_steps > case.steps / 2, "{work:?}");
        assert!(work.watched_pairs > 1000 * work.blocks, "{work:?}");
        for (found, expected) in blocks.arrays().iter().zip(plain.arrays()) {
            assert!(distance(found, &expected) < 1e-12, "{work:?}");
        }
        // Copies of a sample stay copies.
        let h = blocks.pre_activations();
        for (k, i) in [(3, 0), (700, 29)] {
            assert!((h[[k, i]] - h[[k, 100 + i]]).abs() < 1e-12);
        }
    }
}

/// Tiles are spread over threads, in several bands and passes of tables; the larger problem holds inner products of a
/// band alone.
#[test]
fn threads_change_no_bit_of_plain_steps() {
    for (samples, neurons, steps) in [(530, 60, 40), (2100, 4, 5)] {
        let law = Mixture {
            samples,
            dim: 30,
            signal: 1.0,
            noise: 1.0,
        };
        let weights = Gaussian {
            samples: neurons,
            dim: 30,
            noise: 0.1,
        };
        let case = Case {
            data: law.generate(4).expect("a valid law"),
            weights: weights.generate(5).expect("a valid law").x().to_owned(),
            activation: Activation::RELU,
            loss: Loss::Logistic,
            step_size: 2.0,
            steps,
        };
        let run = |threads: usize| {
            let mut descent = case.descent().with_stepping(Stepping::Plain);
            use_threads(threads.try_into().expect("a number of threads"));
            descent.advance(steps as f64);
            descent
        };
        let alone = run(1);
        for threads in [2, 3, 7] {
            assert_eq!(run(threads).arrays(), alone.arrays(), "{threads} threads");
        }
        let moved = &case.weights + &alone.coefficients().dot(case.data.x());
        assert!(distance(&moved, &case.weight_space(steps)) < 1e-12);
    }
}

/// The two ways to bound how far pairs move agree, and the second errs on the safe side.
#[test]
fn bounds_by_products_are_those_by_loops() {
    let case = large();
    let mut descent = case.descent();
    descent.advance(5.0);
    let (problem, state) = (&descent.problem, &descent.state);
    let mut by_products = Planner::new(problem, state);
    by_products.plan(problem, state, &descent.cost);
    let gram = problem.gram();
    for (ratio, k, i) in by_products.ratios(problem, state) {
        let h = problem_entry(state, k, i);
        let toward: f64 = (0..130)
            .map(|j| {
                let rate = problem.rate() * problem.labels()[j];
                let g = problem.loss().slope(descent.margins()[j]);
                let slope = problem.activation().derivative(problem_entry(state, k, j));
                let pull = problem.sign(k) * rate * g * slope * gram[[i, j]];
                if h > 0.0 { -pull } else { pull }.max(0.0)
            })
            .sum();
        let exact = h.abs() / toward;
        assert!(
            ratio <= exact * (1.0 + 1e-14),
            "({k}, {i}): {ratio} of {exact}"
        );
        assert!(
            ratio > exact * (1.0 - 1e-9),
            "({k}, {i}): {ratio} of {exact}"
        );
        if k > 40 {
            break;
        }
    }
}

fn problem_entry(state: &State, neuron: usize, sample: usize) -> f64 {
    state::entry(&state.pre_activations, state.lanes, neuron, sample)
}
